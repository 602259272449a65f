"""The environment that unit tests, notebooks and browser tests run in, set before anything imports torch; their order.

It stands at the root, so that `pytest notebooks/02_*.ipynb` finds it too. Kernels and servers that a test starts
inherit it.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling

LONGEST = ("tests/browser/", "notebooks/03", "notebooks/02", "notebooks/0", "notebooks/labs/")
LONGEST += ("tests/unit/training/test_distributed.py", "tests/unit/test_commands.py")
SCRATCH = Path(tempfile.mkdtemp(prefix="aeutils-tests-"))


def threads_per_process() -> int:
    """The cores that this process may use, shared out among pytest's worker processes, at least one each."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // workers)


def private_folders() -> dict[str, str]:
    """Empty folders in place of the user's own settings and history, which could change what a test sees."""
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR")
    names += ("JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")
    for name in names:
        (SCRATCH / name.lower()).mkdir()
    return {name: str(SCRATCH / name.lower()) for name in names}


def figures_without_a_window() -> dict[str, str]:
    """A matplotlibrc with the backend agg. Not MPLBACKEND: notebook kernels would obey it and show no figures."""
    file = SCRATCH / "matplotlibrc"
    file.write_text("backend: agg\n")
    return {"MATPLOTLIBRC": str(file)}


os.environ.setdefault("AEUTILS_BUDGET", "quick")
os.environ["OMP_NUM_THREADS"] = str(threads_per_process())
os.environ.update(private_folders() | figures_without_a_window())
os.environ["AEUTILS_PROGRESS"] = str(SCRATCH / "progress.json")
os.environ["AEUTILS_OFFLINE"] = "1"  # no test downloads: real data come from the folder that AEUTILS_DATA names


class Rooms(LoadFileScheduling):
    """A file is one process's work, because a notebook's cells need their order; all browser tests together are, too.

    They share one browser and one JupyterLab.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Rooms(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Marks a test with its room: `pytest -m unit` runs those of tests/unit."""
    room = next((room for room in ("unit", "browser") if item.nodeid.startswith(f"tests/{room}/")), "notebooks")
    item.add_marker(room)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Notebooks are large, and not looked at where only unit tests are wanted."""
    return True if collection_path.suffix == ".ipynb" and config.option.markexpr == "unit" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no process works alone at the end."""
    items.sort(key=lambda item: next((k for k, start in enumerate(LONGEST) if item.nodeid.startswith(start)), 99))


def pytest_unconfigure() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
