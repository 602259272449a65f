"""Comparing an answer with the right one: are they the same, and what do the numbers alone say about the difference?

An answer to one case is a dict of tensors or texts by label; `mine` and `right` are lists of them, one a case.
"""

import math

import torch
from torch import Tensor

RELATIVE, ABSOLUTE = 1e-3, 1e-5  # tolerance: float32, float64 and any order of summation pass
NAMED_FACTORS = {
    math.log(2): "ln 2: look at the base of the logarithm",
    1 / math.log(2): "1 / ln 2: look at the base of the logarithm",
    2.0: "is a factor 1/2 missing?",
    0.5: "is there a factor 1/2 too much?",
}


def close(a: Tensor | str, b: Tensor | str) -> bool:
    """Same text; or same shape and the same numbers up to rounding, NaN and infinity where the other has them."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return a.shape == b.shape and torch.allclose(a, b, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)


def same(mine: list[dict], right: list[dict]) -> bool:
    """All parts of all cases are close."""
    return all(a.keys() == b.keys() and all(close(a[k], b[k]) for k in b) for a, b in zip(mine, right, strict=True))


def explain(exercise, mine: list[dict], right: list[dict]) -> str:
    """What is to be seen from the numbers, and an example."""
    for a, b in zip(mine, right, strict=True):
        if a.keys() != b.keys():
            return f"It returns {_count(a)}; expected {_count(b)}."
        for label in b:
            if reason := misfit(a[label], b[label]):
                where = f"{label}: " if label else ""
                return f"{where}{reason}\n{example(exercise, mine, right)}"
    return f"{relation(mine, right)}\n{example(exercise, mine, right)}".strip()


def _count(parts: dict) -> str:
    return "a single value" if len(parts) == 1 else f"{len(parts)} values"


def misfit(mine: Tensor | str, right: Tensor | str) -> str:
    """What is wrong before any numbers are compared: kind, shape, NaN; "" if nothing is."""
    if isinstance(mine, str) or isinstance(right, str):
        return ""
    if mine.shape != right.shape:
        return _misshapen(mine, right)
    if (mine.isnan() & ~right.isnan()).any():
        return "NaN (not a number) comes out: 0 / 0, 0 times infinity, or a logarithm or root of a negative number?"
    if (mine.isinf() & ~right.isinf()).any():
        return "Infinity comes out: a division by 0, log 0, or exp of a large number?"
    return ""


def _misshapen(mine: Tensor, right: Tensor) -> str:
    shapes = f"The shape is {list(mine.shape)}; expected {list(right.shape)}"
    if close(mine.squeeze(), right.squeeze()):
        return f"{shapes}. The numbers are right: an axis of size 1 is too much or missing."
    if mine.ndim == 2 and close(mine.T, right):
        return f"{shapes}. The numbers are right, but transposed."
    if right.ndim == 0 and close(mine.mean(), right):
        return f"{shapes}. Its mean is right: average over the batch."
    if right.ndim == 0 and close(mine.sum(), right):
        return f"{shapes}. Its sum is right: add the values up."
    return f"{shapes}."


def relation(mine: list[dict], right: list[dict]) -> str:
    """A sign, factor or constant by which all numbers are off together; "" if there is none."""
    pairs = [(a[k], b[k]) for a, b in zip(mine, right, strict=True) for k in b]
    if any(isinstance(a, str) or isinstance(b, str) for a, b in pairs):
        return ""
    a, b = (torch.cat([pair[side].flatten() for pair in pairs]) for side in (0, 1))
    if close(-a, b):
        return "The sign is the other way round."
    nonzero = b.isfinite() & (b.abs() > 1e-6)
    factors, gaps = (a / b)[nonzero], a - b
    factor = factors[0].item() if len(factors) > 1 and not close(b, b[:1].expand_as(b)) else 0.0
    if abs(factor) > 1e-6 and close(factors, factors[:1].expand_as(factors)):
        named = [text for value, text in NAMED_FACTORS.items() if math.isclose(value, factor, rel_tol=RELATIVE)]
        return f"All values are {factor:.4g} times the right ones{': ' + named[0] if named else ''}."
    if len(gaps) > 1 and close(gaps, gaps[:1].expand_as(gaps)):
        return f"All values are off by the same number, {gaps[0].item():+.4g}."
    return ""


def example(exercise, mine: list[dict], right: list[dict]) -> str:
    """The first case that is wrong: the inputs where they are small, the learner's value and the right one."""
    index = next(k for k, (a, b) in enumerate(zip(mine, right, strict=True)) if not same([a], [b]))
    a, b = mine[index], right[index]
    label = next((k for k in b if k not in a or not close(a[k], b[k])), "")
    if label not in a:
        return ""
    inputs = [f"{name} = {text(value)}" for name, value in zip(exercise.inputs, exercise.cases[index], strict=False)]
    head = f"Example: {', '.join(inputs)}\n" if inputs else ""
    yours, ours = text(a[label]), text(b[label])
    if yours == ours or "of shape" in yours + ours:  # too large to be shown: the first number that differs
        yours, ours = _first_difference(a[label], b[label])
    return f"{head}{label + ': ' if label else ''}yours {yours}, right {ours}"


def _first_difference(mine: Tensor, right: Tensor) -> tuple[str, str]:
    if mine.shape != right.shape:
        return text(mine), text(right)
    far = ~torch.isclose(mine, right, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    place = far.nonzero()[0].tolist()
    return f"{mine[tuple(place)].item():.6g} at {place}", f"{right[tuple(place)].item():.6g}"


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
        return f"[{', '.join(map(digits, part))}]" if isinstance(part, list) else f"{part:.4g}"

    return digits(value.detach().tolist())
