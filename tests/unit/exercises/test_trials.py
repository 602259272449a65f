"""The table of an open experiment: a row for what was tried."""

import re

import numpy as np
import pytest
import torch

import aeutils as ae


def experiment(beta=1.0, kind="plain", seed=0):
    return {"error": torch.tensor(beta) * 2 + seed, "share": np.float64(0.25)}


def test_every_call_adds_its_settings_with_defaults_and_its_results():
    tried = ae.Trials(experiment)
    assert tried(beta=4.0) is tried
    tried(kind="<other>", seed=1)
    assert tried.rows == [
        {"beta": 4.0, "kind": "plain", "seed": 0, "error": 8.0, "share": 0.25},
        {"beta": 1.0, "kind": "<other>", "seed": 1, "error": 3.0, "share": 0.25},
    ]
    assert all(type(value) in (int, float, str) for row in tried.rows for value in row.values())


def test_it_is_shown_as_a_table():
    tried = ae.Trials(experiment)
    assert repr(tried) == "nothing tried yet"
    assert "nothing tried yet" in tried._repr_html_()
    tried(beta=1 / 3)(kind="<other>")
    assert repr(tried).splitlines() == [
        "  beta     kind  seed   error  share",
        "0.3333    plain     0  0.6667   0.25",
        "     1  <other>     0       2   0.25",
    ]
    assert "<th>kind</th>" in tried._repr_html_()
    assert "<td>&lt;other&gt;</td><td>0</td><td>2</td>" in tried._repr_html_()


def test_the_same_again_is_no_new_row_unless_chance_gives_another_result():
    tried = ae.Trials(experiment)
    tried()()(beta=1.0)
    assert len(tried.rows) == 1
    results = iter((1.0, 2.0))
    tried = ae.Trials(lambda: {"result": next(results)})
    tried()()
    assert [row["result"] for row in tried.rows] == [1.0, 2.0]


def test_a_result_that_only_some_have_leaves_a_gap():
    tried = ae.Trials(lambda n: {"a": 1} if n else {"b": 2})
    assert repr(tried(n=1)(n=0)).splitlines() == ["n  a  b", "1  1   ", "0     2"]


@pytest.mark.parametrize(
    ("function", "settings", "words"),
    [
        (3, {}, "experiment is 3; expected a function that takes settings and returns results by name"),
        (lambda: 3.5, {}, 'expected results by name, as {"error": 3.5}; the experiment returned 3.5'),
        (lambda: {}, {}, "expected results by name"),
        (lambda: {"code": torch.zeros(2)}, {}, "code is float32 [2]; expected a number or a text"),
        (lambda: {"code": [1, 2]}, {}, "expected a number or a text"),
    ],
)
def test_what_fits_into_no_table_is_refused(function, settings, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        ae.Trials(function)(**settings)


def test_a_setting_that_the_experiment_has_not_is_python_s_own_error():
    with pytest.raises(TypeError, match="gamma"):
        ae.Trials(experiment)(gamma=1)
