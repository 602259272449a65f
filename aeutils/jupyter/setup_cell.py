"""The one set-up cell of a notebook: style, seed, data, and a line that says what this run is."""

import ctypes
import sys
from importlib.resources import files

import matplotlib.style
import torch

from aeutils import environment
from aeutils.data import DataSet, load

LARGE = 16 << 20  # bytes
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


def setup(data: str = "mnist", seed: int = 0) -> DataSet:
    """Load `data` by name, set the course's figure style, seed every generator; prints one line.

    The line names the device, the data set and where it came from, and the budget. AEUTILS_SEED replaces `seed`.
    """
    matplotlib.style.use(files("aeutils.plots") / "course.mplstyle")
    give_back_large_arrays()
    seed = environment.seed(seed)
    torch.manual_seed(seed)
    loaded = load(data)
    device, budget = environment.describe(environment.device()), environment.budget()
    print(
        f"device: {device} | data: {loaded.name}, {len(loaded.train):,} + {len(loaded.test):,} samples "
        f"({loaded.source}) | budget: {budget.name} | seed: {seed}"
    )
    return loaded


def give_back_large_arrays() -> None:
    """From now on memory of LARGE bytes or more goes back to the system as soon as its array is let go.

    glibc would keep it for the next one, in pieces that seldom fit: some 400 MB by the end of a long notebook. Does
    nothing where there is no glibc.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option:
        set_option(M_MMAP_THRESHOLD, LARGE)
        set_option(M_TRIM_THRESHOLD, 2 * LARGE)
