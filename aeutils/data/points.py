"""Points instead of images: data whose true shape or density is known, so that a model can be held against it.

`count` points are in the train split and as many others in the test split; x is float32 [N, D].
"""

import math

import torch
from torch import Generator, Tensor
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from aeutils.checks import SEED, Number, Whole, checked
from aeutils.checks.tensors import Numbers
from aeutils.data.base import LARGEST, DataSet, Split

COUNT = Whole(1, LARGEST)
BINS = 10  # classes of the curve


@checked
def curve(count: COUNT = 2_000, noise: Number(0) = 0.05, seed: SEED = 0) -> DataSet:
    """Points [N, 2] scattered around a spiral by Gaussian `noise` (its standard deviation): one latent describes them.

    Labels: in which tenth of the spiral a point belongs, from the inside outwards. Raises ValueError.
    """
    generator = Generator().manual_seed(seed)

    def sample() -> Split:
        t = torch.rand(count, generator=generator)
        scatter = noise * torch.randn(count, 2, generator=generator)
        return Split(spiral(t) + scatter, (t * BINS).long())

    return DataSet("curve", "computed", tuple(f"{tenth / BINS:.1f}" for tenth in range(BINS)), sample(), sample())


@checked
def spiral(t: Numbers("...")) -> Tensor:
    """The curve itself: t in [0, 1], any shape [...], to points [..., 2] in [-1, 1]; three quarters of a turn."""
    if not 0 <= t.min() <= t.max() <= 1:
        raise ValueError(f"t runs from {t.min():g} to {t.max():g}; expected shares of the curve, in [0, 1]")
    angle, radius = 1.5 * math.pi * t, 0.25 + 0.75 * t
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=-1)


@checked
def mixture(count: COUNT = 2_000, components: Whole(1) = 6, spread: Number(above=0) = 0.15, seed: SEED = 0) -> DataSet:
    """Points [N, 2] of `gaussians(components, spread)`; labels: the Gaussian a point came from. Raises ValueError."""
    means = gaussians(components, spread).component_distribution.mean
    generator = Generator().manual_seed(seed)

    def sample() -> Split:
        labels = torch.randint(components, (count,), generator=generator)
        return Split(means[labels] + spread * torch.randn(count, 2, generator=generator), labels)

    return DataSet("mixture", "computed", tuple(str(number) for number in range(components)), sample(), sample())


@checked
def gaussians(components: Whole(1) = 6, spread: Number(above=0) = 0.15) -> MixtureSameFamily:
    """The exact density of `mixture`: equal Gaussians on the unit circle, `spread` their standard deviation.

    `.log_prob(x)` of points [N, 2] is [N], in nats. Raises ValueError.
    """
    angle = torch.arange(components) * (2 * math.pi / components)
    means = torch.stack([angle.cos(), angle.sin()], dim=1)
    return MixtureSameFamily(Categorical(torch.ones(components)), Independent(Normal(means, float(spread)), 1))


@checked
def noise(count: COUNT = 2_000, features: Whole(1) = 16, rank: Whole(1) | None = None, seed: SEED = 0) -> DataSet:
    """Features [N, D] in [0, 1] that cannot be compressed, for they are independent; or, with `rank`, that can.

    rank=r: each of the D features is a fixed mix of the same r independent numbers, so that r latents, even those of a
    linear autoencoder, reconstruct all of them exactly. Labels are 0. Raises ValueError.
    """
    if rank is not None:
        Whole(1, features)("rank", rank)
    generator = Generator().manual_seed(seed)
    mix = torch.eye(features) if rank is None else torch.randn(rank, features, generator=generator)
    low, high = mix.clamp(max=0).sum(0), mix.clamp(min=0).sum(0)  # the least and the most that each feature can be

    def sample() -> Split:
        factors = torch.rand(count, len(mix), generator=generator)
        x = (factors @ mix - low) / (high - low)
        return Split(x.clamp_(0, 1), torch.zeros(count, dtype=torch.long))

    return DataSet("noise", "computed", ("noise",), sample(), sample())
