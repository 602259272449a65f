"""The figures that lecture 06 promises, in its stored outputs."""

import re

from tests.notebooks.test_figures_reached import number, stored

TEXT = stored("06")


def test_floors_of_the_grey_levels():
    assert number(r"floor, mnist +([\d.]+)", TEXT) == 45.53
    assert number(r"floor, fashion +([\d.]+)", TEXT) == 189.86


def test_bound_of_the_small_vae():
    """Six epochs; ten reach 103.5, see README."""
    assert number(r"-ELBO +([\d.]+)\n", TEXT) <= 106.0


def test_identity():
    assert number(r"ELBO identity, nats off +([\d.]+)", TEXT) <= 1e-4


def test_estimates_rise_with_the_draws():
    found = [float(value) for value in re.findall(r"k = +\d+: ([\d.]+) nats per test image", TEXT)]
    assert len(found) == 9
    assert found == sorted(found, reverse=True)
    assert found[0] - found[-1] > 3


def test_height_and_width_are_in_the_code():
    assert number(r"held-out blocks: height ([\d.]+)", TEXT) >= 0.95
    assert number(r"held-out blocks: height [\d.]+, width ([\d.]+)", TEXT) >= 0.95


def test_codes_find_more_of_the_class_than_pixels():
    pixels = number(r"precision@4 by pixels +([\d.]+)", TEXT)
    assert pixels == 0.833
    assert number(r"precision@4 by codes, beta = 0.03 +([\d.]+)", TEXT) > pixels
