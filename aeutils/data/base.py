"""What every data set is: two splits of samples that live on one device."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from aeutils.checks import Whole, checked
from aeutils.checks.kinds import said
from aeutils.checks.tensors import Images, Labels, Numbers, as_tensor

LARGEST = 100_000_000  # samples that a set is asked for; a slip of the keyboard fills the memory with more


@dataclass(frozen=True)
class Split:
    """Samples and their labels, on one device.

    x: images uint8 [N, C, H, W] in 0..255, or points float32 [N, D]
    labels: int64 [N] (class) or [N, K] (attributes)

    ValueError for other types, for labels below 0, and for more or fewer of them than samples.
    """

    x: Tensor
    labels: Tensor

    def __post_init__(self):
        for name in ("x", "labels"):
            tensor = as_tensor(getattr(self, name))
            if tensor is None or tensor.ndim == 0:
                raise ValueError(f"{name} is {said(getattr(self, name))}; expected a tensor of samples or their labels")
            object.__setattr__(self, name, tensor)
        _check_pixels("x", self.x, self.x)
        object.__setattr__(self, "labels", Labels("...")("labels", self.labels))
        if len(self.x) != len(self.labels):
            raise ValueError(f"{len(self.x)} samples and {len(self.labels)} labels; expected as many of each")

    def __len__(self) -> int:
        return len(self.x)

    @checked
    def take(self, count: Whole(1) | None) -> "Split":
        """The first `count` samples (all of them for None)."""
        return Split(self.x[:count], self.labels[:count])

    def to(self, device: torch.device) -> "Split":
        """The same samples on `device`."""
        return Split(self.x.to(device), self.labels.to(device))


@checked
@dataclass(frozen=True)
class DataSet:
    """A named data set: where it came from, its classes, its train and test split.

    classes: what label 0, 1, ... means; for labels [N, K], what column 0, 1, ... means
    """

    name: str
    source: str
    classes: tuple[str, ...]
    train: Split
    test: Split

    @checked
    def take(self, train: Whole(1) | None, test: Whole(1) | None) -> "DataSet":
        """The first `train` and `test` samples; every set is in random order, so they are a fair sample."""
        return replace(self, train=self.train.take(train), test=self.test.take(test))

    def to(self, device: torch.device) -> "DataSet":
        """The same data set on `device`."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))


class Samples(Images):
    """Images or points, or a split of them: uint8 stays as it is, to be converted in batches."""

    what = "samples"

    def __init__(self, shape: str):
        super().__init__(shape, stored=True)

    def __call__(self, name, value, sizes=None):
        return super().__call__(name, value.x if isinstance(value, Split) else value, sizes)

    def check(self, name, x):
        """Points may have any finite values."""
        super().check(name, x) if x.ndim == 4 else Numbers.check(self, name, x)


def as_float(x: Tensor) -> Tensor:
    """Pixels 0..255 as floats in [0, 1]; floats pass unchanged. Shape is kept. Arrays and pictures are welcome.

    ValueError for other types: whole numbers of more bits may be anything, and truth values are no pixels.
    """
    given, x = x, as_tensor(x)
    _check_pixels("x", given, x)
    return x.float().div_(255) if x.dtype == torch.uint8 else x


def _check_pixels(name: str, given: object, x: Tensor | None) -> None:
    """ValueError unless `given` has become a tensor x of pixels or other numbers."""
    if x is None or not (x.is_floating_point() or x.dtype == torch.uint8):
        raise ValueError(f"{name} is {said(given)}; expected uint8 pixels or floats. Pixels 0..255: .to(torch.uint8)")
