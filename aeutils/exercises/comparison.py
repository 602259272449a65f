"""Comparing answers with the right ones: are they the same, and what do the numbers alone say about the difference?

An answer to one case is a dict of tensors or texts by label; `mine` and `right` are lists of them, one a case, and
`wrong` are the numbers of the cases that differ. What is said holds for every one of these: a reason that fits one
case and not the next is no reason.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from aeutils.exercises.answers import GRADIENT
from aeutils.exercises.cases import size, text

RELATIVE, ABSOLUTE = 1e-3, 1e-5  # tolerance: float32, float64 and any order of summation pass
NAMED_FACTORS = {
    math.log(2): "ln 2: look at the base of the logarithm.",
    1 / math.log(2): "1 / ln 2: look at the base of the logarithm.",
    math.log10(2): "log10 2: look at the base of the logarithm.",
    2.0: "is a factor 1/2 missing?",
    0.5: "is there a factor 1/2 too much?",
}


def close(a: Tensor | str, b: Tensor | str, absolute: float = ABSOLUTE) -> bool:
    """Same text; or same shape and the same numbers up to rounding, NaN and infinity where the other has them."""
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    return a.shape == b.shape and torch.allclose(a, b, rtol=RELATIVE, atol=absolute, equal_nan=True)


def _absolute(label: str, right: Tensor | str) -> float:
    """Gradients can be small altogether: they are compared on their own scale."""
    if not label.startswith(GRADIENT) or isinstance(right, str) or not right.numel():
        return ABSOLUTE
    return 1e-4 * right.nan_to_num().abs().max().clamp(1e-3, 0.1).item()


def same(mine: dict, theirs: dict, right: dict) -> bool:
    """The parts that `right` has are close in both, or missing in both."""
    common = [k for k in right if k in mine and k in theirs]
    missing = [k for k in right if (k in mine) != (k in theirs)]
    return not missing and all(close(mine[k], theirs[k], _absolute(k, right[k])) for k in common)


def differing(mine: list[dict], right: list[dict]) -> list[int]:
    """Numbers of the cases that are answered and not right."""
    return [k for k, (a, b) in enumerate(zip(mine, right, strict=False)) if not same(a, b, b)]


def explain(exercise, mine: list[dict], right: list[dict], wrong: list[int]) -> str:
    """What is to be seen from the numbers, and an example of it."""
    pairs = {k: _first_wrong(mine[k], right[k]) for k in wrong}  # (label, mine, right) by case
    for find in (_text, _gradient, _shape, _not_a_number, _relation, _once_not_a_number):
        for cases in _groups(find, pairs):
            if reason := find(exercise, {k: pairs[k] for k in cases}):
                told = example(exercise, mine, right, cases, find is not _text)
                return f"{_head(pairs, cases)}{reason}{only_for(exercise, mine, wrong)}\n{told}".strip()
    head = _head(pairs, [min(wrong, key=lambda k: _order(exercise, k))])
    other = exercise.otherwise or (f"{head}not the right numbers." if head else "")
    return f"{other}{only_for(exercise, mine, wrong)}\n{example(exercise, mine, right, wrong)}".strip()


def _head(pairs: dict, cases: list[int]) -> str:
    """The label of what is wrong in these cases, where it has one."""
    labels = {pairs[k][0] for k in cases}
    label = labels.pop() if len(labels) == 1 else ""
    return f"{label}: " if label and not label.startswith(GRADIENT) else ""


def _groups(find: Callable, pairs: dict) -> list[list[int]]:
    """The sets of wrong cases of which `find` may speak: all, those with a wrong shape, one."""
    whole = [*pairs]
    if find is _shape:
        return [[k for k, (_, a, b) in pairs.items() if getattr(a, "shape", a) != getattr(b, "shape", b)] or whole]
    return [[k] for k in whole] if find in (_text, _once_not_a_number) else [whole]


def _first_wrong(mine: dict, right: dict) -> tuple[str, Tensor | str, Tensor | str]:
    label = next(k for k in right if k not in mine or not close(mine[k], right[k], _absolute(k, right[k])))
    return label, mine.get(label, "nothing"), right[label]


def only_for(exercise, mine: list[dict], wrong: list[int]) -> str:
    """The sentence that says what the wrong cases have in common, where the others are right."""
    notes = {getattr(exercise.all_cases[k], "note", "") for k in wrong}
    plain = [k for k in range(len(mine)) if not getattr(exercise.all_cases[k], "note", "")]
    if len(notes) != 1 or "" in notes or not plain:
        return ""
    return f" Right for other inputs, but not for {notes.pop()}."


def _text(exercise, pairs: dict) -> str:
    """A fact in words: it says itself what is wrong."""
    if all(isinstance(a, str) and isinstance(b, str) for _, a, b in pairs.values()) and len(pairs) == 1:
        _, a, b = next(iter(pairs.values()))
        return f"{a} (right: {b})" if b else f"{a}."
    return ""


def _gradient(exercise, pairs: dict) -> str:
    if not all(label.startswith(GRADIENT) for label, _, _ in pairs.values()):
        return ""
    labels = {label for label, _, _ in pairs.values()}
    sentences = {a for _, a, _ in pairs.values() if isinstance(a, str)}
    if sentences:
        return sentences.pop()
    name = f"`{'`, `'.join(sorted(label.removeprefix(GRADIENT) for label in labels))}`"
    if all(not a.any() for _, a, _ in pairs.values()):
        return (
            f"The value is right, but no gradient reaches {name}: somewhere on the way it is detached, "
            "or made a plain number."
        )
    if any(not a.isfinite().all() for _, a, _ in pairs.values()):
        return f"The value is right, but its gradient for {name} is not a number everywhere: training would end in NaN."
    return (
        f"The value is right, but its gradient for {name} is not: a part of it is detached, made a plain number, "
        "or computed without gradients."
    )


def _shape(exercise, pairs: dict) -> str:
    if any(isinstance(a, str) or isinstance(b, str) for _, a, b in pairs.values()):
        return ""
    off = [(a, b) for _, a, b in pairs.values()]
    if all(a.shape == b.shape for a, b in off):
        return ""
    a, b = min(off, key=lambda pair: pair[1].numel() + pair[0].numel())
    shapes = f"The shape is {list(a.shape)}; expected {list(b.shape)}"
    for holds, meaning in SHAPES:
        if all(holds(a, b) for a, b in off):
            return f"{shapes}. {meaning}"
    return f"{shapes}."


SHAPES: list[tuple[Callable, str]] = [
    (
        lambda a, b: a.ndim != b.ndim and close(a.squeeze(), b.squeeze()),
        "The numbers are right: an axis of size 1 is too much or missing.",
    ),
    (lambda a, b: b.ndim == 0 and close(a.mean(), b), "Its mean is right: average over the batch."),
    (lambda a, b: b.ndim == 0 and close(a.sum(), b), "Its sum is right: add the values up."),
    (lambda a, b: a.ndim == 2 and close(a.T, b), "The numbers are right, but transposed."),
]


def _not_a_number(exercise, pairs: dict) -> str:
    if any(isinstance(a, str) or isinstance(b, str) or a.shape != b.shape for _, a, b in pairs.values()):
        return ""
    if all((a.isnan() & ~b.isnan()).any() for _, a, b in pairs.values()):
        return "NaN (not a number) comes out: 0 / 0, 0 times infinity, or a logarithm or root of a negative number?"
    if all((a.isinf() & ~b.isinf()).any() for _, a, b in pairs.values()):
        return "Infinity comes out: a division by 0, log 0, or exp of a large number?"
    if all((b.isinf() & ~a.isinf()).any() for _, a, b in pairs.values()):
        return "Infinity is right here, and something finite comes out."
    return ""


def _once_not_a_number(exercise, pairs: dict) -> str:
    return _not_a_number(exercise, pairs)


def _relation(exercise, pairs: dict) -> str:
    """A sign, factor or constant by which all wrong numbers are off together; "" if there is none."""
    if any(isinstance(a, str) or isinstance(b, str) or a.shape != b.shape for _, a, b in pairs.values()):
        return ""
    if all(close(-a, b) for _, a, b in pairs.values()):
        return "The sign is the other way round."
    factors = {k: _factor(a, b) for k, (_, a, b) in pairs.items()}
    if len(pairs) > 1 and all(factors.values()):
        first = next(iter(factors.values()))
        if all(math.isclose(factor, first, rel_tol=RELATIVE) for factor in factors.values()):
            named = [text for value, text in NAMED_FACTORS.items() if math.isclose(value, first, rel_tol=RELATIVE)]
            return f"All values are {first:.4g} times the right ones{': ' + named[0] if named else '.'}"
        for words, count in COUNTS.items():
            counts = [_count(exercise, k, count) for k in factors]
            for power, relation in ((1, "times"), (-1, "divided by")):
                told = _count_in_words(counts, [*factors.values()], power)
                if told is not None:
                    return f"It is the right value {relation} {words.format(exercise.inputs[0])}{told}"
    gaps = torch.cat([(a - b).flatten() for _, a, b in pairs.values()])
    if len(pairs) > 1 and len(gaps) > 1 and gaps.isfinite().all() and close(gaps, gaps[:1].expand_as(gaps)):
        return f"All values are off by the same number, {gaps[0].item():+.4g}."
    return ""


COUNTS = {
    "the length of the first axis of `{}`": lambda x: x.shape[0],
    "the number of values in one row of `{}`": lambda x: x[0].numel(),
    "the number of all values of `{}`": lambda x: x.numel(),
}


def _count_in_words(counts: list[float], factors: list[float], power: int) -> str | None:
    """How factors depend on counts; None if they do not. A constant beside the count is one that the answer has."""
    if not all(counts) or len(set(counts)) < 2:
        return None
    constants = [factor / count**power for factor, count in zip(factors, counts, strict=True)]
    if not all(math.isclose(constant, constants[0], rel_tol=RELATIVE) for constant in constants):
        return None
    if math.isclose(constants[0], 1, rel_tol=RELATIVE):
        return ": sum or mean?"
    fixed = constants[0] ** -power
    return f", with a fixed {fixed:.4g} in its place: it is right for this number only."


def _count(exercise, number: int, count: Callable) -> float:
    first = next(iter(exercise.all_cases[number]), None)
    return count(first) if isinstance(first, Tensor) and first.ndim and len(first) else 0.0


def _factor(mine: Tensor, right: Tensor) -> float:
    """The factor between all numbers of both; 0.0 if there is none, or no number tells it."""
    telling = right.isfinite() & (right.abs() > 1e-4) & mine.isfinite()
    if not telling.any():
        return 0.0
    factor = (mine[telling][0] / right[telling][0]).item()
    return factor if abs(factor) > 1e-6 and abs(factor - 1) > RELATIVE and close(mine, factor * right) else 0.0


def example(exercise, mine: list[dict], right: list[dict], wrong: list[int], values: bool = True) -> str:
    """The smallest of the wrong cases: the inputs where they are small, the learner's value and the right one."""
    index = min(wrong, key=lambda k: _order(exercise, k))
    label, a, b = _first_wrong(mine[index], right[index])
    inputs = [
        f"{name} = {text(value)}" for name, value in zip(exercise.inputs, exercise.all_cases[index], strict=False)
    ]
    head = f"Example: {', '.join(inputs)}" if inputs else ""
    if not values or (isinstance(a, str) and isinstance(b, Tensor)):
        return head
    yours, ours = text(a), text(b)
    if isinstance(a, Tensor) and (
        yours == ours or "of shape" in yours + ours
    ):  # too large to be shown: the first number that differs
        yours, ours = _first_difference(a, b)
    return f"{head}\n{label + ': ' if label else ''}yours {yours}, right {ours}".strip()


def _order(exercise, number: int) -> tuple[bool, bool, int]:
    """Cases that were written down come first, those with nothing special about them, small ones."""
    values = exercise.all_cases[number]
    return number >= len(exercise.cases), bool(getattr(values, "note", "")), size(values)


def _first_difference(mine: Tensor, right: Tensor) -> tuple[str, str]:
    if mine.shape != right.shape:
        return text(mine), text(right)
    far = ~torch.isclose(mine, right, rtol=RELATIVE, atol=ABSOLUTE, equal_nan=True)
    place = (far if far.any() else mine != right).nonzero()[0].tolist()
    return f"{mine[tuple(place)].item():.6g} at {place}", f"{right[tuple(place)].item():.6g}"
