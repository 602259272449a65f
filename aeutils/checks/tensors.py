"""Kinds of tensors, by shape and values: images, codes, labels, probabilities, holes.

A shape is written as it is said: "N C H W", "M q", "N 1 H W", "*shape" (any sizes, or none), "..." and
"_" (any sizes, one: not compared).
A name that recurs in a signature stands for one size, so that nothing is broadcast by accident. No named size is 0.
uint8 are pixels 0..255 everywhere, and arrive in [0, 1].
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from aeutils.checks.kinds import Kind
from aeutils.private import pytorch

ROUNDING = 1e-4  # how far beside [0, 1] a pixel may be: interpolation and half precision leave it a little
LOUDEST = 30.0  # no noise of the course takes a pixel this far; 0..255 does


class Numbers(Kind):
    """Finite numbers of a shape: tensors, arrays, lists -> floats (float32; a float tensor keeps its type)."""

    what, values = "numbers", ""

    def __init__(self, shape: str):
        self.shape = shape.split()

    @property
    def expected(self) -> str:
        shape = f" [{', '.join(self.shape)}]" if self.shape else ""
        return f"{self.what}{shape}{self.values}"

    def __call__(self, name: str, value: Any, sizes: dict | None = None) -> Tensor:
        x = as_tensor(value)
        if x is None or x.layout != torch.strided:
            raise self.error(name, value)
        if _is_picture(value) and x.ndim == len(self.shape) - 1:
            x = x[None]
        sizes = {} if sizes is None else sizes
        self.fit(name, x, sizes)
        x = self.convert(name, x, isinstance(value, Tensor))
        if "like" in sizes:
            x = x.to(sizes["like"])
        if readable(x):
            self.check(name, x.detach())
        return x

    def fit(self, name: str, x: Tensor, sizes: dict) -> None:
        """ValueError unless x has this shape, with the sizes that are bound already; binds the others."""
        found = _match(self.shape, tuple(x.shape))
        if found is None:
            one = len(self.shape) == x.ndim + 1 and self.shape[0].isalpha()
            raise self.error(name, x, "Of one, make a batch: x[None]" if one else "")
        for symbol, size in found.items():
            if size == 0:
                raise self.error(name, x, "It is empty")
            bound, owner = sizes.setdefault(symbol, (size, name))
            if bound != size:
                bound = list(bound) if isinstance(bound, tuple) else bound
                raise self.error(name, x, f"{symbol} is {bound} because of {owner}")

    def convert(self, name: str, x: Tensor, precise: bool) -> Tensor:
        """x in the type that the function computes with. ValueError for a type that is none of these values."""
        if x.dtype == torch.bool or x.is_complex():
            raise self.error(name, x, "Of truth values, .float() makes numbers" * (not x.is_complex()))
        if x.dtype == torch.uint8:
            return x.float().div_(255)
        return x if x.is_floating_point() and precise else x.float()

    def check(self, name: str, x: Tensor) -> None:
        """ValueError for values that are none of this kind."""
        low, high = extremes(x)
        if not (math.isfinite(low) and math.isfinite(high)):
            if x.numel() == 0:
                raise self.error(name, x, "It is empty")
            bad = (~x.isfinite()).sum().item()
            raise ValueError(f"{name} holds NaN or infinity ({bad:,} of {x.numel():,} values); expected finite numbers")


class Batch(Numbers):
    """A batch of which only shape and type are looked at, because looking at values takes a training step too long.

    stored  uint8 stays uint8
    """

    what = "a batch"

    def __init__(self, shape: str, stored: bool = False):
        super().__init__(shape)
        self.stored = stored

    def convert(self, name, x, precise):
        return x if self.stored and x.dtype == torch.uint8 else super().convert(name, x, precise)

    def check(self, name, x):
        pass


class Codes(Numbers):
    """Codes: finite numbers."""

    what = "codes"


class Doubles(Numbers):
    """Finite numbers, in double precision."""

    def convert(self, name, x, precise):
        if x.dtype == torch.bool or x.is_complex():
            raise self.error(name, x)
        return x.double()


class Probabilities(Doubles):
    """Distributions over the last dimension, in double precision, their sums made exact: [..., K]."""

    what = "probabilities"
    tolerance = 1e-5  # how far a sum may be from 1: softmax in single precision stays well within it

    def __call__(self, name, value, sizes=None):
        p = super().__call__(name, value, sizes)
        return p / p.sum(-1, keepdim=True)

    def check(self, name, x):
        super().check(name, x)
        if (x < 0).any():
            raise ValueError(f"{name} must not be negative; the smallest probability is {x.min():g}")
        sums = x.sum(-1)
        wrong = (sums - 1).abs() > self.tolerance
        if wrong.any():
            raise ValueError(f"{name} is no distribution: it sums to {sums[wrong][0]:g}, not to 1")


class Images(Numbers):
    """Images, uint8 or floats in [0, 1]; pictures of Pillow too -> floats in [0, 1].

    noisy   values may leave [0, 1] as far as noise takes them
    stored  uint8 stays uint8, to be converted in batches
    """

    what = "images"

    def __init__(self, shape: str, noisy: bool = False, stored: bool = False):
        super().__init__(shape)
        self.low, self.high = (-LOUDEST, LOUDEST) if noisy else (-ROUNDING, 1 + ROUNDING)
        self.stored = stored
        self.values = ", uint8 or floats in [0, 1]" + " and noise" * noisy

    def convert(self, name, x, precise):
        if x.dtype == torch.uint8:
            return x if self.stored else x.float().div_(255)
        if not x.is_floating_point():
            raise self.error(name, x, "Of pixels 0..255, .to(torch.uint8) makes images")
        return x if precise else x.float()

    def check(self, name, x):
        low, high = (0, 1) if x.dtype == torch.uint8 and x.numel() else extremes(x)
        if not (low >= self.low and high <= self.high):
            super().check(name, x)
            raise ValueError(
                f"{name} has values from {low:.4g} to {high:.4g}; expected {self.expected}. "
                "Divide 0..255 by 255; cut a prediction off by .clamp(0, 1)"
            )


class Labels(Numbers):
    """Classes or indices: whole numbers, 0 or above -> int64. most: the largest."""

    what, values = "labels", ", whole numbers"

    def convert(self, name, x, precise):
        if x.dtype == torch.bool or x.is_floating_point() or x.is_complex():
            raise self.error(name, x)
        return x.long()

    def check(self, name, x):
        if x.numel() and x.min() < 0:
            raise ValueError(f"{name} holds {x.min().item()}; expected {self.expected}, 0 or above")


class Holes(Numbers):
    """Masks: bool, True in the hole; every one with a pixel in it."""

    what, values = "a hole", ", bool, True where pixels are missing"

    def convert(self, name, x, precise):
        if x.dtype != torch.bool:
            raise self.error(name, x, "Of numbers, hole > 0.5 makes one")
        return x

    def check(self, name, x):
        if not x.flatten(1).any(1).all():
            raise ValueError(f"{name} is empty for some image; expected at least one pixel in every hole")


def as_tensor(value: Any) -> Tensor | None:
    """The tensor that a tensor, an array, a picture, a number, or a list of these is; None for what is none."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, list | tuple):
        if not any(getattr(one, "ndim", 0) or _is_picture(one) for one in value):
            return _of_numbers(value)
        parts = [as_tensor(one) for one in value]
        alike = all(part is not None for part in parts) and len({(p.shape, p.dtype, p.device) for p in parts}) == 1
        return torch.stack(parts) if alike else None
    if _is_picture(value):
        return _of_picture(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else torch.int64)
    if not hasattr(value, "__array__") or isinstance(value, np.ma.MaskedArray):
        return None
    array = np.array(value)  # a copy: nothing that is computed reaches the caller's
    if array.dtype.kind not in "biufc":
        return None
    try:
        return torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))
    except TypeError:  # a type that PyTorch has not
        return None


