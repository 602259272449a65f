"""Drawings kept between runs: tensors in a safetensors file that is believed only when its SHA-256 fits."""

from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout
from torch import Tensor

from aeutils.data.folders import first_writable, search_path
from aeutils.files import read_tensors, write_tensors

PATIENCE = 20.0  # seconds to wait for another process that draws the same, before drawing it here too
Tensors = dict[str, Tensor]


def keep(name: str, version: int, draw: Callable[[], Tensors]) -> Tensors:
    """The tensors called `name`: read where they were kept, else drawn by `draw()` and kept.

    Looked for in drawn/ of every data folder, written to the first one that takes it. Where none does, they are drawn
    each time. A damaged file is named in one line and drawn again.
    """
    if (found := find(name, version)) is not None:
        return found
    folder = first_writable()
    if folder is None:
        return draw()
    path = folder.path / "drawn" / f"{name}.safetensors"
    try:
        path.parent.mkdir(exist_ok=True)
        with FileLock(path.with_suffix(".lock"), timeout=PATIENCE):
            if (found := read(path, version)) is None:  # another process may have drawn it meanwhile
                found = draw()
                write(path, version, found)
            return found
    except (OSError, NotImplementedError, Timeout):  # a full disk, no locks here: then it is drawn, just not kept
        return draw()


def find(name: str, version: int) -> Tensors | None:
    """The first good file called `name` on the search path, as tensors; None when there is none."""
    for folder in search_path():
        path = folder.path / "drawn" / f"{name}.safetensors"
        if (found := read(path, version)) is not None:
            return found
        if path.exists():
            print(f"{folder.label}: drawn/{path.name} is damaged or of another version; it is drawn again.")
    return None


def read(path: Path, version: int) -> Tensors | None:
    """The tensors in `path`; None when it is missing, of another version, or not what was written."""
    try:
        tensors, about = read_tensors(path)
    except (OSError, ValueError):
        return None
    return tensors if about == {"version": version} else None


def write(path: Path, version: int, tensors: Tensors) -> None:
    """Write the tensors, and remove what a killed process left beside them: the caller holds the lock. OSError."""
    for left in path.parent.glob(f"{path.stem}.*part"):
        left.unlink(missing_ok=True)
    write_tensors(path, tensors, {"version": version})
