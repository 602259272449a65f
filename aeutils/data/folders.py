"""Where data sets are looked for, and where they may be written."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from aeutils import environment

PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Folder:
    """A folder that holds data sets, and the short name a message calls it by."""

    path: Path
    label: str


def search_path() -> list[Folder]:
    """The folders to read from, best first: AEUTILS_DATA, the repository's data/, the user's cache. ValueError when
    AEUTILS_DATA names no folder."""
    folders = []
    if (named := environment.data_folder()) is not None:
        folders.append(Folder(named, "AEUTILS_DATA"))
    if (PACKAGE.parent / "pyproject.toml").is_file():  # a checkout, not a package installed from a wheel
        folders.append(Folder(PACKAGE.parent / "data", "data/"))
    return [*folders, Folder(user_cache_path("aeutils"), "the user cache")]


def writable(path: Path) -> bool:
    """Whether a file can be made in `path`, found out by making one; `path` is created where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def first_writable() -> Folder | None:
    """The first folder of the search path that can be written to, None when there is none."""
    return next((folder for folder in search_path() if writable(folder.path)), None)
