"""What the set-up cell does to the notebook's process."""

import sys

import pytest
import torch

from aeutils.jupyter.setup_cell import LARGE, give_back_large_arrays
from tests.tools.forked import Forked


def megabytes() -> float:
    """What this process holds now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


def let_go_of_large_arrays(give_back: bool) -> None:
    """Prints how many MB a process still holds of 16 arrays, once they are let go and small ones lie between them."""
    if give_back:
        give_back_large_arrays()
    before = megabytes()
    torch.ones(LARGE // 3)  # once it is let go, glibc would keep all memory up to its size
    large, small = zip(*((torch.ones(LARGE // 4 + 1000), torch.ones(1000)) for _ in range(16)), strict=True)
    del large
    print(megabytes() - before, len(small))


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_large_arrays_go_back_to_the_system(tmp_path):
    kept = [
        float(Forked(tmp_path / f"{give_back}", let_go_of_large_arrays, give_back).lines(60)[0].split()[0])
        for give_back in (False, True)
    ]
    assert kept[0] > 100  # else there would be nothing to mend
    assert kept[1] < 20
