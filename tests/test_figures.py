"""Plots and widgets: what is drawn, not only that something is."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image

import aeutils as ae
from aeutils.plots import picture
from aeutils.widgets import LatentMap


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
    axes = history.plot("mine").axes[0]
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


def test_curves_label_their_axes():
    axes = ae.curves([2, 8], {"a": [1, 2], "b": [3, 4]}, title="t", xlabel="x", ylabel="y", logx=True).axes[0]
    assert (axes.get_title(), axes.get_xlabel(), axes.get_ylabel()) == ("t", "x", "y")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert [list(line.get_ydata()) for line in axes.lines] == [[1, 2], [3, 4]]


def shown(widget):
    """The pixels of the widget's picture."""
    return np.asarray(Image.open(io.BytesIO(widget.children[-1].value)))


def test_the_map_shows_the_decoders_image_of_the_point(data, model):
    view = LatentMap(model, data)
    (low1, high1), (low2, high2) = view.limits
    point = (low1 + 0.3 * (high1 - low1), low2 + 0.6 * (high2 - low2))
    sheet = view.draw(*point)
    panel = sheet[view.rows, view.columns].mean(2)
    expected = model.decode(torch.tensor([point], dtype=torch.float32))[0, 0].detach().numpy() * 255
    rows, columns = (np.linspace(0, size, 29)[:-1] + size / 56 for size in panel.shape)
    sampled = panel[np.ix_(rows.astype(int), columns.astype(int))]
    assert np.abs(sampled - expected).max() <= 1


def test_the_mark_stands_at_the_point(data, model):
    view = LatentMap(model, data)
    (low1, high1), (low2, high2) = view.limits
    left, right = (view.draw(low1 + s * (high1 - low1), (low2 + high2) / 2) for s in (0.25, 0.75))
    changed = np.argwhere((left != right).any(2)[:, : view.columns.start])
    x, y = view.to_pixels.transform((low1 + 0.25 * (high1 - low1), (low2 + high2) / 2))
    assert np.abs(changed - (len(view.sheet) - y, x)).max(1).min() <= 2
    assert np.ptp(changed[:, 0]) <= 24  # only the two marks differ, side by side


def test_sliders_redraw_the_picture(data, model):
    widget = ae.explore_map(model, data)
    _, h1, h2, _ = widget.children
    before = shown(widget)
    h1.value = h1.max
    moved = shown(widget)
    assert (before != moved).any()
    h2.value = h2.min
    assert (moved != shown(widget)).any()


@pytest.fixture
def slider_and_marker():
    """The widget of a marker that its slider moves to the right, and the figure."""
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1), title="stays")
    (marker,) = axes.plot([], [], "o", ms=20, color="#ff0000")
    widget = ae.slider_figure(figure, lambda x: marker.set_data([x], [0.5]), [marker], "Move it", x=(0.0, 1.0, 0.25))
    return widget, figure


def test_a_slider_moves_what_is_to_move_and_nothing_else(slider_and_marker):
    widget, figure = slider_and_marker
    before = shown(widget)
    widget.children[1].value = 0.75
    after = shown(widget)
    for pixels, x in ((before, 0.25), (after, 0.75)):
        red = np.argwhere((pixels == (255, 0, 0)).all(2))
        assert abs(red[:, 1].mean() - figure.axes[0].transData.transform((x, 0.5))[0]) < 1.5
    still = ~((before != 255).any(2) & (before[..., 0] == 255)) & ~((after != 255).any(2) & (after[..., 0] == 255))
    assert (before == after)[still].all()
    widget.children[1].value = 0.25
    assert (shown(widget) == before).all()  # no trace of the moves is left


def test_the_figure_of_a_widget_is_not_shown_twice(slider_and_marker):
    assert slider_and_marker[1].number not in plt.get_fignums()


def test_the_map_wants_two_numbers(data):
    with pytest.raises(ValueError, match="a code of 2 numbers; this one has 3"):
        ae.explore_map(ae.Dense(latent_dim=3, hidden=(8,)), data)
