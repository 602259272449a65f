"""Every notebook keeps the rules of notebook_rules.py, and every rule notices a notebook that breaks it."""

import base64
import io

import nbformat
import numpy
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image

from tests.tools import notebook_rules as rules
from tests.tools.notebooks import FOLDER, LABS, LECTURES, NOTEBOOKS, WIDGET, Notebook, read

HEAD = """# 02 A lecture

Afterwards you can do it. **Prerequisites**: none. **Reading time**: 5 minutes. **Run time**: 1 minute.
Next: [three](03_next.ipynb), its [lab](labs/02_lab.ipynb), <img src="figure.png">, [web](https://example.org)
[notation and glossary](notation.ipynb)
and $f[x](y)$, the half of `a[0](b)`."""

LAB_HEAD = """# Lab 2: a lab

Afterwards you can do it. **Prerequisites**: none. **Working time**: an hour. **Run time**: 1 minute.
3 points. `lab.kl.hint()`, `lab.kl.solution()`. Of [its lecture](../02_a.ipynb), next: [three](03_lab_b.ipynb)."""

TEXT = "Test error against the size of the code, for PCA and for an autoencoder: both fall."
PANEL = '<div class="aeutils-panel"><img src="data:"></div>'
SETUP = "device: cpu (2 threads) | data: MNIST, from a folder | budget: normal | seed: 0\n"


def name_of(value) -> str:
    return value.__name__ if callable(value) else str(value.relative_to(FOLDER))


@pytest.mark.parametrize("rule", rules.EVERY, ids=name_of)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name_of)
def test_notebook(path, rule):
    assert rule(read(path)) == []


@pytest.mark.parametrize("rule", rules.LECTURE, ids=name_of)
@pytest.mark.parametrize("path", LECTURES, ids=name_of)
def test_lecture(path, rule):
    assert rule(read(path)) == []


@pytest.mark.parametrize("rule", rules.LAB, ids=name_of)
@pytest.mark.parametrize("path", LABS, ids=name_of)
def test_lab(path, rule):
    assert rule(read(path)) == []


def test_there_is_a_lab_for_every_lecture():
    assert {path.name[:2] for path in LABS} >= {path.name[:2] for path in LECTURES}


def test_there_is_a_lecture():
    """Without one, the tests above would pass by testing nothing."""
    assert LECTURES


def picture(*values: int) -> str:
    """A PNG of one row with these grey values, as a notebook stores it."""
    file = io.BytesIO()
    Image.fromarray(numpy.array([values], dtype=numpy.uint8)).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def shown(**data: str) -> nbformat.NotebookNode:
    """The output of a cell that shows something; `png`, `svg` or `widget` say how it is stored."""
    names = {"png": "image/png", "svg": "image/svg+xml", "html": "text/html", "widget": WIDGET}
    return new_output("display_data", {names[name]: value for name, value in data.items()})


def described(text: str) -> nbformat.NotebookNode:
    """The output of a cell that draws and ends with `ae.describe(text)`."""
    return new_output("display_data", {"image/png": picture(0, 255)}, metadata={"image/png": {"alt": text}})


def printed(text: str, name: str = "stdout") -> nbformat.NotebookNode:
    return new_output("stream", name=name, text=text)


@pytest.fixture
def lecture(tmp_path) -> Notebook:
    """A small notebook that keeps every rule, to be broken by a test."""
    code = [
        new_code_cell("ae.setup()", outputs=[printed(SETUP)]),
        new_code_cell("1 + 1", outputs=[new_output("execute_result", {"text/plain": "2"}, execution_count=2)]),
        new_code_cell("def shade(a):\n    return a * tone", outputs=[described(TEXT)]),
        new_code_cell("def draw(a):\n    return shade(a)\nae.slider_picture(draw)", outputs=[shown(html=PANEL)]),
        new_code_cell("error = 1\nassert error < 2"),
    ]
    code[1].metadata.tags = [rules.CHECKED]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
    answers = new_markdown_cell("<details>yes</details>" * 3)
    references = new_markdown_cell("## References\n\nKingma and Welling (2014)")
    (tmp_path / "labs").mkdir()
    for name in ("02_a.ipynb", "03_next.ipynb", "labs/02_lab.ipynb", "figure.png", "notation.ipynb"):
        (tmp_path / name).touch()
    node = new_notebook(cells=[new_markdown_cell(HEAD), *code, answers, references])
    node.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    return Notebook(tmp_path / "02_a.ipynb", node)


