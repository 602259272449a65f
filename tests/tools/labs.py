"""The labs and their notebooks, for the tests: which cells are stubs and checks, and how stubs are filled."""

import copy
import inspect
from pathlib import Path

from nbformat import NotebookNode

import aeutils as ae
from aeutils.exercises.lab import Exercise, Lab
from tests.tools.notebooks import LABS as NOTEBOOKS
from tests.tools.notebooks import read

__all__ = ["EXERCISES", "LABS", "NOTEBOOKS", "filled", "marked", "read_by_lecturers", "solutions", "stub"]


def lab_of(path: Path) -> Lab:
    """The exercises of a lab's notebook: 03_lab_....ipynb is lab 3."""
    return ae.lab(int(path.name[:2]))


LABS = [lab_of(path) for path in NOTEBOOKS]
EXERCISES: list[Exercise] = [exercise for lab in LABS for exercise in lab.exercises.values()]


def marked(node: NotebookNode, kind: str) -> dict[str, NotebookNode]:
    """The code cells that nbgrader knows as "solution", "grade" or "locked", by grade id."""
    cells = [cell for cell in node.cells if cell.cell_type == "code" and "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells if cell.metadata.nbgrader[kind]}


def read_by_lecturers(node: NotebookNode) -> dict[str, NotebookNode]:
    """The text cells that nbgrader leaves to a lecturer's judgement, by grade id."""
    cells = [cell for cell in node.cells if cell.cell_type == "markdown" and "nbgrader" in cell.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in cells}


def filled(node: NotebookNode, answers: dict[str, str]) -> NotebookNode:
    """A copy of a lab's notebook with the stubs of the named exercises replaced."""
    node = copy.deepcopy(node)
    stubs = marked(node, "solution")
    for name, answer in answers.items():
        stubs[name].source = answer
    return node


def solutions(lab: Lab) -> dict[str, str]:
    """What the stub cells hold of whoever has solved everything, by exercise."""
    return {name: exercise.answer() for name, exercise in lab.exercises.items()}


def stub(exercise: Exercise):
    """The function or class that the notebook's stub cell defines."""
    path = NOTEBOOKS[LABS.index(exercise.lab)]
    scope = inspect.getmodule(exercise.reference).__dict__ | {"__name__": "__main__"}
    exec(marked(read(path).node, "solution")[exercise.name].source, scope)
    return scope[exercise.name]
