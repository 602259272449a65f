"""Is a function right? Runs it on the cases of an exercise, and names the typical mistake that answers the same."""

import copy
import os
import site
import sysconfig
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from aeutils import environment
from aeutils.exercises.comparison import example, explain, same

OPEN, WRONG, RIGHT = "open", "wrong", "right"
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


def judge(exercise, function: Callable) -> dict:
    """{"state": OPEN | WRONG | RIGHT, "reason": text, "lines": the learner's that an exception went through}."""
    try:
        mine = answers(exercise, function)
    except NotAttempted:
        return {"state": OPEN}
    except Wrong as wrong:
        return {"state": WRONG, "reason": str(wrong)}
    except BaseException as error:  # SystemExit, too
        message = textwrap.shorten(f"{type(error).__name__}: {error}", 300)
        return {"state": WRONG, "reason": f"It raises `{message}`", "lines": own_lines(error)}
    right = answers(exercise, exercise.reference)
    if same(mine, right):
        return {"state": RIGHT}
    for reason, mistake in exercise.mistakes.items():
        if (wrong := _attempt(exercise, mistake)) and same(mine, wrong):
            return {"state": WRONG, "reason": f"{reason}\n{example(exercise, mine, right)}".strip()}
    return {"state": WRONG, "reason": explain(exercise, mine, right)}


def _attempt(exercise, mistake: Callable) -> list[dict] | None:
    """The answers that a mistake gives; None when it cannot answer every case."""
    try:
        return answers(exercise, mistake)
    except Exception:
        return None


def answers(exercise, function: Callable) -> list[dict]:
    """What `function` answers to every case, as tensors or texts by label. Inputs live on the course's device."""
    torch.set_default_dtype(torch.float32)  # whatever the code before may have set
    found = []
    for number, case in enumerate(exercise.cases):
        given, untouched = (_on_device(copy.deepcopy(case)) for _ in range(2))
        torch.manual_seed(number)
        with torch.enable_grad():
            found.append(labelled(exercise.run(function, *given)))
        _check_untouched(exercise, given, untouched)
    return found


def ask(function: Callable, *arguments):
    """`function(*arguments)`. NotAttempted when it is the stub, Wrong when it has no `return`."""
    try:
        value = function(*arguments)
    except NotImplementedError:
        raise NotAttempted from None
    if value is ... or (isinstance(value, tuple) and any(part is ... for part in value)):
        raise NotAttempted
    if value is None:
        if is_stub(function):
            raise NotAttempted
        raise Wrong("It returns `None`. Is the `return` missing?")
    return value


def is_stub(function: Callable) -> bool:
    """True when the body of a function, or of a module's `forward`, is nothing but a docstring and `...`."""

    def bare(): ...

    def documented():
        """A docstring is a constant of the code."""

    code = getattr(getattr(function, "forward", function), "__code__", None)
    return code is not None and code.co_code in (bare.__code__.co_code, documented.__code__.co_code)


def labelled(value) -> dict[str, Tensor | str]:
    """Every part of an answer by its label: "" for a single value, "value 1" ... for a tuple, its keys for a dict."""
    if isinstance(value, tuple):
        value = {f"value {number}": part for number, part in enumerate(value, 1)}
    if not isinstance(value, dict):
        value = {"": value}
    return {label: _leaf(part) for label, part in value.items()}


def _leaf(value) -> Tensor | str:
    if isinstance(value, str):
        return value
    try:
        return torch.as_tensor(value).detach().cpu().double()
    except (TypeError, ValueError, RuntimeError):
        raise Wrong(f"It returns {_kind(value)}; expected a tensor or a number.") from None


def _kind(value) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} `{name}`"


def _on_device(value):
    if isinstance(value, Tensor | torch.nn.Module):
        return value.to(environment.device())
    return type(value)(map(_on_device, value)) if isinstance(value, tuple | list) else value


def _check_untouched(exercise, given: tuple, untouched: tuple) -> None:
    for name, now, before in zip(exercise.inputs, given, untouched, strict=False):
        if isinstance(now, Tensor) and not torch.equal(now.detach().nan_to_num(), before.detach().nan_to_num()):
            raise Wrong(f"It changes its input `{name}` in place. Work on a new tensor, such as `{name}.clone()`.")


def own_lines(error: BaseException) -> list[tuple[str, int]]:
    """(file, line number) of the lines outside libraries that an exception went through, the last one first."""
    passed = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in passed if line and not file.startswith(NOT_THE_LEARNERS)]
    return list(dict.fromkeys(reversed(own)))  # a recursion passes through the same line a thousand times
