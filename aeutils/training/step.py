"""One update of the weights: gather, corrupt, forward, backward, optimiser. All of it on the device."""

import math
from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from aeutils.data.base import as_float
from aeutils.models import Autoencoder
from aeutils.training import distributed

# The rate is a tensor on the device, where a captured step can read a new one at every replay.
OPTIMIZERS: dict[str, Callable[[list[Tensor], Tensor], torch.optim.Optimizer]] = {
    "adam": lambda weights, rate: torch.optim.Adam(weights, lr=rate, fused=True, capturable=rate.is_cuda),
    # PyTorch's fused Adagrad kernel exists for CPUs only.
    "adagrad": lambda weights, rate: torch.optim.Adagrad(weights, lr=rate, fused=not rate.is_cuda),
    "sgd": lambda weights, rate: torch.optim.SGD(weights, lr=rate, momentum=0.9, fused=True),
}


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate at `step` of `steps`: cosine up from 1/25 over 30 %, cosine down to 0."""
    rise = 0.3 * steps
    if step < rise:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
    return (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


SCHEDULES: dict[str, Callable[[int, int], float]] = {"one-cycle": one_cycle, "constant": lambda step, steps: 1.0}


def loss_parts(
    model: Autoencoder, x: Tensor, index: Tensor, corrupt: Callable[[Tensor], Tensor] | None, bfloat16: bool
) -> dict[str, Tensor]:
    """The model's loss parts on the samples `index` [B] of x: what `torch.compile` may compile."""
    clean = as_float(x.index_select(0, index))
    if bfloat16 and clean.ndim == 4:  # what follows keeps the layout of the first; in float32 it does not pay
        clean = clean.contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
        return model.loss(corrupt(clean) if corrupt else clean, clean)


class Step:
    """One update of the weights. It takes and leaves tensors on the device and no Python value depends on theirs,
    so that many steps can be replayed as one CUDA graph.

    say: called with a sentence when a batch does not fit into memory
    """

    def __init__(
        self,
        model: Autoencoder,
        x: Tensor,
        corrupt: Callable[[Tensor], Tensor] | None,
        optimizer: str,
        bfloat16: bool,
        say: Callable[[str], None],
    ):
        self.model, self.x, self.corrupt, self.bfloat16, self.say = model, x, corrupt, bfloat16, say
        self.loss_parts = loss_parts
        self.weights = list(model.parameters())
        self.rate = torch.zeros((), device=x.device)
        self.optimizer = OPTIMIZERS[optimizer](self.weights, self.rate)
        self.pieces = 1  # a batch goes through the model in so many parts
        self.names: list[str] = []
        self.totals: Tensor | None = None  # sums of the loss parts since the epoch began, [parts]

    def __call__(self, index: Tensor, rate: Tensor) -> None:
        """Gather the batch `index` [B] (or this process's share of it), forward, backward, update at the rate []."""
        values = self._gradients(index)
        if distributed.size() > 1:
            distributed.average(self.weights, values)
        self.rate.copy_(rate)
        self.optimizer.step()
        if self.totals is None:
            self.totals = torch.zeros_like(values)
        self.totals += values

    def forget_gradients(self) -> None:
        """What zero_grad() does, without its bookkeeping."""
        for weight in self.weights:
            weight.grad = None

    def _gradients(self, index: Tensor) -> Tensor:
        """Leaves the batch's gradients in the weights, returns its loss parts, [parts]; in pieces if need be."""
        while True:
            self.forget_gradients()
            try:
                pieces = index.chunk(self.pieces)
                return reduce(torch.add, [self._piece(piece, len(piece) / len(index)) for piece in pieces])
            except torch.cuda.OutOfMemoryError:
                if index.is_cuda and torch.cuda.is_current_stream_capturing():
                    raise
            self._halve(len(index))  # out here: within `except`, the error still holds what filled the memory

    def _piece(self, index: Tensor, share: float) -> Tensor:
        """Adds the gradients of some samples of a batch, which are `share` of it; returns their loss parts."""
        parts = self.loss_parts(self.model, self.x, index, self.corrupt, self.bfloat16)
        self.names = list(parts)
        values = torch.stack([part.detach().float() for part in parts.values()])
        if share == 1:  # a product with 1 would cost a GPU two kernels a step
            parts["loss"].backward()
            return values
        (share * parts["loss"]).backward()
        return share * values

    def _halve(self, batch: int) -> None:
        """Half as many samples at a time from now on. MemoryError when it was one sample already."""
        at_once = -(-batch // self.pieces)
        if at_once == 1:
            raise MemoryError("out of memory with a single sample; take a smaller model or smaller samples")
        self.pieces *= 2
        if self.x.is_cuda:
            torch.cuda.empty_cache()
        self.say(
            f"out of memory with {at_once} samples at once; each batch goes on in {self.pieces} pieces, same result"
        )
