"""Entropy and divergences: against other implementations, against what theory demands, and with bad input."""

import math

import pytest
import scipy.stats
import torch
from torch import distributions as td

from aeutils.probability.divergence import (
    cross_entropy_between,
    entropy,
    kl_diagonal_gaussians,
    kl_divergence,
    kl_gaussians,
    monte_carlo_kl,
)
from aeutils.probability.losses import gaussian_kl

WORMS = torch.tensor([1, 9, 41, 143, 169, 160, 130, 86, 101, 86, 74]) / 1000
COIN = [0.5, 0.5]
UNIT = torch.eye(2)


def binomial(p, n=10):
    return [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]


@pytest.fixture
def pairs():
    """Two hundred pairs of distributions over 7 values, some nearly zero in places."""
    generator = torch.Generator().manual_seed(0)
    logits = 4 * torch.randn(2, 200, 7, generator=generator, dtype=torch.float64)
    return logits.softmax(-1)


@pytest.fixture
def gaussians():
    """Means [3] and covariances [3, 3] of two Gaussians."""
    generator = torch.Generator().manual_seed(1)
    means = torch.randn(2, 3, generator=generator, dtype=torch.float64)
    factors = torch.randn(2, 3, 3, generator=generator, dtype=torch.float64)
    covariances = factors @ factors.mT + 0.3 * torch.eye(3)
    return means[0], covariances[0], means[1], covariances[1]


# Discrete


@pytest.mark.parametrize("base", [2, "e", math.e, 10])
def test_as_scipy_has_it(pairs, base):
    number = math.e if base == "e" else base
    p, q = pairs
    torch.testing.assert_close(entropy(p, base), torch.tensor(scipy.stats.entropy(p, axis=-1, base=number)))
    torch.testing.assert_close(kl_divergence(p, q, base), torch.tensor(scipy.stats.entropy(p, q, axis=-1, base=number)))


def test_as_torch_has_it(pairs):
    p, q = pairs
    expected = td.kl_divergence(td.Categorical(p), td.Categorical(q))
    torch.testing.assert_close(kl_divergence(p, q, "e"), expected)
    torch.testing.assert_close(entropy(p, "e"), td.Categorical(p).entropy())


def test_the_worms():
    """The figures of the lecture."""
    uniform = [1 / 11] * 11
    assert (WORMS * torch.arange(11)).sum().item() == pytest.approx(5.700)
    assert entropy(WORMS).item() == pytest.approx(3.121, abs=5e-4)
    assert kl_divergence(WORMS, uniform).item() == pytest.approx(0.338, abs=5e-4)
    assert kl_divergence(WORMS, binomial(0.57)).item() == pytest.approx(0.477, abs=5e-4)


def test_known_entropies():
    assert entropy(COIN).item() == 1
    assert entropy([1 / 8] * 8).item() == pytest.approx(3)
    assert entropy([1.0, 0.0]).item() == 0
    assert entropy(COIN, "e").item() == pytest.approx(math.log(2))


def test_cross_entropy_is_entropy_plus_kl(pairs):
    p, q = pairs
    torch.testing.assert_close(cross_entropy_between(p, q), entropy(p) + kl_divergence(p, q))
    torch.testing.assert_close(cross_entropy_between(p, p), entropy(p))


def test_kl_is_zero_for_equals_and_positive_otherwise(pairs):
    p, q = pairs
    assert (kl_divergence(p, p) == 0).all()
    assert (kl_divergence(p, q) > 0).all()
    nearly = p * (1 + 1e-9 * torch.linspace(-1, 1, 7))
    assert (kl_divergence(nearly / nearly.sum(-1, keepdim=True), p) >= 0).all()


def test_kl_is_not_symmetric(pairs):
    p, q = pairs
    assert not torch.isclose(kl_divergence(p, q), kl_divergence(q, p)).any()


def test_zeros_follow_the_definition():
    assert kl_divergence([1.0, 0.0], COIN).item() == 1
    assert kl_divergence([1.0, 0.0], [1.0, 0.0]).item() == 0
    assert kl_divergence(COIN, [1.0, 0.0]).item() == math.inf
    assert cross_entropy_between(COIN, [1.0, 0.0]).item() == math.inf
    assert kl_divergence([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]).item() == 0


def test_one_against_many(pairs):
    p, q = pairs
    expected = torch.stack([kl_divergence(p[0], each) for each in q])
    torch.testing.assert_close(kl_divergence(p[0], q), expected)
    assert kl_divergence(p.view(20, 10, 7), q[0]).shape == (20, 10)


