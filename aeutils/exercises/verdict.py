"""What a check says: the verdict on one exercise, the score of a lab, a note with a hint."""

import html
import os
import re
from dataclasses import dataclass

from aeutils.exercises.answers import OPEN, RIGHT, WRONG

UNCHECKED = "unchecked"  # nothing is known of the answer
GRADING = "NBGRADER_EXECUTION"  # nbgrader sets this variable while it runs a notebook
MARKS = {OPEN: ("○", "Not attempted yet", "#888888"), WRONG: ("✗", "Not right yet", "#D55E00")}
MARKS |= {RIGHT: ("✓", "Right", "#009E73"), UNCHECKED: ("?", "Could not be checked", "#888888")}


class Note(str):
    """Markdown in a notebook, its text elsewhere."""

    def _repr_markdown_(self) -> str:
        return str(self)

    __repr__ = str.__str__


@dataclass(frozen=True)
class Verdict:
    """What a check found. In a notebook a coloured box; its plain text is what nbgrader takes for the points."""

    exercise: str
    state: str
    points: int  # of the exercise
    reason: str = ""
    printed: str = ""
    earlier: bool = False  # found in another session

    @property
    def earned(self) -> int:
        """Points, all or none."""
        return self.points if self.state == RIGHT else 0

    def __str__(self) -> str:
        mark, words, _ = MARKS[self.state]
        points = f"{self.points} point{'s' * (self.points != 1)}"
        lines = [f"{mark} {self.exercise}: {words} ({points})", self.reason]
        if self.printed:
            lines.append(f"Your code printed:\n{self.printed}")
        if self.state == WRONG:
            lines.append(f"Stuck? `lab.{self.exercise}.hint()`")
        return "\n".join(filter(None, lines))

    def __repr__(self) -> str:
        # nbgrader reads the points of a checked cell from its plain text.
        return str(self.earned) if os.environ.get(GRADING) else str(self)

    def _repr_html_(self) -> str:
        head, *rest = (_as_html(line) for line in str(self).split("\n"))
        style = f"border-left: 5px solid {MARKS[self.state][2]}; padding: 0.3em 0.8em; white-space: pre-wrap"
        return (
            f'<div role="status" style="{style}"><strong>{head}</strong>{"".join("<br>" + line for line in rest)}</div>'
        )


def _as_html(line: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(line))


@dataclass(frozen=True)
class Score:
    """The score board: a table in a notebook, lines elsewhere."""

    title: str
    verdicts: list[Verdict]

    @property
    def summary(self) -> str:
        """Exercises by outcome, and the points."""
        states = [verdict.state for verdict in self.verdicts]
        earned, points = sum(v.earned for v in self.verdicts), sum(v.points for v in self.verdicts)
        counts = f"{states.count(RIGHT)} right, {states.count(WRONG)} wrong, {states.count(OPEN)} open"
        return f"{self.title}: {counts}; {earned} of {points} points"

    def rows(self) -> list[tuple[str, str, str]]:
        """Exercise, outcome, points of each."""
        marked = [(v, " ".join(MARKS[v.state][:2]) + ", earlier" * v.earlier) for v in self.verdicts]
        return [(v.exercise, words, f"{v.earned} of {v.points}") for v, words in marked]

    def __repr__(self) -> str:
        return "\n".join([self.summary, *(f"{name:20} {words:20} {points}" for name, words, points in self.rows())])

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr><td>{'</td><td>'.join(map(_as_html, row))}</td></tr>" for row in self.rows())
        head = "<tr><th>exercise</th><th>last check</th><th>points</th></tr>"
        return f"<strong>{_as_html(self.summary)}</strong><table>{head}{cells}</table>"
