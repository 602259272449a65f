"""`tests.tools.store`: what it keeps of a notebook's outputs, and that a failing notebook is left as it was."""

import base64
import io

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from tests.tools.notebooks import WIDGET, kinds
from tests.tools.store import smaller, store

PANEL = "import numpy, aeutils as ae\nae.slider_picture(lambda a: numpy.zeros((2, 2, 3), 'uint8'), 'A', a=(0, 1, 0))"


def written(path, *sources):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=kernel), path)
    return path


def test_outputs_are_stored_and_panels_as_html_alone(tmp_path):
    path = written(tmp_path / "a.ipynb", "1 + 1", PANEL)
    store(path)
    node = nbformat.read(path, as_version=4)
    number, panel = (cell.outputs[0] for cell in node.cells)
    assert number.data == {"text/plain": "2"}
    assert "text/html" in kinds(panel)
    assert WIDGET not in kinds(panel)
    assert "widgets" not in node.metadata
    assert [cell.execution_count for cell in node.cells] == [1, 2]
    assert [file.name for file in tmp_path.iterdir()] == ["a.ipynb"]


def test_figures_are_smaller_and_look_the_same():
    figure, axes = plt.subplots()
    axes.scatter(*np.random.default_rng(0).normal(size=(2, 2000)), c=np.arange(2000), cmap="viridis", alpha=0.5)
    buffer = io.BytesIO()
    figure.savefig(buffer)
    plt.close(figure)
    before = base64.b64encode(buffer.getvalue()).decode()
    after = smaller(before)
    assert len(after) < 0.7 * len(before)
    found, drawn = (np.asarray(Image.open(io.BytesIO(base64.b64decode(one))).convert("RGB")) for one in (after, before))
    assert found.shape == drawn.shape
    assert np.abs(found.astype(int) - drawn).mean() < 3


def test_a_failing_notebook_is_left_as_it_was(tmp_path):
    path = written(tmp_path / "a.ipynb", "1 + 1", "1 / 0")
    before = path.read_bytes()
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        store(path)
    assert path.read_bytes() == before