def test_single_precision_is_welcome_and_double_comes_out():
    p = torch.randn(1000, generator=torch.Generator().manual_seed(0)).softmax(0)
    assert entropy(p).dtype == torch.float64
    assert kl_divergence(p, p).item() == 0


def test_kl_has_a_gradient():
    logits = torch.zeros(11, dtype=torch.float64, requires_grad=True)
    kl_divergence(WORMS, logits.softmax(0), "e").backward()
    torch.testing.assert_close(logits.grad, torch.full((11,), 1 / 11, dtype=torch.float64) - WORMS.double())


@pytest.mark.parametrize(
    ("p", "reason"),
    [
        ([0.5, 0.6], "p is no distribution: it sums to 1.1, not to 1"),
        ([[0.5, 0.5], [0.1, 0.2]], "sums to 0.3"),
        ([1.2, -0.2], "p must not be negative; the smallest probability is -0.2"),
        ([0.5, math.nan], r"p holds NaN or infinity \(1 of 2 values\)"),
        ([0.5, math.inf], r"p holds NaN or infinity \(1 of 2 values\)"),
        ([], r"p is float64 \[0\]; expected probabilities \[..., K\]. It is empty"),
        (1.0, r"p is 1.0; expected probabilities \[..., K\]"),
    ],
)
def test_what_is_no_distribution(p, reason):
    with pytest.raises(ValueError, match=reason):
        entropy(p)
    for function in (cross_entropy_between, kl_divergence):
        with pytest.raises(ValueError, match=reason):
            function(p, COIN)
        with pytest.raises(ValueError, match=reason.replace("p ", "q ", 1)):
            function(COIN, p)


@pytest.mark.parametrize("function", [cross_entropy_between, kl_divergence])
def test_p_and_q_must_fit(function):
    with pytest.raises(ValueError, match=r"q is float64 \[3\]; expected probabilities .* K is 2 because of p"):
        function(COIN, [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match=r"p is \[2, 2\], q is \[3, 2\]"):
        function([COIN] * 2, [COIN] * 3)


@pytest.mark.parametrize("base", [1, 0, -2, math.nan, math.inf, "bits"])
def test_what_is_no_base(base):
    with pytest.raises(ValueError, match=r"base is .*; expected 2 for bits"):
        entropy(COIN, base)


# Gaussians


def test_scalar_gaussians_as_torch_has_them():
    expected = td.kl_divergence(td.Normal(1.0, 2.0), td.Normal(-0.5, 0.7)).item()
    assert kl_diagonal_gaussians(1.0, 2.0, -0.5, 0.7).item() == pytest.approx(expected, rel=1e-6)


def test_diagonal_gaussians_as_torch_has_them():
    generator = torch.Generator().manual_seed(0)
    mean_p, mean_q = torch.randn(2, 5, 4, generator=generator, dtype=torch.float64)
    std_p, std_q = torch.rand(2, 5, 4, generator=generator, dtype=torch.float64) + 0.1
    expected = td.kl_divergence(td.Normal(mean_p, std_p), td.Normal(mean_q, std_q)).sum(-1)
    torch.testing.assert_close(kl_diagonal_gaussians(mean_p, std_p, mean_q, std_q), expected)
    zero, one = torch.zeros(5, 4), torch.ones(5, 4)
    torch.testing.assert_close(
        kl_diagonal_gaussians(mean_p, std_p, zero, one).mean(), gaussian_kl(mean_p, 2 * std_p.log())
    )


def test_full_gaussians_as_torch_has_them(gaussians):
    mean_p, cov_p, mean_q, cov_q = gaussians
    expected = td.kl_divergence(td.MultivariateNormal(mean_p, cov_p), td.MultivariateNormal(mean_q, cov_q))
    torch.testing.assert_close(kl_gaussians(*gaussians), expected)
    assert kl_gaussians(mean_p, cov_p, mean_p, cov_p).item() == pytest.approx(0, abs=1e-12)
    assert kl_gaussians(*gaussians).item() != pytest.approx(kl_gaussians(mean_q, cov_q, mean_p, cov_p).item())


def test_full_and_diagonal_agree():
    mean_p, std_p, mean_q, std_q = torch.tensor([[0.1, 2.0], [0.5, 1.5], [-1.0, 1.0], [0.7, 3.0]])
    full = kl_gaussians(mean_p, std_p.square().diag(), mean_q, std_q.square().diag())
    torch.testing.assert_close(full, kl_diagonal_gaussians(mean_p, std_p, mean_q, std_q), rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ((0.0, 0.0, 0.0, 1.0), "std_p must be positive; the smallest is 0"),
        ((0.0, 1.0, 0.0, -2.0), "std_q must be positive; the smallest is -2"),
        ((math.nan, 1.0, 0.0, 1.0), r"mean_p holds NaN or infinity \(1 of 1 values\)"),
        (
            ([0.0, 1.0], [1.0, 1.0], [0.0], [1.0]),
            r"mean_q is float64 \[1\]; expected numbers \[\*K\]. \*K is \[2\] because of mean_p",
        ),
    ],
)
def test_bad_diagonal_gaussians(given, reason):
    with pytest.raises(ValueError, match=reason):
        kl_diagonal_gaussians(*given)


