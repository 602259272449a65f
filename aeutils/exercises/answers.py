"""What a learner's function answers to the cases of an exercise, and what it does besides answering.

An answer to one case is a dict of tensors or texts by label. It is collected in the process that runs the learner's
code, and compared in another one (`judging`).
"""

import copy
import dis
import numbers
import os
import site
import sysconfig
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aeutils import environment
from aeutils.exercises import rules, state

OPEN, WRONG, RIGHT = "open", "wrong", "right"
LARGEST = 10**7  # numbers in one part of an answer
GRADIENT = "gradient for "  # how the label of a gradient begins
INSTALLED = (
    *map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")),
    *(*site.getsitepackages(), site.getusersitepackages()),
)
# How the names of files begin that are of this course, installed, or made by a library while it runs. The separator at
# the end of a folder keeps `aeutils_of_mine.py` the learner's.
NOT_THE_LEARNERS = (
    *(os.path.join(folder, "") for folder in (Path(__file__).parents[1], *INSTALLED)),
    *("<frozen ", "<string>"),
)


class NotAttempted(Exception):
    """The function is still the stub."""


class Wrong(Exception):
    """The answer is wrong, and the text says why."""


class Facts(dict):
    """What `run` found out about an answer, by label; a dict that a learner returns is none."""

    def __or__(self, other: dict) -> "Facts":
        return Facts({**self, **other})


def collect(exercise, function: Callable, stop: Callable[[int, dict], bool] | None = None) -> dict:
    """{"answers": one a case, up to the first that has none, "end": the verdict that stopped it, or None}.

    `stop(number, answer)` ends it early, without that answer: nothing more is to be known.
    """
    found: list[dict] = []
    state.begin()
    for number, values in enumerate(exercise.all_cases):
        watch = state.Watch()
        try:
            parts = _answer(exercise, function, values, number, watch)
            if stop is None and number == 0:  # once more with other random numbers: what seeds them shows
                _answer(exercise, function, values, -1 % 2**32, watch)
            elif stop and stop(number, parts):
                break
            found.append(parts)
            end = {"state": WRONG, "reason": watch.offence, "offence": True} if watch.offence else None
        except NotAttempted:
            end = {"state": OPEN}
        except Wrong as wrong:
            end = {"state": WRONG, "reason": str(wrong)}
        except BaseException as error:  # SystemExit, too
            end = {"state": WRONG, "reason": watch.offence or _in_words(error), "lines": own_lines(error)}
        if end:
            return {"answers": found, "end": end}
    broken = rules.broken(exercise, function) if len(found) == len(exercise.all_cases) else ""
    return {"answers": found, "end": {"state": WRONG, "reason": broken} if broken else None}


def _in_words(error: BaseException) -> str:
    if str(error).startswith("Can't call numpy() on Tensor that requires grad"):
        return NO_GRADIENT.format("made by NumPy, which knows no gradients")
    return f"It raises `{textwrap.shorten(f'{type(error).__name__}: {error}', 300)}`"


def _answer(exercise, function: Callable, values: tuple, number: int, watch: state.Watch) -> dict:
    """The answer to one case; `watch` gets what it did that it should not have."""
    given, untouched = (_on_device(copy.deepcopy(tuple(values))) for _ in range(2))
    leaves: dict[str, Tensor] = {}
    for place, name in enumerate(exercise.arguments):
        if name in exercise.trained:
            leaves[name] = given[place].clone().requires_grad_()
            given = (*given[:place], leaves[name].clone(), *given[place + 1 :])
    with state.watched(number, watch):
        value = exercise.run(function, *given)
    parts = labelled(value, exercise.parts)
    if leaves:
        parts |= _gradients(value, leaves, exercise.kink)
    changes = map(state.change, exercise.inputs, given, untouched)
    watch.offence = next(filter(None, changes), watch.offence)
    return parts


def ask(function: Callable, *arguments):
    """`function(*arguments)`. NotAttempted when it is the stub, Wrong when it has no `return`."""
    try:
        value = function(*arguments)
    except NotImplementedError as error:
        if _is_raised_by_hand(error):
            raise NotAttempted from None
        raise
    if value is ... or (isinstance(value, tuple) and any(part is ... for part in value)):
        raise NotAttempted
    if value is None:
        if is_stub(function):
            raise NotAttempted
        raise Wrong("It returns `None`. Is the `return` missing?")
    return value


