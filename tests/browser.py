"""Drives the course's JupyterLab in Chromium: open a notebook, run it, move its sliders, look at its pictures."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
ANSWER_SECONDS = 60  # for one reaction of page or kernel; a fraction of a second on an idle machine

SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell is in the page, seen or not
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# Runs in the page. The pixels of all pictures of a widget, as one text; null while one of them is being loaded.
PIXELS = """widget => {
    const pictures = [...widget.querySelectorAll("img, canvas")];
    const size = p => p.tagName === "IMG" ? [p.naturalWidth, p.naturalHeight] : [p.width, p.height];
    if (pictures.some(p => (p.tagName === "IMG" && !p.complete) || size(p)[0] === 0)) return null;
    return pictures.map(picture => {
        const copy = document.createElement("canvas");
        [copy.width, copy.height] = size(picture);
        copy.getContext("2d").drawImage(picture, 0, 0);
        return copy.toDataURL();
    }).join();
}"""

# Notes, for each key, the milliseconds until the first picture of the widget gets a new source.
WATCH = """widget => {
    let pressed = null;
    widget.milliseconds = [];
    widget.addEventListener("keydown", () => { pressed = performance.now(); }, true);
    new MutationObserver(() => {
        if (pressed !== null) widget.milliseconds.push(performance.now() - pressed);
        pressed = null;
    }).observe(widget, {subtree: true, attributes: true, attributeFilter: ["src"]});
}"""

# Every code cell was run; one that is running or waiting has "[*]" in place of a number.
ALL_RUN = """() => [...document.querySelectorAll(".jp-Notebook .jp-CodeCell")]
    .every(cell => /^\\[\\d+\\]/.test(cell.querySelector(".jp-InputPrompt").textContent.trim()))"""

ERRORS = ".jp-OutputArea-output[data-mime-type$='.error'], .jp-OutputArea-output[data-mime-type$='.stderr']"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def lab_options(scratch: Path) -> list[str]:
    """The options that start JupyterLab with SETTINGS, as if a user had chosen them; `scratch` takes them."""
    for plugin, values in SETTINGS.items():
        file = scratch / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    return [f"--LabApp.user_settings_dir={scratch}"]


def copy_unrun(notebook: Path, folder: Path) -> None:
    """A copy without outputs, so that what the page shows was made there."""
    node = nbformat.read(notebook, as_version=4)
    for cell in node.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    node.metadata.pop("widgets", None)
    nbformat.write(node, folder / notebook.name)


class NotebookPage:
    """A notebook open in JupyterLab."""

    def __init__(self, page: Page, url: str):
        self.page = page
        page.set_default_timeout(ANSWER_SECONDS * 1000)
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

    def errors(self) -> list[str]:
        """The text of every error and warning below a cell."""
        return self.page.locator(ERRORS).all_inner_texts()

    def notices(self) -> list[str]:
        """The text of every question or message that JupyterLab puts over the page."""
        return self.page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts()

    def widgets(self) -> list["Widget"]:
        """The outputs that have a slider, top to bottom."""
        outputs = self.page.locator(".jp-OutputArea-output", has=self.page.get_by_role("slider"))
        outputs.first.wait_for()
        return [Widget(self, output) for output in outputs.all()]


class Widget:
    """The output of one cell: sliders, and pictures that answer them."""

    def __init__(self, notebook: NotebookPage, root: Locator):
        self.notebook, self.root = notebook, root
        root.scroll_into_view_if_needed()
        root.evaluate(WATCH)

    def sliders(self) -> list[Locator]:
        return self.root.get_by_role("slider").all()

    def pixels(self) -> str:
        """The pixels of all its pictures, once they are loaded and the kernel has nothing left to send."""
        before, now = None, self.root.evaluate(PIXELS)
        while now is None or now != before:
            self.notebook.page.wait_for_timeout(400)
            self.notebook.wait_until_idle()
            before, now = now, self.root.evaluate(PIXELS)
        return now

    def drag(self, slider: Locator) -> None:
        """Moves a slider's handle by mouse in small steps, half of the way to the end that is further."""
        slider.scroll_into_view_if_needed()  # a notebook may have several widgets
        handle, mouse = slider.bounding_box(), self.notebook.page.mouse
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + room(slider) / 2, y, steps=10)
        mouse.up()

    def press(self, slider: Locator, times: int) -> list[float]:
        """Presses an arrow key `times` times, each after the answer to the one before: the milliseconds of each."""
        key = "ArrowRight" if room(slider) > 0 else "ArrowLeft"
        slider.focus()
        for _ in range(times):
            seen = self.root.evaluate("widget => widget.milliseconds.length")
            slider.press(key)
            self.notebook.page.wait_for_function(
                "([widget, seen]) => widget.milliseconds.length > seen", arg=[self.root.element_handle(), seen]
            )
        return self.root.evaluate("widget => widget.milliseconds")[-times:]


def room(slider: Locator) -> float:
    """Pixels from a slider's handle to the end of its track that is further away; negative to the left."""
    handle = slider.bounding_box()
    track = slider.locator("xpath=ancestor::*[contains(@class, 'noUi-base')]").bounding_box()
    left = handle["x"] + handle["width"] / 2 - track["x"]
    return max(track["width"] - left, -left, key=abs)


def value(slider: Locator) -> str:
    """What the slider says it stands at. Not aria-valuenow, which noUiSlider rounds to one decimal."""
    return slider.get_attribute("aria-valuetext")


def folder_for(variable: str, default: Path) -> Path:
    """The folder that an environment variable names, made if need be, else `default`."""
    folder = Path(os.environ.get(variable) or default)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
