"""The figures that lecture 05 promises, in its stored outputs."""

import re

import pytest

from tests.notebooks.test_figures_reached import number, stored


@pytest.fixture(scope="module")
def text():
    return stored("05")


def psnr(text, name, method):
    """In-hole PSNR in dB, over all holes and as the images' mean, from the table of data set `name`."""
    (table,) = re.findall(rf"^{name}, in the hole .*?\n\n", text, re.DOTALL | re.MULTILINE)
    ((pooled, per_image),) = re.findall(rf"^{method} +([\d.]+) +([\d.]+)", table, re.MULTILINE)
    return float(pooled), float(per_image)


@pytest.mark.parametrize(("name", "gain"), [("mnist", 2.0), ("fashion", 1.5)])
def test_05_the_context_encoder_is_above_the_nearest_neighbour(text, name, gain):
    ours, theirs = psnr(text, name, "context encoder"), psnr(text, name, "nearest by context")
    assert ours[0] - theirs[0] >= gain
    assert ours[1] - theirs[1] >= gain  # however one averages


@pytest.mark.parametrize(
    ("name", "method", "expected"),
    [
        ("mnist", "mean fill", 7.7),
        ("mnist", "nearest by context", 9.1),
        ("fashion", "mean fill", 10.4),
        ("fashion", "nearest by context", 15.4),
    ],
)
def test_05_what_needs_no_training_is_exact(text, name, method, expected):
    """As the mean of the images' PSNR, in dB."""
    assert psnr(text, name, method)[1] == pytest.approx(expected, abs=0.1)


def test_05_without_the_layer_it_is_worse(text):
    assert psnr(text, "mnist", "context encoder")[0] >= psnr(text, "mnist", "convolutions alone")[0] + 0.5


def test_05_the_adversary_sharpens_at_a_price(text):
    sharper = number(r"sharpness \+([\d.]+), at a cost", text)
    cost = number(r"at a cost of ([\d.]+) dB", text)
    assert sharper >= 0.1
    assert 0 < cost <= 2
    assert number(r"joint, 20 times that +[\d.]+ +([\d.]+)\n", text) >= 0.85


def test_05_features_are_better_than_random_weights(text):
    learned, random = (number(rf"{name} +[\d.]+% +([\d.]+)%", text) for name in ("random blocks", "random weights"))
    assert learned >= random + 3
