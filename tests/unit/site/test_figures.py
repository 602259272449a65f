"""Figures for dark pages: what turns and what does not."""

import colorsys
from importlib.resources import files

import matplotlib.pyplot as plt
import numpy as np
import pytest

from aeutils.site.figures import dark, pictures


@pytest.fixture(autouse=True)
def _style():
    """The notebooks' own."""
    with plt.style.context(files("aeutils.plots") / "course.mplstyle"):
        yield


def drawn(figure) -> np.ndarray:
    """A figure as uint8 [H, W, 3]."""
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].copy()
    plt.close(figure)
    return pixels


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """Static, of which half of the pixels are white at the very rim, and a black square with a white stroke."""
    static = np.random.default_rng(0).choice([0, 255], (56, 56))
    square = np.zeros((56, 56))
    square[10:46, 24:34] = 255
    return np.stack([static, square]).astype(np.uint8)


@pytest.fixture(scope="module")
def rows(digits) -> np.ndarray:
    """Two pictures with a title on paper: uint8 [100, 160, 3]."""
    page = np.full((100, 160, 3), 255, np.uint8)
    for k, picture in enumerate(digits):
        page[30:86, 10 + 70 * k : 66 + 70 * k] = picture[..., None]
    page[8:16, 20:60:4] = 0  # a word
    return page


def test_paper_turns_dark_and_ink_light(rows):
    found = dark(rows)
    assert found[0, 0].max() < 40
    assert found[10, 20].min() > 220


def test_pictures_stay_as_they_are(rows, digits):
    found = dark(rows)
    for k, picture in enumerate(digits):
        assert (found[30:86, 10 + 70 * k : 66 + 70 * k] == picture[..., None]).all()


def test_a_curve_keeps_its_hue_and_is_no_picture():
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot([0, 1, 2], [0, 2, 1], color="#0072B2", linewidth=6)
    pixels = drawn(figure)
    assert pictures(pixels) == []
    ours = (pixels == (0x00, 0x72, 0xB2)).all(-1)
    (turned,) = np.unique(dark(pixels)[ours], axis=0)
    hue, lightness, _ = colorsys.rgb_to_hls(*turned / 255)
    assert hue == pytest.approx(colorsys.rgb_to_hls(0, 0x72 / 255, 0xB2 / 255)[0], abs=0.01)
    assert lightness > 0.5


def test_bars_are_no_picture():
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.bar(range(5), [5, 5, 5, 5, 4], width=0.9, color="#D55E00")
    assert pictures(drawn(figure)) == []


def test_beside_a_colour_bar_colours_stay_true():
    figure, axes = plt.subplots(figsize=(4, 3))
    values = np.linspace(0, 1, 40)
    points = axes.scatter(*np.random.default_rng(0).random((2, 40)), 200, values, cmap="viridis")
    figure.colorbar(points)
    pixels = drawn(figure)
    found = dark(pixels)
    vivid = np.ptp(pixels.astype(int), axis=-1) > 60
    assert vivid.sum() > 2000
    assert (found[vivid] == pixels[vivid]).all()
    assert found[0, 0].max() < 40
