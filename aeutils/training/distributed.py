"""Several processes that train one model, started by torchrun: each computes its share of every batch.

Every process holds the samples (MNIST: 47 MB of bytes) and draws the same order from the same seed, so that the batches
are those of a single process. Gradients are averaged before each update; the weights stay the same everywhere.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from torch import Tensor
from torch import distributed as dist

from aeutils import environment
from aeutils.private import pytorch

TIMEOUT = timedelta(minutes=5)  # how long a process waits for the others, the first one's test and checkpoint included


class LostProcess(ConnectionError):
    """Another process of the run is gone."""


@contextmanager
def joined() -> Iterator[None]:
    """Within it the processes that torchrun started are one run: NCCL between GPUs, gloo between CPUs.

    Does nothing in a process that torchrun did not start, or started alone.
    """
    processes = os.environ.get("WORLD_SIZE") or "1"
    if not processes.isdecimal() or int(processes) < 1:
        raise ValueError(f"WORLD_SIZE, which torchrun sets, is {processes!r}; expected a whole number, 1 or above")
    if int(processes) == 1 or not dist.is_available():
        yield
        return
    gpu = environment.device().type == "cuda"
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if gpu else "gloo", timeout=TIMEOUT)
    yield
    dist.destroy_process_group()


def size() -> int:
    """Processes in this run: 1 outside `joined`."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """This process's number, from 0; number 0 prints, tests and saves."""
    return dist.get_rank() if size() > 1 else 0


def share(order: Tensor) -> Tensor:
    """This process's columns of the batches [K, B]: [K, B / size]. ValueError when B does not divide."""
    batch = order.shape[1]
    if batch % size():
        raise ValueError(f"batches of {batch} cannot be shared by {size()} processes; choose a multiple of {size()}")
    return order.view(len(order), size(), -1)[:, rank()]


def average(weights: list[Tensor], values: Tensor) -> None:
    """Replaces the gradients of `weights`, and `values` [n], by their means over all processes, in one exchange.

    LostProcess when another process does not answer.
    """
    parts = [weight.grad for weight in weights if weight.grad is not None] + [values]
    together = torch.cat([part.flatten() for part in parts])
    try:
        dist.all_reduce(together)
    except RuntimeError as error:
        raise LostProcess(
            f"process {rank()} of {size()}: another process of this run is gone ({_first_line(error)}). "
            "The same command goes on from the last checkpoint"
        ) from None
    together /= size()
    means = together.split([part.numel() for part in parts])
    pytorch.copy_all(parts, [mean.view_as(part) for mean, part in zip(means, parts, strict=True)])


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
