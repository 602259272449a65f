"""Points instead of images: data whose true shape or density is known, so that a model can be held against it.

`count` points are in the train split and as many others in the test split; x is float32 [N, D].
"""

import math

import torch
from torch import Generator, Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from aeutils.checks import check_number, check_whole
from aeutils.data.base import DataSet, Split

BINS = 10  # classes of the curve


def curve(count: int = 2_000, noise: float = 0.05, seed: int = 0) -> DataSet:
    """Points [N, 2] scattered around a spiral by Gaussian `noise` (its standard deviation): one latent describes them.

    Labels: in which tenth of the spiral a point belongs, from the inside outwards. Raises ValueError.
    """
    check_number("noise", noise)
    generator = stream(count, seed)

    def sample() -> Split:
        t = torch.rand(count, generator=generator)
        scatter = noise * torch.randn(count, 2, generator=generator)
        return Split(spiral(t) + scatter, (t * BINS).long())

    return DataSet("curve", "computed", tuple(f"{tenth / BINS:.1f}" for tenth in range(BINS)), sample(), sample())


def spiral(t: Tensor) -> Tensor:
    """The curve itself: t in [0, 1], any shape [...], to points [..., 2] in [-1, 1]; three quarters of a turn."""
    angle, radius = 1.5 * math.pi * t, 0.25 + 0.75 * t
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1)


def mixture(count: int = 2_000, components: int = 6, spread: float = 0.15, seed: int = 0) -> DataSet:
    """Points [N, 2] of `gaussians(components, spread)`; labels: the Gaussian a point came from. Raises ValueError."""
    means = gaussians(components, spread).component_distribution.mean
    generator = stream(count, seed)

    def sample() -> Split:
        labels = torch.randint(components, (count,), generator=generator)
        return Split(means[labels] + spread * torch.randn(count, 2, generator=generator), labels)

    return DataSet("mixture", "computed", tuple(str(number) for number in range(components)), sample(), sample())


def gaussians(components: int = 6, spread: float = 0.15) -> MixtureSameFamily:
    """The exact density of `mixture`: equal Gaussians on the unit circle, `spread` their standard deviation.

    `.log_prob(x)` of points [N, 2] is [N], in nats. Raises ValueError.
    """
    check_whole("components", components)
    check_number("spread", spread)
    if spread == 0:
        raise ValueError("spread is 0; expected a number above 0, else there is no density")
    angle = torch.arange(components) * (2 * math.pi / components)
    means = torch.stack([angle.cos(), angle.sin()], dim=1)
    return MixtureSameFamily(Categorical(torch.ones(components)), Independent(Normal(means, float(spread)), 1))


def noise(count: int = 2_000, features: int = 16, rank: int | None = None, seed: int = 0) -> DataSet:
    """Features [N, D] in [0, 1] that cannot be compressed, for they are independent; or, with `rank`, that can.

    rank=r: each of the D features is a fixed mix of the same r independent numbers, so that r latents, even those of a
    linear autoencoder, reconstruct all of them exactly. Labels are 0. Raises ValueError.
    """
    check_whole("features", features)
    if rank is not None:
        check_whole("rank", rank, most=features)
    generator = stream(count, seed)
    mix = torch.eye(features) if rank is None else torch.randn(rank, features, generator=generator)
    low, high = mix.clamp(max=0).sum(0), mix.clamp(min=0).sum(0)  # the least and the most that each feature can be

    def sample() -> Split:
        factors = torch.rand(count, len(mix), generator=generator)
        x = (factors @ mix - low) / (high - low)
        return Split(x.clamp_(0, 1), torch.zeros(count, dtype=torch.long))

    return DataSet("noise", "computed", ("noise",), sample(), sample())


def stream(count: int, seed: int) -> Generator:
    """The random stream of `seed`, once both numbers are known to be good. ValueError when they are not."""
    check_whole("count", count)
    check_whole("seed", seed, least=0)
    return Generator().manual_seed(seed)
