"""One browser and one JupyterLab for all tests that need them. conftest.py at the root keeps those in one process."""

import os
import shutil
from contextlib import contextmanager

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from aeutils.bench import latency
from tests.tools import browser
from tests.tools.lab_server import lab_server
from tests.tools.notebooks import FOLDER

RUN_SECONDS = 600  # one notebook on a very busy machine; about 10 on an idle one


@pytest.fixture(scope="package")
def chromium():
    """A running Chromium. Where there is none, tests are skipped, or fail if AEUTILS_REQUIRE_BROWSER is 1."""
    if latency.CHROMIUM is None:
        reason = "no Chromium on this machine"
        pytest.fail(reason) if os.environ.get("AEUTILS_REQUIRE_BROWSER") == "1" else pytest.skip(reason)
    with latency.chromium() as running:
        yield running


@pytest.fixture(scope="package")
def course(chromium, tmp_path_factory):
    """A copy of the notebooks' folder, and a server on it."""
    scratch = tmp_path_factory.mktemp("lab")
    folder = shutil.copytree(FOLDER, scratch / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    variables = browser.to_look_at(scratch / "ipython")
    options = browser.lab_options(scratch / "settings")
    with lab_server(folder, scratch, *options, variables=variables) as server:
        yield folder, server


@pytest.fixture
def opened(chromium, course, tmp_path):
    """A function: puts an unrun copy of a notebook into the folder, opens it, runs it, and gives its page.

    Of its code only what the cells with the `wanted` texts need, where such texts are given.
    """
    folder, server = course
    screenshots = browser.folder_for("AEUTILS_SCREENSHOT_DIR", tmp_path)

    @contextmanager
    def open_and_run(notebook, wanted=("",)):
        browser.copy_unrun(notebook, folder, wanted)
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
            server.end_kernels()

    return open_and_run


@pytest.fixture
def scratch_notebook(tmp_path):
    """A function: writes a notebook of the given cells, named like the test."""

    def write(*sources):
        path = tmp_path / f"{tmp_path.name}.ipynb"
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources], metadata=kernel), path)
        return path

    return write


DARK = "@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } }"


@pytest.fixture
def alive(chromium, tmp_path):
    """A function: opens a page of a panel's HTML alone, without a network, and waits for the sign that it is alive."""
    pages = []

    def show(html, sign, width, scheme="light"):
        file = tmp_path / f"{len(pages)}.html"
        head = "<!doctype html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        file.write_text(f"{head}<style>{DARK}</style><body>{html}</body>")
        options = {"offline": True, "color_scheme": scheme, "viewport": {"width": width, "height": 900}}
        page = chromium.new_context(**options).new_page()
        page.set_default_timeout(20_000)
        pages.append(page)
        page.goto(file.as_uri())
        page.locator(sign).wait_for()
        return page

    yield show
    folder = browser.folder_for("AEUTILS_SCREENSHOT_DIR", tmp_path)
    for number, page in enumerate(pages):
        page.screenshot(path=folder / f"{tmp_path.name}-{number}.png", full_page=True)
        page.context.close()
