"""Sparse autoencoders: each penalty against its formula, what it does to a code, and what is refused."""

import math

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.models.sparse import KeepLargest


def with_weights(model, rows, biases):
    """The model with the given filters and biases of its units."""
    with torch.no_grad():
        model.weight.copy_(torch.tensor(rows))
        model.encoder[1].bias.copy_(torch.tensor(biases))
    return model


def test_l1_counts_every_activation_and_the_parts_add_up():
    model = with_weights(ae.Sparse((2,), 3, strength=0.5), [[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0]], [0.0, 1.0, 0.0])
    x = torch.tensor([[1.0, 1.0], [2.0, -3.0]])
    h = model.encode(x)
    assert torch.equal(h, torch.tensor([[1.0, 3.0, 0.0], [2.0, 0.0, 0.0]]))
    assert torch.equal(model.decode(h), torch.tensor([[1.0, 6.0], [2.0, 0.0]]))  # W^T h + 0
    parts = model.loss(x)
    assert {name: part.item() for name, part in parts.items()} == {
        "reconstruction": (25 + 9) / 2,
        "sparsity": (4 + 2) / 2,
        "loss": 17 + 0.5 * 3,
    }


def test_the_target_is_what_should_come_out():
    model = with_weights(ae.Sparse((2,), 1, strength=0.0), [[1.0, 0.0]], [0.0])
    assert model.loss(torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 3.0]]))["loss"].item() == 1 + 9


def test_kl_is_that_of_two_coins():
    model = ae.SparseKL((2,), 2, rho=0.1)
    h = torch.tensor([[0.1, 0.4], [0.1, 0.2]])  # mean activations 0.1 and 0.3
    expected = 0.1 * math.log(0.1 / 0.3) + 0.9 * math.log(0.9 / 0.7)
    assert model.sparsity(h).item() == pytest.approx(expected, rel=1e-5)
    assert expected == pytest.approx(ae.kl_divergence([0.1, 0.9], [0.3, 0.7], "e").item())


@pytest.mark.parametrize("constant", [0.0, 1.0])
def test_kl_and_its_gradient_stay_finite_for_silent_and_saturated_units(constant):
    h = torch.full((4, 3), constant, requires_grad=True)
    penalty = ae.SparseKL((2,), 3).sparsity(h)
    penalty.backward()
    assert penalty.isfinite()
    assert h.grad.isfinite().all()


def test_kl_units_start_at_rho():
    torch.manual_seed(0)
    model = ae.SparseKL(latent_dim=200, rho=0.02)
    assert model.encode(torch.zeros(1, 1, 28, 28)).mean().item() == pytest.approx(0.02, rel=1e-4)


@pytest.mark.parametrize("kind", [ae.Sparse, ae.SparseKL])
def test_gradient_of_the_loss_by_finite_differences(kind):
    torch.manual_seed(0)
    model = kind((3,), 4, strength=0.7, activation=nn.Softplus) if kind is ae.Sparse else kind((3,), 4, strength=0.7)
    model.double()
    x = torch.rand(5, 3, dtype=torch.float64)
    weight = model.weight.detach().clone().requires_grad_()

    def total(weight):
        h = model.encoder[2](x @ weight.T + model.encoder[1].bias)
        x_hat = h @ weight + model.decoder[0].bias
        return (x_hat - x).square().sum() / 5 + 0.7 * model.sparsity(h)

    assert torch.autograd.gradcheck(total, weight)
    model.loss(x)["loss"].backward()
    (expected,) = torch.autograd.grad(total(weight), weight)
    torch.testing.assert_close(model.weight.grad, expected)


def test_top_k_keeps_the_largest_and_nothing_else():
    h = torch.tensor([[3.0, -5.0, 2.0, 1.0], [-1.0, -2.0, -3.0, -4.0]])
    assert torch.equal(KeepLargest(2)(h), torch.tensor([[3.0, 0, 2, 0], [-1.0, -2, 0, 0]]))
    model = ae.TopK(latent_dim=64, keep=5)
    codes = model.encode(torch.rand(50, 1, 28, 28))
    assert ((codes != 0).sum(1) <= 5).all()
    assert ae.TopK(latent_dim=64).keep == 4
    assert ae.TopK(latent_dim=5).keep == 1


