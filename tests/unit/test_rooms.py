"""The rooms of `aeutils` and the one way in which arrows run: a module imports from rooms above its own, never below.

This list is the documentation of the order. A new room goes where its imports allow.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import aeutils

PACKAGE = Path(aeutils.__file__).parent
ORDER = [
    *("private", "checks", "environment", "files", "data", "images", "probability", "codes", "models", "measures"),
    *("training", "weights", "plots", "panels", "exercises", "labs", "bench", "jupyter", "site", "__main__"),
]
AT_THE_ROOT = 6  # Python files, at most


def room(module: str) -> str:
    """aeutils.data.mnist.real -> data; aeutils.checks -> checks; the package itself -> its __init__."""
    return [*module.split("."), "__init__"][1]


def name_of(path: Path) -> str:
    """aeutils/data/base.py -> aeutils.data.base."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 2 else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(module: str, at_once: bool = False) -> Iterator[str]:
    """The modules of the package that a module imports; `at_once`: only those outside functions. Not the package
    itself, whose names reference solutions write as learners do: it imports nothing."""
    tree = ast.parse(MODULES[module].read_text())
    nodes = ast.iter_child_nodes(tree) if at_once else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "aeutils":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("aeutils."))


def test_every_room_has_its_place():
    assert {room(module) for module in MODULES} - {"__init__"} <= set(ORDER)


def test_few_files_lie_at_the_root():
    assert len(list(PACKAGE.glob("*.py"))) <= AT_THE_ROOT


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_to_earlier_rooms(module):
    mine = room(module)
    if mine in ("__init__", "__main__"):  # the one imports what a name asks for, the other what a command asks for
        return
    upwards = [name for name in imports(module) if ORDER.index(mine) < ORDER.index(room(name))]
    assert upwards == []


def test_no_circle():
    finished: set[str] = set()

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, " -> ".join((*way[way.index(module) :], module))
        if module in finished:
            return
        for name in imports(module, at_once=True):
            if name in MODULES and name != module:
                visit(name, (*way, module))
        finished.add(module)

    for module in MODULES:
        visit(module, ())
