"""The check that stands before training and evaluation: nothing trains on garbage."""

from typing import Protocol

import torch
from torch import Tensor, nn

from aeutils.checks.kinds import said
from aeutils.checks.tensors import as_tensor
from aeutils.data.base import Split

FLOAT32 = torch.empty(0, dtype=torch.float32)


class Shaped(Protocol):
    """What samples are for: an `Autoencoder`, or a `LinearGaussian`, which is no module."""

    shape: tuple[int, ...]


def check_samples(samples: Split | Tensor, model: Shaped) -> Tensor:
    """Samples that fit `model`, on its device: uint8 [N, *shape], or floats [N, *shape]. Arrays and lists are welcome.

    ValueError, saying what was expected and what came, for: no samples, wrong shape or type, NaN or infinity,
    and floats outside [0, 1] where pixels are expected (images, or a model with a sigmoid output).
    """
    x = samples.x if isinstance(samples, Split) else as_tensor(samples)
    if x is None:
        raise ValueError(f"expected a tensor or a split of a data set; got {said(samples)}")
    expected = f"[N, {', '.join(map(str, model.shape))}]"
    if tuple(x.shape[1:]) != tuple(model.shape) or x.ndim == 0:
        raise ValueError(f"{type(model).__name__} takes samples {expected}; got {list(x.shape)}. Reshape the samples")
    if len(x) == 0:
        raise ValueError(f"expected samples {expected} with N of at least 1; got none")
    if x.dtype != torch.uint8:
        if not x.is_floating_point():
            raise ValueError(f"expected uint8 pixels or floats; got {x.dtype}. Convert with .to(torch.uint8)")
        _check_values(x, pixels=len(model.shape) == 3 or getattr(model, "output", "") == "sigmoid")
        x = x.to(_weight(model).dtype)
    return x.to(_weight(model, x).device)


def _weight(model: Shaped, default: Tensor = FLOAT32) -> Tensor:
    """A weight of the model, for its device and precision; where it has none, the default."""
    weights = model.parameters() if isinstance(model, nn.Module) else iter([model.weight])
    return next(weights, default)


def _check_values(x: Tensor, pixels: bool) -> None:
    """ValueError for floats that are not finite, or that are no pixels in [0, 1] where `pixels` are expected."""
    bad = (~x.isfinite()).flatten(1).any(1).sum().item()
    if bad:
        raise ValueError(f"expected finite values; {bad:,} of {len(x):,} samples hold NaN or infinity")
    low, high = x.min().item(), x.max().item()
    if pixels and (low < 0 or high > 1):
        raise ValueError(
            f"expected pixels in [0, 1] (or uint8 in 0..255); got values from {low:.4g} to {high:.4g}. "
            "Divide floats in 0..255 by 255"
        )
