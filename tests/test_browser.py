"""Notebooks in a real browser, on the course's own server: they run, and sliders move the picture beside them."""

import json
import os
import shutil
import statistics
from contextlib import contextmanager

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests import browser
from tests.lab_server import lab_server
from tests.notebooks import FOLDER

RUN_SECONDS = 600  # one notebook at the quick budget, on a busy machine; about 60 on an idle one
PRESSES = 10
OPENED = sorted(FOLDER.glob("0[12]_*.ipynb"))  # not all: the notebooks' cells all run under nbval, too

# A widget like the lectures': two sliders and a picture. With a bug where `{listens}` is 0.
SCRATCH = """
import io, numpy, ipywidgets as w
from PIL import Image
sliders = [w.FloatSlider(min=-3, max=3, step=0.1, description=n) for n in ("z1", "z2")]
image = w.Image(width=200, height=200)
def draw(change=None):
    file = io.BytesIO()
    grid = numpy.add.outer(numpy.arange(28) * sliders[0].value, numpy.arange(28) * sliders[1].value)
    Image.fromarray(((numpy.sin(grid / 5) + 1) * 127).astype(numpy.uint8)).save(file, "png")
    image.value = file.getvalue()
for slider in sliders[:{listens}]:
    slider.observe(draw, "value")
draw()
w.VBox([*sliders, image])
"""


@pytest.fixture(scope="module", autouse=True)
def browser_is_there():
    if browser.CHROMIUM is None:
        reason = "no Chromium on this machine"
        pytest.fail(reason) if os.environ.get("AEUTILS_REQUIRE_BROWSER") == "1" else pytest.skip(reason)


@pytest.fixture(scope="module")
def chromium(browser_is_there):
    with browser.chromium() as running:
        yield running


@pytest.fixture(scope="module")
def course(browser_is_there, tmp_path_factory):
    """A copy of the notebooks' folder, and a server on it."""
    scratch = tmp_path_factory.mktemp("lab")
    folder = shutil.copytree(FOLDER, scratch / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with lab_server(folder, scratch, *browser.lab_options(scratch / "settings")) as server:
        yield folder, server


@pytest.fixture
def opened(chromium, course, tmp_path):
    """A function: puts an unrun copy of a notebook into the folder, opens it, runs all of it, and gives its page."""
    folder, server = course
    screenshots = browser.folder_for("AEUTILS_SCREENSHOT_DIR", tmp_path)

    @contextmanager
    def open_and_run(notebook):
        browser.copy_unrun(notebook, folder)
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        try:
            # A workspace of its own: the usual one would bring back the notebooks that were open before.
            address = server.url(f"/lab/workspaces/{notebook.stem}/tree/{notebook.name}")
            lecture = browser.NotebookPage(page, address)
            lecture.run_all(RUN_SECONDS)
            yield lecture
        finally:
            page.screenshot(path=screenshots / f"{notebook.stem}.png")
            page.close()

    return open_and_run


def move_every_slider(widget):
    """Drags each slider and presses keys on it. Milliseconds per key. AssertionError when the pictures stand still."""
    milliseconds = []
    for number, slider in enumerate(widget.sliders()):
        for move in (widget.drag, lambda slider: milliseconds.extend(widget.press(slider, PRESSES))):
            value, pixels = browser.value(slider), widget.pixels()
            move(slider)
            assert widget.pixels() != pixels, f"slider {number} moved, but no picture changed"
            assert browser.value(slider) != value, f"slider {number} did not move"
    return milliseconds


@pytest.fixture
def scratch_notebook(tmp_path):
    """A function: writes a notebook of the given cells, named like the test."""

    def write(*sources):
        path = tmp_path / f"{tmp_path.name}.ipynb"
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=kernel), path)
        return path

    return write


def test_sliders_move_the_picture(opened, scratch_notebook):
    with opened(scratch_notebook(SCRATCH.format(listens=2))) as page:
        (widget,) = page.widgets()
        assert len(move_every_slider(widget)) == 2 * PRESSES
        assert page.errors() == page.notices() == []


def test_a_slider_that_nothing_listens_to_is_noticed(opened, scratch_notebook):
    with opened(scratch_notebook(SCRATCH.format(listens=1))) as page:
        (widget,) = page.widgets()
        with pytest.raises(AssertionError, match="slider 1 moved, but no picture changed"):
            move_every_slider(widget)


@pytest.mark.parametrize("fault", ["1 / 0", "import warnings; warnings.warn('old')"])
def test_a_failing_cell_is_noticed(opened, scratch_notebook, fault):
    with pytest.raises(AssertionError, match=r"ZeroDivisionError|old"), opened(scratch_notebook("1", fault)) as page:
        assert page.errors() == []


@pytest.mark.parametrize("notebook", OPENED, ids=lambda path: path.stem)
def test_lecture(opened, notebook, tmp_path):
    with opened(notebook) as page:
        widgets = page.widgets()
        milliseconds = [move_every_slider(widget) for widget in widgets]
        assert page.errors() == []
    report = {
        "notebook": notebook.name,
        "median_ms": [round(statistics.median(each)) for each in milliseconds],
        "slowest_ms": [round(max(each)) for each in milliseconds],
        "moves_ms": milliseconds,
    }
    file = browser.folder_for("AEUTILS_REPORT_DIR", tmp_path) / f"latency-{notebook.stem}.json"
    file.write_text(json.dumps(report, indent=1))
