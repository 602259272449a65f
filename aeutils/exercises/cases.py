"""The cases on which an answer must hold: those that an exercise writes down, and drawn ones of all sizes.

A property holds for every input, an example for one: whoever has learned the examples by heart, or forgot a batch of
one image or double precision, is found out by the drawn cases. They are the same at every check.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor

DRAWN = 12  # cases per exercise
IMAGES = (1, 3, 2, 7, 4, 12, 1, 5)  # batch sizes, in turns


class Case(tuple):
    """The arguments of one call; `note` says in words what is special about it, "" for nothing."""

    note = ""


def case(*values, note: str) -> Case:
    """A case with something special about it: "a logit of 200"."""
    made = Case(values)
    made.note = note
    return made


class Draws:
    """Sizes and numbers of one drawn case. `n` is the number of images, often 1."""

    def __init__(self, number: int):
        self.n = IMAGES[number % len(IMAGES)]
        self.generator = torch.Generator().manual_seed(number)

    def size(self, low: int = 1, high: int = 9) -> int:
        """A whole number between low and high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Normal numbers of this standard deviation."""
        return torch.randn(shape, generator=self.generator) * scale

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Uniform numbers in [low, high)."""
        return torch.rand(shape, generator=self.generator) * (high - low) + low

    def distribution(self, *shape: int) -> Tensor:
        """Probabilities, of sum 1 over the last axis."""
        return self.normal(*shape, scale=2.0).softmax(-1)


def drawn(draw: Callable[[Draws], tuple]) -> list[Case]:
    """Cases of all sizes; every fourth one is in double precision."""
    found = []
    for number in range(DRAWN):
        draws = Draws(number)
        values = draw(draws)
        batch_of_one = draws.n == 1 and any(isinstance(v, Tensor) and v.shape[:1] == (1,) for v in values)
        if number % 4 == 3:
            found.append(case(*map(doubled, values), note="double precision (float64)"))
        else:
            found.append(case(*values, note="a batch of one" if batch_of_one else ""))
    return found


def doubled(value):
    """The same in double precision: tensors, modules, and lists of them."""
    if isinstance(value, Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, torch.nn.Module):
        return copy.deepcopy(value).double()
    return type(value)(map(doubled, value)) if type(value) in (tuple, list) else value


def size(values: tuple) -> int:
    """How many numbers a case has: the smallest one is shown as the example."""
    return sum(value.numel() if isinstance(value, Tensor) else 1 for value in values)


def text(value) -> str:
    """A value as a learner reads it: up to 12 numbers with four digits, larger tensors by their shape."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if not isinstance(value, Tensor):
        return getattr(value, "__name__", None) or (
            type(value).__name__ if isinstance(value, torch.nn.Module) else str(value)
        )
    if value.numel() > 12:
        return f"a tensor of shape {list(value.shape)}"

    def digits(part):
        return f"[{', '.join(map(digits, part))}]" if isinstance(part, list) else f"{part + 0.0:.4g}"

    return digits(value.detach().tolist())
