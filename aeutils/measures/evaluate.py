"""Measures of a trained model: all per image, in batches, without gradients."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from aeutils.data.base import Split, as_float
from aeutils.data.samples import check_samples
from aeutils.models import Autoencoder

BATCH = 2_000  # bounds the memory: the activations of 2,000 images at a time


def _batches(x: Tensor) -> Iterator[Tensor]:
    """Float batches of x [N, *shape]."""
    return (as_float(batch) for batch in x.split(BATCH))


@torch.no_grad()
def over_batches(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`function` of every float batch of x [N, ...], without gradients, concatenated: [N, ...]."""
    return torch.cat([function(batch) for batch in _batches(x)])


@torch.no_grad()
def evaluate(model: Autoencoder, samples: Split | Tensor) -> dict[str, float]:
    """The model's loss parts on samples [N, *shape], mean over samples. Random draws are the same every time."""
    x = check_samples(samples, model)
    totals: dict[str, Tensor] = {}
    with torch.random.fork_rng([x.device] if x.is_cuda else []):
        torch.manual_seed(0)
        for batch in _batches(x):
            for name, part in model.loss(batch).items():
                totals[name] = totals.get(name, 0) + part * len(batch)
    return {name: (total / len(x)).item() for name, total in totals.items()}


def encode(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Codes of all samples: [N, *shape] -> [N, latent_dim]."""
    return over_batches(model.encode, check_samples(samples, model))


def reconstruct(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Reconstructions of all samples: [N, *shape] -> float [N, *shape]."""
    return over_batches(model, check_samples(samples, model))


def denoise(model: Autoencoder, corrupted: Tensor) -> Tensor:
    """What `model` makes of corrupted images, whose noise may leave [0, 1]: float [N, *shape] -> [N, *shape] in [0, 1].

    ValueError for samples of another shape.
    """
    check_samples(corrupted.clamp(0, 1), model)
    return over_batches(model, corrupted).clamp(0, 1)


def error_per_sample(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Squared error of every sample, summed over its pixels: [N, *shape] -> [N]."""
    return over_batches(lambda x: (model(x) - x).square().flatten(1).sum(1), check_samples(samples, model))


def reconstruction_error(model: Autoencoder, samples: Split | Tensor) -> float:
    """Squared error per sample: sum over pixels in [0, 1], mean over samples, whatever loss the model trained on."""
    return error_per_sample(model, samples).mean().item()
