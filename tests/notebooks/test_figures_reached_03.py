"""The figures that lecture 03 promises, in its stored outputs."""

import re

import pytest

from tests.notebooks.test_figures_reached import number, stored


@pytest.fixture(scope="module")
def text():
    return stored("03")


def rows(pattern, text):
    """The numbers of every line that `pattern` matches, as lists."""
    return [[float(value) for value in found] for found in re.findall(pattern, text, flags=re.MULTILINE)]


def test_closed_form_and_autograd_agree(text):
    assert "closed form and autograd agree to 1e-5: True" in text


def test_contraction_at_what_cost(text):
    """At least 3 times below the plain autoencoder's norm at no more than 1.5 times its error; and the whole ladder."""
    assert number(r"norm ([\d.]+) times smaller at", text) >= 3
    assert number(r"smaller at ([\d.]+) times the error", text) <= 1.5
    table = rows(r"^ +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+) +([\d.]+)$", text)
    ladder = [row for row in table if row[2] * row[1] == pytest.approx(table[0][1], rel=0.02)]
    assert len(ladder) == 5
    norms, errors = [row[1] for row in ladder], [row[3] for row in ladder]
    assert norms == sorted(norms, reverse=True)
    assert errors == sorted(errors)
    assert ladder[-1][2] >= 20  # the far end: more than 20 times smaller


def test_a_large_code_without_a_penalty_copies_and_its_filters_are_noise(text):
    copied, strange = rows(r"1024 units, no penalty +([\d.]+) +([\d.]+)$", text)[0]
    pca, pca_strange = rows(r"PCA, 64 components +([\d.]+) +([\d.]+)$", text)[0]
    assert copied < 0.3 * pca
    assert strange < 0.5 * pca_strange
    assert number(r"correlation, 1024 units, no penalty +([\d.]+)", text) < 0.3
    assert number(r"correlation, images themselves +([\d.]+)", text) > 0.7


def test_the_l1_norm_of_the_weights_leaves_the_code_dense(text):
    active, empty = rows(r"L1 of weights, 0.001 +([\d.]+)% +([\d.]+)%", text)[0]
    sparse_active, sparse_empty = rows(r"L1 of activations, 0.1 +([\d.]+)% +([\d.]+)%", text)[0]
    assert active > 3 * sparse_active
    assert empty > 3 * sparse_empty


def test_top_k_is_below_pca_for_few_numbers(text):
    for keep, factor in ((16, 0.7), (32, 0.8)):
        ((ours, pca),) = rows(rf"^ +{keep} +[\d.]+% +\d+ +([\d.]+) +[\d.]+ +([\d.]+)$", text)
        assert ours < factor * pca


def test_probes_with_all_labels(text):
    """With 10,000 labels the codes of KL and top-k are ahead of pixels and PCA."""
    accuracy = {
        name: number(rf"(?m)^{re.escape(name)} +[\d.]+% ± [\d.]+% +[\d.]+% +([\d.]+)%$", text)
        for name in ("pixels", "PCA, 64", "KL, 2%", "top-k, 64")
    }
    for name in ("KL, 2%", "top-k, 64"):
        assert accuracy[name] > max(accuracy["pixels"], accuracy["PCA, 64"]) + 3
