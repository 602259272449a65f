"""Everything the course reads from outside: device, budget, seed, folders, network. One variable each.

AEUTILS_DATA     folder with data sets in torchvision's layout, searched first (MNIST/raw/..., photos/...)
AEUTILS_BUDGET   look | quick | normal | full: how much a notebook computes (default normal)
AEUTILS_SEED     replaces the seed of every notebook, to see which results hold for any seed
AEUTILS_DEVICE   cpu | cuda | cuda:1 ... (default: the GPU when there is one)
AEUTILS_PROGRESS file that keeps which exercises are solved (default: in the user's own data folder)
AEUTILS_OFFLINE  1: never try the network, use the embedded stand-ins at once
"""

import os
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Budget:
    """How much a run computes: at most `train` and `test` images are loaded, epochs are multiplied by `epochs`."""

    name: str
    train: int | None
    test: int | None
    epochs: float


BUDGETS = {
    "look": Budget("look", train=2_000, test=600, epochs=0.1),  # the tests of what a page shows: nothing is learned
    "quick": Budget("quick", train=12_000, test=2_000, epochs=1),  # the tests of what is learned
    "normal": Budget("normal", train=None, test=None, epochs=1),  # two CPU cores
    "full": Budget("full", train=None, test=None, epochs=4),  # a GPU
}


def budget() -> Budget:
    """The budget named by AEUTILS_BUDGET. ValueError when there is none of that name."""
    name = os.environ.get("AEUTILS_BUDGET") or "normal"
    if name not in BUDGETS:
        raise ValueError(f"AEUTILS_BUDGET is {name!r}; expected one of {', '.join(BUDGETS)}")
    return BUDGETS[name]


def device() -> torch.device:
    """The device that data and models live on: AEUTILS_DEVICE, else the GPU when there is one, else the CPU."""
    default = "cuda" if torch.cuda.is_available() else "cpu"
    name = os.environ.get("AEUTILS_DEVICE") or default
    try:
        chosen = torch.device(name)
    except RuntimeError:
        raise ValueError(f"AEUTILS_DEVICE is {name!r}; expected cpu, cuda, cuda:1, ...") from None
    if chosen.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"AEUTILS_DEVICE is {name!r}, but PyTorch sees no GPU; unset it to use the CPU")
    return chosen


def describe(device: torch.device) -> str:
    """The GPU's name, or how many threads the CPU computes with."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type} ({torch.get_num_threads()} threads)"


def seed(default: int = 0) -> int:
    """AEUTILS_SEED when it is set, else `default`. ValueError when it is not a whole number."""
    text = os.environ.get("AEUTILS_SEED") or str(default)
    if not text.isdecimal():
        raise ValueError(f"AEUTILS_SEED is {text!r}; expected a whole number, 0 or above")
    return int(text)


def progress_file() -> Path:
    """The file named by AEUTILS_PROGRESS, else one in the user's own data folder."""
    from platformdirs import user_data_path

    return Path(os.environ.get("AEUTILS_PROGRESS") or user_data_path("aeutils") / "progress.json")


def offline() -> bool:
    """True when AEUTILS_OFFLINE asks never to try the network."""
    return os.environ.get("AEUTILS_OFFLINE", "0") not in ("", "0")
