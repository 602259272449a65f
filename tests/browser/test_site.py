"""The course's site: made by the command, then every page looked at in a browser that reaches no network.

Skipped where the extra [site] is not installed; .ci/run installs it.
"""

import importlib.util
import os
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlsplit

import pytest

from aeutils.exercises.lab import source
from aeutils.labs import lab
from aeutils.site.build import MODULES
from tests.tools import browser
from tests.tools.notebooks import LABS, LECTURES, ROOT

PAGE_LIMIT, SITE_LIMIT = 3_000_000, 40_000_000  # bytes: of a page with all that it shows, of the whole site
WIDE, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}

MISSING = [name for name in (*MODULES, "axe_playwright_python") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no {', '.join(MISSING)}: pip install -e .[site]")

# Runs in the page. What reaches beyond the right edge, and is in no box that moves sideways.
CUT_OFF = """() => {
    const moves = (node) => node && (/auto|scroll/.test(getComputedStyle(node).overflowX) || moves(node.parentElement));
    return [...document.querySelectorAll("article *, footer *")].filter((node) => {
        const box = node.getBoundingClientRect();
        return box.width > 1 && box.right > innerWidth + 1 && !moves(node);
    }).map((node) => node.outerHTML.slice(0, 200));
}"""

# Runs in the page. The serious and critical violations that axe finds; preloading, it would ask for files itself.
AXE = """async () => {
    const { violations } = await axe.run({ resultTypes: ["violations"], preload: false });
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => [id, ...nodes.map((node) => node.html.slice(0, 200))]);
}"""


class Tags(HTMLParser):
    """The ids of a page, what it links to and what it shows."""

    def __init__(self, path: Path):
        super().__init__()
        self.ids, self.links, self.shown = set(), [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if found.get("id"):
            self.ids.add(found["id"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "link" and found.get("rel") in ("stylesheet", "icon"):
            self.shown.append(found["href"])
        if found.get("src"):
            self.shown.append(found["src"])


def page_of(path: Path) -> str:
    """The page of a notebook."""
    return path.relative_to(ROOT).with_suffix(".html").as_posix()


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, made by the command."""
    folder = tmp_path_factory.mktemp("course") / "site"
    command = [sys.executable, "-m", "aeutils", "site", "--out", str(folder)]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stdout.endswith(f"open {folder / 'index.html'}\n")
    return folder


@pytest.fixture(scope="module")
def pages(site) -> dict[str, Tags]:
    """Every page by its path."""
    return {path.relative_to(site).as_posix(): Tags(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture
def opened(chromium, site):
    """A function: opens a page with the network off. Afterwards nothing was asked of it and no script has failed."""
    contexts, trouble = [], []

    def open_page(name: str, **options):
        context = chromium.new_context(offline=True, **{"viewport": WIDE, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: trouble.append(f"{name}: {error}"))
        page.on("request", lambda asked: is_outside(asked.url, site) and trouble.append(f"{name} asks for {asked.url}"))
        page.on("requestfailed", lambda asked: trouble.append(f"{name} has no {asked.url}"))
        page.goto(f"{site.as_uri()}/{name}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def is_outside(address: str, site: Path) -> bool:
    return not address.startswith(("data:", "blob:", site.as_uri()))


def axe() -> str:
    """The script of axe-core."""
    package = Path(importlib.util.find_spec("axe_playwright_python").origin).parent
    return (package / "axe.min.js").read_text("utf-8")


def test_every_notebook_and_document_has_a_page(pages):
    notebooks = [*LECTURES, *LABS, ROOT / "notebooks/course_plan.ipynb", ROOT / "notebooks/notation.ipynb"]
    assert {page_of(path) for path in notebooks} <= pages.keys()
    assert {"index.html", "data/weights/README.html", "reference/index.html", "search.html"} <= pages.keys()


def test_pages_and_site_are_small(site, pages):
    for name, page in pages.items():
        files = {(site / name).parent / urlsplit(address).path for address in page.shown if "data:" not in address}
        assert sum(path.stat().st_size for path in {(site / name), *files}) <= PAGE_LIMIT, name
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) <= SITE_LIMIT


def test_every_link_and_anchor_is_there(site, pages):
    broken = []
    for name, page in pages.items():
        for link in page.links + page.shown:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (
                Path(os.path.normpath(site / Path(name).parent / unquote(parts.path))) if parts.path else site / name
            )
            there = pages.get(target.relative_to(site).as_posix())
            if not target.is_file() or (parts.fragment and there and unquote(parts.fragment) not in there.ids):
                broken.append((name, link))
    assert broken == []


def test_axe_finds_nothing_serious_on_any_page_and_nothing_is_cut_off_on_a_phone(opened, pages):
    script, found = axe(), []
    for name in pages:
        page = opened(name)
        page.add_script_tag(content=script)
        found += [(name, *one) for one in page.evaluate(AXE)]
        page.set_viewport_size(PHONE)
        found += [(name, "cut off", one) for one in page.evaluate(CUT_OFF)]
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            found.append((name, "moves sideways"))
        page.context.close()
    assert found == []


@pytest.mark.parametrize("name", ["index.html", page_of(LECTURES[4]), page_of(LABS[0]), "reference/training.html"])
def test_axe_finds_nothing_serious_on_dark_phones(opened, name):
    page = opened(name, color_scheme="dark", viewport=PHONE)
    page.add_script_tag(content=axe())
    assert page.evaluate(AXE) == []


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_the_panels_of_a_lecture_move(opened, path):
    page = opened(page_of(path))
    roots = [root for root in page.locator(".aeutils-panel").all() if root.locator("canvas").count()]
    assert len(roots) == page.content().count("mount(document.getElementById(")
    for root in roots:
        panel = browser.Panel(page, root)
        before = panel.pixels()
        panel.step_button().click() if panel.trains() else panel.sliders()[0].press("ArrowRight")
        assert panel.pixels() != before


@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_lecture_reads_well_without_scripts(opened, path):
    page = opened(page_of(path), java_script_enabled=False)
    assert page.locator("article math").count() > 30
    text = "\n".join(page.locator("article :is(p, li, td, th, h1, h2, h3):not(pre *)").all_inner_texts())
    assert not {"$", "\\"} & {*text}, "TeX that is no formula"
    sheets = page.locator("article img.only-light")
    assert sheets.count() > 5
    assert sheets.first.is_visible()
    assert not page.locator("article img.only-dark").first.is_visible()


def test_labs_have_hints_to_unfold_and_no_solution(opened, site):
    for path in LABS:
        text = (site / page_of(path)).read_text("utf-8")
        exercises = lab(int(path.name[:2])).exercises.values()
        assert text.count("<summary>Hint ") == sum(len(exercise.hints) for exercise in exercises)
    page = opened(page_of(LABS[0]))
    hint = page.locator("details", has_text="Hint 1 of").first
    assert not hint.locator("p").first.is_visible()
    hint.locator("summary").click()
    assert hint.locator("p").first.is_visible()
    plain = page.locator("article").inner_text()
    for exercise in lab(1).exercises.values():
        if exercise.bug:  # whose last line is often given
            told, solved = exercise.bug.causes[exercise.bug.cause], source(exercise.reference)
        else:
            told, solved = "", source(exercise.reference).splitlines()[-1].strip()
        assert solved not in plain
        assert not told or told not in plain


def test_search_finds(chromium, site):
    """From a server, as published pages have one: a browser lets no file read others, for an excerpt of them."""
    handler = partial(SimpleHTTPRequestHandler, directory=site)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, chromium.new_context() as context:
        Thread(target=server.serve_forever, daemon=True).start()
        home = f"http://127.0.0.1:{server.server_port}/"
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{home}index.html")
        page.get_by_placeholder("Search").fill("bottleneck")
        page.keyboard.press("Enter")
        found = page.locator("#search-results li", has_text="02 Undercomplete")
        found.locator(".context", has_text="bottleneck").wait_for(timeout=60_000)
        assert all(address.startswith(home) for address in asked)
        server.shutdown()


def test_lectures_lead_to_the_next_and_back(opened):
    page = opened(page_of(LECTURES[0]))
    page.locator("a.next-page").click()
    assert page.url.endswith(page_of(LECTURES[1]))
    page.locator("a.prev-page").click()
    assert page.url.endswith(page_of(LECTURES[0]))


def test_print_is_light_and_without_side_bars(opened):
    page = opened(page_of(LECTURES[1]), color_scheme="dark")
    assert page.locator("article img.only-dark").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator("article img.only-light").first.is_visible()
    assert not page.locator("article img.only-dark").first.is_visible()
    assert not page.locator(".sidebar-drawer").is_visible()
    assert page.locator("body").evaluate("body => getComputedStyle(body).color") == "rgb(0, 0, 0)"