@pytest.fixture
def lab(lecture, tmp_path) -> Notebook:
    """The same as a lab: with a check that is open, and the score board at the end."""
    folder = tmp_path / "labs"
    (folder / "03_lab_b.ipynb").touch()
    node = lecture.node
    node.cells[0].source = LAB_HEAD
    node.cells[2].update(source="lab.kl.check(kl)", outputs=[shown(html="○ kl: Not attempted yet")])
    node.cells[5].source = "lab.score()"
    return Notebook(folder / "02_lab_a.ipynb", node)


@pytest.mark.parametrize("rule", rules.LAB, ids=name_of)
def test_a_good_lab_keeps_every_rule(lab, rule):
    assert rule(lab) == []


@pytest.mark.parametrize("rule", rules.EVERY + rules.LECTURE, ids=name_of)
def test_a_good_notebook_keeps_every_rule(lecture, rule):
    assert rule(lecture) == []


def source(number: int, text: str):
    """Breaks a notebook by putting `text` before what is in a cell."""
    return lambda notebook: notebook.node.cells[number].update(source=text + notebook.node.cells[number].source)


def replaced(number: int, old: str, new: str):
    """Breaks a notebook by putting `new` for `old` in a cell."""
    return lambda notebook: notebook.node.cells[number].update(
        source=notebook.node.cells[number].source.replace(old, new)
    )


def stored(number: int, *outputs):
    """Breaks a notebook by storing `outputs` with a cell."""
    return lambda notebook: notebook.node.cells[number].update(outputs=list(outputs))


def tagged(number: int, *tags: str):
    """Breaks a notebook by putting `tags` on a cell, in place of those it has."""
    return lambda notebook: notebook.node.cells[number].metadata.update(tags=list(tags))


ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
NOISE = base64.b64encode(numpy.random.default_rng(0).bytes(1_500_000)).decode()

