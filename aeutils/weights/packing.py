"""Weights in fewer bytes.

float16  half of the size; costs no accuracy that a test error shows (784-1000-500-250-30: below 0.01 %)
int8     a quarter: every row of a matrix as whole numbers from -127 to 127 times one scale (the same network: 0.7 %)
"""

import torch
from torch import Tensor

from aeutils.checks import OneOf, checked

PRECISIONS = ("float32", "float16", "int8")
SCALE = ":scale"


@checked
def pack(tensors: dict[str, Tensor], precision: OneOf(*PRECISIONS)) -> dict[str, Tensor]:
    """The tensors as they are stored. ValueError for an unknown precision, for numbers that are not finite, and where
    the largest number of a tensor is too large or too small for the precision."""
    stored = {}
    for name, tensor in tensors.items():
        _check_finite(name, tensor)
        if precision == "float32" or not tensor.is_floating_point():
            stored[name] = tensor
        elif precision == "int8" and tensor.ndim > 1:
            stored[name], stored[name + SCALE] = _rows_as_int8(tensor)
        else:
            stored[name] = tensor.half()
            _check_kept(name, tensor, stored[name])
    return stored


def _check_finite(name: str, tensor: Tensor) -> None:
    bad = (~tensor.isfinite()).sum().item()
    if bad:
        raise ValueError(f"{name} holds {bad:,} of {tensor.numel():,} numbers that are NaN or infinite; train it again")


def _check_kept(name: str, tensor: Tensor, half: Tensor) -> None:
    """ValueError unless the largest number is kept but for rounding: from about 1e-6 to 65,504."""
    if not tensor.numel():
        return
    largest, kept = (each.abs().max().item() for each in (tensor, half))
    if abs(kept - largest) > 0.05 * largest:
        raise ValueError(f"{name} reaches {largest:.3g}, which float16 cannot hold; store it as float32")


def unpack(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of `pack`, in float32 where they are numbers with a point."""
    tensors = {}
    for name, tensor in stored.items():
        if name + SCALE in stored:
            tensors[name] = tensor.float() * stored[name + SCALE]
        elif not name.endswith(SCALE):
            tensors[name] = tensor.float() if tensor.is_floating_point() else tensor
    return tensors


def _rows_as_int8(tensor: Tensor) -> tuple[Tensor, Tensor]:
    """[rows, ...] -> whole numbers of the same shape, and the scale of each row, [rows, 1, ...]."""
    scale = tensor.abs().amax(tuple(range(1, tensor.ndim)), keepdim=True) / 127
    scale = scale.clamp_min(torch.finfo(torch.float32).tiny)  # a row of zeros
    return (tensor / scale).round().to(torch.int8), scale
