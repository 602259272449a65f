"""log p(x) of a latent variable model by importance sampling: closer to the truth than the ELBO, the more draws."""

import math
from typing import Protocol, runtime_checkable

import torch
from torch import Generator, Tensor

from aeutils.checks import SEED, Whole, checked
from aeutils.checks.measuring import measuring
from aeutils.data.base import Split, as_float
from aeutils.data.samples import check_samples

ROWS = 4_096  # decoded at once: bounds the memory, whatever the numbers of samples and draws


@runtime_checkable
class LatentVariableModel(Protocol):
    """What the estimate needs: p(z) = N(0, I), q(z|x) a Gaussian with independent components, and log p(x|z)."""

    shape: tuple[int, ...]  # of one sample

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x): [N, *shape] -> two [N, q]."""

    def log_p_x_given_z(self, x: Tensor, z: Tensor) -> Tensor:
        """[N, *shape] and [N, q] -> [N] in nats."""


@checked
def log_likelihood(
    model: LatentVariableModel, samples: Split | Tensor, draws: Whole(1) = 500, seed: SEED = 0
) -> Tensor:
    """Importance-weighted estimate of log p(x) in nats for each of the samples [N, *shape] -> [N].

    log 1/k sum_i p(x|z_i) p(z_i) / q(z_i|x) with z_1 ... z_k from q(z|x) (Burda, Grosse and Salakhutdinov 2016). One
    draw estimates the ELBO; in expectation it rises with the number of draws k and stays below log p(x).

    Every sample has random draws of its own, which depend on `seed` and on its place only, not on what else is computed
    with it. ValueError for samples of another shape than the model's, none, or such that are not finite.
    """
    x = check_samples(samples, model)
    size = max(1, ROWS // draws)
    starts = range(0, len(x), size)
    with measuring(model):
        return torch.cat([_estimate(model, as_float(x[k : k + size]), draws, (seed, k)) for k in starts])


def _estimate(model: LatentVariableModel, x: Tensor, draws: int, stream: tuple[int, int]) -> Tensor:
    """The estimate for a batch x [B, *shape] -> [B], over the draws in pieces of at most ROWS decodings."""
    mean, log_variance = model.posterior(x)
    epsilon = _noise(len(x), draws, mean.shape[1], *stream).to(mean)  # [draws, B, q]
    log_total = mean.new_full((len(x),), -math.inf)  # of the sum of the weights so far
    for part in epsilon.split(max(1, ROWS // len(x))):
        weights = log_weight(model, x, mean, log_variance, part)
        log_total = torch.logaddexp(log_total, weights.logsumexp(0))
    return log_total - math.log(draws)


def log_weight(model: LatentVariableModel, x: Tensor, mean: Tensor, log_variance: Tensor, epsilon: Tensor) -> Tensor:
    """log p(x|z) + log p(z) - log q(z|x) at z = mean + std * epsilon [K, B, q] -> [K, B]."""
    z = mean + (0.5 * log_variance).exp() * epsilon
    repeated = x.expand(len(epsilon), *x.shape).flatten(0, 1)  # [K * B, *shape]
    log_p_x = model.log_p_x_given_z(repeated, z.flatten(0, 1)).view(epsilon.shape[:2])
    # The constants of the two Gaussians, q/2 log(2 pi) each, cancel.
    return log_p_x - 0.5 * z.square().sum(2) + 0.5 * (epsilon.square() + log_variance).sum(2)


def _noise(samples: int, draws: int, latents: int, seed: int, first: int) -> Tensor:
    """Standard normal [draws, samples, latents]; a generator for each sample, seeded by `seed` and its place."""
    generators = (Generator().manual_seed(seed * 1_000_003 + first + k) for k in range(samples))
    return torch.stack([torch.randn(draws, latents, generator=generator) for generator in generators], dim=1)
