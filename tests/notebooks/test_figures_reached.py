"""The figures that the course promises: in the stored outputs of the lectures, and exactly where theory gives them."""

import re

import pytest

import aeutils as ae
from tests.tools.notebooks import FOLDER, read


def stored(prefix):
    """All text that a lecture's stored run printed."""
    notebook = read(next(FOLDER.glob(f"{prefix}_*.ipynb")))
    return "".join(output.get("text", "") for output in notebook.outputs)


def number(pattern, text):
    """The one number that `pattern` catches."""
    (found,) = re.findall(pattern, text)
    return float(found)


def test_01_the_worms():
    text = stored("01")
    assert number(r"mean ([\d.]+) teeth", text) == 5.700
    assert number(r"teeth, entropy ([\d.]+) bits", text) == 3.121
    assert number(r"KL\(worms \|\| uniform\) {10,}([\d.]+) bits", text) == 0.338
    assert number(r"KL\(worms \|\| Binomial\(10, 0.57\)\) +([\d.]+) bits", text) == 0.477


def test_01_monte_carlo_error_falls_as_one_over_root_n():
    assert number(r"slope of the points in the right picture: (-[\d.]+)", stored("01")) == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize(("q", "factor"), [(2, 1.4), (8, 2.0), (32, 2.0)])
def test_02_autoencoder_is_below_pca(q, factor):
    assert number(rf"mnist +q = +{q} +[\d.]+ +[\d.]+ +([\d.]+)", stored("02")) >= factor


def test_02_tied_linear_is_pca():
    text = stored("02")
    assert number(r"smallest cosine between the subspaces: ([\d.]+)", text) >= 0.999
    assert number(r"ratio ([\d.]+)\n", text) <= 1.001


def test_02_pca_with_30_components_is_the_published_one():
    assert number(r"PCA, 30 components +([\d.]+)", stored("02")) == 13.87


@pytest.mark.parametrize(
    ("name", "errors"),
    [("mnist", {2: 43.6, 8: 29.4, 30: 13.87, 32: 13.2}), ("fashion", {2: 36.14, 8: 20.86, 32: 11.87})],
)
def test_pca_errors_on_real_data(monkeypatch, name, errors):
    """Squared error per test image; 30 components on MNIST: Hinton and Salakhutdinov (2006)."""
    monkeypatch.setenv("AEUTILS_BUDGET", "normal")
    data = ae.load(name)
    if data.name != name:
        pytest.skip(f"real {name} is not on this machine; AEUTILS_DATA can name its folder")
    pca = ae.PCA.fit(data.train, max(errors))
    for q, expected in errors.items():
        assert ae.reconstruction_error(pca.first(q), data.test) == pytest.approx(
            expected, abs=0.051 if q != 30 else 0.005
        )