@pytest.mark.parametrize(
    ("cov", "reason"),
    [
        (torch.tensor([[1.0, 0.5], [0.2, 1.0]]), "must be symmetric; it differs from its transpose by up to 0.3"),
        (torch.tensor([[1.0, 2.0], [2.0, 1.0]]), "must be positive definite; its smallest eigenvalue is -1"),
        (torch.zeros(2, 2), "must be positive definite; its smallest eigenvalue is 0"),
        (torch.eye(3), r"is float32 \[3, 3\]; expected numbers \[K, K\]. K is 2 because of mean_p"),
        (math.nan * UNIT, "holds NaN or infinity"),
    ],
)
def test_what_is_no_covariance(cov, reason):
    mean = torch.zeros(2)
    with pytest.raises(ValueError, match=f"cov_p {reason}"):
        kl_gaussians(mean, cov, mean, UNIT)
    with pytest.raises(ValueError, match=f"cov_q {reason}"):
        kl_gaussians(mean, UNIT, mean, cov)


def test_means_must_be_vectors_of_one_length():
    with pytest.raises(ValueError, match=r"mean_q is float32 \[3\]; expected numbers \[K\]. K is 2 because of mean_p"):
        kl_gaussians(torch.zeros(2), UNIT, torch.zeros(3), UNIT)
    with pytest.raises(ValueError, match=r"mean_p is 0.0; expected numbers \[K\]"):
        kl_gaussians(0.0, UNIT, 0.0, UNIT)


# Monte Carlo


def test_monte_carlo_comes_within_its_standard_error():
    p, q = td.Normal(0.0, 1.0), td.Normal(1.0, 2.0)
    exact = kl_diagonal_gaussians(0.0, 1.0, 1.0, 2.0).item()
    misses = []
    for seed in range(200):
        estimate, error = monte_carlo_kl(p, q, 400, seed)
        misses.append((estimate - exact) / error)
    misses = torch.tensor(misses)
    assert misses.mean().abs() < 0.3  # unbiased
    assert 0.8 < misses.std() < 1.2  # and the standard error is honest


def test_monte_carlo_of_several_numbers_at_once(gaussians):
    mean_p, cov_p, mean_q, cov_q = gaussians
    p, q = td.MultivariateNormal(mean_p, cov_p), td.MultivariateNormal(mean_q, cov_q)
    estimate, error = monte_carlo_kl(p, q, 20_000, 0)
    assert abs(estimate - kl_gaussians(*gaussians).item()) < 4 * error


def test_monte_carlo_repeats_itself_and_leaves_the_random_state_alone():
    p, q = td.Normal(0.0, 1.0), td.Normal(1.0, 1.0)
    state = torch.get_rng_state()
    first = monte_carlo_kl(p, q, 100, 3)
    assert first == monte_carlo_kl(p, q, 100, 3) != monte_carlo_kl(p, q, 100, 4)
    assert torch.equal(state, torch.get_rng_state())


def test_monte_carlo_is_infinite_outside_of_q():
    assert monte_carlo_kl(td.Normal(0.0, 1.0), td.Uniform(-1.0, 1.0), 1000, 0) == (math.inf, math.inf)
    assert monte_carlo_kl(td.Uniform(-1.0, 1.0), td.Normal(0.0, 1.0), 1000, 0)[0] < math.inf


@pytest.mark.parametrize(
    ("p", "q", "n", "reason"),
    [
        (td.Normal(0.0, 1.0), td.Normal(0.0, 1.0), 1, "n is 1; expected a whole number, 2 or above"),
        (td.Normal(torch.zeros(3), 1.0), td.Normal(0.0, 1.0), 9, r"p is a batch of \[3\] distributions; Independent"),
        (td.Normal(0.0, 1.0), td.Normal(torch.zeros(3), 1.0), 9, r"q is a batch of \[3\]"),
        (td.Normal(0.0, 1.0), td.MultivariateNormal(torch.zeros(2), UNIT), 9, r"of p is \[\], one of q is \[2\]"),
    ],
)
def test_what_monte_carlo_cannot_compare(p, q, n, reason):
    with pytest.raises(ValueError, match=reason):
        monte_carlo_kl(p, q, n, 0)
