"""What a learner has solved, in a small file of their own: `python -m aeutils progress`, and the score after a restart.

{"Lab 1: KL divergence": {"entropy": {"state": "right", "tries": 3, "hints": 1}, ...}, ...}. AEUTILS_PROGRESS names the
file; it is left alone while nbgrader runs a notebook.
"""

import contextlib
import json
import os
from collections.abc import Iterable, Iterator

from filelock import FileLock

from aeutils import environment
from aeutils.exercises.answers import OPEN, RIGHT, WRONG
from aeutils.exercises.verdict import GRADING, Score, Verdict


def read() -> dict[str, dict[str, dict]]:
    """Records by lab and exercise; none where there is no file, or one that cannot be read."""
    try:
        found = json.loads(environment.progress_file().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {} if not isinstance(found, dict) or os.environ.get(GRADING) else found


def record(lab: str, exercise: str, *, state: str | None = None, hints: int = 0) -> None:
    """Note the outcome of a check, or that so many hints have been seen. Where nothing can be written, nothing is."""
    path = environment.progress_file()
    if os.environ.get(GRADING) or (path.exists() and not path.is_file()):  # a device must not be replaced
        return
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=2):
            found = read()
            known = found.setdefault(lab, {}).setdefault(exercise, {"state": OPEN, "tries": 0, "hints": 0})
            known["hints"] = max(known["hints"], hints)
            if state in (RIGHT, WRONG):
                known["tries"] += 1
                known["state"] = RIGHT if known["state"] == RIGHT else state  # once right, it stays so
            part = path.with_name(f"{path.name}.part")
            part.write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")
            part.replace(path)


def earlier(lab: str, verdict: Verdict) -> Verdict:
    """An exercise's last verdict; that of an earlier session where there is none in this one."""
    known = read().get(lab, {}).get(verdict.exercise, {})
    if verdict.state != OPEN or known.get("state") not in (RIGHT, WRONG):
        return verdict
    return Verdict(verdict.exercise, known["state"], verdict.points, earlier=True)


def board(labs: Iterable) -> Iterator[str]:
    """The score board over all labs, line by line."""
    found, earned, points = read(), 0, 0
    for lab in labs:
        records = found.get(lab.title, {})
        score = Score(lab.title, [earlier(lab.title, Verdict(e.name, OPEN, e.points)) for e in lab.exercises.values()])
        earned += sum(verdict.earned for verdict in score.verdicts)
        points += sum(verdict.points for verdict in score.verdicts)
        yield score.summary
        for name, words, share in score.rows():
            known = records.get(name, {})
            used = [_times(known[k], word) for k, word in (("tries", "try"), ("hints", "hint")) if known.get(k)]
            yield f"  {name:20} {words:30} {share:8} {', '.join(used)}".rstrip()
    yield f"All labs: {earned} of {points} points ({environment.progress_file()})"


def _times(number: int, word: str) -> str:
    return f"{number} {word if number == 1 else {'try': 'tries', 'hint': 'hints'}[word]}"
