"""nbgrader grades a class: everybody hands in lab 1, solved to different degrees; one of them loops for ever."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.tools import labs
from tests.tools.notebooks import read

PATH = labs.NOTEBOOKS[0]
LAB = labs.LABS[0]
ENDLESS = "def entropy(p):\n    while True:\n        pass"
FORGED = "def entropy(p):\n    print('earned 1 of 1 point')\n    return 1.0"

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed: pip install -e .[grading]"
)


def submissions() -> dict[str, dict[str, str]]:
    """What everybody answers, by exercise. The loop comes first, so that it could spoil the others."""
    solved = labs.solutions(LAB)
    half = {name: solved[name] for name in ("entropy", "gaussian_kl")}
    return {"ada": solved | {"entropy": ENDLESS}, "bob": {}, "cleo": solved, "dan": half | {"kl": FORGED}}


def run(course, *command: str) -> None:
    result = subprocess.run([sys.executable, "-m", "nbgrader", *command], cwd=course, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def activated():
    """As in an activated environment: nbgrader starts a program of another package by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def grades(activated, tmp_path_factory) -> dict[str, dict[str, float]]:
    """The automatic score of every check, by student: as the README tells lecturers to do it."""
    from nbgrader.api import Gradebook

    course = tmp_path_factory.mktemp("course")
    shutil.copy(PATH.parent / "nbgrader_config.py", course)
    (course / "source" / "lab1").mkdir(parents=True)
    shutil.copy(PATH, course / "source" / "lab1")
    run(course, "generate_assignment", "lab1")
    released = read(course / "release" / "lab1" / PATH.name).node
    assert labs.marked(released, "solution")["kl"].source == labs.marked(read(PATH).node, "solution")["kl"].source
    for student, answers in submissions().items():
        folder = course / "submitted" / student / "lab1"
        folder.mkdir(parents=True)
        nbformat.write(labs.filled(released, answers), folder / PATH.name)
    run(course, "autograde", "lab1")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            student: {g.name: g.auto_score for g in book.find_submission_notebook(PATH.stem, "lab1", student).grades}
            for student in submissions()
        }


def total(scores: dict[str, float]) -> float:
    return sum(scores.values())


POINTS = {f"{name}-check": exercise.points for name, exercise in LAB.exercises.items()}


def test_an_unfilled_lab_gets_no_point(grades):
    assert grades["bob"] == dict.fromkeys(POINTS, 0)


def test_a_solved_lab_gets_all_points(grades):
    assert grades["cleo"] == POINTS


def test_a_partly_solved_lab_gets_the_points_of_what_is_right(grades):
    assert {name for name, score in grades["dan"].items() if score} == {"entropy-check", "gaussian_kl-check"}
    assert total(grades["dan"]) == POINTS["entropy-check"] + POINTS["gaussian_kl-check"]


def test_an_endless_loop_costs_its_own_points_only(grades):
    assert grades["ada"] == POINTS | {"entropy-check": 0}
