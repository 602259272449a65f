"""Measures of a trained model: all per image, in batches, without gradients. None of them changes the model, and each
says the same at every call: random draws are the same every time."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from aeutils.checks import checked
from aeutils.checks.measuring import measuring
from aeutils.checks.tensors import Images
from aeutils.data.base import Split, as_float
from aeutils.data.samples import check_samples
from aeutils.models import Autoencoder

BATCH = 2_000  # bounds the memory: the activations of 2,000 images at a time


def _batches(model: Autoencoder, x: Tensor) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
    """Float batches of x [N, *shape], each with the draws that the model makes for all samples at once."""
    parts = {name: draws.split(BATCH) for name, draws in model.drawn(x).items()}
    for k, batch in enumerate(x.split(BATCH)):
        yield as_float(batch), {name: draws[k] for name, draws in parts.items()}


def _over_batches(function: Callable[..., Tensor], model: Autoencoder, x: Tensor) -> Tensor:
    """`function` of every float batch of x [N, ...], concatenated: [N, ...]."""
    with measuring(model):
        return torch.cat([function(batch, **draws) for batch, draws in _batches(model, x)])


@checked
def evaluate(model: Autoencoder, samples: Split | Tensor) -> dict[str, float]:
    """The model's loss parts on samples [N, *shape], mean over samples."""
    x = check_samples(samples, model)
    with measuring(model):
        return {name: part.item() for name, part in model.mean_loss(_batches(model, x)).items()}


@checked
def encode(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Codes of all samples: [N, *shape] -> [N, *code_shape]."""
    return _over_batches(model.encode, model, check_samples(samples, model))


@checked
def reconstruct(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Reconstructions of all samples: [N, *shape] -> float [N, *shape]."""
    return _over_batches(model, model, check_samples(samples, model))


@checked
def denoise(model: Autoencoder, corrupted: Images("N ...", noisy=True)) -> Tensor:
    """What `model` makes of corrupted images, whose noise may leave [0, 1]: float [N, *shape] -> [N, *shape] in [0, 1].

    ValueError for samples of another shape.
    """
    weight = check_samples(corrupted.clamp(0, 1), model)  # for its precision and device
    return _over_batches(model, model, corrupted.to(weight)).clamp(0, 1)


@checked
def error_per_sample(model: Autoencoder, samples: Split | Tensor) -> Tensor:
    """Squared error of every sample, summed over its pixels: [N, *shape] -> [N]."""
    x = check_samples(samples, model)
    return _over_batches(lambda x, **draws: (model(x, **draws) - x).square().flatten(1).sum(1), model, x)


@checked
def reconstruction_error(model: Autoencoder, samples: Split | Tensor) -> float:
    """Squared error per sample: sum over pixels in [0, 1], mean over samples, whatever loss the model trained on."""
    return error_per_sample(model, samples).mean().item()
