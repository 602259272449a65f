"""Exercises of the labs. In a notebook: `lab = ae.lab(1)`, then `lab.entropy.check(entropy)`.

A check has three outcomes: not attempted, wrong with the reason, right. It runs the learner's function in a process of
its own (`sandbox`), so that no code can take the notebook down with it. Where that process fails, it says so, and the
exercise stays as it was.
"""

import importlib
import inspect
import linecache
import os
import pickle
import re
import sys
from collections.abc import Callable
from functools import cached_property

from aeutils.exercises import progress
from aeutils.exercises.answers import OPEN, RIGHT, WRONG, ask, collect
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import Draws, drawn
from aeutils.exercises.judging import decide
from aeutils.exercises.packing import packed, unpacked
from aeutils.exercises.sandbox import Sandbox, dumps
from aeutils.exercises.verdict import GRADING, MARKS, UNCHECKED, Note, Score, Verdict

SECONDS = 10  # of computing, for one check
TO_COMPARE = 60  # seconds of computing, for our own code: more than it ever takes
NONSENSE = "What came back from the check is no answer: does your code write to files that it has not opened?"
SANDBOX = Sandbox()  # one for all labs of a notebook


class Lab:
    """The exercises of one lab, as attributes by name; `module` is where they are written down, as `lab`."""

    def __init__(self, title: str, module: str):
        self.title, self.module, self.exercises = title, module, {}

    def exercise(self, **options) -> Callable:
        """Makes the function below it the reference solution of an exercise of its name; options of `Exercise`."""

        def register(solution: Callable) -> Callable:
            self.exercises[solution.__name__] = Exercise(self, solution, **options)
            return solution

        return register

    def __getattr__(self, name: str) -> "Exercise":
        exercises = self.__dict__.get("exercises", {})
        if name not in exercises:
            raise AttributeError(f"this lab has no exercise {name!r}; it has {', '.join(exercises)}")
        return exercises[name]

    def __reduce__(self):
        return _find, (self.module,)

    def start(self) -> None:
        """Start the checking process, so that it is ready when the first check comes."""
        SANDBOX.start()

    def score(self) -> "Score":
        """The score board: every exercise's last check, in this session or an earlier one."""
        return Score(self.title, [progress.earlier(self.title, e.verdict) for e in self.exercises.values()])


def _find(module: str) -> Lab:
    return importlib.import_module(module).lab


