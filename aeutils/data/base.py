"""What every data set is: two splits of samples that live on one device."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Split:
    """Samples and their labels, on one device.

    x: images uint8 [N, C, H, W] in 0..255, or points float32 [N, D]
    labels: int64 [N] (class) or [N, K] (attributes)
    """

    x: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def take(self, count: int | None) -> "Split":
        """The first `count` samples (all of them for None)."""
        return Split(self.x[:count], self.labels[:count])

    def to(self, device: torch.device) -> "Split":
        """The same samples on `device`."""
        return Split(self.x.to(device), self.labels.to(device))


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

    def take(self, train: int | None, test: int | None) -> "DataSet":
        """The first `train` and `test` samples; every set is in random order, so they are a fair sample."""
        return replace(self, train=self.train.take(train), test=self.test.take(test))

    def to(self, device: torch.device) -> "DataSet":
        """The same data set on `device`."""
        return replace(self, train=self.train.to(device), test=self.test.to(device))


def as_float(x: Tensor) -> Tensor:
    """Pixels 0..255 as floats in [0, 1]; floats pass unchanged. Shape is kept."""
    return x.float().div_(255) if x.dtype == torch.uint8 else x
