"""Stored notebooks as the site shows them."""

import base64

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from aeutils.labs import lab
from aeutils.panels.embedded import Embedded as Panel
from aeutils.panels.png import png
from aeutils.plots.describe import UNSEEN
from aeutils.site import notebooks
from aeutils.site.notebooks import shown
from tests.tools.notebooks import LABS, tags

FIGURE = base64.b64encode(png(np.full((40, 60, 3), 255, np.uint8))).decode()


@pytest.fixture
def page(tmp_path):
    """A function: a notebook of these cells, in the folder labs/, as the site shows it."""

    def show(*cells, name="02_lecture.ipynb"):
        nbformat.write(new_notebook(cells=list(cells)), tmp_path / name)
        return shown(tmp_path / name, "notebooks/labs", tmp_path / "figures").cells

    return show


def test_what_is_folded_stays_folded(page):
    folded, open_ = page(new_code_cell("a", metadata={"jupyter": {"source_hidden": True}}), new_code_cell("b"))
    assert "hide-input" in tags(folded)
    assert "hide-input" not in tags(open_)


def test_a_figure_is_two_files_with_its_text(page, tmp_path):
    figure = new_output("display_data", {"image/png": FIGURE}, metadata={"image/png": {"alt": 'A "white" <sheet>'}})
    unseen = new_output("display_data", {"text/html": f'<div style="{UNSEEN}">Figure: A sheet</div>'})
    cell = new_code_cell("draw()", outputs=[figure, unseen], id="sheet")
    (cell,) = page(cell)
    (output,) = cell.outputs
    html = output.data["text/html"]
    assert html.count('alt="A &quot;white&quot; &lt;sheet&gt;"') == 2
    assert html.count('width="60" height="40"') == 2
    levels = {}
    for theme in ("light", "dark"):
        name = f"02_lecture-sheet-0-{theme}.png"
        assert f'class="only-{theme}" src="../../figures/{name}"' in html
        levels[theme] = np.asarray(Image.open(tmp_path / "figures" / name).convert("L")).mean()
    assert levels["light"] == 255
    assert levels["dark"] < 40


def test_a_figure_without_a_text_has_one(page):
    (cell,) = page(new_code_cell("draw()", outputs=[new_output("display_data", {"image/png": FIGURE})]))
    assert 'alt="The figure that this cell draws"' in cell.outputs[0].data["text/html"]


def test_a_panel_that_stands_still_does_so_in_dark_pages_too(page, tmp_path):
    panel = Panel({"title": "Move <it>", "controls": [], "pictures": []}, np.full((40, 60, 3), 255, np.uint8))
    panel.needs_kernel = lambda: True
    cell = new_code_cell("panel", outputs=[new_output("execute_result", {"text/html": panel.html()})], id="panel")
    (found,) = page(cell)
    html = found.outputs[0].data["text/html"]
    assert html.count('alt="Move &lt;it&gt;"') == 2
    assert "base64" not in html
    assert "run this cell" not in html
    assert (tmp_path / "figures" / "02_lecture-panel-0-still-dark.png").exists()


def test_the_unseen_text_is_the_one_that_describe_writes():
    assert f'<div style="{UNSEEN}'.startswith(notebooks.UNSEEN)


@pytest.mark.parametrize("path", LABS[1:2], ids=lambda path: path.stem)  # the others: tests/browser/test_site.py
def test_labs_have_all_hints_folded_below_their_stubs_and_no_solution(path, tmp_path):
    cells = shown(path, "notebooks/labs", tmp_path).cells
    exercises = lab(int(path.name[:2])).exercises
    for name, exercise in exercises.items():
        place = next(k for k, cell in enumerate(cells) if cell.metadata.get("nbgrader", {}).get("grade_id") == name)
        hints = cells[place + 1]
        assert hints.cell_type == "markdown"
        assert hints.source.count("<details>") == hints.source.count("<summary>Hint ") == len(exercise.hints)
        assert all(hint in hints.source for hint in exercise.hints)


def test_a_lecture_has_no_hints(page):
    stub = new_code_cell("...", metadata={"nbgrader": {"grade_id": "encoder", "solution": True}})
    assert len(page(stub, new_markdown_cell("text"))) == 2
    assert len(page(stub, new_markdown_cell("text"), name="02_lab_x.ipynb")) == 3
