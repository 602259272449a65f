"""A stored notebook as the site shows it: folded where it was, figures with their texts, hints below the exercises."""

import base64
import io
import os
import re
from html import escape
from pathlib import Path

import nbformat
import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from PIL import Image

from aeutils.panels.png import png
from aeutils.site.figures import dark

UNSEEN = '<div style="position: absolute; width: 1px'  # how `ae.describe` begins a text for screen readers alone
PANEL = '<div class="aeutils-panel"'
STILL = re.compile(r'<img alt="([^"]*)" src="data:image/png;base64,([^"]*)"[^>]*>')  # a panel that no script moves
FIGURES = "figures"  # the folder of all pictures


def shown(path: Path, folder: Path, files: Path) -> NotebookNode:
    """The notebook at `path` ready for myst-nb, as a page in `folder`, a path within the site; its pictures in `files`.

    A lab, NN_lab_SUBJECT.ipynb, has the hints of its exercises.
    """
    node = nbformat.read(path, as_version=4)
    node.metadata["language_info"] = {"name": "python", "pygments_lexer": "python"}
    for cell in node.cells:
        if cell.cell_type == "code":
            _fold(cell)
            _add_pictures(cell, f"{path.stem}-{cell.id}", folder, files)
    number, _, rest = path.stem.partition("_")
    if rest.startswith("lab_"):
        _add_hints(node, int(number))
    return node


def _fold(cell: NotebookNode) -> None:
    """What is folded in JupyterLab is folded in the page."""
    if cell.metadata.get("jupyter", {}).get("source_hidden"):
        cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]


def _add_pictures(cell: NotebookNode, name: str, folder: Path, files: Path) -> None:
    """Figures and panels that stand still become files, for light pages and for dark ones; figures keep their texts."""

    def files_of(picture: str, number: str, text: str) -> str:
        """A PNG in base64 as files: the HTML that shows one of them."""
        light = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))
        pixels = {"light": light, "dark": dark(light)}
        return "".join(_image(pixels[theme], f"{name}-{number}-{theme}", text, folder, files) for theme in pixels)

    for k, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if picture := data.get("image/png"):
            text = output.metadata.get("image/png", {}).get("alt") or "The figure that this cell draws"
            output.data = NotebookNode({"text/html": files_of(picture, str(k), escape(text))})
        elif data.get("text/html", "").startswith(PANEL):
            html = STILL.sub(lambda found, k=k: files_of(found[2], f"{k}-still", found[1]), data["text/html"])
            data["text/html"] = html.replace("run this cell to move it", "it moves in JupyterLab")
    cell.outputs = [out for out in cell.outputs if not out.get("data", {}).get("text/html", "").startswith(UNSEEN)]


def _image(pixels: np.ndarray, name: str, text: str, folder: Path, files: Path) -> str:
    """Writes a picture; returns the HTML that shows it where the name's last word suits the page, loaded when seen."""
    files.mkdir(parents=True, exist_ok=True)
    (files / f"{name}.png").write_bytes(png(pixels))
    address = os.path.relpath(f"{FIGURES}/{name}.png", folder)
    height, width, _ = pixels.shape
    theme = f"only-{name.rpartition('-')[2]}"
    size = f'width="{width}" height="{height}"'
    return f'<img class="{theme}" src="{address}" alt="{text}" {size} loading="lazy">'


def _add_hints(node: NotebookNode, number: int) -> None:
    """Below every stub its exercise's hints, each folded."""
    from aeutils.labs import lab

    exercises = lab(number).exercises
    cells = []
    for cell in node.cells:
        cells.append(cell)
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.metadata.get("nbgrader", {}).get("solution") and name in exercises:
            cells.append(new_markdown_cell(_folded(exercises[name].hints), id=f"{cell.id}-hints"))
    node.cells = cells


def _folded(hints: list[str]) -> str:
    titles = (f"Hint {k} of {len(hints)}" for k in range(1, len(hints) + 1))
    pairs = zip(titles, hints, strict=True)
    return "\n\n".join(f"<details><summary>{title}</summary>\n\n{hint}\n\n</details>" for title, hint in pairs)
