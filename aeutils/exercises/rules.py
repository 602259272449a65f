"""What a statement forbids: names that an answer must not use, and a loop over the images."""

import contextlib
import copy
import functools
import inspect
import types
from collections.abc import Callable, Iterator

import torch
from torch.overrides import TorchFunctionMode


def broken(exercise, function: Callable) -> str:
    """The reason why an answer is against the rules of its exercise; "" when it is not."""
    if exercise.forbidden:
        used = names(function)
        for name, reason in exercise.forbidden.items():
            if name in used:
                return reason
    if exercise.looped and _calls(exercise, function, 3) < _calls(exercise, function, 30):
        return exercise.looped
    return ""


def names(function: Callable) -> set[str]:
    """All names that a function uses, and those which the learner's functions that it calls use."""
    return set(_names(function, set()))


def _names(thing, seen: set[int]) -> Iterator[str]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, type):
        for part in vars(thing).values():
            yield from _names(part, seen)
    if isinstance(thing, functools.partial):
        yield from _names(thing.func, seen)
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if not isinstance(thing, types.FunctionType):
        yield getattr(thing, "__name__", "")
        return
    for code in _codes(thing.__code__):
        yield from code.co_names
        for name in code.co_names:
            used = thing.__globals__.get(name)
            yield getattr(used, "__name__", "").rpartition(".")[2] if callable(used) else ""
            if getattr(used, "__module__", "") == thing.__module__:
                yield from _names(used, seen)
    for cell in thing.__closure__ or ():
        with contextlib.suppress(ValueError):  # a variable that has no value yet
            yield from _names(cell.cell_contents, seen)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            yield from _codes(inner)


class Counted(TorchFunctionMode):
    """Counts the operations of PyTorch."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def __torch_function__(self, function, kinds, args=(), named=None):
        self.calls += 1
        return function(*args, **(named or {}))


def _calls(exercise, function: Callable, n: int) -> int:
    """How many operations the answer takes for a first input of n rows."""
    first, *others = copy.deepcopy(tuple(exercise.cases[0]))
    first = first[:1].repeat(n, *[1] * (first.ndim - 1))
    with Counted() as counted, torch.enable_grad():
        function(first, *others)
    return counted.calls
