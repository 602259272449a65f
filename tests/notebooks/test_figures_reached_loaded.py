"""What the weights that come with the course reach, in their recipes and in the stored outputs of the lectures."""

import re

import pytest

from aeutils.data.photos import two_photos
from aeutils.measures.photographs import of_photographs
from aeutils.weights import sets as weights
from aeutils.weights.recipes import read_recipe
from tests.notebooks.test_figures_reached import number, stored


def measure(name, key):
    """One measure in the recipe of a set."""
    return read_recipe(weights.file(name))["measures"][key]


@pytest.mark.parametrize(
    ("name", "key", "most"),
    [
        ("ae-2", "squared_error", 28),
        ("ae-32", "squared_error", 3.3),
        ("conv-32", "squared_error", 4.4),
        ("deep-30", "squared_error", 3.7),
        ("vae-20", "negative_elbo", 102.5),
        ("vae-50", "nll", 88.6),
        ("iwae-50", "nll", 87.2),
    ],
)
def test_a_recipe_says_what_its_weights_reach(name, key, most):
    assert measure(name, key) <= most


def test_the_enlarger_of_photographs_is_ahead_of_srcnn():
    assert measure("edsr-photos", "psnr_photographs") > 32.42  # published for the same 14 photographs
    assert measure("edsr-photos", "psnr_photographs_bicubic") == pytest.approx(30.24, abs=0.15)


def test_the_enlarger_gains_on_a_photograph_that_everybody_has():
    """scikit-learn's flower; on its other one the gain is a tenth of a dB."""
    ours, bicubic = of_photographs(weights.pretrained("edsr-photos"), two_photos().test).values()
    assert ours > bicubic + 3


def test_codes_find_garments_of_the_same_class_better_than_pixels_do():
    assert measure("vae-fashion", "precision_codes") > measure("vae-fashion", "precision_pixels") + 1


def test_more_draws_in_the_bound_make_a_better_model():
    assert measure("iwae-50", "nll") < measure("vae-50", "nll")


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
        measure("vae-20", "negative_elbo"), abs=0.3
    )
    rows = {
        name: re.findall(rf"^{name} +([\d.]+) +([\d.]+) +([\d.]+)$", text, re.MULTILINE)
        for name in ("vae-50", "iwae-50")
    }
    (vae,), (iwae,) = rows.values()
    assert float(iwae[2]) < float(vae[2])
    assert number(r"precision@4 by codes, loaded +([\d.]+)", text) > number(r"precision@4 by pixels +([\d.]+)", text)
