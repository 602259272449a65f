"""Steps of training as CUDA graphs: a GPU works through many of them without waiting for Python.

A graph repeats kernels on fixed addresses. So every step must compute on the device alone: whatever changes from step
to step stands in a tensor that is changed in place, random numbers come from PyTorch's own generator (which a replay
advances as the steps would have), and no shape depends on values.
"""

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import torch
from torch import Tensor

from aeutils.training import distributed
from aeutils.training.step import LossParts, Step


def on_gpu(x: Tensor) -> bool:
    """True where there are CUDA graphs and where `torch.compile` may pay."""
    return x.is_cuda


def can_replay(x: Tensor) -> bool:
    """True where steps may be replayed: an exchange between processes is left out of graphs."""
    return on_gpu(x) and distributed.size() == 1


@contextmanager
def on_stream(x: Tensor) -> Iterator[None]:
    """Within it, where steps may be replayed, the GPU's work is put on a stream that can be captured.

    All work of a run is on this one, so that nothing has to wait for another stream.
    """
    if not can_replay(x):
        yield
        return
    stream, outside = torch.cuda.Stream(x.device), torch.cuda.current_stream(x.device)
    stream.wait_stream(outside)
    try:
        with torch.cuda.stream(stream):
            yield
    finally:
        outside.wait_stream(stream)


class Captured:
    """Some steps as one CUDA graph. Batches index [K, B] and rates [K] are copied to where the graph reads them.

    RuntimeError where the steps cannot be captured; then `end_capture` is to be called.
    """

    def __init__(self, step: Step, index: Tensor, rates: Tensor, parts: LossParts):
        self.index, self.rates = index.clone(), rates.clone()
        self.graph = torch.cuda.CUDAGraph()
        with _capturing(self.graph, step.x):
            for batch, rate in zip(self.index, self.rates, strict=True):
                step(batch, rate, parts)

    def __call__(self, index: Tensor, rates: Tensor) -> None:
        """The same steps on other batches, at other rates."""
        self.index.copy_(index)
        self.rates.copy_(rates)
        self.graph.replay()


def end_capture(step: Step) -> None:
    """Some versions of PyTorch leave the random generator in capture mode after a capture that failed; one that
    succeeds ends that."""
    step.forget_gradients()
    graph = torch.cuda.CUDAGraph()
    with suppress(RuntimeError), _capturing(graph, step.x):
        torch.zeros(1, device=step.x.device)


def _capturing(graph: torch.cuda.CUDAGraph, x: Tensor) -> AbstractContextManager:
    """Within it the work on the present stream is put into `graph`, and not done."""
    # thread_local: what another thread of a notebook's kernel does on the GPU meanwhile is none of our business.
    return torch.cuda.graph(graph, stream=torch.cuda.current_stream(x.device), capture_error_mode="thread_local")


@contextmanager
def no_waiting() -> Iterator[None]:
    """Within it whatever waits for the GPU raises RuntimeError (`.item()`, shapes that depend on values, ...)."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that this mode is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)
