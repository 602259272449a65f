"""One update of the weights: gather, corrupt, forward, backward, optimiser. All of it on the device."""

from collections.abc import Callable
from functools import reduce

import torch
from torch import Tensor

from aeutils.data.base import as_float
from aeutils.models import Autoencoder
from aeutils.training import distributed
from aeutils.training.optimizers import OPTIMIZERS
from aeutils.training.settings import Settings

Corruption = Callable[[Tensor], Tensor]
LossParts = Callable[[Autoencoder, Tensor, Tensor, Corruption | None, bool], dict[str, Tensor]]


def loss_parts(
    model: Autoencoder, x: Tensor, index: Tensor, corrupt: Corruption | None, bfloat16: bool
) -> dict[str, Tensor]:
    """The model's loss parts on the samples `index` [B] of x: what `torch.compile` may compile."""
    clean = as_float(x.index_select(0, index))
    if bfloat16 and clean.ndim == 4:  # what follows keeps the layout of the first; in float32 it does not pay
        clean = clean.contiguous(memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=bfloat16):
        return model.loss(corrupted(clean, corrupt) if corrupt else clean, clean)


def corrupted(clean: Tensor, corrupt: Corruption) -> Tensor:
    """What `corrupt` makes of a copy of the samples [B, *shape]: the target stays clean, though it wrote into them.
    ValueError unless these are floats of the same shape."""
    x = getattr(corrupt, "inside", corrupt)(clean.clone())
    if not isinstance(x, Tensor) or x.shape != clean.shape or not x.is_floating_point():
        gave = f"{x.dtype} {list(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"corrupt gets floats {list(clean.shape)} and gives as many; it gave {gave}")
    return x.to(clean.dtype)


class Step:
    """One update of the weights. It takes and leaves tensors on the device and no Python value depends on theirs,
    so that many steps can be replayed as one CUDA graph.

    names   of the loss parts; known after the first step
    totals  their sums since the epoch began, [parts]
    say     called with a sentence when a batch does not fit into memory
    """

    def __init__(
        self,
        model: Autoencoder,
        x: Tensor,
        corrupt: Corruption | None,
        settings: Settings,
        say: Callable[[str], None],
    ):
        self.model, self.x, self.corrupt, self.bfloat16, self.say = model, x, corrupt, settings.bfloat16, say
        self.weights = list(model.parameters())
        self.rate = torch.zeros((), device=x.device)
        self.optimizer = OPTIMIZERS[settings.optimizer](self.weights, self.rate)
        self.pieces = 1  # a batch goes through the model in so many parts
        self.names: list[str] = []
        self.totals = torch.zeros(0, device=x.device)

    def __call__(self, index: Tensor, rate: Tensor, parts: LossParts = loss_parts) -> None:
        """Gather the batch `index` [B] (or this process's share of it), forward, backward, update at the rate [].

        parts: `loss_parts`, or what `torch.compile` made of it
        """
        values = self._gradients(index, parts)
        if distributed.size() > 1:
            distributed.average(self.weights, values)
        self.rate.copy_(rate)
        self.optimizer.step()
        self.totals += values

    def forget_gradients(self) -> None:
        """What zero_grad() does, without its bookkeeping."""
        for weight in self.weights:
            weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """What the optimiser remembers, by the number of the weight and a name: "0.exp_avg"."""
        remembered = self.optimizer.state_dict()["state"]
        return {f"{k}.{name}": value for k, values in remembered.items() for name, value in values.items()}

    def load_state(self, state: dict[str, Tensor]) -> None:
        """Put back what `state` gave."""
        remembered: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            k, name = key.split(".")
            remembered.setdefault(int(k), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": remembered, "param_groups": groups})
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate  # loading put a copy there

    def _gradients(self, index: Tensor, parts: LossParts) -> Tensor:
        """Leaves the batch's gradients in the weights, returns its loss parts, [parts]; in pieces if need be."""
        while True:
            self.forget_gradients()
            try:
                pieces = index.chunk(self.pieces)
                return reduce(torch.add, [self._piece(piece, len(piece) / len(index), parts) for piece in pieces])
            except torch.cuda.OutOfMemoryError:
                if index.is_cuda and torch.cuda.is_current_stream_capturing():
                    raise
            self._halve(len(index))  # out here: within `except`, the error still holds what filled the memory

    def _piece(self, index: Tensor, share: float, parts: LossParts) -> Tensor:
        """Adds the gradients of some samples of a batch, which are `share` of it; returns their loss parts."""
        losses = parts(self.model, self.x, index, self.corrupt, self.bfloat16)
        if not self.names:
            self.names, self.totals = list(losses), torch.zeros(len(losses), device=self.x.device)
        values = torch.stack([loss.detach().float() for loss in losses.values()])
        if share == 1:  # a product with 1 would cost a GPU two kernels a step
            losses["loss"].backward()
            return values
        (share * losses["loss"]).backward()
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
