"""Everything the course reads from outside: device, budget, seed, folders, network. One variable each.

AEUTILS_DATA     a folder, which must exist, with data sets as torchvision lays them out (MNIST/raw/..., photos/...)
AEUTILS_BUDGET   look | quick | normal | full: how much a notebook computes (default normal)
AEUTILS_SEED     replaces the seed of every notebook, to see which results hold for any seed
AEUTILS_DEVICE   cpu | cuda | cuda:1 ... (default: the GPU when there is one)
AEUTILS_PROGRESS file that keeps which exercises are solved (default: in the user's own data folder)
AEUTILS_OFFLINE  1 (or true, yes, on): never try the network, use the embedded stand-ins at once; 0 (false, no, off)
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from aeutils.checks import check_whole

LARGEST_SEED = 2**32 - 1  # NumPy's limit
YES, NO = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True)
class Budget:
    """How much a run computes: at most `train` and `test` images are loaded, epochs are multiplied by `epochs`."""

    name: str
    train: int | None
    test: int | None
    epochs: float


BUDGETS = {
    "look": Budget("look", train=1_000, test=300, epochs=0.1),  # the tests of what a page shows: nothing is learned
    "quick": Budget("quick", train=12_000, test=2_000, epochs=1),  # the tests of what is learned
    "normal": Budget("normal", train=None, test=None, epochs=1),  # two CPU cores
    "full": Budget("full", train=None, test=None, epochs=4),  # a GPU
}


def budget() -> Budget:
    """The budget named by AEUTILS_BUDGET. ValueError when there is none of that name."""
    name = _text("AEUTILS_BUDGET") or "normal"
    if name not in BUDGETS:
        raise ValueError(f"AEUTILS_BUDGET is {name!r}; expected one of {', '.join(BUDGETS)}")
    return BUDGETS[name]


def device() -> torch.device:
    """The device that data and models live on: AEUTILS_DEVICE, else the GPU when there is one, else the CPU.

    ValueError for anything else than the CPU or a GPU that is there.
    """
    name = _text("AEUTILS_DEVICE")
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        chosen = torch.device(name)
    except RuntimeError:
        chosen = None
    if chosen is None or name.partition(":")[0] not in ("cpu", "cuda") or (chosen.type == "cpu" and chosen.index):
        raise ValueError(f"AEUTILS_DEVICE is {name!r}; expected cpu, cuda, cuda:1, ...")
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"AEUTILS_DEVICE is {name!r}, but PyTorch sees no GPU; unset it to use the CPU")
    if chosen.type == "cuda" and (chosen.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"AEUTILS_DEVICE is {name!r}, but PyTorch sees {torch.cuda.device_count()} GPUs, from cuda:0")
    return chosen


def describe(device: torch.device) -> str:
    """The GPU's name, or how many threads the CPU computes with."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"


def seed(default: int = 0) -> int:
    """AEUTILS_SEED when it is set, else `default`. ValueError when that is no whole number from 0 to 2^32 - 1."""
    text = _text("AEUTILS_SEED")
    if not text:
        return check_whole("seed", default, 0, LARGEST_SEED)
    if not text.isdecimal() or len(text) > 10 or int(text) > LARGEST_SEED:
        raise ValueError(f"AEUTILS_SEED is {text!r}; expected a whole number from 0 to {LARGEST_SEED}")
    return int(text)


def progress_file() -> Path:
    """The file named by AEUTILS_PROGRESS, else one in the user's own data folder."""
    from platformdirs import user_data_path

    return Path(_text("AEUTILS_PROGRESS") or user_data_path("aeutils") / "progress.json")


def offline() -> bool:
    """True when AEUTILS_OFFLINE asks never to try the network. ValueError when it says neither yes nor no."""
    text = _text("AEUTILS_OFFLINE")
    if text.lower() not in (*YES, *NO):
        raise ValueError(f"AEUTILS_OFFLINE is {text!r}; expected one of {', '.join(YES)}, or {', '.join(NO[1:])}")
    return text.lower() in YES


def data_folder() -> Path | None:
    """The folder that AEUTILS_DATA names, None where it names none. ValueError when that is no folder: it is not made,
    because the name may be a mistake."""
    text = _text("AEUTILS_DATA")
    if not text:
        return None
    folder = Path(text).expanduser()
    if not folder.is_dir():
        raise ValueError(f"AEUTILS_DATA is {text!r}, where no folder is; correct it, unset it, or make the folder")
    return folder


def _text(variable: str) -> str:
    """What the variable says, "" where it is not set."""
    return os.environ.get(variable, "").strip()