class Exercise:
    """One exercise: what must hold of an answer, what goes wrong typically, hints and the reference solution.

    An answer is right when it equals the reference's on all cases, leaves its inputs and the notebook's state alone,
    and keeps the rules of the statement.

    cases     tuples of arguments, a tiny one first: learners are shown the smallest one that is wrong.
              `cases.case(..., note="a logit of 200")` says what is special about one
    draw      draw(draws) -> one more case, of the sizes and numbers that `cases.Draws` draws
    trained   names of the inputs that are trained: the answer's gradient must be the reference's, too
    kink      a value of these at which the answer has no single slope: any number is right there
    parts     names of the values that are returned, where these are several
    forbidden names that an answer must not use, with the reason
    looped    the reason why the answer must not loop over the first axis; "" where it may
    otherwise what can be said where the numbers differ and nothing else is known
    mistakes  reason -> a function that makes this mistake: whoever answers all cases the same is told the reason
    hints     Markdown paragraphs, from a nudge to nearly everything
    run       run(function, *case) -> what is compared: the answer itself, or `answers.Facts` about it
    seconds   of computing, for one check
    bug       for "find the bug": the program that is given, which the reference mends, and the causes to choose from
    """

    def __init__(
        self,
        lab: Lab,
        solution: Callable,
        *,
        cases: list[tuple],
        mistakes: dict[str, Callable],
        hints: str,
        draw: Callable[[Draws], tuple] | None = None,
        trained: tuple[str, ...] = (),
        kink: float | None = None,
        parts: tuple[str, ...] = (),
        forbidden: dict[str, str] | None = None,
        looped: str = "",
        otherwise: str = "",
        points: int = 1,
        run: Callable = ask,
        seconds: float = SECONDS,
        bug: Bug | None = None,
    ):
        self.lab, self.reference, self.solved = lab, solution, None
        self.cases, self.mistakes, self.hints = cases, mistakes, inspect.cleandoc(hints).split("\n\n")
        self.draw, self.trained, self.kink, self.parts = draw, trained, kink, parts
        self.forbidden, self.looped, self.otherwise = forbidden or {}, looped, otherwise
        self.points, self.run, self.seconds, self.bug = points, run, seconds, bug
        self.name, self.hints_seen = solution.__name__, 0
        self.arguments = list(inspect.signature(solution).parameters)
        self.verdict = Verdict(self.name, OPEN, points)

    @cached_property
    def all_cases(self) -> list[tuple]:
        """Those written down, then the drawn ones."""
        return [*self.cases, *(drawn(self.draw) if self.draw else [])]

    def __reduce__(self):
        return getattr, (self.lab, self.name)

    @cached_property
    def inputs(self) -> list[str]:
        """Names of the values of a case: those of `run` where it has names for them, else those of the reference."""
        asked = [
            name for name, given in inspect.signature(self.run).parameters.items() if given.kind != given.VAR_POSITIONAL
        ]
        return asked[1:] or self.arguments

    def check(self, function: Callable, cause: str = ...) -> "Verdict":
        """Runs the learner's function on all cases and says what came of it; `cause` is that of a bug.

        TypeError for a cause where there is no bug to find.
        """
        if cause is not ... and not self.bug:
            raise TypeError(f"{self.name} has no bug to find: call check({self.name}), without a cause")
        judged = self._judged(function)
        if self.bug:
            judged = self.bug.weighed(judged, self.name, cause)
        found = Verdict(self.name, points=self.points, **judged)
        if found.state == UNCHECKED:
            if os.environ.get(GRADING):  # an error, which a lecturer sees, in place of a silent 0
                raise RuntimeError(found.reason)
            return found
        self.verdict = found
        progress.record(self.lab.title, self.name, state=found.state)
        if found.state == RIGHT:
            self.solved = function
        return found

    def _judged(self, function: Callable) -> dict:
        if not callable(function):
            return {
                "state": WRONG,
                "reason": f"`check` wants the function itself: `lab.{self.name}.check({self.name})`",
            }
        if function is self.reference:
            return {
                "state": OPEN,
                "reason": "This is the reference solution. Run the cell with your own function again.",
            }
        try:
            shipped = dumps(function)
        except Exception as error:  # whatever an object's own pickling raises
            return {
                "state": WRONG,
                "reason": f"It, or something that it uses, cannot be copied to the process that checks it ({error}).",
            }
        module = self.lab.module
        answered = SANDBOX.call(answers_of, module, self.name, shipped, seconds=self.seconds, module=module)
        # Compared in yet another process, which has never seen the learner's code.
        judged = answered
        if not answered.trouble and not answered.failure:
            judged = SANDBOX.call(verdict_on, module, self.name, answered.value, seconds=TO_COMPARE)
        if judged.trouble:
            return {"state": UNCHECKED, "reason": judged.trouble, "printed": answered.printed}
        if judged.failure:
            return {"state": WRONG, "reason": judged.failure, "printed": answered.printed}
        return _with_line(judged.value) | {"printed": answered.printed}

    def best(self) -> Callable:
        """The learner's function if its check said right, else the reference solution; says which when it is ours."""
        if self.solved is None:
            state = MARKS[self.verdict.state][1].lower()
            print(f"{self.name}: {state}, so the reference solution is used here.")
        return self.solved or self.reference

    def hint(self) -> "Note":
        """The next hint; the last one stays."""
        number = min(self.hints_seen, len(self.hints) - 1)
        self.hints_seen += 1
        progress.record(self.lab.title, self.name, hints=number + 1)
        more = f"One more: `lab.{self.name}.hint()`"
        if number + 1 == len(self.hints):
            more = f"That was the last one. The solution: `lab.{self.name}.solution()`"
        return Note(f"**Hint {number + 1} of {len(self.hints)}.** {self.hints[number]}\n\n{more}")

    def solution(self) -> "Note":
        """The source of the reference solution and, of a bug, the cause."""
        why = f"\n\n{self.bug.causes[self.bug.cause]}" if self.bug else ""
        return Note(f"```python\n{self.answer()}\n```{why}")

    def answer(self) -> str:
        """What the cell holds of whoever has solved it."""
        cause = f'\n\n\n{self.name}_bug = "{self.bug.cause}"' if self.bug else ""
        return f"{source(self.reference)}{cause}"


def _with_line(found: dict) -> dict:
    """A verdict with the learner's line that raised."""
    texts = (linecache.getline(*line).strip() for line in found.pop("lines", []))
    if text := next(filter(None, texts), ""):  # what `exec` made has no text; the line that called it may
        found["reason"] += f" in the line\n`{text}`"
    return found


# In the checking process


def answers_of(module: str, name: str, shipped: bytes) -> dict:
    """What the learner's function answers, as JSON can hold it. The reference cannot be called meanwhile."""
    exercise = _find(module).exercises[name]
    _ = exercise.inputs, exercise.all_cases
    calls: list[int] = []

    def barred(*given, **named):
        calls.append(1)
        raise PermissionError("the reference solution is no answer")

    for holder in (exercise, sys.modules[module]):
        setattr(holder, "reference" if holder is exercise else name, barred)
    found = packed(collect(exercise, pickle.loads(shipped)))
    if calls:
        return {"answers": [], "end": {"state": OPEN, "reason": "This calls the reference solution. Write your own."}}
    return found


def verdict_on(module: str, name: str, found) -> dict:
    """The verdict on what `answers_of` sent."""
    try:
        found = unpacked(found)
    except (TypeError, ValueError, KeyError, AttributeError):
        return {"state": WRONG, "reason": NONSENSE}
    return decide(_find(module).exercises[name], found)


def source(function: Callable) -> str:
    """The text of a function or class, without its decorator."""
    text = inspect.getsource(function)
    return text[re.search(r"^(def|class) ", text, re.MULTILINE).start() :].rstrip()