def readable(x: Tensor) -> bool:
    """Whether values may be looked at: not while a graph is captured, nor compiled, nor transformed by torch.func."""
    if torch.compiler.is_compiling() or pytorch.transformed():
        return False
    return not (x.is_cuda and torch.cuda.is_current_stream_capturing()) and x.device.type != "meta"


def extremes(x: Tensor) -> tuple[float, float]:
    """Lowest and highest value; NaN where there is one, or none at all."""
    if x.numel() == 0:
        return math.nan, math.nan
    low, high = torch.aminmax(x)
    return low.item(), high.item()


def _match(wanted: list[str], shape: tuple[int, ...]) -> dict[str, Any] | None:
    """The sizes that a shape gives the names of `wanted`; None where it does not fit."""
    several = next((k for k, word in enumerate(wanted) if word.startswith("*") or word == "..."), None)
    if several is not None:
        after = len(wanted) - several - 1
        middle = shape[several : len(shape) - after]
        if len(shape) < several + after:
            return None
        found = {} if wanted[several] == "..." else {wanted[several]: middle}
        pairs = [*zip(wanted[:several], shape, strict=False)]
        pairs += zip(wanted[several + 1 :], shape[len(shape) - after :], strict=True)
    else:
        if len(wanted) != len(shape):
            return None
        found, pairs = {}, list(zip(wanted, shape, strict=True))
    for word, size in pairs:
        if word == "_":
            continue
        if word.isdecimal():
            if int(word) != size:
                return None
        elif found.setdefault(word, size) != size:
            return None
    return found


def _of_numbers(value: list | tuple) -> Tensor | None:
    """Nested lists of numbers as float64 or int64; None for ragged ones, and where True or a text is in them."""
    value = [one.item() if getattr(one, "shape", None) == () and hasattr(one, "item") else one for one in value]
    try:
        array = np.array(value, dtype=object)
    except ValueError:
        return None
    if not all(issubclass(kind, int | float) and kind is not bool for kind in set(map(type, array.ravel()))):
        return None
    try:
        return torch.from_numpy(np.array(value))
    except (TypeError, OverflowError):
        return None


def _is_picture(value: Any) -> bool:
    """Whether this is a picture of Pillow, which only they import who have one."""
    return type(value).__module__.startswith("PIL.") and hasattr(value, "convert")


def _of_picture(picture) -> Tensor:
    """uint8 [1, H, W] of a grey picture of Pillow, [3, H, W] of any other."""
    grey = picture.mode in ("1", "L", "LA")
    pixels = torch.from_numpy(np.array(picture.convert("L" if grey else "RGB")))
    return pixels[None] if grey else pixels.permute(2, 0, 1)