BROKEN = [
    (rules.is_valid, lambda notebook: notebook.node.cells[1].pop("outputs")),
    (rules.names_its_kernel, lambda notebook: notebook.node.metadata.pop("kernelspec")),
    (rules.has_unique_cell_ids, lambda notebook: notebook.node.cells[1].update(id=notebook.node.cells[2].id)),
    (rules.was_run_in_order, lambda notebook: notebook.node.cells[2].update(execution_count=7)),
    (rules.was_run_in_order, lambda notebook: notebook.node.cells[5].update(execution_count=None)),
    (rules.skips_nothing, tagged(2, "nbval-skip")),
    (rules.skips_nothing, tagged(2, "raises-exception")),
    (rules.skips_nothing, source(2, "# NBVAL_IGNORE_OUTPUT\n")),
    (rules.has_no_errors, stored(2, ERROR)),
    (rules.has_no_warnings, stored(2, printed("UserWarning: old", "stderr"))),
    (rules.names_no_machine, source(2, "open('/home/me/x')")),
    (rules.names_no_machine, source(0, "See /Users/me/x")),
    (rules.names_no_machine, stored(2, printed("saved to /tmp/x"))),
    (rules.names_no_machine, stored(2, printed(r"C:\Users\me"))),
    (rules.names_no_machine, stored(2, shown(html="<p>/root/x</p>"))),
    (rules.names_no_machine, stored(2, printed(f"saved to {FOLDER}/x"))),
    (rules.stores_figures_as_png, stored(2, shown(svg="<svg/>"))),
    (rules.stores_no_live_widget, stored(4, shown(widget={"model_id": "1"}, html=PANEL))),
    (rules.stores_no_live_widget, lambda notebook: notebook.node.metadata.update(widgets={})),
    (rules.shows_something, stored(3, shown(png=picture(255, 255)))),
    (rules.is_small, stored(3, shown(png=NOISE))),
    (rules.stores_what_is_checked, stored(2)),
    (rules.leaves_the_budget_to_setup, source(2, "os.environ['AEUTILS_SEED']")),
    (rules.leaves_the_budget_to_setup, source(2, "epochs = 1 if ae.budget().name == 'quick' else 5")),
    (rules.imports_the_package_as_ae, source(2, "from aeutils.images import masks")),
    (rules.links_resolve, source(0, "[four](04_planned.ipynb)")),
    (rules.links_resolve, source(0, "![a figure](missing.png)")),
    (rules.links_resolve, source(0, "<img src='missing.png'>")),
    (rules.links_resolve, source(0, "[four][4]\n\n[4]: 04_planned.ipynb#part\n")),
    (rules.keeps_what_its_panels_read, source(5, "shade = 1\n")),
    (rules.keeps_what_its_panels_read, source(5, "for tone in (1, 2):\n    print(tone)\n")),
    (rules.has_title, source(0, "# 03 ")),
    (rules.has_title, lambda notebook: notebook.node.cells.pop(0)),
    *[(rules.says_what_to_expect, replaced(0, word, "")) for word in ("Afterwards", "Prereq", "Reading", "Run time")],
    (rules.has_one_setup_cell, replaced(1, "ae.setup()", "")),
    (rules.has_one_setup_cell, source(2, "ae.setup()")),
    (rules.has_one_setup_cell, stored(1, printed(SETUP * 2))),
    (rules.has_one_setup_cell, stored(1)),
    (rules.was_run_in_full, stored(1, printed(SETUP.replace("normal", "quick")))),
    (rules.was_run_in_full, stored(1, printed(SETUP.replace("MNIST", "glyphs")))),
    (rules.was_run_in_full, stored(1, printed(SETUP.replace("device", "on")))),
    (rules.asks_questions, replaced(6, "<details>yes</details>", "")),
    (rules.asks_questions, source(6, "<details>")),
    (rules.has_a_widget, stored(4)),
    (rules.has_a_figure, stored(3)),
    (rules.describes_its_figures, stored(3, shown(png=picture(0, 255)))),
    (rules.describes_its_figures, stored(3, described(TEXT[:59]))),
    (rules.describes_its_figures, stored(3, described(TEXT), described(TEXT))),
    (rules.links_the_notation, replaced(0, "notation.ipynb", "figure.png")),
    (rules.has_a_checked_cell, tagged(2)),
    (rules.asserts_something, replaced(5, "assert", "print")),
    (rules.has_references, replaced(7, "References", "Reading")),
    (rules.links_its_neighbours, replaced(0, "03_next.ipynb", "figure.png")),
    (rules.links_its_neighbours, replaced(0, "labs/02_lab.ipynb", "figure.png")),
]


@pytest.mark.parametrize(("rule", "breaks"), BROKEN, ids=[rule.__name__ for rule, _ in BROKEN])
def test_a_rule_notices_what_breaks_it(lecture, rule, breaks):
    breaks(lecture)
    assert rule(lecture) != []


BROKEN_LAB = [
    (rules.is_titled_as_a_lab, replaced(0, "Lab 2", "Lab 3")),
    *[(rules.says_what_a_lab_asks, replaced(0, word, "")) for word in ("Afterwards", "Working time", ".hint()")],
    (rules.is_stored_unfilled, stored(2, shown(html="✓ kl: Right"))),
    (rules.is_stored_unfilled, replaced(2, ".check(", "(")),
    (rules.ends_with_the_score_board, replaced(5, "lab.score()", "1")),
    (rules.links_its_lecture, replaced(0, "../02_a.ipynb", "03_lab_b.ipynb")),
    (rules.links_its_lecture, replaced(0, "03_lab_b.ipynb", "../02_a.ipynb")),
]


@pytest.mark.parametrize(("rule", "breaks"), BROKEN_LAB, ids=[rule.__name__ for rule, _ in BROKEN_LAB])
def test_a_rule_notices_what_breaks_a_lab(lab, rule, breaks):
    (lab.path.parent.parent / "02_a.ipynb").touch()
    breaks(lab)
    assert rule(lab) != []


def test_every_rule_was_seen_to_fail():
    assert {rule for rule, _ in BROKEN + BROKEN_LAB} == {*rules.EVERY, *rules.LECTURE, *rules.LAB}
