"""`ae.predict`: what it asks and refuses, and what of it a page without a kernel holds."""

import math

import numpy as np
import pytest
import torch

import aeutils as ae
from aeutils.panels import predict

QUESTION = "Which is <b>smaller</b>?"


@pytest.fixture
def guess():
    predict._asked.cache_clear()
    return ae.predict(QUESTION, ["PCA", "the net"])


def bundle(guess):
    return guess._widget._repr_mimebundle_()[0]


def test_the_result_becomes_known(guess):
    assert (guess._widget.value, guess.prediction) == (None, None)
    guess.result("PCA")
    assert guess._widget.value == "PCA"


def test_a_prediction_from_the_page_is_there_in_python(guess):
    guess._widget.set_state({"prediction": "the net"})
    assert guess.prediction == "the net"


def test_a_question_asked_again_keeps_its_prediction_and_forgets_its_result(guess):
    guess._widget.set_state({"prediction": "the net"})
    guess.result("PCA")
    again = ae.predict(QUESTION, ["PCA", "the net"])
    assert (again.prediction, again._widget.value) == ("the net", None)
    assert ae.predict(QUESTION, ["PCA", "the other net"]).prediction is None


@pytest.mark.parametrize(
    "value", [3, 3.0, np.float32(3), np.int64(3), np.array([3]), torch.tensor(3), torch.ones(1) * 3]
)
def test_numbers_of_all_kinds_are_results(value):
    guess = ae.predict("How many?", unit="bits")
    guess.result(value)
    assert guess._widget.value == 3.0
    assert type(guess._widget.value) is float


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, "3", None, True, 1j, np.ones(2), torch.ones(2), torch.tensor(math.nan)]
)
def test_what_is_no_finite_number_is_refused(value):
    guess = ae.predict("How many?")
    with pytest.raises(ValueError, match=r"the result is .*; expected a finite number"):
        guess.result(value)
    assert guess._widget.value is None


@pytest.mark.parametrize("value", ["pca", "", None, 0])
def test_what_is_none_of_the_choices_is_refused(guess, value):
    with pytest.raises(ValueError, match=r"is none of the choices \['PCA', 'the net'\]"):
        guess.result(value)


@pytest.mark.parametrize("choices", [[], ["one"], ["one", "one"]])
def test_fewer_than_two_different_choices_are_refused(choices):
    with pytest.raises(ValueError, match="two different choices or more"):
        ae.predict("What?", choices)


@pytest.mark.parametrize("choices", ["ab", [1, 2], 3, ["one", " "], {"one", "two"}])
def test_choices_that_are_no_texts_are_refused(choices):
    with pytest.raises(ValueError, match=r"^choices.* is .*; expected a (text|list).* that is not empty"):
        ae.predict("What?", choices)


def test_other_questions_and_units_are_refused():
    for empty in ("", " "):
        with pytest.raises(ValueError, match=r"question is .*; expected a text that is not empty"):
            ae.predict(empty)
    with pytest.raises(ValueError, match="question is 3; expected a text"):
        ae.predict(3)
    with pytest.raises(ValueError, match="unit is None; expected a text"):
        ae.predict("What?", unit=None)
    with pytest.raises(ValueError, match="choices have none"):
        ae.predict("What?", ["a", "b"], unit="nats")


def test_the_text_names_question_choices_and_result(guess):
    assert bundle(guess)["text/plain"] == f"{QUESTION} (PCA / the net)"
    guess.result("PCA")
    assert bundle(guess)["text/plain"] == f"{QUESTION} (PCA / the net) Result: PCA"
    number = ae.predict("How far?", unit="nats")
    number.result(1 / 3)
    assert bundle(number)["text/plain"] == "How far? (a number, in nats) Result: 0.3333 nats"


def test_without_scripts_the_result_unfolds(guess):
    asked = bundle(guess)["text/html"]
    guess.result("PCA")
    known = bundle(guess)["text/html"]
    assert "<details>" not in asked
    assert "<summary>Which is &lt;b&gt;smaller&lt;/b&gt;?</summary><p>PCA / the net</p><p>Result: PCA</p>" in known
    for html in (asked, known):
        assert "<b>smaller" not in html
        assert "http" not in html
    key = asked.partition('data-key="')[2][:12]
    assert f'mount("{key}", ' in known, "both views are of one question"


def test_a_stored_prediction_does_not_change_without_a_reason():
    first, second = (bundle(ae.predict("What?", unit="nats"))["text/html"] for _ in range(2))
    assert first == second


def test_outside_a_notebook_nothing_is_shown(guess, capsys):
    guess.result("PCA")
    assert capsys.readouterr().out == ""
