"""The panels' Python side: what they refuse, what they send, what they answer."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import aeutils as ae
from aeutils.data.base import DataSet, Split
from aeutils.panels.network import decoder


@pytest.fixture(scope="module")
def data():
    return ae.load("digits8")


@pytest.fixture(scope="module")
def model(data):
    torch.manual_seed(0)
    return ae.Dense(tuple(data.train.x.shape[1:]), 2, hidden=(8,))


def ask(panel, *values):
    """What the kernel answers to a browser whose controls stand at `values`: the message, and the pixels."""
    answers = []
    panel.send = lambda content, buffers: answers.append((content, buffers))
    panel._handle_custom_msg({"view": "a view", "values": list(values)}, [])
    ((content, (pixels,)),) = answers
    assert content.pop("view") == "a view"
    return content, np.frombuffer(pixels, np.uint8)


def pixels(panel, *values):
    content, found = ask(panel, *values)
    assert content == {}
    return found.reshape(panel.spec["size"])


@pytest.fixture
def slider_and_marker():
    """The panel of a marker that its slider moves to the right, and the figure."""
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1), title="stays")
    (marker,) = axes.plot([], [], "o", ms=20, color="#ff0000")
    panel = ae.slider_figure(figure, lambda x: marker.set_data([x], [0.5]), [marker], "Move it", x=(0.0, 1.0, 0.25))
    return panel, figure


def test_a_slider_moves_what_is_to_move_and_nothing_else(slider_and_marker):
    panel, figure = slider_and_marker
    before, after = pixels(panel, 0.25), pixels(panel, 0.75)
    for found, x in ((before, 0.25), (after, 0.75)):
        red = np.argwhere((found == (255, 0, 0)).all(2))
        assert abs(red[:, 1].mean() - figure.axes[0].transData.transform((x, 0.5))[0]) < 1.5
    still = ~((before != 255).any(2) & (before[..., 0] == 255)) & ~((after != 255).any(2) & (after[..., 0] == 255))
    assert (before == after)[still].all()
    assert (pixels(panel, 0.25) == before).all()  # no trace of the moves is left


def test_moving_titles_and_pictures_stand_where_they_stand_in_the_whole_figure():
    """Two rows, as in lecture 04: what moves takes part in the layout."""

    def rows():
        figure, grid = plt.subplots(2, 1, figsize=(4, 3), layout="constrained")
        panes = [axes.imshow(np.zeros((4, 16)), vmin=0, vmax=1) for axes in grid]
        titles = [axes.set_title("") for axes in grid]
        for axes in grid:
            axes.set_axis_off()  # a frame would be drawn below what moves

        def move(level):
            for pane, title, name in zip(panes, titles, ("upper", "lower"), strict=True):
                pane.set_data(np.full((4, 16), level))
                title.set_text(f"{name}: {level:.1f}")

        move(0.2)
        return figure, move, [*panes, *titles]

    figure, move, artists = rows()
    panel = ae.slider_figure(figure, move, artists, "Rows", level=(0.0, 1.0, 0.5))
    whole, move, _ = rows()
    move(0.8)
    whole.canvas.draw()
    expected = np.asarray(whole.canvas.buffer_rgba())[..., :3]
    plt.close(whole)
    assert (pixels(panel, 0.8) == expected).all()


def test_the_figure_of_a_panel_is_not_shown_twice(slider_and_marker):
    assert slider_and_marker[1].number not in plt.get_fignums()


def test_draw_gets_numbers_whole_numbers_and_names():
    seen = []

    def draw(**values):
        seen.append(values)
        return np.zeros((2, 3, 3), np.uint8)

    panel = ae.slider_picture(draw, "All kinds", x=(0.0, 1.0, 0.5), n=(1, 9, 4), kind=("noise", "holes"))
    pixels(panel, 0.25, 7.0, 1.0)
    assert seen == [{"x": 0.5, "n": 4, "kind": "noise"}, {"x": 0.25, "n": 7, "kind": "holes"}]
    assert isinstance(seen[1]["n"], int)


def test_an_error_while_drawing_travels_to_the_browser():
    def draw(x):
        if x > 0.5:
            raise ValueError("x is too large")
        return np.zeros((2, 3, 3), np.uint8)

    panel = ae.slider_picture(draw, "Fails", x=(0.0, 1.0, 0.0))
    assert ask(panel, 0.9)[0] == {"error": "ValueError: x is too large"}
    assert pixels(panel, 0.1).shape == (2, 3, 3)


@pytest.mark.parametrize("values", [(1.0, 0.0, 0.5), (0.0, 1.0, 2.0), (0.0, 1.0), ("one",), (0.0, "b", 1.0)])
def test_a_range_out_of_order_is_refused(values):
    with pytest.raises(ValueError, match=r"x: expected \(lowest, highest, start\)"):
        ae.slider_picture(lambda x: np.zeros((2, 3, 3), np.uint8), "Wrong", x=values)


def test_what_is_no_picture_is_refused():
    with pytest.raises(ValueError, match=r"uint8 \[H, W, 3\]; got float64 \[2, 3\]"):
        ae.slider_picture(lambda x: np.zeros((2, 3)), "Wrong", x=(0.0, 1.0, 0.5))


def test_values_set_by_python_are_checked(data, model):
    panel = ae.explore(model, data)
    low = [one["low"] for one in panel.spec["controls"]]
    panel.values = [-1e9, panel.values[1]]
    assert panel.values[0] == low[0]
    with pytest.raises(ValueError, match="expected 2 finite numbers"):
        panel.values = [0.0]
    with pytest.raises(ValueError, match="finite"):
        panel.values = [math.nan, 0.0]


def test_the_explorer_decodes_in_the_browser_where_it_can(data, model):
    assert ae.explore(model, data).spec["source"]["kind"] == "decoder"
    conv = ae.Conv(tuple(data.train.x.shape[1:]), 3, channels=(4, 8))
    kinds = [layer["kind"] for layer in ae.explore(conv, data).spec["source"]["layers"]]
    assert kinds == ["linear", "relu", "transposed", "relu", "transposed", "sigmoid"]


def test_the_explorer_falls_back_to_the_kernel(data):
    class Own(ae.Dense):
        def decode(self, h):
            return super().decode(h) * 0.5

    torch.manual_seed(0)
    own = Own(tuple(data.train.x.shape[1:]), 3, hidden=(8,))
    others = ae.Dense(tuple(data.train.x.shape[1:]), 3, hidden=(8,), activation=torch.nn.Softplus)
    for model in (own, others):
        panel = ae.explore(model, data)
        assert panel.spec["source"]["kind"] == "kernel"
        code = panel.values
        expected = (model.decode(torch.tensor([code]))[0] * 255).round().byte()
        assert (pixels(panel, *code) == expected.permute(1, 2, 0).numpy()).all()


def test_half_precision_only_where_no_picture_changes(data, model):
    assert ae.explore(model, data).spec["source"]["half"]
    steep = ae.Dense(tuple(data.train.x.shape[1:]), 2, hidden=(8,))
    with torch.no_grad():
        steep.decoder[-2].weight *= 3000
    assert not ae.explore(steep, data).spec["source"]["half"]


def spoilt(model):
    with torch.no_grad():
        model.encoder[1].weight[0, 0] = math.nan
    return model


def test_borrowed_weights_travel_to_the_browser(data):
    """The decoder of a tied model has no matrices of its own."""
    model = ae.Contractive(tuple(data.train.x.shape[1:]), 3)
    source, weights = decoder(model, torch.rand(20, 3))
    assert [layer["kind"] for layer in source["layers"]] == ["linear", "sigmoid"]
    numbers = torch.frombuffer(bytearray(weights), dtype=torch.float16 if source["half"] else torch.float32).float()
    weight, bias = numbers[: 64 * 3].view(64, 3), numbers[64 * 3 :]
    h = torch.rand(5, 3)
    expected = model.decode(h).detach().flatten(1)
    torch.testing.assert_close((h @ weight.T + bias).sigmoid(), expected, rtol=0, atol=1e-3)


def test_codes_that_are_maps_are_refused(data):
    shape = tuple(data.train.x.shape[1:])
    maps = {ae.Denoising: "4, 2, 2", ae.Context: "4, 2, 2", ae.EDSR: "4, 4, 4"}
    for kind, code in maps.items():
        with pytest.raises(
            ValueError, match=rf"vectors, \[latent_dim\]; those of {kind.__name__} are maps \[{code}\]. Ex"
        ):
            ae.explore(kind(shape, 4), data)


def test_bad_models_are_refused(data):
    shape = tuple(data.train.x.shape[1:])
    with pytest.raises(ValueError, match="a code of 2 numbers or more; this model has 1"):
        ae.explore(ae.Dense(shape, 1, hidden=(8,)), data)
    with pytest.raises(ValueError, match=r"NaN or infinite weights in encoder.1.weight"):
        ae.explore(spoilt(ae.Dense(shape, 2, hidden=(8,))), data)
    with pytest.raises(ValueError, match=r"images \[1 or 3, H, W\]; this one makes samples of \(2,\)"):
        ae.explore(ae.Dense((2,), 2, hidden=(8,)), ae.load("curve"))


def test_bad_options_are_refused(data, model):
    for dims in ((0, 2), (1, 1), (-1, 0)):
        with pytest.raises(ValueError, match="two different latents from 0 to 1"):
            ae.explore(model, data, dims)
    with pytest.raises(ValueError, match="classes or images"):
        ae.explore(model, data, background="none")


@pytest.mark.parametrize("spoil", [lambda labels: labels + 5, lambda labels: labels[:, None]])
def test_labels_that_do_not_fit_are_refused(data, model, spoil):
    test = Split(data.test.x[:100], spoil(data.test.labels[:100]))
    other = DataSet(data.name, data.source, data.classes, data.train, test)
    with pytest.raises(ValueError, match="expected one label from 0 to 9 for each of 100 images"):
        ae.explore(model, other)
    assert ae.explore(model, other, background="images").values  # which needs no labels


def test_a_film_refuses_frames_that_do_not_fit():
    images = torch.rand(3, 1, 4, 4)
    with pytest.raises(
        ValueError, match=r"frames\['b'\] is float32 \[2, 1, 4, 4\]; .* T is 3 because of frames\['a'\]"
    ):
        ae.film({"a": images, "b": images[:2]}, [0, 1, 2], "Wrong")
    for at in ([0, 1], [0, 1, 3], [2, 1, 0]):
        with pytest.raises(ValueError, match="3 evenly spaced, rising positions"):
            ae.film({"a": images}, at, "Wrong")


def test_a_panel_without_a_kernel_carries_what_it_needs_and_nothing_from_the_network(data, model):
    html = ae.explore(model, data)._repr_mimebundle_()[0]["text/html"]
    assert "<script" in html
    assert "<img" in html
    assert "http" not in html
    assert (
        ae.explore(model, data).html() == html
    )  # the same every time: stored notebooks do not change without a reason


def test_a_large_decoder_is_not_embedded(data):
    torch.manual_seed(0)
    large = ae.Dense(tuple(data.train.x.shape[1:]), 2, hidden=(700, 700))
    panel = ae.explore(large, data)
    assert panel.spec["source"]["kind"] == "decoder"
    assert "<script" not in panel.html()
    assert "<img" in panel.html()
