"""Find the bug: the program is mended, nothing else is changed, and the cause is named."""

import pytest
from torch import tensor

from aeutils.exercises.answers import OPEN, RIGHT, WRONG
from aeutils.exercises.bugs import SPOILED, Bug
from aeutils.exercises.judging import judge
from aeutils.exercises.lab import Exercise, Lab

CAUSES = {"a": "The sign is right.", "b": "The maximum was not meant.", "c": "The mean was right."}


def given(x):
    return x.mean(), x.max()


def spread(x):
    """Mean and range."""
    return x.mean(), x.max() - x.min()


def by_hand(x):
    values = sorted(x.tolist())
    return sum(values) / len(values), values[-1] - values[0]


exercise = Exercise(
    Lab("Lab 0: a test of bugs", __name__),
    spread,
    cases=[(tensor([1.0, 2.0]),), (tensor([3.0, 4.0, 8.0]),)],
    draw=lambda draws: (draws.uniform(draws.size(2, 5), low=1, high=5),),
    hints="",
    mistakes={},
    parts=("mean", "range"),
    bug=Bug(given, "b", CAUSES),
)


def verdict(answer, cause=...):
    found = exercise.bug.weighed(judge(exercise, answer), "spread", cause)
    return found["state"], found.get("reason", "")


def test_the_program_as_it_is_given_is_no_attempt_until_a_cause_is_named():
    assert verdict(given) == (OPEN, "")
    assert verdict(lambda x: (by_hand(x)[0], x.max())) == (OPEN, "")  # written anew, with the same bug
    assert verdict(given, "b") == (WRONG, "The program does what it did: mend it, too.")
    assert verdict(lambda x: ..., "b")[0] == WRONG


@pytest.mark.parametrize("answer", [spread, by_hand])
def test_mended_and_named_it_is_right_and_the_cause_is_told(answer):
    assert verdict(answer, "b") == (RIGHT, CAUSES["b"])
    assert verdict(answer, " B ") == (RIGHT, CAUSES["b"])


def test_another_cause_is_refused_with_its_own_reason_and_without_the_right_one():
    for letter in "ac":
        state, reason = verdict(spread, letter)
        assert state == WRONG
        assert reason.endswith(CAUSES[letter])
        assert CAUSES["b"] not in reason


@pytest.mark.parametrize(
    ("cause", "words"), [(..., ""), ("d", "; it is 'd'"), (2, "; it is 2"), (["b"], "; it is ['b']")]
)
def test_what_is_no_cause_is_asked_for(cause, words):
    told = f'The program is mended. What was wrong? Set `spread_bug` to "a", "b" or "c"{words}.'
    assert verdict(spread, cause) == (WRONG, told)


def test_a_part_that_was_right_must_stay_right():
    for answer in (lambda x: (x.sum(), x.max() - x.min()), lambda x: (x.sum(), x.max())):
        state, reason = verdict(answer, "b")
        assert state == WRONG
        assert reason.startswith(f"{SPOILED.format('mean')}\nmean: ")
    state, reason = verdict(lambda x: (x.mean(), x.min()), "b")
    assert state == WRONG
    assert SPOILED[:20] not in reason


def test_the_verdict_on_the_program_comes_before_the_cause():
    assert verdict(lambda x: 1 / 0, "a") == verdict(lambda x: 1 / 0, "b")
    assert verdict(lambda x: x[:1], "b")[1].startswith("It returns a tensor")


def test_check_takes_the_cause_and_the_solution_names_it(monkeypatch):
    monkeypatch.setattr(exercise, "_judged", lambda function: judge(exercise, function))
    assert exercise.check(given).state == OPEN
    assert exercise.check(spread).state == WRONG
    assert exercise.check(spread, "a").earned == 0
    assert exercise.solved is None
    found = exercise.check(spread, "b")
    assert (found.state, found.earned, found.reason) == (RIGHT, 1, CAUSES["b"])
    assert exercise.answer().endswith('\n\n\nspread_bug = "b"')
    assert exercise.solution().endswith(CAUSES["b"])


def test_a_cause_where_there_is_no_bug_is_refused():
    plain = Exercise(Lab("Lab 0: another", __name__), spread, cases=[(tensor([1.0, 2.0]),)], hints="", mistakes={})
    with pytest.raises(TypeError, match="spread has no bug to find: call check"):
        plain.check(spread, "b")
