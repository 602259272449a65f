"""Entropy, cross-entropy and KL divergence (lecture 01), in double precision.

Discrete distributions are tensors or sequences [K], or [..., K] for several at once, and answer in bits unless another
base is asked for. Gaussians answer in nats, like every loss of the course.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Distribution

Probabilities = Tensor | Sequence[float]
TOLERANCE = 1e-5  # how far a sum may be from 1: softmax in single precision stays well within it


def entropy(p: Probabilities, base: float | str = 2) -> Tensor:
    """H(p) = -sum p log p, the mean surprise, [..., K] -> [...]; 0 log 0 is 0. `base`: 2 (bits) or "e" (nats)."""
    return torch.special.entr(_distribution("p", p)).sum(-1) / _log(base)


def cross_entropy_between(p: Probabilities, q: Probabilities, base: float | str = 2) -> Tensor:
    """H(p, q) = -sum p log q, the mean surprise of who expects q and gets p: [..., K] -> [...], inf where q = 0 < p."""
    p, q = _pair(p, q)
    return -torch.special.xlogy(p, q).sum(-1) / _log(base)


def kl_divergence(p: Probabilities, q: Probabilities, base: float | str = 2) -> Tensor:
    """KL(p || q) = sum p log(p / q) >= 0 (Kullback and Leibler 1951): [..., K] -> [...], inf where q = 0 < p."""
    p, q = _pair(p, q)
    # Rounding alone could bring a divergence of almost equal distributions below 0.
    return (-torch.special.entr(p) - torch.special.xlogy(p, q)).sum(-1).clamp(min=0) / _log(base)


def kl_diagonal_gaussians(mean_p, std_p, mean_q, std_q) -> Tensor:
    """KL(N(mean_p, diag std_p^2) || N(mean_q, diag std_q^2)) in nats: numbers -> scalar, [..., K] -> [...]."""
    given = {"mean_p": mean_p, "std_p": std_p, "mean_q": mean_q, "std_q": std_q}
    mean_p, std_p, mean_q, std_q = _same_shape(given)
    for name, std in (("std_p", std_p), ("std_q", std_q)):
        if (std <= 0).any():
            raise ValueError(f"{name} must be positive; the smallest is {std.min():g}")
    ratio, step = std_p / std_q, (mean_p - mean_q) / std_q
    each = 0.5 * (ratio.square() + step.square() - 1) - ratio.log()
    return each.sum(-1) if each.ndim else each


def kl_gaussians(mean_p, cov_p, mean_q, cov_q) -> Tensor:
    """KL(N(mean_p, cov_p) || N(mean_q, cov_q)) in nats, means [K], covariances [K, K] -> scalar."""
    mean_p, mean_q = _same_shape({"mean_p": mean_p, "mean_q": mean_q})
    if mean_p.ndim != 1:
        raise ValueError(f"the means must be [K]; they have shape {list(mean_p.shape)}")
    lower_p, lower_q = (_cholesky(name, c, len(mean_p)) for name, c in (("cov_p", cov_p), ("cov_q", cov_q)))
    step = torch.linalg.solve_triangular(lower_q, (mean_q - mean_p)[:, None], upper=False)
    ratio = torch.linalg.solve_triangular(lower_q, lower_p, upper=False)
    log_determinants = 2 * (lower_q.diagonal().log() - lower_p.diagonal().log()).sum()
    return 0.5 * (ratio.square().sum() + step.square().sum() - len(mean_p) + log_determinants)


def monte_carlo_kl(p: Distribution, q: Distribution, n: int, seed: int) -> tuple[float, float]:
    """KL(p || q) in nats as the mean of log p(x) - log q(x) over n samples x of p, and the standard error of that mean.

    Both are infinite when a sample falls where q = 0. The global random state stays as it was.
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, because one sample has no standard error; it is {n}")
    for name, distribution in (("p", p), ("q", q)):
        if distribution.batch_shape:
            raise ValueError(
                f"{name} is a batch of {list(distribution.batch_shape)} distributions; Independent makes it one"
            )
    if p.event_shape != q.event_shape:
        raise ValueError(f"a sample of p is {list(p.event_shape)}, one of q is {list(q.event_shape)}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        x = p.sample((n,))
    if not q.support.check(x).all():
        return math.inf, math.inf
    log_ratio = (p.log_prob(x) - q.log_prob(x)).double()
    return log_ratio.mean().item(), (log_ratio.std() / math.sqrt(n)).item()


def _log(base: float | str) -> float:
    """The natural logarithm of the base."""
    if base == "e":
        return 1.0
    if isinstance(base, str) or not 1 < base < math.inf:
        raise ValueError(f'base must be 2 for bits, "e" for nats, or another number above 1; it is {base!r}')
    return math.log(base)


def _numbers(name: str, values) -> Tensor:
    """`values` in double precision. ValueError where one is not finite."""
    values = torch.as_tensor(values).double()
    if not values.isfinite().all():
        raise ValueError(f"{name} must be finite; it contains {values[~values.isfinite()][0]:g}")
    return values


def _distribution(name: str, p: Probabilities) -> Tensor:
    """p in double precision, its sums made exact. ValueError where it is no distribution."""
    p = _numbers(name, p)
    if p.ndim == 0 or p.shape[-1] == 0:
        raise ValueError(f"{name} must hold K probabilities, [K] or [..., K]; its shape is {list(p.shape)}")
    if (p < 0).any():
        raise ValueError(f"{name} must not be negative; the smallest probability is {p.min():g}")
    sums = p.sum(-1, keepdim=True)
    wrong = (sums - 1).abs() > TOLERANCE
    if wrong.any():
        raise ValueError(f"{name} is no distribution: it sums to {sums[wrong][0]:g}, not to 1")
    return p / sums


def _pair(p: Probabilities, q: Probabilities) -> tuple[Tensor, Tensor]:
    """Two distributions over the same K values."""
    p, q = _distribution("p", p), _distribution("q", q)
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"p and q must be over the same values; p has {p.shape[-1]} of them, q has {q.shape[-1]}")
    if p.ndim > 1 and q.ndim > 1 and p.shape != q.shape:
        raise ValueError(f"p is {list(p.shape)}, q is {list(q.shape)}; give equal shapes, or [K] for one of them")
    return p, q


def _same_shape(given: dict) -> list[Tensor]:
    """Tensors of one shape. ValueError says who has which."""
    tensors = {name: _numbers(name, value) for name, value in given.items()}
    if len({t.shape for t in tensors.values()}) > 1:
        shapes = ", ".join(f"{name} {list(t.shape)}" for name, t in tensors.items())
        raise ValueError(f"one shape for all, please: {shapes}")
    return list(tensors.values())


def _cholesky(name: str, covariance, size: int) -> Tensor:
    """The lower triangle L with L L^T = covariance [K, K]. ValueError where that is no covariance."""
    covariance = _numbers(name, covariance)
    if covariance.shape != (size, size):
        raise ValueError(f"{name} must be {[size, size]}, as the means are [{size}]; it is {list(covariance.shape)}")
    off = (covariance - covariance.T).abs().max()
    if off > TOLERANCE * covariance.abs().max():
        raise ValueError(f"{name} must be symmetric; it differs from its transpose by up to {off:g}")
    lower, failed = torch.linalg.cholesky_ex(covariance)
    if failed:
        smallest = torch.linalg.eigvalsh(covariance)[0]
        raise ValueError(f"{name} must be positive definite; its smallest eigenvalue is {smallest:g}")
    return lower
