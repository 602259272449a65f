"""What an answer must leave as it was: its inputs, and what the whole notebook shares."""

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SHARED = {
    torch.is_grad_enabled: (
        "It turns gradients off for the rest of the notebook. Use `with torch.no_grad():`, which ends by itself."
    ),
    torch.get_default_dtype: (
        "It changes PyTorch's default number type for the rest of the notebook. Convert single tensors instead."
    ),
    torch.get_default_device: (
        "It changes PyTorch's default device for the rest of the notebook. Move single tensors instead."
    ),
}
SEEDED = (
    "It seeds the random numbers of the whole notebook: whatever is drawn after it comes out the same every time. "
    "Leave the seed out."
)


@dataclass
class Watch:
    """The first offence, in words; "" for none."""

    offence: str = ""


def begin() -> None:
    """Forget the calls of another function."""
    _LEFT.clear()


@contextlib.contextmanager
def watched(number: int) -> Iterator[Watch]:
    """Code of a learner runs inside, in the state that a fresh notebook has, with random numbers of its own."""
    torch.set_default_dtype(torch.float32)
    seed(number)
    with torch.enable_grad():
        watch, before = Watch(), {look: look() for look in SHARED}
        try:
            yield watch
            offences = [sentence for look, sentence in SHARED.items() if look() != before[look]]
        finally:
            torch.set_default_dtype(torch.float32)
            if torch.get_default_device() != before[torch.get_default_device]:
                torch.set_default_device(None)
    watch.offence = next(iter(offences), "") or _seeded(number)


def seed(number: int) -> None:
    """All generators that a learner's code draws from."""
    torch.default_generator.manual_seed(number)  # `torch.manual_seed` takes a hundred times as long
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed_all(number)
    random.seed(number)
    np.random.seed(number)


def _next_numbers() -> tuple[float, float, float]:
    return torch.rand((), dtype=torch.float64).item(), random.random(), np.random.rand()


_LEFT: dict[int, tuple] = {}  # by the seed that a call began with, what the generators had next after it


def _seeded(number: int) -> str:
    """The sentence, when two calls that began with different seeds leave the same numbers to come."""
    coming = _next_numbers()
    others = [left for begun, left in _LEFT.items() if begun != number]
    _LEFT[number] = coming
    return SEEDED if any(a == b for left in others for a, b in zip(coming, left, strict=True)) else ""


def unchanged(now, before) -> bool:
    """True when an input is what it was: numbers, weights, what trains, and the elements of lists."""
    if isinstance(now, Tensor):
        return now.shape == before.shape and torch.equal(now.detach().nan_to_num(), before.detach().nan_to_num())
    if isinstance(now, torch.nn.Module):
        pairs = zip(now.state_dict().values(), before.state_dict().values(), strict=False)
        trains = [[weight.requires_grad for weight in module.parameters()] for module in (now, before)]
        return trains[0] == trains[1] and all(unchanged(a, b) for a, b in pairs)
    if isinstance(now, tuple | list):
        return len(now) == len(before) and all(unchanged(a, b) for a, b in zip(now, before, strict=True))
    return True
