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
from collections.abc import Callable

from aeutils.exercises.judging import OPEN, RIGHT, WRONG, ask, judge
from aeutils.exercises.sandbox import Sandbox, dumps
from aeutils.exercises.verdict import GRADING, MARKS, UNCHECKED, Note, Score, Verdict

SECONDS = 10  # for one check
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
        """The score board: every exercise's last check."""
        return Score(self.title, [exercise.verdict for exercise in self.exercises.values()])


def _find(module: str) -> Lab:
    return importlib.import_module(module).lab


class Exercise:
    """One exercise: how answers are found and compared, what goes wrong typically, hints and the reference solution.

    cases     tuples of arguments, a tiny one first: it is the example that learners are shown
    mistakes  reason -> a function that makes this mistake: whoever answers the same is told the reason
    hints     Markdown paragraphs, from a nudge to nearly everything
    run       run(function, *case) -> what is compared: a tensor, number or text, or a tuple or dict of them
    """

    def __init__(
        self,
        lab: Lab,
        solution: Callable,
        *,
        cases: list[tuple],
        mistakes: dict[str, Callable],
        hints: str,
        points: int = 1,
        run: Callable = ask,
        seconds: float = SECONDS,
    ):
        self.lab, self.reference, self.solved = lab, solution, None
        self.cases, self.mistakes, self.hints = cases, mistakes, inspect.cleandoc(hints).split("\n\n")
        self.points, self.run, self.seconds = points, run, seconds
        self.name, self.hints_seen = solution.__name__, 0
        self.verdict = Verdict(self.name, OPEN, points)

    def __reduce__(self):
        return getattr, (self.lab, self.name)

    @property
    def inputs(self) -> list[str]:
        """Names of the values of a case: those of `run` where it has names for them, else those of the reference."""
        asked = [
            name for name, given in inspect.signature(self.run).parameters.items() if given.kind != given.VAR_POSITIONAL
        ]
        return asked[1:] or list(inspect.signature(self.reference).parameters)

    def check(self, function: Callable) -> "Verdict":
        """Runs the learner's function on all cases and says what came of it."""
        found = Verdict(self.name, points=self.points, **self._judged(function))
        if found.state == UNCHECKED:
            if os.environ.get(GRADING):  # an error, which a lecturer sees, in place of a silent 0
                raise RuntimeError(found.reason)
            return found
        self.verdict = found
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
            return {"state": WRONG, "reason": f"It uses a variable of the notebook that cannot be copied ({error})."}
        outcome = SANDBOX.call(judge_shipped, self.lab.module, self.name, shipped, seconds=self.seconds)
        if outcome.trouble:
            return {"state": UNCHECKED, "reason": outcome.trouble, "printed": outcome.printed}
        if outcome.failure:
            return {"state": WRONG, "reason": outcome.failure, "printed": outcome.printed}
        found = outcome.value
        texts = (linecache.getline(*line).strip() for line in found.pop("lines", []))
        if text := next(filter(None, texts), ""):  # what `exec` made has no text; the line that called it may
            found["reason"] += f" in the line\n`{text}`"
        return found | {"printed": outcome.printed}

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
        more = f"One more: `lab.{self.name}.hint()`"
        if number + 1 == len(self.hints):
            more = f"That was the last one. The solution: `lab.{self.name}.solution()`"
        return Note(f"**Hint {number + 1} of {len(self.hints)}.** {self.hints[number]}\n\n{more}")

    def solution(self) -> "Note":
        """The source of the reference solution."""
        return Note(f"```python\n{source(self.reference)}\n```")


def judge_shipped(module: str, name: str, shipped: bytes) -> dict:
    """`judge` in the checking process: the exercise found by its names, the learner's function unpacked."""
    return judge(_find(module).exercises[name], pickle.loads(shipped))


def source(function: Callable) -> str:
    """The text of a function or class, without its decorator."""
    text = inspect.getsource(function)
    return text[re.search(r"^(def|class) ", text, re.MULTILINE).start() :].rstrip()
