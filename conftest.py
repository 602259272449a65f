"""The environment that unit tests, notebooks and browser tests run in. It is set before anything imports torch.

It stands at the root, so that `pytest notebooks/02_*.ipynb` finds it too. Kernels and servers that a test starts
inherit it.
"""

import os
import shutil
import tempfile
from pathlib import Path

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
os.environ["AEUTILS_OFFLINE"] = "1"  # no test downloads: real data come from the folder that AEUTILS_DATA names


def pytest_unconfigure() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)
