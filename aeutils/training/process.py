"""What a run changes in its process, and puts back: how tiny numbers are treated, threads, gradients, random draws."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def for_training(device: torch.device, threads: int) -> Iterator[None]:
    """Within it this thread takes denormal numbers for 0, gradients are recorded, and the CPU computes with `threads`
    threads. Afterwards all of this, and PyTorch's generators, are as they were."""
    flushed, before = flushes_denormals(), torch.get_num_threads()
    generators = [device] if device.type == "cuda" else []
    try:
        # Momentum of weights that get no gradient (black border pixels) shrinks below 1e-38, where CPUs are 100 times
        # slower and the numbers mean nothing.
        torch.set_flush_denormal(True)
        _use_threads(threads)
        with torch.random.fork_rng(generators), torch.enable_grad():
            yield
    finally:
        torch.set_flush_denormal(flushed)
        _use_threads(before)


def flushes_denormals() -> bool:
    """Whether this thread takes numbers below 1e-38 for 0. PyTorch can set that, but does not tell."""
    return (torch.ones((), dtype=torch.int32).view(torch.float32) * 1).view(torch.int32).item() == 0


def _use_threads(count: int) -> None:
    if count != torch.get_num_threads():
        torch.set_num_threads(count)