def _is_raised_by_hand(error: NotImplementedError) -> bool:
    """True for `raise NotImplementedError` in the learner's code; PyTorch raises it, too, for what it cannot do."""
    last = error.__traceback__
    while last.tb_next:
        last = last.tb_next
    code = last.tb_frame.f_code
    if code.co_filename.startswith(NOT_THE_LEARNERS):
        return False
    instructions = {step.offset: step.opname for step in dis.get_instructions(code)}
    return instructions.get(last.tb_lasti) == "RAISE_VARARGS"


def is_stub(function: Callable) -> bool:
    """True when the body of a function, or of a module's `forward`, is nothing but a docstring and `...`."""

    def bare(): ...

    def documented():
        """A docstring is a constant of the code."""

    code = getattr(getattr(function, "forward", function), "__code__", None)
    return code is not None and code.co_code in (bare.__code__.co_code, documented.__code__.co_code)


def labelled(value, names: tuple[str, ...] = ()) -> dict[str, Tensor | str]:
    """Every part of an answer by its label: "" for a single value; `names` where several values are expected."""
    if isinstance(value, Facts):
        return {label: part if isinstance(part, str) else leaf(part) for label, part in value.items()}
    if not names:
        return {"": leaf(value)}
    several = isinstance(value, tuple | list) or (isinstance(value, Tensor) and value.ndim == 1)
    if not several or len(value) != len(names):
        wanted = f"{len(names)} values, `return {', '.join(names)}`"
        raise Wrong(f"It returns {described(value)}; expected {wanted}.")
    return {name: leaf(part) for name, part in zip(names, value, strict=True)}


def leaf(value) -> Tensor:
    """A number or a tensor in double precision, on the CPU; Wrong for what is neither."""
    if isinstance(value, numbers.Real | np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return torch.tensor(float(value), dtype=torch.float64)
    if not isinstance(value, Tensor) or value.is_complex():
        raise Wrong(f"It returns {described(value)}; expected a tensor, or a number where one number is wanted.")
    if value.numel() > LARGEST:
        raise Wrong(f"It returns a tensor of shape {list(value.shape)}, which is far larger than it should be.")
    return value.detach().cpu().double()


def described(value) -> str:
    """What kind of value it is, in words."""
    if isinstance(value, Tensor):
        return f"a {'complex ' * value.is_complex()}tensor of shape {list(value.shape)}"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)} value{'s' * (len(value) != 1)}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of shape {list(value.shape)}"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} `{name}`"


# Gradients

NO_GRADIENT = (
    "The result has no gradient, so nothing can be trained with it: it is {}. Compute with tensors from start to end, "
    "without `.item()`, `float()`, `.detach()`, `torch.tensor(...)`, `torch.no_grad()` or NumPy."
)


def _gradients(value, leaves: dict[str, Tensor], kink: float | None) -> dict[str, Tensor | str]:
    """The gradient of the answer (of its first part) for each of the leaves; a sentence where there is none."""
    first = value[0] if isinstance(value, tuple | list) else value
    if isinstance(first, dict):
        first = next(iter(first.values()))
    if not isinstance(first, Tensor) or not first.requires_grad:
        kind = "a tensor that was cut off from its inputs" if isinstance(first, Tensor) else described(first)
        return dict.fromkeys((GRADIENT + name for name in leaves), NO_GRADIENT.format(kind))
    # Every number of the answer counts differently, so that no two of them can stand in for each other.
    weights = torch.linspace(0.5, 1.5, max(first.numel(), 1), device=first.device, dtype=first.dtype)
    found = torch.autograd.grad(
        (first * weights[: first.numel()].view_as(first)).sum(), [*leaves.values()], allow_unused=True
    )
    parts: dict[str, Tensor | str] = {}
    for (name, given), gradient in zip(leaves.items(), found, strict=True):
        gradient = torch.zeros_like(given) if gradient is None else gradient
        if kink is not None:  # any slope between both sides is right there, if it is a number
            gradient = torch.where((given == kink) & gradient.isfinite(), 0.0, gradient)
        parts[GRADIENT + name] = leaf(gradient)
    return parts


def _on_device(value):
    if isinstance(value, Tensor | torch.nn.Module):
        return value.to(environment.device())
    return type(value)(map(_on_device, value)) if type(value) in (tuple, list) else value


def own_lines(error: BaseException) -> list[tuple[str, int]]:
    """(file, line number) of the lines outside libraries that an exception went through, the last one first."""
    passed = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in passed if line and not file.startswith(NOT_THE_LEARNERS)]
    return list(dict.fromkeys(reversed(own)))  # a recursion passes through the same line a thousand times
