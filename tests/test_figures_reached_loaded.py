"""What the weights that come with the course reach, in their recipes and in the stored outputs of the lectures."""

import re

import pytest

from aeutils import weights
from aeutils.recipes import read_recipe
from tests.test_figures_reached import number, stored


def measure(name, start):
    """The one measure in a recipe whose name begins with `start`."""
    (found,) = (v for k, v in read_recipe(weights.file(name))["measures"].items() if k.startswith(start))
    return found


@pytest.mark.parametrize(
    ("name", "start", "most"),
    [
        ("ae-2", "squared error per test image", 28),
        ("ae-32", "squared error per test image", 3.3),
        ("conv-32", "squared error per test image", 4.4),
        ("deep-30", "squared error per test image", 3.7),
        ("vae-20", "-ELBO", 102.5),
        ("vae-50", "-log p(x) in nats per test image, 5,000", 95.5),
        ("iwae-50", "-log p(x) in nats per test image, 5,000", 93.5),
    ],
)
def test_a_recipe_says_what_its_weights_reach(name, start, most):
    found = read_recipe(weights.file(name))["measures"]
    (value,) = (value for key, value in found.items() if key.startswith(start) and "PCA" not in key)
    assert value <= most


def test_more_draws_in_the_bound_make_a_better_model():
    start = "-log p(x) in nats per test image, 5,000"
    assert measure("iwae-50", start) < measure("vae-50", start)


@pytest.mark.parametrize("name", ["ae-2", "ae-32", "conv-32", "deep-30"])
def test_02_patience_pays(name):
    ((here, loaded),) = re.findall(rf"^{name} +([\d.]+) +([\d.]+) +[\d.]+$", stored("02"), re.MULTILINE)
    assert float(loaded) < float(here)
    assert float(loaded) == pytest.approx(read_recipe(weights.file(name))["test as stored"]["loss"], abs=0.006)


def test_04_and_05_the_loaded_networks_are_ahead():
    for lecture in ("04", "05"):
        ((loaded, here),) = re.findall(r"loaded ([\d.]+) dB, ours ([\d.]+) dB", stored(lecture))
        assert float(loaded) > float(here)


def test_06_the_loaded_vaes():
    text = stored("06")
    assert number(r"-ELBO, the VAE that is loaded +([\d.]+)", text) == pytest.approx(
        measure("vae-20", "-ELBO"), abs=0.3
    )
    rows = {
        name: re.findall(rf"^{name} +([\d.]+) +([\d.]+) +([\d.]+)$", text, re.MULTILINE)
        for name in ("vae-50", "iwae-50")
    }
    (vae,), (iwae,) = rows.values()
    assert float(iwae[2]) < float(vae[2])
    assert number(r"precision@4 by codes, loaded +([\d.]+)", text) > number(r"precision@4 by pixels +([\d.]+)", text)
