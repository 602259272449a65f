"""Contraction: the Jacobian in closed form, by autograd and by estimate; its gradient; what training does to it."""

import pytest
import torch
from torch import nn

import aeutils as ae

X = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def closed_form(model, x):
    """||dh/dx||_F^2 of one sigmoid layer, entry by entry."""
    h = model.encode(x)
    return ((h * (1 - h))[:, :, None] * model.weight).square().sum((1, 2))


def test_jacobian_of_a_known_function():
    """f(a, b) = (a b, a^2, 3 b) has the Jacobian [[b, a], [2 a, 0], [0, 3]]."""

    def encode(x):
        a, b = x.unbind(1)
        return torch.stack([a * b, a**2, 3 * b], dim=1)

    x = torch.tensor([[2.0, 5.0], [-1.0, 0.5]])
    expected = torch.tensor([[[5.0, 2], [4, 0], [0, 3]], [[0.5, -1], [-2, 0], [0, 3]]])
    assert torch.equal(ae.jacobians(encode, x), expected)
    assert torch.equal(ae.squared_norms(encode, x), expected.square().sum((1, 2)))


def test_closed_form_and_autograd_agree():
    torch.manual_seed(0)
    model = ae.Contractive(latent_dim=64)
    exact = ae.squared_norms(model.encode, X)
    torch.testing.assert_close(closed_form(model, X), exact, rtol=1e-5, atol=0)
    assert model.loss(X)["contraction"].item() == pytest.approx(exact.mean().item(), rel=1e-5)


def test_norms_do_not_depend_on_how_samples_are_batched(monkeypatch):
    model = ae.Contractive(latent_dim=16)
    together = ae.squared_norms(model.encode, X)
    monkeypatch.setattr("aeutils.codes.jacobian.LARGEST", 1)  # one sample at a time
    torch.testing.assert_close(ae.squared_norms(model.encode, X), together)


@pytest.mark.parametrize(
    "build", [lambda: ae.DeepContractive(latent_dim=16, hidden=(32,)), lambda: ae.Conv(latent_dim=8)]
)
def test_the_estimate_is_right_on_average(build):
    torch.manual_seed(0)
    model = build()
    with torch.no_grad():
        exact = ae.squared_norms(model.encode, X)
        code, estimate = ae.estimated_norm(model.encode, X, probes=4000)
        few = torch.stack([ae.estimated_norm(model.encode, X)[1] for _ in range(50)])
    torch.testing.assert_close(code, model.encode(X))
    torch.testing.assert_close(estimate, exact, rtol=0.05, atol=0)
    assert (few.std(0) > 0.01 * exact).all()  # one probe is a draw, not the value


def test_the_estimate_is_exact_for_orthogonal_outputs():
    """Signs make v^T J J^T v the trace whenever J J^T is diagonal."""
    x = torch.rand(3, 4)
    scale = torch.tensor([1.0, 2.0, 3.0, 4.0])
    torch.testing.assert_close(ae.estimated_norm(lambda x: x * scale, x)[1], torch.full((3,), 30.0))


def test_gradient_of_the_closed_form_by_finite_differences():
    torch.manual_seed(0)
    model = ae.Contractive((3,), 4).double()
    x = torch.rand(5, 3, dtype=torch.float64)
    bias = model.encoder[1].bias

    def penalty(weight):
        h = torch.sigmoid(x @ weight.T + bias)
        return ((h * (1 - h))[:, :, None] * weight).square().sum((1, 2)).mean()

    weight = model.weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(penalty, weight)
    (expected,) = torch.autograd.grad(penalty(weight), weight)
    (found,) = torch.autograd.grad(model.loss(x)["contraction"], model.weight)
    torch.testing.assert_close(found, expected)
    (exact,) = torch.autograd.grad(ae.squared_norms(model.encode, x).mean(), model.weight)
    torch.testing.assert_close(exact, expected)


def test_gradient_of_the_estimate_is_right_on_average():
    torch.manual_seed(0)
    model = ae.Contractive((3,), 2).double()
    x = torch.rand(5, 3, dtype=torch.float64)
    (expected,) = torch.autograd.grad(model.loss(x)["contraction"], model.weight)
    _, estimate = ae.estimated_norm(model.encode, x, probes=5000)
    (found,) = torch.autograd.grad(estimate.mean(), model.weight)
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.02 * expected.abs().max().item())


