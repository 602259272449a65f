"""What is solved outlives the kernel, in a file of the learner's own."""

import json

import pytest

import aeutils as ae
from aeutils.__main__ import main
from aeutils.exercises import progress
from aeutils.exercises.answers import OPEN, RIGHT, WRONG
from aeutils.exercises.verdict import Verdict

LAB = "Lab 1: KL divergence"


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "mine" / "progress.json"
    monkeypatch.setenv("AEUTILS_PROGRESS", str(path))
    return path


def test_checks_and_hints_are_recorded(file):
    for state in (OPEN, WRONG, RIGHT, WRONG):
        progress.record(LAB, "entropy", state=state)
    progress.record(LAB, "entropy", hints=2)
    assert json.loads(file.read_text()) == {LAB: {"entropy": {"state": RIGHT, "tries": 3, "hints": 2}}}
    assert [path.name for path in file.parent.iterdir() if path.suffix != ".lock"] == ["progress.json"]


def test_the_score_board_knows_earlier_sessions(file):
    lab = ae.lab(1)
    progress.record(LAB, "entropy", state=RIGHT)
    progress.record(LAB, "kl", state=WRONG)
    for exercise in lab.exercises.values():
        exercise.verdict = Verdict(exercise.name, OPEN, exercise.points)
    assert lab.score().summary == f"{LAB}: 1 right, 1 wrong, 7 open; 1 of 12 points"
    assert "✓ Right, earlier" in repr(lab.score())
    lab.kl.verdict = Verdict("kl", RIGHT, 1)
    assert "2 right, 0 wrong" in lab.score().summary
    lab.kl.verdict = Verdict("kl", OPEN, 1)


def test_the_command_shows_all_labs(file, capsys):
    progress.record(LAB, "entropy", state=WRONG)
    progress.record(LAB, "entropy", state=RIGHT)
    progress.record(LAB, "kl", hints=1)
    main(["progress"])
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("Lab ")) == f"{LAB}: 1 right, 0 wrong, 8 open; 1 of 12 points"
    assert sum(line.startswith("Lab ") for line in lines) == 6
    assert any(line.split() == ["entropy", "✓", "Right,", "earlier", "1", "of", "1", "2", "tries"] for line in lines)
    assert any(line.endswith("1 hint") for line in lines)
    assert lines[-1].startswith("All labs: 1 of ")


@pytest.mark.parametrize("text", ["", "[1]", "{", "null"])
def test_a_damaged_file_is_begun_anew(file, text):
    file.parent.mkdir()
    file.write_text(text)
    assert progress.read() == {}
    progress.record(LAB, "kl", state=WRONG)
    assert progress.read()[LAB]["kl"]["tries"] == 1


def test_grading_and_a_folder_that_cannot_be_written_leave_no_trace(file, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    progress.record(LAB, "kl", state=RIGHT)
    assert not file.exists()
    monkeypatch.delenv("NBGRADER_EXECUTION")
    file.parent.parent.joinpath("mine").write_text("a file where the folder should be")
    progress.record(LAB, "kl", state=RIGHT)
    assert progress.read() == {}


def test_only_a_file_is_replaced(file):
    file.mkdir(parents=True)
    progress.record(LAB, "kl", state=RIGHT)
    assert file.is_dir()
    assert [path.name for path in file.parent.iterdir()] == ["progress.json"]
