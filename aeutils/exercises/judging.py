"""Is a function right? Its answers beside the reference's, and the typical mistake that answers the same."""

from collections.abc import Callable

from aeutils.exercises import bugs
from aeutils.exercises.answers import GRADIENT, OPEN, RIGHT, WRONG, collect
from aeutils.exercises.comparison import differing, example, explain, same


def judge(exercise, function: Callable) -> dict:
    """{"state": OPEN | WRONG | RIGHT, "reason": text, "lines": the learner's that an exception went through}."""
    return decide(exercise, collect(exercise, function))


def decide(exercise, found: dict) -> dict:
    """The verdict on what `collect` has found; as `judge`."""
    mine, end = found["answers"], found["end"]
    if end and end["state"] == OPEN:
        return end
    if exercise.bug and bugs.untouched(exercise, mine, end):
        return {"state": OPEN}
    right = collect(exercise, exercise.reference)["answers"]
    if len(mine) > len(right) or (end is None and len(mine) < len(right)):
        return {"state": WRONG, "reason": "What came back from the check is no answer."}
    by_value = [{k: v for k, v in parts.items() if not k.startswith(GRADIENT)} for parts in right]
    if wrong := differing(mine, by_value):  # the numbers first; what is to be said of gradients comes after them
        return _wrong(exercise, mine, by_value, wrong, end)
    if wrong := differing(mine, right):
        return _wrong(exercise, mine, right, wrong, end)
    if not end:
        return {"state": RIGHT}
    if len(mine) < len(right) and not end.get("offence"):
        note = getattr(exercise.all_cases[len(mine)], "note", "")
        end["reason"] += f", for {note}" if note and mine else ""
    return {k: v for k, v in end.items() if k != "offence"}


def _wrong(exercise, mine: list[dict], right: list[dict], wrong: list[int], end: dict | None) -> dict:
    for reason, mistake in exercise.mistakes.items():
        if _does_the_same(exercise, mistake, mine, right, end):
            return {"state": WRONG, "reason": f"{reason}\n{example(exercise, mine, right, wrong)}".strip()}
    reason = explain(exercise, mine, right, wrong)
    if exercise.bug and (spoiled := bugs.spoiled(exercise, mine, right)):
        reason = f"{spoiled}\n{reason}"
    if end and end.get("offence") and wrong == [len(mine) - 1]:  # what it did may be why the numbers are wrong
        reason = f"{end['reason']}\n{reason}"
    gradient = next((part for label, part in mine[wrong[0]].items() if label.startswith(GRADIENT)), None)
    if isinstance(gradient, str) and not any(label.startswith(GRADIENT) for label in right[wrong[0]]):
        reason = f"{reason}\nBesides: {gradient}"
    return {"state": WRONG, "reason": reason}


def _does_the_same(exercise, mistake: Callable, mine: list[dict], right: list[dict], end: dict | None) -> bool:
    """True when a mistake gives the learner's answers to all cases, and fails where the learner's function fails."""
    theirs = collect(exercise, mistake, stop=lambda k, parts: k >= len(mine) or not same(mine[k], parts, right[k]))
    return len(theirs["answers"]) == len(mine) and bool(theirs["end"]) == bool(end)