def test_the_deep_models_loss_holds_its_parts_and_works_without_gradients():
    torch.manual_seed(0)
    model = ae.DeepContractive(latent_dim=8, hidden=(16,), strength=2.0, probes=3)
    parts = model.loss(X)
    assert parts["loss"].item() == pytest.approx((parts["reconstruction"] + 2 * parts["contraction"]).item(), rel=1e-5)
    parts["loss"].backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())
    first, second = ae.evaluate(model, X), ae.evaluate(model, X)  # under no_grad, and the same draws
    assert first == second
    assert first["contraction"] > 0


def test_tangents_are_the_singular_value_decomposition():
    torch.manual_seed(0)
    model = ae.Contractive((1, 4, 4), 5)
    x = torch.rand(3, 1, 4, 4)
    with torch.no_grad():
        values, vectors = ae.tangents(model.encode, x)
        jacobians = ae.jacobians(model.encode, x)
    assert values.shape == (3, 5)
    assert vectors.shape == (3, 5, 1, 4, 4)
    assert (values.diff(dim=1) <= 0).all()
    torch.testing.assert_close(values.square().sum(1), jacobians.square().sum((1, 2)))
    flat = vectors.flatten(2)
    torch.testing.assert_close(flat @ flat.mT, torch.eye(5).expand(3, 5, 5), rtol=0, atol=1e-5)
    torch.testing.assert_close((jacobians @ flat.mT).norm(dim=1), values, rtol=1e-4, atol=1e-6)


def test_a_step_along_a_tangent_moves_the_code_by_its_singular_value():
    torch.manual_seed(0)
    model = ae.Contractive((6,), 4).double()
    x = torch.rand(2, 6, dtype=torch.float64)
    with torch.no_grad():
        values, vectors = ae.tangents(model.encode, x)
        for k in range(4):
            moved = (model.encode(x + 1e-6 * vectors[:, k]) - model.encode(x)).norm(dim=1) / 1e-6
            torch.testing.assert_close(moved, values[:, k], rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("kind", [ae.Contractive, ae.DeepContractive])
def test_the_penalty_contracts(kind):
    data = ae.load("glyphs", train=2000, test=200)
    norms = []
    for strength in (0.0, 2.0):
        torch.manual_seed(0)
        model = kind(latent_dim=32, strength=strength)
        ae.fit(model, data.train, epochs=4, show=False)
        with torch.no_grad():
            norms.append(ae.squared_norms(model.encode, ae.as_float(data.test.x)).mean().item())
    assert norms[1] < 0.5 * norms[0]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: ae.Contractive(strength=-0.1), "strength is -0.1; expected a number, 0 or above"),
        (lambda: ae.DeepContractive(strength=float("inf")), "strength is inf"),
        (lambda: ae.DeepContractive(probes=0), "probes is 0; expected a whole number, 1 or above"),
        (lambda: ae.DeepContractive(hidden=(-1,)), "whole numbers above 0"),
        (lambda: ae.estimated_norm(nn.Flatten(), X, probes=0), "probes is 0"),
        (lambda: ae.jacobians(nn.Flatten(), (X > 0.5)), r"x is bool .*; expected numbers \[N, D, ...\]"),
        (
            lambda: ae.squared_norms(nn.Flatten(), X[:0]),
            r"x is float32 \[0, 1, 28, 28\]; expected numbers .* It is empty",
        ),
    ],
)
def test_bad_input_is_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


@pytest.mark.parametrize("kind", [ae.Contractive, ae.DeepContractive])
def test_measures_hold_the_exact_norm_beside_pcas(kind):
    data = ae.load("digits8")
    torch.manual_seed(0)
    model = kind((1, 8, 8), 10)
    measures = ae.report(model, data)
    x = ae.as_float(data.test.x)
    pca = ae.PCA.fit(data.train, 10)
    norms = [measures["squared_jacobian"], measures["squared_jacobian_pca"]]
    exact = [ae.squared_norms(encode, x).mean().item() for encode in (model.encode, pca.encode)]
    assert norms == pytest.approx(exact, rel=1e-4)
    assert measures["squared_error"] == ae.reconstruction_error(model, data.test)
