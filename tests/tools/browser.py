"""Drives the course's JupyterLab in Chromium: open a notebook, run it, move its sliders, look at its pictures."""

import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page

from aeutils.bench.latency import WATCH
from tests.tools.needed import needed

ANSWER_SECONDS = 60  # for one reaction of page or kernel; a fraction of a second on an idle machine

SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page, seen or not
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# Runs in every kernel before its first cell. A notebook's assertions are about what it has learned.
NO_ASSERTIONS = """
import ast


class NoAssertions(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)


get_ipython().ast_transformers.append(NoAssertions())
"""

# A regression on what has not been learned does not converge, and scikit-learn says so.
NO_COMPLAINTS = """
import warnings

warnings.filterwarnings("ignore", module="sklearn")
"""

# Runs in the page. The pixels of all pictures of a panel, as one text.
PIXELS = "panel => [...panel.querySelectorAll('canvas')].map(canvas => canvas.toDataURL()).join()"

# Every code cell was run; one that is running or waiting has "[*]" in place of a number.
ALL_RUN = """() => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")]
    .every(cell => /^\\[\\d+\\]/.test(cell.querySelector(".jp-InputPrompt").textContent.trim()))"""

# A formula is wider than what it takes up where it is cut off.
MISPRINTS = """() => [...document.querySelectorAll(".jp-MarkdownOutput")].filter(text =>
    text.querySelector("mjx-merror, mjx-mtext[style*=red]") ||
    [...text.querySelectorAll("mjx-math, table")].some(
        part => part.getBoundingClientRect().right > text.getBoundingClientRect().right + 1
    )).map(text => text.innerText)"""

ERRORS = ".jp-OutputArea-output[data-mime-type$='.error'], .jp-OutputArea-output[data-mime-type$='.stderr']"


def lab_options(scratch: Path) -> list[str]:
    """The options that start JupyterLab with SETTINGS, as if a user had chosen them; `scratch` takes them."""
    for plugin, values in SETTINGS.items():
        file = scratch / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    return [f"--LabApp.user_settings_dir={scratch}"]


def to_look_at(scratch: Path) -> dict[str, str]:
    """The environment of kernels that run a notebook for the looks of it: in seconds, whatever it learns meanwhile."""
    startup = scratch / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "no_assertions.py").write_text(NO_ASSERTIONS)
    (startup / "no_complaints.py").write_text(NO_COMPLAINTS)
    return {"AEUTILS_BUDGET": "look", "IPYTHONDIR": str(scratch)}


