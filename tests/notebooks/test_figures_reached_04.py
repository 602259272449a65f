"""The figures that lecture 04 promises, in its stored outputs."""

import re

import pytest

from tests.notebooks.test_figures_reached import number, stored


def numbers(start):
    """All numbers in the one stored line that begins with `start`."""
    (line,) = re.findall(rf"^{start}(.*)$", stored("04"), re.MULTILINE)
    return [float(value) for value in re.findall(r"-?\d+\.\d+", line)]


@pytest.mark.parametrize(
    ("name", "noisy", "filtered", "denoised", "over_filter"),
    [("mnist", 9.4, 15.7, 19.5, 3), ("fashion", 9.3, 15.6, 18, 2)],
)
def test_denoiser_beats_the_filters(name, noisy, filtered, denoised, over_filter):
    """The first two are what any run must find: they are measured, not trained."""
    found = numbers(f"{name} +PSNR in dB")
    assert found[:2] == pytest.approx([noisy, filtered], abs=0.15)
    assert found[3] >= denoised
    assert found[3] - max(found[1:3]) >= over_filter
    assert found[3] - found[0] >= 9


def test_arrows_are_the_score():
    assert number(r"cosine of learned and exact score: mean ([\d.]+)", stored("04")) >= 0.95


@pytest.mark.parametrize(
    ("name", "scale", "gain"), [("mnist", 2, 5), ("fashion", 2, 4), ("mnist", 4, 4), ("fashion", 4, 3)]
)
def test_edsr_beats_bicubic(name, scale, gain):
    nearest, bicubic, edsr, *_ = numbers(f"{name} +x{scale} ")
    assert nearest < bicubic <= edsr - gain


@pytest.mark.parametrize(("scale", "gain"), [(2, 1.8), (4, 0.7)])
def test_edsr_beats_bicubic_on_photographs(scale, gain):
    nearest, bicubic, edsr, difference = numbers(f"x{scale} ")
    assert nearest < bicubic < edsr
    assert difference >= gain


def test_squared_error_answers_with_the_mean_and_the_second_network_with_a_line():
    error, distance = numbers("squared error +(?=\\d)")
    assert error == pytest.approx(6, abs=0.2)
    assert distance == pytest.approx(6, abs=0.2)
    error, distance = numbers("generator +(?=\\d)")
    assert error == pytest.approx(12, abs=1.5)
    assert distance <= 2
