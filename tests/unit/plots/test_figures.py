"""Plots and widgets: what is drawn, not only that something is."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import aeutils as ae
from aeutils.plots.images import picture
from aeutils.plots.maps import apart


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def data():
    return ae.load("glyphs", train=1500, test=300)


@pytest.fixture(scope="module")
def model(data):
    torch.manual_seed(0)
    model = ae.Dense(latent_dim=2, hidden=(64,))
    ae.fit(model, data.train, epochs=3, lr=3e-3)
    return model


def test_picture_scales_and_clips():
    assert picture(torch.tensor([[[0, 255]]], dtype=torch.uint8)).tolist() == [[0, 1]]
    assert picture(torch.tensor([[[-1.0, 2.0]]])).tolist() == [[0, 1]]
    assert picture(torch.rand(3, 4, 5)).shape == (4, 5, 3)


def test_image_rows_shows_every_image_in_its_place(data):
    figure = ae.image_rows({"a": data.test.x[:3], "b": data.test.x[3:5]}, "title", columns=["x", "y", "z"])
    grid = np.array(figure.axes).reshape(2, 3)
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["a", "b"]
    assert [axes.get_title() for axes in grid[0]] == ["x", "y", "z"]
    np.testing.assert_allclose(grid[1, 1].images[0].get_array(), picture(data.test.x[4]))
    assert not grid[1, 2].images
    for axes in figure.axes[:5]:
        assert axes.images[0].get_clim() == (0, 1)  # grey levels mean the same everywhere


def test_image_grid_runs_row_by_row(data):
    figure = ae.image_grid(data.test.x[:5], columns=3)
    sheet = figure.axes[0].images[0].get_array()
    assert sheet.shape == (56, 84)
    np.testing.assert_allclose(sheet[28:, 28:56], picture(data.test.x[4]))
    assert sheet[28:, 56:].max() == 0


def test_history_curves_hold_the_numbers(data):
    history = ae.fit(ae.VAE(latent_dim=2, hidden=(16,)), data.train, epochs=2, test=data.test)
    axes = ae.history_curves({"": history}, title="mine").axes[0]
    assert axes.get_title() == "mine"
    assert axes.get_xlabel() == "epoch"
    assert "cross-entropy" in axes.get_ylabel()
    lines = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert lines["loss, training"] == history["loss"]
    assert lines["kl, test"] == history.test["kl"]


def test_latent_scatter_names_the_classes(data, model):
    codes = ae.encode(model, data.test)
    figure = ae.latent_scatter({"first": codes, "second": -codes}, data.test.labels, data)
    assert [axes.get_title() for axes in figure.axes] == ["first", "second"]
    assert {text.get_text() for text in figure.axes[0].texts} == set(data.classes)


def test_names_on_a_map_do_not_hide_each_other():
    centres, sizes = np.array([[0.0, 0.0], [0.01, 0.0], [0.0, 0.02], [3.0, 3.0]]), np.full((4, 2), 0.06)
    moved = apart(centres, sizes)
    between = abs(moved[:, None] - moved[None])[~np.eye(4, dtype=bool)]
    assert (between.max(1) >= 0.06 - 1e-6).all()
    assert moved[3] == pytest.approx([3, 3]), "a name with room stays where it is"
    assert abs(moved - centres).max() < 0.1


def test_curves_label_their_axes():
    axes = ae.curves([2, 8], {"a": [1, 2], "b": [3, 4]}, title="t", xlabel="x", ylabel="y", logx=True).axes[0]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("t", "x", "y")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [3, 4]]
