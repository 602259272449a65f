"""Steps of training replayed as CUDA graphs: a GPU works through many of them without waiting for Python.

A graph repeats kernels on fixed addresses. So every step must compute on the device alone: whatever changes from step
to step stands in a tensor that is changed in place, random numbers come from PyTorch's own generator (which a replay
advances as the steps would have), and no shape depends on values.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import torch
from torch import Tensor

from aeutils.training import distributed
from aeutils.training.step import Step, loss_parts

WARM_UP = 3  # steps before a capture, as PyTorch asks: what is set up at first use must be there (cuBLAS, Adam's state)


def on_gpu(x: Tensor) -> bool:
    """True where there are CUDA graphs and where `torch.compile` may pay."""
    return x.is_cuda


class Captured:
    """Some steps as one CUDA graph. Batches index [K, B] and rates [K] are copied to where the graph reads them."""

    def __init__(self, step: Step, index: Tensor, rates: Tensor, stream: torch.cuda.Stream):
        self.index, self.rates = index.clone(), rates.clone()
        self.graph = torch.cuda.CUDAGraph()
        # thread_local: what another thread of a notebook's kernel does on the GPU meanwhile is none of our business.
        with torch.cuda.graph(self.graph, stream=stream, capture_error_mode="thread_local"):
            for batch, rate in zip(self.index, self.rates, strict=True):
                step(batch, rate)

    def __call__(self, index: Tensor, rates: Tensor) -> None:
        """The same steps on other batches, at other rates."""
        self.index.copy_(index)
        self.rates.copy_(rates)
        self.graph.replay()


class Steps:
    """Runs groups of steps: one by one on a CPU, each group as one graph on a GPU. The results are the same.

    On a GPU the first group runs one by one: it is training already, and the warm-up that a capture needs. Where a step
    cannot be captured, this is found out there or in the capture; `say` is told why, and all goes on one by one.
    """

    def __init__(self, step: Step, say: Callable[[str], None], compiled: bool = False):
        self.step, self.say, self.done = step, say, 0
        self.stream = self.graphs = None
        if on_gpu(step.x) and distributed.size() == 1:  # an exchange between processes is left out of graphs
            # All work of a run is on the stream that is captured, so that nothing has to wait for another stream.
            self.stream = torch.cuda.Stream(step.x.device)
            self.graphs: dict[int, Captured] | None = {}  # by the number of their steps; None: one by one
        if compiled and on_gpu(step.x):
            step.loss_parts = torch.compile(loss_parts, dynamic=False)

    def __call__(self, index: Tensor, rates: Tensor) -> None:
        """Updates the weights len(index) times: batches index [K, B], learning rates [K]."""
        if self.graphs is not None and self.done >= WARM_UP and len(index) not in self.graphs:
            self._capture(index, rates)
        if self.graphs is not None and len(index) in self.graphs:
            self.graphs[len(index)](index, rates)
        else:
            for batch, rate in zip(index, rates, strict=True):
                self._one(batch, rate)

    @contextmanager
    def on_stream(self) -> Iterator[None]:
        """Within it the GPU's work is put on the stream that can be captured."""
        if self.stream is None:
            yield
            return
        outside = torch.cuda.current_stream(self.step.x.device)
        self.stream.wait_stream(outside)
        try:
            with torch.cuda.stream(self.stream):
                yield
        finally:
            outside.wait_stream(self.stream)

    def _one(self, batch: Tensor, rate: Tensor) -> None:
        """One step. The last of the warm-up may not wait for the GPU: what does so cannot be captured."""
        self.done += 1
        if self.graphs is not None and self.done == WARM_UP:
            self._attempt(batch, rate, _no_waiting(), self._give_up)
        elif self.step.loss_parts is not loss_parts and self.done == 1:
            self._attempt(batch, rate, nullcontext(), self._no_compiler)
        else:
            self.step(batch, rate)

    def _attempt(self, batch: Tensor, rate: Tensor, within: AbstractContextManager, fall_back: Callable) -> None:
        """A step that may fail. Then, after `fall_back(reason)`, it is done again with the same random draws."""
        x = self.step.x
        before = torch.get_rng_state(), torch.cuda.get_rng_state(x.device) if x.is_cuda else None
        try:
            with within:
                return self.step(batch, rate)
        except RuntimeError as error:
            reason = _cause(error)
        fall_back(reason)
        torch.set_rng_state(before[0])
        if x.is_cuda:
            torch.cuda.set_rng_state(before[1], x.device)
        self.step(batch, rate)

    def _capture(self, index: Tensor, rates: Tensor) -> None:
        try:
            self.graphs[len(index)] = Captured(self.step, index, rates, self.stream)
            return
        except RuntimeError as error:
            reason = _cause(error)
        self._end_capture()  # out here: within `except`, the error still holds the broken graph
        self._give_up(reason)

    def _give_up(self, reason: str) -> None:
        self.graphs = None
        self.say(f"goes on step by step, not as a CUDA graph ({reason})")

    def _no_compiler(self, reason: str) -> None:
        self.step.loss_parts = loss_parts
        self.say(f"goes on without torch.compile ({reason})")

    def _end_capture(self) -> None:
        """Some versions of PyTorch leave the random generator in capture mode after a capture that failed; one that
        succeeds ends that."""
        self.step.forget_gradients()
        graph = torch.cuda.CUDAGraph()
        with suppress(RuntimeError), torch.cuda.graph(graph, stream=self.stream, capture_error_mode="thread_local"):
            torch.zeros(1, device=self.step.x.device)


@contextmanager
def _no_waiting() -> Iterator[None]:
    """Within it whatever waits for the GPU raises RuntimeError (`.item()`, shapes that depend on values, ...)."""
    before = torch.cuda.get_sync_debug_mode()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch says that this mode is a prototype
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


def _cause(error: BaseException) -> str:
    """First line of the error that came first: ending a broken capture raises a second one that says nothing."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error).partition("\n")[0]