def copy_unrun(notebook: Path, folder: Path, wanted: Sequence[str] = ("",)) -> None:
    """A copy without outputs, so that what the page shows was made there; unfolded, so that all of it is seen.

    Of the code it has the cells that hold one of the `wanted` texts, and those that they need.
    """
    node = nbformat.read(notebook, as_version=4)
    code = [cell for cell in node.cells if cell.cell_type == "code"]
    sources = [cell.source for cell in code]
    kept = needed(sources, [k for k, source in enumerate(sources) if any(text in source for text in wanted)])
    left_out = {cell.id for k, cell in enumerate(code) if k not in kept}
    node.cells = [cell for cell in node.cells if cell.id not in left_out]
    for cell in node.cells:
        cell.metadata.pop("jupyter", None)
        cell.metadata.pop("jp-MarkdownHeadingCollapsed", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    node.metadata.pop("widgets", None)
    nbformat.write(node, folder / notebook.name)


class NotebookPage:
    """A notebook open in JupyterLab."""

    def __init__(self, page: Page, url: str):
        self.page = page
        page.set_default_timeout(ANSWER_SECONDS * 1000)
        page.add_init_script(WATCH)
        page.goto(url)
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        self.wait_until_idle()

    def wait_until_idle(self, seconds: float = ANSWER_SECONDS) -> None:
        """Returns when the status bar says that the kernel waits for work."""
        idle = self.page.locator("#jp-main-statusbar").get_by_text("| Idle")
        idle.first.wait_for(timeout=seconds * 1000)

    def run_all(self, seconds: float) -> None:
        """Runs all cells. AssertionError with what the page shows when one fails or `seconds` pass."""
        self.page.locator(".lm-MenuBar-item", has_text="Run").first.click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        deadline = time.monotonic() + seconds
        while not self.page.evaluate(ALL_RUN):
            assert not self.errors(), self.errors()
            assert time.monotonic() < deadline, f"still running after {seconds} seconds"
            self.page.wait_for_timeout(200)
        self.wait_until_idle()

    def code(self, text: str) -> Locator:
        """The first code cell in which `text` stands."""
        cells, editor = (
            self.page.locator(".jp-Notebook .jp-CodeCell"),
            self.page.locator(".jp-InputArea-editor", has_text=text),
        )
        return cells.filter(has=editor).first

    def write(self, cell: Locator, text: str) -> None:
        """Puts `text` in place of what a cell holds."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def write_below(self, cell: Locator, text: str) -> None:
        """Puts a new cell below one."""
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(text)

    def run(self, cell: Locator) -> str:
        """Runs a cell: the text below it, when it is done."""
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        done = "([prompt, before]) => prompt.innerText !== before && /\\d/.test(prompt.innerText)"
        self.page.wait_for_function(done, arg=[prompt.element_handle(), before])
        self.wait_until_idle()
        return self.outputs(cell)

    def outputs(self, cell: Locator) -> str:
        """The text below a cell."""
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts())

    def errors(self) -> list[str]:
        """The text of every error and warning below a cell."""
        return self.page.locator(ERRORS).all_inner_texts()

    def misprints(self) -> list[str]:
        """The text cells in which a formula has an error or a formula or a table is cut off at the right."""
        return self.page.evaluate(MISPRINTS)

    def notices(self) -> list[str]:
        """The text of every question or message that JupyterLab puts over the page."""
        return self.page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts()

    def panels(self) -> list["Panel"]:
        """The course's panels in the outputs, top to bottom, all of them drawn."""
        found = self.page.locator(".jp-OutputArea-output .aeutils-panel")
        found.first.locator("canvas").first.wait_for()
        return [Panel(self.page, panel, self.wait_until_idle) for panel in found.all()]


class Panel:
    """Sliders, perhaps a pad, and pictures that answer them."""

    def __init__(self, page: Page, root: Locator, settle: Callable[[], None] = lambda: None):
        self.page, self.root, self.settle = page, root, settle
        root.scroll_into_view_if_needed()

    def sliders(self) -> list[Locator]:
        """Its sliders; a pad is one, in two dimensions."""
        return self.root.get_by_role("slider").all()

    def trains(self) -> bool:
        """Whether a network learns in it: its sliders then say how it goes on, and move no picture themselves."""
        return self.step_button().count() == 1

    def step_button(self) -> Locator:
        """The button for one step of training."""
        return self.root.get_by_role("button", name="Step", exact=True)

    def complaint(self) -> str:
        """What it says went wrong while drawing."""
        return "".join(self.root.locator(".complaint").all_inner_texts())

    def pixels(self) -> str:
        """The pixels of all its pictures, once they have stopped changing."""
        before, now = None, self.root.evaluate(PIXELS)
        while now != before:
            self.page.wait_for_timeout(250)
            self.settle()
            before, now = now, self.root.evaluate(PIXELS)
        return now

    def drag(self, slider: Locator, steps: int = 10) -> list[dict]:
        """Moves a slider by mouse in small steps, half of the way to the end that is further: the paints it caused."""
        slider.scroll_into_view_if_needed()  # a notebook may have several panels
        (x, y), (to_x, to_y) = ends(slider)
        self.page.evaluate("paints.length = 0")
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=steps)
        self.page.mouse.up()
        return self.page.evaluate("paints")

    def press(self, slider: Locator, times: int) -> list[dict]:
        """Presses an arrow key `times` times, each after the picture that answers the one before: the last paints.

        It goes towards the end that is further, and stops there.
        """
        (x, _), (to_x, _) = ends(slider)
        slider.focus()
        self.page.evaluate("paints.length = 0")
        for _ in range(min(times, stops_left(slider))):
            seen = self.page.evaluate("paints.length")
            slider.press("ArrowRight" if to_x > x else "ArrowLeft")
            self.page.wait_for_function("seen => paints.length > seen", arg=seen)
        return self.page.evaluate("paints")


def ends(slider: Locator) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a slider's handle is on the page, and the end of its way that is further (of a pad: the corner)."""
    box = slider.bounding_box()
    if slider.evaluate("slider => slider.matches('input')"):
        share = slider.evaluate("slider => (slider.valueAsNumber - slider.min) / (slider.max - slider.min)")
        left, right = box["x"] + 8, box["x"] + box["width"] - 8  # the handle's half width
        y = box["y"] + box["height"] / 2
        return (left + share * (right - left), y), (right if share < 0.5 else left, y)
    mark = slider.locator(".mark").bounding_box()
    at, to = [], []
    for axis, length in (("x", "width"), ("y", "height")):
        low, high = box[axis] + 1, box[axis] + box[length] - 1
        at.append(min(max(mark[axis] + mark[length] / 2, low), high))  # at the very edge the mouse would miss the pad
        to.append(high if at[-1] < (low + high) / 2 else low)
    return tuple(at), tuple(to)


def stops_left(slider: Locator) -> int:
    """How many key presses a slider is away from its further end; many, of a pad."""
    if not slider.evaluate("slider => slider.matches('input')"):
        return 100
    return slider.evaluate(
        "slider => Math.round(Math.max(slider.value - slider.min, slider.max - slider.value) / slider.step)"
    )


def value(slider: Locator) -> str:
    """What the slider says it stands at."""
    return slider.get_attribute("aria-valuetext")


def folder_for(variable: str, default: Path) -> Path:
    """The folder that an environment variable names, made if need be, else `default`."""
    folder = Path(os.environ.get(variable) or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
