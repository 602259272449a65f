"""The one set-up cell of a notebook: style, seed, data, and a line that says what this run is."""

from importlib.resources import files

import matplotlib.style
import torch

from aeutils import environment
from aeutils.data import DataSet, load


def setup(data: str = "mnist", seed: int = 0) -> DataSet:
    """Load `data` by name, set the course's figure style, seed every generator; prints one line.

    The line names the device, the data set and where it came from, and the budget. AEUTILS_SEED replaces `seed`.
    """
    matplotlib.style.use(files("aeutils.plots") / "course.mplstyle")
    seed = environment.seed(seed)
    torch.manual_seed(seed)
    loaded = load(data)
    device, budget = environment.describe(environment.device()), environment.budget()
    print(
        f"device: {device} | data: {loaded.name}, {len(loaded.train):,} + {len(loaded.test):,} samples "
        f"({loaded.source}) | budget: {budget.name} | seed: {seed}"
    )
    return loaded
