"""Where the files of trained weights are, and how they change: all of them at once.

NAME.safetensors holds weights, NAME.json beside it their recipe. Weights too large for one file go on in
NAME.2.safetensors, NAME.3.safetensors, ... New files are written into a folder of their own, which then gets the name
.NAME.new: from that moment on they count, and whoever comes next, after a kill too, moves them into place.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aeutils.checks import File

MOST_FILES = 1_000  # that one recipe may name


def stem(path: str | Path) -> Path:
    """The path without .safetensors or .json. Any other suffix belongs to the name: runs/lr0.01. ValueError for what
    names no file, as a folder."""
    path = File()("path", path)
    if path.is_dir() or not path.name or path.name == "..":
        raise ValueError(f"{path} is a folder; name a file in it, as {path / 'model'}")
    return path.with_name(path.stem) if path.suffix in (".safetensors", ".json") else path


def weights_file(path: str | Path) -> Path:
    """NAME.safetensors."""
    return beside(path, ".safetensors")


def recipe_file(path: str | Path) -> Path:
    """NAME.json."""
    return beside(path, ".json")


def beside(path: str | Path, suffix: str) -> Path:
    """NAME and a suffix, whatever points are in NAME."""
    own = stem(path)
    return own.with_name(own.name + suffix)


def weights_files(path: str | Path, count: int) -> list[Path]:
    """NAME.safetensors, NAME.2.safetensors, ..."""
    return [weights_file(path), *(beside(path, f".{number}.safetensors") for number in range(2, count + 1))]


@contextmanager
def all_at_once(path: str | Path) -> Iterator[Path]:
    """A path in a new folder: what is written beside it takes the place of the files of `path`, all of it or none.

    OSError where that folder cannot be written; ValueError where a file would replace another model's.
    """
    own = stem(path)
    try:
        own.parent.mkdir(parents=True, exist_ok=True)
        settle(own)
        folder = Path(tempfile.mkdtemp(prefix=f".{own.name}.", dir=own.parent))
    except OSError as error:
        raise OSError(f"{own.parent} cannot be written to: {error.strerror or error}") from error
    try:
        yield folder / own.name
        _check_own(own, [file.name for file in folder.iterdir()])
        folder.rename(_staged(own))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    settle(own)


def settle(path: str | Path) -> None:
    """Move into place what an earlier save, killed on the way, had finished writing; remove what belongs to none."""
    own = stem(path)
    staged, recipe = _staged(own), recipe_file(own)
    if not staged.is_dir():
        return
    with suppress(FileNotFoundError):  # another process settles it at the same time
        count = json.loads((staged / recipe.name).read_text("utf-8"))["files"]
        kept = weights_files(own, count)
        for file in kept:
            if (staged / file.name).exists():
                (staged / file.name).replace(file)
        for left_over in set(_parts(own)) - set(kept):
            left_over.unlink()
        (staged / recipe.name).replace(recipe)  # last: until now it has told how to go on
    shutil.rmtree(staged, ignore_errors=True)


def remove(path: str | Path) -> None:
    """Remove weights and recipe."""
    for file in (recipe_file(path), weights_file(path), *_parts(stem(path))):
        file.unlink(missing_ok=True)


def _staged(own: Path) -> Path:
    return own.with_name(f".{own.name}.new")


def _parts(own: Path) -> list[Path]:
    """The further files of weights there are, less those that are a model of their own: `m.2` beside `m`."""
    start, end = f"{own.name}.", ".safetensors"
    names = [file.name for file in own.parent.glob(f"*{end}") if file.name.startswith(start)]
    files = [own.with_name(name) for name in names if name[len(start) : -len(end)].isdecimal()]
    return [file for file in files if not recipe_file(file).exists()]


def _check_own(own: Path, names: list[str]) -> None:
    """ValueError where a new file would replace one of another model: saving `m`, whose second file is m.2.safetensors,
    beside a model `m.2`, or the other way round."""
    parts = [own.with_name(name) for name in names if name not in (weights_file(own).name, recipe_file(own).name)]
    others = [recipe_file(file) for file in parts if recipe_file(file).exists()]
    whole, _, number = own.name.rpartition(".")
    if number.isdecimal() and weights_file(own).exists() and not recipe_file(own).exists():
        others.append(recipe_file(own.with_name(whole)))
    if others:
        raise ValueError(f"a file of {own.name} belongs to {others[0].name} already; save under another name")
