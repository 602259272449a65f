"""The open experiment at the end of a lab: what was tried, in a table."""

import inspect
import numbers
from collections.abc import Mapping
from html import escape

from torch import Tensor

from aeutils.checks import checked
from aeutils.checks.contract import Function
from aeutils.checks.kinds import said


class Trials:
    """A table of what was tried. Every call runs the experiment once and adds a row: its settings, and its results.

    tried = ae.Trials(experiment)
    tried(beta=4.0)  # experiment(beta=4.0), its other settings as they are by default

    `experiment` returns results by name, a dict of numbers or texts. `rows` has them all, a dict each, as
    `pandas.DataFrame(tried.rows)` takes them. The same settings again are another row where they give another result.

    ValueError if `experiment` is no function or returns something else; TypeError for settings that it does not have.
    """

    @checked
    def __init__(self, experiment: Function("that takes settings and returns results by name")):
        self._experiment, self.rows = experiment, []

    def __call__(self, **settings) -> "Trials":
        bound = inspect.signature(self._experiment).bind(**settings)
        bound.apply_defaults()
        row = {name: _plain(name, value) for name, value in (bound.arguments | self._results(settings)).items()}
        if row not in self.rows:
            self.rows.append(row)
        return self

    def _results(self, settings: dict) -> dict:
        found = self._experiment(**settings)
        if not isinstance(found, Mapping) or not found:
            raise ValueError(f'expected results by name, as {{"error": 3.5}}; the experiment returned {said(found)}')
        return dict(found)

    def _table(self) -> list[list[str]]:
        """Names of all columns, then the rows, as texts."""
        names = list(dict.fromkeys(name for row in self.rows for name in row))
        return [names, *([_text(row.get(name, "")) for name in names] for row in self.rows)]

    def __repr__(self) -> str:
        table = self._table()
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(str.rjust, line, widths)) for line in table]
        return "\n".join(lines) if self.rows else "nothing tried yet"

    def _repr_html_(self) -> str:
        if not self.rows:
            return "<p>nothing tried yet</p>"
        head, *rows = self._table()
        cells = "".join(f"<tr><td>{'</td><td>'.join(map(escape, row))}</td></tr>" for row in rows)
        return f"<table><tr><th>{'</th><th>'.join(map(escape, head))}</th></tr>{cells}</table>"


def _plain(name: str, value: object) -> float | int | str | bool | None:
    """A number, also of PyTorch or NumPy, a text or a truth as Python has it."""
    if (isinstance(value, Tensor) and value.numel() == 1) or (hasattr(value, "item") and not hasattr(value, "__len__")):
        value = value.item()
    if not isinstance(value, numbers.Real | str | None):
        raise ValueError(f"{name} is {said(value)}; expected a number or a text, which fits into a table")
    return value


def _text(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
