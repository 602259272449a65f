"""What runs the steps of training: `OneByOne`, or `Replayed` as CUDA graphs on a GPU. The results are the same.

A runner does a group of steps and returns the one that does the next: mostly itself. Where steps cannot be compiled or
captured, one line says why, and a simpler runner goes on; no step is lost or done twice.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor

from aeutils.training import graph
from aeutils.training.step import LossParts, Step, loss_parts

WARM_UP = 3  # steps before a capture, as PyTorch asks: what is set up at first use must be there (cuBLAS, Adam's state)


class Runner(Protocol):
    """Updates the weights once for every batch of a group."""

    def __call__(self, index: Tensor, rates: Tensor) -> "Runner":
        """Batches index [K, B], learning rates [K]; returns the runner of the next group."""


def first_runner(step: Step, compiled: bool, say: Callable[[str], None]) -> Runner:
    """What begins a run. compiled: by `torch.compile`, on a GPU alone; `say` is told what does not work, and why."""

    def later(parts: LossParts) -> Runner:
        return Replayed(step, parts, say) if graph.can_replay(step.x) else OneByOne(step, parts)

    return Compiling(step, later, say) if compiled and graph.on_gpu(step.x) else later(loss_parts)


class OneByOne:
    """Every step is a call."""

    def __init__(self, step: Step, parts: LossParts):
        self.step, self.parts = step, parts

    def __call__(self, index: Tensor, rates: Tensor) -> Runner:
        for batch, rate in zip(index, rates, strict=True):
            self.step(batch, rate, self.parts)
        return self


class Replayed:
    """Every group of steps is one CUDA graph, captured when the first group of its length comes.

    The first steps run one by one: they are training already, and the warm-up that a capture needs.
    """

    def __init__(self, step: Step, parts: LossParts, say: Callable[[str], None]):
        self.step, self.parts, self.say = step, parts, say
        self.one_by_one = OneByOne(step, parts)
        self.done = 0  # steps of the warm-up
        self.graphs: dict[int, graph.Captured] = {}  # by the number of their steps

    def __call__(self, index: Tensor, rates: Tensor) -> Runner:
        if self.done < WARM_UP:
            return self._warm_up(index, rates)
        if len(index) not in self.graphs:
            reason = self._capture(index, rates)
            if reason:
                return self._give_up(reason, index, rates)
        self.graphs[len(index)](index, rates)
        return self

    def _warm_up(self, index: Tensor, rates: Tensor) -> Runner:
        """One by one. The last of the warm-up may not wait for the GPU: what does so cannot be captured."""
        last = WARM_UP - 1 - self.done
        self.done += len(index)
        self.one_by_one(index[:last], rates[:last])
        if last < len(index):
            reason = failure(self.step, index[last], rates[last], self.parts, graph.no_waiting())
            if reason:
                return self._give_up(reason, index[last:], rates[last:])
            self.one_by_one(index[last + 1 :], rates[last + 1 :])
        return self

    def _capture(self, index: Tensor, rates: Tensor) -> str:
        """Put a graph of such a group into `graphs`; returns why that failed, "" where it did not."""
        try:
            self.graphs[len(index)] = graph.Captured(self.step, index, rates, self.parts)
            return ""
        except RuntimeError as error:
            reason = _cause(error)
        graph.end_capture(self.step)  # out here: within `except`, the error still holds the broken graph
        return reason

    def _give_up(self, reason: str, index: Tensor, rates: Tensor) -> Runner:
        self.say(f"goes on step by step, not as a CUDA graph ({reason})")
        return self.one_by_one(index, rates)


class Compiling:
    """The first step by `torch.compile`, which shows whether that works; `later` makes the runner that goes on."""

    def __init__(self, step: Step, later: Callable[[LossParts], Runner], say: Callable[[str], None]):
        self.step, self.later, self.say = step, later, say

    def __call__(self, index: Tensor, rates: Tensor) -> Runner:
        compiled = torch.compile(loss_parts, dynamic=False)
        reason = failure(self.step, index[0], rates[0], compiled, nullcontext())
        if reason:
            self.say(f"goes on without torch.compile ({reason})")
            return self.later(loss_parts)(index, rates)
        return self.later(compiled)(index[1:], rates[1:])


def failure(step: Step, batch: Tensor, rate: Tensor, parts: LossParts, within: AbstractContextManager) -> str:
    """Do a step that may fail; returns why it did, "" where it did not. Then the same random draws come again."""
    gpu = step.x.device if step.x.is_cuda else None
    before = torch.get_rng_state(), gpu and torch.cuda.get_rng_state(gpu)
    try:
        with within:
            step(batch, rate, parts)
        return ""
    except RuntimeError as error:
        reason = _cause(error)
    torch.set_rng_state(before[0])
    if gpu:
        torch.cuda.set_rng_state(before[1], gpu)
    return reason


def _cause(error: BaseException) -> str:
    """First line of the error that came first: ending a broken capture raises a second one that says nothing."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error).partition("\n")[0] or type(error).__name__
