"""The cross-entropy of the course against PyTorch's: values, derivatives, kinds of numbers, transforms."""

import math

import pytest
import torch
from torch.nn import functional as F

import aeutils as ae
from aeutils.probability.losses import Bernoulli, bernoulli, cross_entropy

INF = math.inf


def theirs(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def draw(dtype=torch.float32, scale=5.0):
    torch.manual_seed(0)
    return (scale * torch.randn(64, 1, 28, 28)).to(dtype), torch.rand(64, 1, 28, 28).to(dtype)


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0])
def test_it_is_as_near_the_truth_as_pytorchs(scale):
    """Against float64, for each value and for the sum over an image."""
    a, x = draw(scale=scale)
    truth = theirs(a.double(), x.double())
    ours, expected = bernoulli(a, x), theirs(a, x)
    allowed = 2e-7 * (1 + a.abs())  # F rounds (1 - x) a, too
    assert ((ours - truth).abs() < allowed).all()
    assert ((expected - truth).abs() < allowed).all()
    sums = [(each.double().flatten(1).sum(1) - truth.flatten(1).sum(1)).abs().max() for each in (ours, expected)]
    assert sums[0] < sums[1] + 784 * 6e-8


def test_black_pixels_that_are_certain_cost_nothing_and_no_more():
    """The bias of 1 + exp(-|a|), whose last bits are lost, over an image: 5e-5 of about 100 nats at most."""
    a = torch.linspace(-30, -5, 784)[None].requires_grad_()
    x = torch.zeros_like(a)
    truth = theirs(a.detach().double(), x.double()).sum()
    assert abs(cross_entropy(a, x).double() - truth) < 784 * 6e-8
    assert (bernoulli(a, x) >= 0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_and_gradients_are_pytorchs(dtype):
    a, x = draw(dtype)
    weights = torch.rand_like(a)
    results = []
    for loss in (bernoulli, theirs):
        leaves = a.clone().requires_grad_(), x.clone().requires_grad_()
        value = loss(*leaves)
        results.append((value, *torch.autograd.grad((weights * value).sum(), leaves)))
    assert results[0][0].dtype == dtype
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-5 if dtype == torch.float32 else 1e-12, atol=1e-6)


def test_the_gradient_of_the_sum_is_pytorchs_to_the_last_bit():
    a, x = draw()
    results = [
        torch.autograd.grad(loss(leaf, x).sum(), leaf)[0]
        for loss in (bernoulli, theirs)
        for leaf in [a.clone().requires_grad_()]
    ]
    assert torch.equal(*results)


def test_higher_derivatives():
    a, x = (each[:1, 0, :2, :2].double().requires_grad_() for each in draw(scale=1.0))
    assert torch.autograd.gradcheck(Bernoulli.apply, (a, x))
    assert torch.autograd.gradgradcheck(Bernoulli.apply, (a, x))


def test_extreme_logits_give_what_pytorch_gives():
    a = torch.tensor([-INF, -1e4, -200.0, -90.0, -0.0, 0.0, 90.0, 200.0, 1e4, INF, math.nan]).repeat(3, 1)
    x = torch.tensor([0.0, 0.3, 1.0])[:, None].expand_as(a)
    results = []
    for loss in (bernoulli, theirs):
        leaf = a.clone().requires_grad_()
        value = loss(leaf, x)
        results.append((value.detach(), torch.autograd.grad(value.sum(), leaf)[0]))
    for ours, expected in zip(*results, strict=True):
        torch.testing.assert_close(ours, expected, rtol=1e-6, atol=1e-7, equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_the_bits_are_made_whole_first(dtype):
    a, x = draw()
    leaf = a.to(dtype).requires_grad_()
    value = bernoulli(leaf, x)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, theirs(leaf.float(), x))
    value.sum().backward()
    assert leaf.grad.dtype == dtype
    torch.testing.assert_close(leaf.grad.float(), leaf.float().sigmoid() - x, rtol=0.01, atol=0.01)


def test_under_autocast_the_loss_is_that_of_float32():
    a, x = draw()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(bernoulli(a, x), Bernoulli.apply(a, x))


def test_transforms_of_torch_func():
    a, x = (each[:5].flatten(1)[:, :6] for each in draw())
    together = torch.func.vmap(torch.func.grad(lambda one, target: bernoulli(one, target).sum()))(a, x)
    torch.testing.assert_close(together, a.sigmoid() - x)
    hessian = torch.func.hessian(lambda one: bernoulli(one, x[0]).sum())(a[0])
    torch.testing.assert_close(hessian, torch.diag(a[0].sigmoid() * (1 - a[0].sigmoid())))
    _, slope = torch.func.jvp(lambda one: bernoulli(one, x[0]), (a[0],), (torch.ones(6),))
    torch.testing.assert_close(slope, a[0].sigmoid() - x[0])


def test_the_pixels_of_other_places_are_left_alone():
    """Nothing is written into what was given: views, expanded and strided tensors, an odd layout."""
    a, x = draw()
    for logits, target in (
        (a.mT, x.mT),
        (a[:, :, ::2], x[:, :, ::2]),
        (a, x[:1].expand_as(a)),
        (a, torch.zeros(()).expand_as(a)),
        (a[:0], x[:0]),
    ):
        before = logits.clone(), target.clone()
        torch.testing.assert_close(bernoulli(logits, target), theirs(logits, target), rtol=1e-5, atol=1e-6)
        assert torch.equal(logits, before[0])
        assert torch.equal(target, before[1])


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"x is float32 \[3, 1\]; .* \*shape is \[3, 4\] because of logits"):
        bernoulli(torch.zeros(3, 4), torch.zeros(3, 1))


def test_log_p_x_given_z_and_the_judgement_of_a_discriminator_are_pytorchs():
    torch.manual_seed(0)
    model, x, z = ae.VAE(latent_dim=3, hidden=(8,)), torch.rand(4, 1, 28, 28), torch.randn(4, 3)
    expected = -theirs(model.decoder(z), x).flatten(1).sum(1)
    torch.testing.assert_close(model.log_p_x_given_z(x, z), expected)
    from aeutils.models.adversarial import surprise

    logits = torch.randn(9)
    for real in (True, False):
        torch.testing.assert_close(surprise(logits, real), theirs(logits, torch.full((9,), float(real))).mean())
