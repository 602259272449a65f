"""Runs notebooks and stores them with their outputs: `python -m tests.tools.store notebooks/02*.ipynb`.

Figures are stored in 256 colours, which halves them. Panels are stored as HTML only: a live widget without its kernel
shows an error where the HTML shows a picture, and the HTML moves in exported pages, too. AEUTILS_DATA names the folder
of the real data.
"""

import base64
import io
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import numpy as np
from nbclient import NotebookClient
from PIL import Image

from aeutils.panels.png import png
from tests.tools.notebooks import WIDGET, kinds

CELL_SECONDS = 600


def store(path: Path) -> None:
    """Runs all cells from a fresh kernel; the file is written only when all of them have succeeded."""
    node = nbformat.read(path, as_version=4)
    options = {"timeout": CELL_SECONDS, "kernel_name": "python3", "store_widget_state": False, "record_timing": False}
    with tempfile.TemporaryDirectory() as folder:  # what is stored knows nothing of who stores it
        os.environ["AEUTILS_PROGRESS"] = os.path.join(folder, "progress.json")
        NotebookClient(node, resources={"metadata": {"path": path.parent}}, **options).execute()
    for cell in node.cells:
        for output in cell.get("outputs", []):
            if {WIDGET, "text/html"} <= kinds(output):
                del output.data[WIDGET]
            if "image/png" in kinds(output):
                output.data["image/png"] = smaller(output.data["image/png"])
    node.metadata.pop("widgets", None)
    node.metadata["language_info"] = {"name": "python"}
    partial = path.with_suffix(".partial")
    nbformat.write(node, partial)
    os.replace(partial, path)


def smaller(picture: str) -> str:
    """The same PNG, base64 as notebooks hold it, in 256 colours."""
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"))
    return base64.b64encode(png(pixels)).decode() + "\n"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        store(Path(name))
        print(f"stored {name}")
