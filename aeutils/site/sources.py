"""What Sphinx makes pages of: the course's notebooks and documents, where they lie in the course, and a reference."""

import os
import re
import shutil
from pathlib import Path

import nbformat

from aeutils.site.notebooks import FIGURES, shown
from aeutils.site.reference import write_reference

ROOT = Path(__file__).resolve().parents[2]
MEASURED, PACKAGE, LABS = "data/weights/README.md", "aeutils/README.md", "notebooks/labs/README.md"
DOCUMENTS = ("README.md", MEASURED, PACKAGE, LABS, "data/README.md", ".github/CONTRIBUTING.md")
TARGET = re.compile(r"(?<=\]\()(?![a-z]+:)([^)\s#]+)(?=[)#])")  # of a Markdown link within the course
CONTENTS = {  # below each heading of the side bar, the pages by pattern
    "Lectures": ["notebooks/[0-9]*.ipynb"],
    "Labs": ["notebooks/labs/[0-9]*.ipynb", LABS],
    "Course": ["notebooks/course_plan.ipynb", "notebooks/notation.ipynb", MEASURED],
    "Package": ["reference/index.rst", PACKAGE, "data/README.md", ".github/CONTRIBUTING.md"],
}


def write_sources(folder: Path, extra: Path, root: Path = ROOT) -> None:
    """The course at `root`, ready for Sphinx, into `folder`; README.md becomes index.md, the first page.

    What pages need beside them goes into `extra`, to be laid over the site.

    FileNotFoundError where `root` is not the course's folder.
    """
    notebooks = sorted(root.glob("notebooks/*.ipynb")) + sorted(root.glob("notebooks/labs/*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(f"no notebooks at {root / 'notebooks'}; run `pip install -e .` in the course's folder")
    for path in notebooks:
        name = path.relative_to(root)
        nbformat.write(shown(path, name.parent, extra / FIGURES), _made(folder / name))
    for name in DOCUMENTS:
        text = (root / name).read_text("utf-8")
        for target in TARGET.findall(text):
            _bring_along((root / name).parent / target, root, folder)
        _made(folder / name).write_text(
            TARGET.sub(lambda found, at=root / name: _link(found[1], at.parent, root), text)
        )
    write_reference(folder / "reference")
    index = (folder / "README.md").rename(folder / "index.md")
    index.write_text(index.read_text() + "".join(_contents(folder, *entry) for entry in CONTENTS.items()))


def _made(path: Path) -> Path:
    """The path, its folder made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _bring_along(path: Path, root: Path, folder: Path) -> None:
    """Copies a file that a document shows or leads to, unless it is a page itself."""
    name = os.path.relpath(path, root)
    if path.is_file() and path.suffix != ".ipynb" and name not in DOCUMENTS:
        shutil.copyfile(path, _made(folder / name))


def _link(target: str, base: Path, root: Path) -> str:
    """A link as the pages have it: to a folder's README in place of the folder, and to index.md."""
    name = os.path.relpath(base / target, root)
    if (base / target).is_dir():
        name = os.path.normpath(f"{name}/README.md")
    return os.path.relpath(root / ("index.md" if name == "README.md" else name), base)


def _contents(folder: Path, caption: str, patterns: list[str]) -> str:
    """A table of contents for the side bar."""
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    pages = "\n".join(str(path.relative_to(folder).with_suffix("")) for path in paths)
    return f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{pages}\n```\n"
