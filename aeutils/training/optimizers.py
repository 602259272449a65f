"""Optimisers and schedules of the learning rate, by the names that `fit` and the command line know."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

# The rate is a tensor on the device, where a captured step can read a new one at every replay.
OPTIMIZERS: dict[str, Callable[[list[Tensor], Tensor], torch.optim.Optimizer]] = {
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate, fused=True, capturable=rate.is_cuda),
    # PyTorch's fused Adagrad kernel exists for CPUs only.
    "adagrad": lambda weights, rate: torch.optim.Adagrad(weights, lr=rate, fused=not rate.is_cuda),
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9, fused=True),
}


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate at `step` of `steps`: cosine up from 1/25 over 30 %, cosine down to 0."""
    rise = 0.3 * steps
    if step < rise:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
    return (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


SCHEDULES: dict[str, Callable[[int, int], float]] = {"one-cycle": one_cycle, "constant": lambda step, steps: 1.0}
