"""Entropy, cross-entropy and KL divergence (lecture 01), in double precision.

Discrete distributions are tensors or sequences [K], or [..., K] for several at once, and answer in bits unless another
base is asked for. Gaussians answer in nats, like every loss of the course.
"""

import math

import torch
from torch import Tensor
from torch.distributions import Distribution

from aeutils.checks import SEED, Kind, Number, Whole, checked
from aeutils.checks.tensors import Doubles, Probabilities

SYMMETRY = 1e-5  # how far a covariance may be from its transpose, beside its largest value


class Base(Kind):
    """The base of a logarithm -> that number."""

    expected = '2 for bits, "e" for nats, or another number above 1'

    def __call__(self, name, value, sizes=None):
        """2, or math.e for "e"."""
        if isinstance(value, str) and value == "e":
            return math.e
        try:
            return Number(above=1)(name, value)
        except ValueError:
            raise self.error(name, value) from None


@checked
def entropy(p: Probabilities("... K"), base: Base() = 2) -> Tensor:
    """H(p) = -sum p log p, the mean surprise, [..., K] -> [...]; 0 log 0 is 0. `base`: 2 (bits) or "e" (nats)."""
    return torch.special.entr(p).sum(-1) / math.log(base)


@checked
def cross_entropy_between(p: Probabilities("... K"), q: Probabilities("... K"), base: Base() = 2) -> Tensor:
    """H(p, q) = -sum p log q, the mean surprise of who expects q and gets p: [..., K] -> [...], inf where q = 0 < p."""
    _check_batches(p, q)
    return -torch.special.xlogy(p, q).sum(-1) / math.log(base)


@checked
def kl_divergence(p: Probabilities("... K"), q: Probabilities("... K"), base: Base() = 2) -> Tensor:
    """KL(p || q) = sum p log(p / q) >= 0 (Kullback and Leibler 1951): [..., K] -> [...], inf where q = 0 < p."""
    _check_batches(p, q)
    # Rounding alone could bring a divergence of almost equal distributions below 0.
    return (-torch.special.entr(p) - torch.special.xlogy(p, q)).sum(-1).clamp(min=0) / math.log(base)


@checked
def kl_diagonal_gaussians(
    mean_p: Doubles("*K"), std_p: Doubles("*K"), mean_q: Doubles("*K"), std_q: Doubles("*K")
) -> Tensor:
    """KL(N(mean_p, diag std_p^2) || N(mean_q, diag std_q^2)) in nats: numbers -> scalar, [..., K] -> [...]."""
    for name, std in (("std_p", std_p), ("std_q", std_q)):
        if (std <= 0).any():
            raise ValueError(f"{name} must be positive; the smallest is {std.min():g}")
    ratio, step = std_p / std_q, (mean_p - mean_q) / std_q
    each = 0.5 * (ratio.square() + step.square() - 1) - ratio.log()
    return each.sum(-1) if each.ndim else each


@checked
def kl_gaussians(mean_p: Doubles("K"), cov_p: Doubles("K K"), mean_q: Doubles("K"), cov_q: Doubles("K K")) -> Tensor:
    """KL(N(mean_p, cov_p) || N(mean_q, cov_q)) in nats, means [K], covariances [K, K] -> scalar."""
    lower_p, lower_q = _cholesky("cov_p", cov_p), _cholesky("cov_q", cov_q)
    step = torch.linalg.solve_triangular(lower_q, (mean_q - mean_p)[:, None], upper=False)
    ratio = torch.linalg.solve_triangular(lower_q, lower_p, upper=False)
    log_determinants = 2 * (lower_q.diagonal().log() - lower_p.diagonal().log()).sum()
    return 0.5 * (ratio.square().sum() + step.square().sum() - len(mean_p) + log_determinants)


@checked
def monte_carlo_kl(p: Distribution, q: Distribution, n: Whole(2), seed: SEED) -> tuple[float, float]:
    """KL(p || q) in nats as the mean of log p(x) - log q(x) over n samples x of p, and the standard error of that mean.

    Both are infinite when a sample falls where q = 0. The global random state stays as it was. n is 2 or more, because
    one sample has no standard error. ValueError for batches of distributions, and for a discrete one beside a
    continuous one: a probability and a density have no ratio.
    """
    for name, distribution in (("p", p), ("q", q)):
        if distribution.batch_shape:
            raise ValueError(
                f"{name} is a batch of {list(distribution.batch_shape)} distributions; Independent makes it one"
            )
    if p.event_shape != q.event_shape:
        raise ValueError(f"a sample of p is {list(p.event_shape)}, one of q is {list(q.event_shape)}")
    discrete = [one.support.is_discrete for one in (p, q)]
    if discrete[0] != discrete[1]:
        words = ["discrete" if one else "continuous" for one in discrete]
        raise ValueError(f"p is {words[0]}, q is {words[1]}; a probability and a density have no ratio")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        x = p.sample((n,))
    if not q.support.check(x).all():
        return math.inf, math.inf
    log_ratio = (p.log_prob(x) - q.log_prob(x)).double()
    if (log_ratio == math.inf).any():  # q is 0 there, or too small for a number
        return math.inf, math.inf
    if not log_ratio.isfinite().all():
        raise ValueError("log p(x) - log q(x) is NaN at a sample of p; are the parameters of both finite?")
    return log_ratio.mean().item(), (log_ratio.std() / math.sqrt(n)).item()


def _check_batches(p: Tensor, q: Tensor) -> None:
    """ValueError unless there are as many of p as of q, or one of either."""
    if p.ndim > 1 and q.ndim > 1 and p.shape != q.shape:
        raise ValueError(f"p is {list(p.shape)}, q is {list(q.shape)}; give equal shapes, or [K] for one of them")


def _cholesky(name: str, covariance: Tensor) -> Tensor:
    """The lower triangle L with L L^T = covariance [K, K]. ValueError where that is no covariance."""
    off = (covariance - covariance.T).abs().max()
    if off > SYMMETRY * covariance.abs().max():
        raise ValueError(f"{name} must be symmetric; it differs from its transpose by up to {off:g}")
    lower, failed = torch.linalg.cholesky_ex(covariance)
    if failed:
        smallest = torch.linalg.eigvalsh(covariance)[0]
        raise ValueError(f"{name} must be positive definite; its smallest eigenvalue is {smallest:g}")
    return lower
