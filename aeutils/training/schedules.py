"""Learning-rate schedules: the share of the peak rate at every step."""

import math
from collections.abc import Callable


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate at `step` of `steps`: cosine up from 1/25 over 30 %, cosine down to 0."""
    rise = 0.3 * steps
    if step < rise:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
    return (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


SCHEDULES: dict[str, Callable[[int, int], float]] = {"one-cycle": one_cycle, "constant": lambda step, steps: 1.0}
