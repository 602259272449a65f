"""Drawings: every one is there, readable without eyes, and keeps inside its frame."""

from xml.etree import ElementTree

import pytest

import aeutils as ae
from aeutils.plots.drawings.registry import DRAWINGS
from aeutils.plots.drawings.shapes import SUB, WIDTH, width_of

SVG = "{http://www.w3.org/2000/svg}"
NAMES = [
    *(
        "divergence",
        "bayes",
        "autoencoder",
        "tied weights",
        "greedy stages",
        "recirculation",
        "convolutional",
        "sparse",
    ),
    *("tangent plane", "denoising", "residual blocks", "super-resolution", "context encoder", "adversarial", "vae"),
    "reparameterisation",
]


def test_the_names_are_those_of_the_lectures():
    assert set(DRAWINGS) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_says_in_words_what_it_shows(name):
    bundle = ae.drawing(name)._repr_mimebundle_()
    svg = ElementTree.fromstring(bundle["text/html"]).find(f"{SVG}svg")  # valid XML
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == bundle["text/plain"]
    assert len(bundle["text/plain"]) >= 60
    assert svg.find(f"{SVG}title").text == name


def test_where_svg_is_taken_out_its_words_remain():
    html = ElementTree.fromstring(ae.drawing("vae")._repr_mimebundle_()["text/html"])
    (words,) = html.iter(f"{SVG}p")
    assert html.get("style") == "font-size:0px"
    assert words.get("style") == "font-size:14px"
    assert words.text == ae.drawing("vae").alternative


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_large_enough_and_inside(name):
    svg = ElementTree.fromstring(ae.drawing(name).svg())
    height = float(svg.get("viewBox").split()[3])
    for text in svg.iter(f"{SVG}text"):
        words, size, x, y = "".join(text.itertext()), *(float(text.get(key)) for key in ("font-size", "x", "y"))
        assert min(size, SUB) * 390 / WIDTH >= 11, f"{words!r} is too small on a telephone"
        width = width_of(words, size)
        left = x - {"start": 0, "middle": width / 2, "end": width}[text.get("text-anchor")]
        assert left >= -1, f"{words!r} begins outside"
        assert left + width <= WIDTH + 1, f"{words!r} ends outside"
        assert size * 0.7 <= y <= height - size * 0.2, f"{words!r} is too high or too low"


@pytest.mark.parametrize("name", NAMES)
def test_ink_takes_the_colour_of_the_page(name):
    svg = ae.drawing(name).svg()
    assert "currentColor" in svg
    for colour in ("black", "white", "#000", "#fff"):
        assert colour not in svg.lower().replace(ae.drawing(name).alternative.lower(), "")


def test_an_unknown_name_is_told_the_names():
    with pytest.raises(ValueError, match=r"no drawing 'transformer'; expected one of divergence, .*, vae, "):
        ae.drawing("transformer")
