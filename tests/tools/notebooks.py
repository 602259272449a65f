"""The course's notebooks, read for the tests."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
LECTURES = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
LABS = sorted((FOLDER / "labs").glob("[0-9][0-9]_lab_*.ipynb"))
NOTEBOOKS = sorted(path for path in FOLDER.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)

WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Notebook:
    """A notebook and where it is stored."""

    path: Path
    node: NotebookNode

    @property
    def code(self) -> list[NotebookNode]:
        return [cell for cell in self.node.cells if cell.cell_type == "code"]

    @property
    def text(self) -> str:
        """All its Markdown."""
        return "\n\n".join(cell.source for cell in self.node.cells if cell.cell_type == "markdown")

    @property
    def outputs(self) -> list[NotebookNode]:
        return [output for cell in self.code for output in cell.outputs]


def read(path: Path) -> Notebook:
    """The notebook as it is stored: nothing repaired, converted only if its format is older."""
    return Notebook(path, nbformat.read(path, as_version=4))


def kinds(output: NotebookNode) -> set[str]:
    """The MIME types an output is stored as."""
    return set(output.get("data", {}))


def is_figure(output: NotebookNode) -> bool:
    return "image/png" in kinds(output) and WIDGET not in kinds(output)


def pictures(notebook: Notebook) -> Iterator[Image.Image]:
    """Every stored PNG, decoded."""
    for output in notebook.outputs:
        if "image/png" in kinds(output):
            yield Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])
