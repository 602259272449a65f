"""The epochs of one training run: order of the samples, looks at the loss, history, interruption."""

import math
import time
from collections.abc import Callable

import torch
from torch import Tensor
from tqdm import tqdm

from aeutils.measures.evaluate import evaluate
from aeutils.models import Autoencoder
from aeutils.private import pytorch
from aeutils.training import distributed
from aeutils.training.checkpoint import Checkpoint
from aeutils.training.graph import Steps
from aeutils.training.history import History
from aeutils.training.progress import progress
from aeutils.training.step import SCHEDULES, Step

CHECK_EVERY = 50  # most steps between two looks at the loss: each look waits for the device
COMPILE_PAYS = 200_000  # steps; compiling takes about half a minute and saves an H200 about 0.15 ms a step


class NonFiniteLoss(ArithmeticError):
    """A loss part became infinite or NaN. The model holds the last finite weights."""


class Run:
    """One run of `fit`, whose parameters and settings it takes as `fit` has checked them."""

    def __init__(
        self,
        model: Autoencoder,
        x: Tensor,
        held_out: Tensor | None,
        corrupt: Callable[[Tensor], Tensor] | None,
        settings: dict,
        compiled: bool | None,
        label: str,
        show: bool,
    ):
        self.model, self.held_out, self.settings, self.label = model, held_out, settings, label
        self.leads = distributed.rank() == 0
        self.show = show and self.leads
        self.history = History(criterion=model.criterion)
        self.checkpoint: Checkpoint | None = None
        self.epochs, self.batch_size = settings["epochs"], settings["batch_size"]
        self.batches = len(x) // self.batch_size  # the rest of an epoch's shuffle waits for another epoch
        steps = self.epochs * self.batches
        shape = SCHEDULES[settings["schedule"]]
        self.rates = torch.tensor([settings["lr"] * shape(step, steps) for step in range(steps)], device=x.device)

        def say(sentence: str) -> None:
            tqdm.write(f"{label}: {sentence}")

        self.step = Step(model, x, corrupt, settings["optimizer"], settings["bfloat16"], say)
        self.steps = Steps(self.step, say, steps >= COMPILE_PAYS if compiled is None else compiled)

    def train(self) -> History:
        """All epochs that are left. On interruption or a non-finite loss the model keeps its last finite weights."""
        # Momentum of weights that get no gradient (black border pixels) shrinks below 1e-38, where CPUs are 100 times
        # slower and the numbers mean nothing.
        torch.set_flush_denormal(True)
        self.finite = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        devices = [self.step.x.device] if self.step.x.is_cuda else []
        done = self.history.epochs
        bar = progress(total=self.epochs * self.batches, initial=done * self.batches, label=self.label, show=self.show)
        with torch.random.fork_rng(devices), bar, self.steps.on_stream():
            try:
                for epoch in range(done, self.epochs):
                    self._epoch(epoch, bar)
            except KeyboardInterrupt:
                self._stop(bar)
            finally:
                self.model.eval()
                self.step.forget_gradients()
        return self.history

    def _epoch(self, epoch: int, bar) -> None:
        """One pass over the shuffled samples, the test, the checkpoint."""
        began = time.perf_counter()
        order = self._order(epoch)
        rates = self.rates[epoch * self.batches : (epoch + 1) * self.batches]
        if self.step.totals is not None:
            self.step.totals.zero_()
        self.model.train()
        groups, done = _groups(self.batches), 0
        for index, some in zip(order.tensor_split(groups), rates.tensor_split(groups), strict=True):
            self.steps(index, some)
            done += len(index)
            means = self._look(epoch, done)
            bar.advance(epoch * self.batches + done, f"epoch {epoch + 1}/{self.epochs}", means)
        self.model.eval()
        seconds = time.perf_counter() - began
        tested = evaluate(self.model, self.held_out) if self.leads and self.held_out is not None else None
        self.history.append(means, tested, seconds, self.batches * self.batch_size)
        if self.leads and self.checkpoint is not None:
            self.checkpoint.save(self)

    def _order(self, epoch: int) -> Tensor:
        """The epoch's batches, of which this process computes these columns: [batches, B], indices of samples."""
        # Seeded anew for every epoch: a resumed run needs no generator state to draw the same numbers.
        seed = self.settings["seed"] * 1_000_003 + epoch
        torch.manual_seed(seed)
        x = self.step.x
        order = torch.randperm(len(x), device=x.device)[: self.batches * self.batch_size]
        if not self.leads:  # the same order for all processes, but noise of its own for each
            torch.manual_seed(seed + distributed.rank() * 100_003)
        return distributed.share(order.view(self.batches, self.batch_size))

    def _look(self, epoch: int, steps: int) -> dict[str, float]:
        """Mean loss parts of this epoch so far; remembers the weights while everything is finite, else raises."""
        norm = pytorch.total_norm(self.step.weights)
        *totals, norm = torch.cat([self.step.totals, norm[None]]).tolist()  # the one wait for the device
        means = {name: total / steps for name, total in zip(self.step.names, totals, strict=True)}
        bad = [name for name, mean in means.items() if not math.isfinite(mean)]
        if not bad and not math.isfinite(norm):
            bad = ["weights"]
        if bad:
            self._recall()
            raise NonFiniteLoss(
                f"{self.label}: {', '.join(bad)} stopped being finite in epoch {epoch + 1}. "
                "The model holds the last finite weights; try a smaller lr, or look at the loss and the data."
            )
        self._remember()
        return means

    def _remember(self) -> None:
        for name, value in self.model.state_dict().items():
            self.finite[name].copy_(value)

    def _recall(self) -> None:
        self.model.load_state_dict(self.finite)

    def _stop(self, bar) -> None:
        """Called by the stop button: keep the weights of this moment if they are finite."""
        if not all(value.isfinite().all() for value in self.model.state_dict().values()):
            self._recall()
        self.history.interrupted = True
        bar.say(f"stopped by you in epoch {self.history.epochs + 1} of {self.epochs}; the model keeps what it learned")


def _groups(batches: int) -> int:
    """In how many groups of at most CHECK_EVERY steps an epoch is cut. Equal ones, if need be up to twice as many, can
    share a CUDA graph; other epochs are cut in two lengths that differ by one."""
    fewest = -(-batches // CHECK_EVERY)
    return next((count for count in range(fewest, 2 * fewest) if batches % count == 0), fewest)
