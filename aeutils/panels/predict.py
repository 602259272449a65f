"""A question before the cell that answers it: the learner predicts, then sees the prediction beside the result."""

import json
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from html import escape
from math import prod
from pathlib import Path

import anywidget
import traitlets
from IPython import get_ipython
from IPython.display import display

from aeutils.checks import Number, Text, checked
from aeutils.checks.kinds import said

__all__ = ["predict"]

HERE = Path(__file__).parent
TEXT = Text(filled=True)


@checked
def predict(question: TEXT, choices: Sequence[TEXT] | None = None, *, unit: str = "") -> "Prediction":
    """Ask what a cell further down will show: one of `choices`, or a number, in `unit` where it has one.

    guess = ae.predict("Which one reconstructs better?", ["PCA", "the autoencoder"])
    guess.result(min(errors, key=errors.get))  # in the cell that computes it

    The learner answers in the page, or asks for the result alone; no cell waits for it. A question that is asked again
    keeps its answer: who has clicked into the output of a cell runs that cell again by Shift+Enter.

    ValueError for what is no text or an empty one, for fewer than two choices or two that are the same, and for choices
    with a unit.
    """
    if choices is not None:
        if len(choices) < 2 or len(set(choices)) < len(choices):
            raise ValueError(f"expected two different choices or more; got {said(choices)}")
        if unit:
            raise ValueError("a unit is for numbers; choices have none")
    guess = _asked(json.dumps({"question": question, "choices": choices and list(choices), "unit": unit}))
    guess._ask()
    return guess


@cache
def _asked(spec: str) -> "Prediction":
    """The one prediction of a question."""
    return Prediction(json.loads(spec))


class Prediction:
    """A question that was asked. `prediction` is what the learner has answered by now: a choice, a number or None."""

    def __init__(self, spec: dict):
        self._widget = _Widget(spec=spec)

    def __repr__(self) -> str:
        return f"a prediction: {self._widget.text()}"

    @property
    def prediction(self) -> str | float | None:
        return self._widget.prediction

    def result(self, value: object) -> None:
        """Show the result: one of the choices, or one finite number, of NumPy or PyTorch too; else ValueError."""
        choices = self._widget.spec["choices"]
        self._widget.value = _number(value) if choices is None else _choice(value, choices)
        self._show()

    def _ask(self) -> None:
        """Show the question, as before its result was known."""
        self._widget.value, self._widget.shown = None, False
        self._show()

    def _show(self) -> None:
        if get_ipython():
            display(self._widget)


class _Widget(anywidget.AnyWidget):
    """Question, result, prediction, as predict.js describes them."""

    _esm = HERE / "predict.js"
    _css = HERE / "predict.css"
    spec = traitlets.Dict().tag(sync=True)
    value = traitlets.Any(None, allow_none=True).tag(sync=True)
    prediction = traitlets.Any(None, allow_none=True).tag(sync=True)
    shown = traitlets.Bool(False).tag(sync=True)

    def _repr_mimebundle_(self, **kwargs):
        """The live widget and, for pages without a kernel, HTML and a text."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/plain": self.text(), "text/html": self.html()}, metadata

    def text(self) -> str:
        """Question, choices or unit and, where it is known, the result: on one line."""
        return " ".join(filter(None, [self.spec["question"], f"({self._answers()})", self._result()]))

    def html(self) -> str:
        """The question, the result folded, and a script that lets a reader predict first, if scripts may run."""
        question, answers = escape(self.spec["question"]), escape(self._answers())
        if self.value is None:
            still = f"<p><b>Predict: {question}</b></p><p>{answers}</p>"
        else:
            still = f"<details><summary>{question}</summary><p>{answers}</p><p>{escape(self._result())}</p></details>"
        key = sha256(json.dumps(self.spec).encode()).hexdigest()[:12]
        state = ", ".join(json.dumps(one).replace("<", "\\u003c") for one in (key, self.spec, self.value))
        return f"""<div class="aeutils-predict" data-key="{key}">{still}</div>
<style>{(HERE / "predict.css").read_text()}</style>
<script type="module">
{(HERE / "predict.js").read_text()}
mount({state});
</script>"""

    def _answers(self) -> str:
        if self.spec["choices"]:
            return " / ".join(self.spec["choices"])
        return f"a number, in {self.spec['unit']}" if self.spec["unit"] else "a number"

    def _result(self) -> str:
        if self.value is None:
            return ""
        value = self.value if isinstance(self.value, str) else f"{self.value:.4g} {self.spec['unit']}".rstrip()
        return f"Result: {value}"


def _choice(value: object, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"the result {said(value)} is none of the choices {list(choices)}")
    return str(value)


def _number(value: object) -> float:
    """A Python, NumPy or PyTorch number as a float. ValueError unless it is one finite number."""
    one = value.reshape(()) if getattr(value, "shape", ()) and prod(value.shape) == 1 else value
    return float(Number()("the result", one))
