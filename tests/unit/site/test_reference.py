"""Docstrings as reStructuredText, and a page for every room."""

import pytest

import aeutils as ae
from aeutils.site.reference import arguments, restructured, write_reference


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("The mean of x.", "The mean of x.\n"),
        ("Runs `fit(x)`s over\n    two lines.", "Runs `fit(x)`\\ s over\ntwo lines.\n"),
        ("Weights W_ and *args | more.", "Weights W\\_ and \\*args \\| more.\n"),
        ("W_in stays", "W_in stays\n"),
        ("the *mean* of [N, *shape], 2*a*b", "the *mean* of [N, \\*shape], 2\\*a\\*b\n"),
        (
            "x = ae.load('blocks')\nae.fit(model, x)",
            ".. code-block:: python\n\n   x = ae.load('blocks')\n   ae.fit(model, x)\n",
        ),
        (
            "codes   [N, q], of\n        any size\nseed    whole",
            "- **codes**: [N, q], of\n  any size\n- **seed**: whole\n",
        ),
        ("One.\n\nTwo.", "One.\n\nTwo.\n"),
    ],
)
def test_plain_docstrings_become_restructured_text(plain, expected):
    assert restructured(plain) == expected


def test_a_class_has_the_arguments_of_its_constructor():
    assert arguments(ae.VAE).startswith("(shape=(1, 28, 28), latent_dim=20, hidden=(400,)")
    assert "activation=ReLU" in arguments(ae.Dense)


def test_every_public_name_is_in_the_page_of_its_room(tmp_path):
    write_reference(tmp_path)
    pages = {path.stem: path.read_text() for path in tmp_path.glob("*.rst")}
    index = pages.pop("index")
    assert all(f"   {room}\n" in index for room in pages)
    for name in ae.__all__:
        assert sum(f":: aeutils.{name}\n" in text for text in pages.values()) == 1
    assert ".. autofunction:: aeutils.fit\n" in pages["training"]
    assert ".. autoclass:: aeutils.VAE\n   :members:\n" in pages["models"]
    assert ".. automodule:: aeutils.probability.losses\n" in pages["probability"]
