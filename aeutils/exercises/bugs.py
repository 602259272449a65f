"""Exercises of the kind "find the bug": a program that runs and is wrong is mended, and the cause is named.

The exercise's reference is the mended program. An answer is right when it equals that on all cases, whatever it looks
like, so that the symptom is gone and nothing else has changed, and when the right cause is chosen.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aeutils.exercises.answers import OPEN, RIGHT, WRONG, collect
from aeutils.exercises.comparison import same

SPOILED = "Something else is changed now, which was right in the program as it was given: {}."


@dataclass(frozen=True)
class Bug:
    """What a learner is given, and chooses from.

    given   the program with its bug
    cause   the letter of the right cause
    causes  letter -> what is told to whoever has mended the program and chosen this cause
    """

    given: Callable
    cause: str
    causes: dict[str, str]

    def weighed(self, found: dict, name: str, chosen) -> dict:
        """The verdict on program and cause: that on the program, `found`, if the cause does not change it."""
        if found["state"] == OPEN and chosen is not ... and "reason" not in found:
            return {**found, "state": WRONG, "reason": "The program does what it did: mend it, too."}
        if found["state"] != RIGHT:
            return found
        letter = chosen.strip().lower() if isinstance(chosen, str) else chosen
        if letter == self.cause:
            return {**found, "reason": self.causes[letter]}
        if isinstance(letter, str) and letter in self.causes:
            reason = f"The program is mended, but the cause was another one. {self.causes[letter]}"
        else:
            *first, last = (f'"{one}"' for one in self.causes)
            got = "" if chosen is ... else f"; it is {chosen!r}"
            reason = f"The program is mended. What was wrong? Set `{name}_bug` to {', '.join(first)} or {last}{got}."
        return {**found, "state": WRONG, "reason": reason}


def untouched(exercise, mine: list[dict], end: dict | None) -> bool:
    """True when an answer does what the program did as it was given."""
    given = _as_given(exercise)
    return (
        len(given["answers"]) == len(mine)
        and bool(given["end"]) == bool(end)
        and all(same(a, b, b) for a, b in zip(mine, given["answers"], strict=True))
    )


def spoiled(exercise, mine: list[dict], right: list[dict]) -> str:
    """The first part that is wrong now and was right in the program as it was given, in words; "" for none."""

    def fits(answers: list[dict], label: str) -> bool:
        pairs = [(part[label], wanted[label]) for part, wanted in zip(answers, right, strict=False) if label in part]
        return bool(pairs) and all(same({label: a}, {label: b}, {label: b}) for a, b in pairs)

    given = _as_given(exercise)["answers"]
    return next((SPOILED.format(label) for label in right[0] if fits(given, label) and not fits(mine, label)), "")


def _as_given(exercise) -> dict:
    return collect(exercise, exercise.bug.given)
