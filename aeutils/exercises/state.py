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
def watched(number: int, watch: Watch) -> Iterator[None]:
    """Code of a learner runs inside, in the state that a fresh notebook has, with random numbers of its own."""
    torch.set_default_dtype(torch.float32)
    seed(number)
    with torch.enable_grad():
        before = {look: look() for look in SHARED}
        try:
            yield
        finally:
            offences = [sentence for look, sentence in SHARED.items() if look() != before[look]]
            watch.offence = next(iter(offences), "")
            torch.set_default_dtype(torch.float32)
            if torch.get_default_device() != before[torch.get_default_device]:
                torch.set_default_device(None)
    watch.offence = watch.offence or _seeded(number)


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


def change(name: str, now, before) -> str:
    """What has been done to the numbers, weights or elements of an input, in words; "" for nothing."""
    if isinstance(now, Tensor):
        same = now.shape == before.shape and torch.equal(now.detach().nan_to_num(), before.detach().nan_to_num())
        return (
            "" if same else f"It changes its input `{name}` in place. Work on a new tensor, such as `{name}.clone()`."
        )
    if isinstance(now, torch.nn.Module):
        if [w.requires_grad for w in now.parameters()] != [w.requires_grad for w in before.parameters()]:
            return f"It sets `requires_grad` of weights in `{name}`, so that they are not trained any more, for good."
        pairs = zip(now.state_dict().values(), before.state_dict().values(), strict=False)
        return f"It changes the weights in `{name}`." if any(change(name, a, b) for a, b in pairs) else ""
    if isinstance(now, tuple | list):
        if len(now) != len(before):
            return f"It changes the list `{name}` that it is given: {len(before)} elements before, {len(now)} after."
        return next(filter(None, (change(name, a, b) for a, b in zip(now, before, strict=True))), "")
    return ""
