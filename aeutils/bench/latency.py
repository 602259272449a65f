"""From a learner's hand to the picture: milliseconds, measured in a real Chromium. Needs playwright."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from aeutils.data import load
from aeutils.models import VAE
from aeutils.panels.explorer import explore

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
MOVES = 120

# Runs in every page before its own scripts. Notes for each picture painted when that was, how many milliseconds after
# the event that asked for it reached the page, and how many after the input itself: browsers hold a moving pointer's
# events back until the next frame.
WATCH = """
window.paints = [];
let asked = null;
for (const kind of ["pointermove", "keydown", "input"])
    window.addEventListener(kind, event => {
        asked = {event: performance.now(), input: event.timeStamp};
    }, true);
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (...all) {
    put.apply(this, all);
    const at = performance.now();
    if (asked !== null) window.paints.push({at, after: at - asked.event, after_input: at - asked.input});
};
"""


@contextmanager
def chromium() -> Iterator:
    """A browser without a window, a `playwright.sync_api.Browser`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def summary(paints: list[dict]) -> dict[str, float]:
    """What WATCH has noted, in numbers: medians and the slowest in milliseconds, pictures a second."""
    after = [paint["after"] for paint in paints]
    found = {"median_ms": median(after), "slowest_ms": max(after)}
    found["median_ms_from_input"] = median(paint["after_input"] for paint in paints)
    if len(paints) > 1:
        found["per_second"] = (len(paints) - 1) / (paints[-1]["at"] - paints[0]["at"]) * 1000
    return {name: round(value, 1) for name, value in found.items()}


def explorer() -> dict[str, float] | None:
    """`summary` of a drag across the latent explorer of the 784-400-2 VAE, decoded in the browser.

    None where there is no Chromium, or no playwright to drive it.
    """
    try:
        import playwright  # noqa: F401
    except ModuleNotFoundError:
        return None
    if CHROMIUM is None:
        return None
    panel = explore(VAE(latent_dim=2).eval(), load("glyphs"))
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "explorer.html"
        file.write_text(f"<!doctype html><meta charset='utf-8'><body>{panel.html()}</body>")
        page = browser.new_page()
        page.add_init_script(WATCH)
        page.goto(file.as_uri())
        box = page.get_by_role("slider").first.bounding_box()
        left, top = box["x"] + 2, box["y"] + 2
        page.mouse.move(left, top)
        page.mouse.down()
        page.mouse.move(left + box["width"] - 4, top + box["height"] - 4, steps=MOVES)
        page.mouse.up()
        return summary(page.evaluate("paints"))