def test_only_kept_units_learn():
    model = with_weights(ae.TopK((2,), 2, keep=1), [[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0])
    model.loss(torch.tensor([[0.6, 0.5]]))["loss"].backward()
    assert model.weight.grad[0].abs().sum() > 0
    assert model.weight.grad[1].abs().sum() == 0


def test_tied_weights_are_trained_and_saved_once(tmp_path):
    torch.manual_seed(0)
    model = ae.Tied((1, 4, 4), 6, hidden=(8,))
    assert {name: tuple(p.shape) for name, p in model.named_parameters()} == {
        "encoder.1.weight": (8, 16),
        "encoder.1.bias": (8,),
        "encoder.3.weight": (6, 8),
        "encoder.3.bias": (6,),
        "decoder.0.bias": (8,),
        "decoder.2.bias": (16,),
    }
    x = torch.rand(3, 1, 4, 4)
    w1, w2 = model.encoder[1].weight, model.encoder[3].weight
    h = torch.sigmoid(torch.sigmoid(x.flatten(1) @ w1.T) @ w2.T)
    torch.testing.assert_close(model(x).flatten(1), torch.sigmoid(torch.sigmoid(h @ w2) @ w1))
    path = ae.save_model(tmp_path / "sparse", ae.Sparse(latent_dim=8), "sparse", {})
    again, _ = ae.load_model(path)
    again.double()  # the decoder follows wherever the encoder's weights go
    assert again(torch.rand(2, 1, 28, 28, dtype=torch.float64)).dtype == torch.float64


def test_active_share_and_dead_units():
    codes = torch.tensor([[0.0, 2.0, 0.05, -1.0], [0.0, 0.0, 0.0, 3.0]])
    assert ae.active_share(codes) == 4 / 8
    assert ae.dead_units(codes) == 1
    assert ae.active_share(codes, above=0.1) == 3 / 8
    assert ae.dead_units(codes, above=0.1) == 2
    for bad in (torch.rand(3), torch.rand(0, 4)):
        with pytest.raises(ValueError, match=r"expected codes \[N, q\]"):
            ae.active_share(bad)
        with pytest.raises(ValueError, match=r"expected codes \[N, q\]"):
            ae.dead_units(bad)


def test_a_higher_price_makes_a_sparser_code_and_a_larger_error():
    data = ae.load("glyphs", train=3000, test=500)
    torch.manual_seed(0)
    shares, errors = [], []
    for strength in (0.0, 0.1, 0.5):
        model = ae.Sparse(latent_dim=256, strength=strength)
        ae.fit(model, data.train, epochs=5, show=False)
        shares.append(ae.active_share(ae.encode(model, data.test)))
        errors.append(ae.reconstruction_error(model, data.test))
    assert shares[0] > 1.5 * shares[1] > 3 * shares[2]
    assert errors[0] < errors[1] < errors[2]


def test_kl_brings_the_mean_activation_to_rho():
    data = ae.load("glyphs", train=3000, test=500)
    for rho in (0.03, 0.1):
        away = []
        for strength in (0.0, 10.0):
            torch.manual_seed(0)
            model = ae.SparseKL(latent_dim=128, rho=rho, strength=strength)
            ae.fit(model, data.train, epochs=5, show=False)
            away.append(abs(ae.encode(model, data.test).mean().item() - rho))
        assert away[1] < 0.5 * rho < away[0]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: ae.Sparse(strength=-1.0), "strength is -1.0; expected a number, 0 or above"),
        (lambda: ae.Sparse(strength=float("nan")), "strength is nan"),
        (lambda: ae.SparseKL(rho=0.0), "rho is 0.0; expected a number between 0 and 1"),
        (lambda: ae.SparseKL(rho=1.0), "rho is 1.0; expected a number between 0 and 1"),
        (lambda: ae.SparseKL(rho="few"), "rho is 'few'"),
        (lambda: ae.TopK(latent_dim=8, keep=9), "keep is 9; expected a whole number, from 1 to 8"),
        (lambda: ae.TopK(keep=0), "keep is 0"),
        (lambda: ae.TopK(latent_dim=0), "latent_dim is 0; expected a whole number"),
        (lambda: ae.Tied((4,), 2, hidden=(0,)), "whole numbers above 0"),
    ],
)
def test_bad_options_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize("kind", [ae.Sparse, ae.SparseKL, ae.TopK])
def test_measures_compare_with_pca_of_as_many_numbers(kind):
    data = ae.load("digits8")
    torch.manual_seed(0)
    model = kind((1, 8, 8), 40)
    measures = ae.report(model, data)
    share = ae.active_share(ae.encode(model, data.test), 0.1 if kind is ae.SparseKL else 0.0)
    components = max(1, round(40 * share))
    pca = ae.PCA.fit(data.train, components)
    assert measures == {
        "squared_error": ae.reconstruction_error(model, data.test),
        "squared_error_pca": ae.reconstruction_error(pca, data.test),
        "active_share": share,
        "dead_units": ae.dead_units(ae.encode(model, data.test), 0.1 if kind is ae.SparseKL else 0.0),
    }
