"""nbgrader grades a class by the commands of notebooks/labs/README.md: everybody hands in lab 1, solved to different
degrees; one of them loops for ever."""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.tools import labs, readme
from tests.tools.notebooks import FOLDER, read

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


def steps() -> tuple[str, str]:
    """The lecturer's commands before learners hand in, and those after; the installation is left out."""
    _, _, block = readme.commands(readme.LABS.read_text("utf-8"))["grading"].partition("\n")
    before, comment, after = block.partition("# put what they hand in")
    assert comment
    return before, after.partition("\n")[2]


def run(folder, lines: str) -> None:
    result = subprocess.run(["bash", "-euc", lines], cwd=folder, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="module")
def activated():
    """As in an activated environment: nbgrader, and the programs that it starts, are found by their names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def course(activated, tmp_path_factory):
    """The lecturer's folder when all is done."""
    root = tmp_path_factory.mktemp("course")
    (root / "notebooks").symlink_to(FOLDER)
    before, after = steps()
    run(root, before)
    course = root / "grading"
    released = read(course / "release" / "lab1" / PATH.name).node
    assert labs.marked(released, "solution")["kl"].source == labs.marked(read(PATH).node, "solution")["kl"].source
    for student, answers in submissions().items():
        folder = course / "submitted" / student / "lab1"
        folder.mkdir(parents=True)
        nbformat.write(labs.filled(released, answers), folder / PATH.name)
    run(course, after)
    return course


@pytest.fixture(scope="module")
def grades(course) -> dict[str, dict[str, float]]:
    """The automatic score of every check, by student."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            student: {g.name: g.auto_score for g in book.find_submission_notebook(PATH.stem, "lab1", student).grades}
            for student in submissions()
        }


def total(scores: dict[str, float]) -> float:
    return sum(scores.values())


POINTS = {f"{name}-check": exercise.points for name, exercise in LAB.exercises.items()}
POINTS |= {"experiment": 0}  # nobody has written a word, so there is nothing for a lecturer to read


def test_an_unfilled_lab_gets_no_point(grades):
    assert grades["bob"] == dict.fromkeys(POINTS, 0)


def test_a_solved_lab_gets_all_points(grades):
    assert grades["cleo"] == POINTS


def test_a_partly_solved_lab_gets_the_points_of_what_is_right(grades):
    assert {name for name, score in grades["dan"].items() if score} == {"entropy-check", "gaussian_kl-check"}
    assert total(grades["dan"]) == POINTS["entropy-check"] + POINTS["gaussian_kl-check"]


def test_an_endless_loop_costs_its_own_points_only(grades):
    assert grades["ada"] == POINTS | {"entropy-check": 0}


def test_everybody_gets_feedback_and_a_row_of_the_table(course, grades):
    with (course / "grades.csv").open(newline="") as file:
        table = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert table == {student: total(scores) for student, scores in grades.items()}
    pages = {path.parts[-3] for path in (course / "feedback").glob(f"*/lab1/{PATH.stem}.html")}
    assert pages == grades.keys()
