"""The epochs of one training run: order of the samples, looks at the loss, history, interruption."""

import math
import time
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from aeutils.files import fingerprint
from aeutils.measures.evaluate import evaluate
from aeutils.models import Autoencoder
from aeutils.models.description import describe
from aeutils.private import pytorch
from aeutils.training import distributed
from aeutils.training.checkpoint import Checkpoint
from aeutils.training.graph import on_stream
from aeutils.training.history import History
from aeutils.training.optimizers import SCHEDULES
from aeutils.training.process import for_training
from aeutils.training.progress import progress
from aeutils.training.runners import first_runner
from aeutils.training.settings import Settings
from aeutils.training.step import Corruption, Step

CHECK_EVERY = 50  # most steps between two looks at the loss: each look waits for the device
COMPILE_PAYS = 200_000  # steps; compiling takes about half a minute and saves an H200 about 0.15 ms a step


class NonFiniteLoss(ArithmeticError):
    """A loss part became infinite or NaN. The model holds the last finite weights."""


class Run:
    """One run of `fit`.

    x          the samples [N, *shape] on the device, held_out those to test on: as `check_samples` gives them
    settings   as `for_model` and `for_samples` leave them
    """

    def __init__(
        self,
        model: Autoencoder,
        x: Tensor,
        held_out: Tensor | None,
        corrupt: Corruption | None,
        settings: Settings,
        label: str,
        show: bool,
    ):
        self.model, self.held_out, self.settings, self.label = model, held_out, settings, label
        self.leads = distributed.rank() == 0
        self.show = show and self.leads
        self.history = History(criterion=model.criterion)
        self.checkpoint: Checkpoint | None = None
        self.epochs, self.batch_size = settings.epochs, settings.batch_size
        self.batches = len(x) // self.batch_size  # the rest of an epoch's shuffle waits for another epoch
        steps = self.epochs * self.batches

        def say(sentence: str) -> None:
            tqdm.write(f"{label}: {sentence}")

        compiled = steps >= COMPILE_PAYS if settings.compiled is None else settings.compiled
        self.say, self.threads = say, torch.get_num_threads()
        self.step = Step(model, x, corrupt, settings, say)
        self.runner = first_runner(self.step, compiled, say)

    def keep_in(self, path: str | Path) -> None:
        """Save every epoch in a file, and go on from it where it is there. ValueError when it is of another run."""
        self.checkpoint = Checkpoint(path, self)
        self.checkpoint.restore(self)

    def identity(self) -> dict:
        """What makes it this run and no other, for JSON: model, settings, corruption, samples."""
        return {
            **self.model.description(),
            "stage": self.model.stage,
            "origin": self.model.origin,
            **self.settings.deciding(),
            "corrupt": describe(self.step.corrupt),
            "samples": _told(self.step.x),
            "test": None if self.held_out is None else _told(self.held_out),
        }

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """All that the run needs to go on after an epoch: the weights and what the optimiser remembers; the history."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"optimizer.{name}": value for name, value in self.step.state().items()}
        return tensors, {"history": self.history.as_dict(), "threads": self.threads}

    def load_state(self, tensors: dict[str, Tensor], values: dict) -> None:
        """Put back what `state` gave, on a CPU the number of threads, too: others add in another order. ValueError when
        the weights are of other sizes."""
        weights = _under("model.", tensors)
        for name, value in self.model.state_dict().items():
            saved = list(weights[name].shape) if name in weights else "none"
            if saved != list(value.shape):
                raise ValueError(f"has {saved} for model.{name}, the model needs {list(value.shape)}")
        self.model.load_state_dict(weights)
        self.step.load_state(_under("optimizer.", tensors))
        self.history = History(**values["history"])
        if not self.step.x.is_cuda and values["threads"] != self.threads:
            self.threads = values["threads"]
            self.say(f"goes on with {self.threads} threads, as it began")

    def train(self) -> History:
        """All epochs that are left. On interruption or a non-finite loss the model keeps its last finite weights."""
        self.finite = {name: value.detach().clone() for name, value in self.model.state_dict().items()}
        done = self.history.epochs
        bar = progress(total=self.epochs * self.batches, initial=done * self.batches, label=self.label, show=self.show)
        with for_training(self.step.x.device, self.threads), bar, on_stream(self.step.x):
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
        rates = self._rates(epoch)
        self.step.totals.zero_()
        self.model.train()
        groups, done = _groups(self.batches), 0
        for index, some in zip(order.tensor_split(groups), rates.tensor_split(groups), strict=True):
            self.runner = self.runner(index, some)
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
        seed = self.settings.seed * 1_000_003 + epoch
        torch.manual_seed(seed)
        x = self.step.x
        order = torch.randperm(len(x), device=x.device)[: self.batches * self.batch_size]
        if not self.leads:  # the same order for all processes, but noise of its own for each
            torch.manual_seed(seed + distributed.rank() * 100_003)
        return distributed.share(order.view(self.batches, self.batch_size))

    def _rates(self, epoch: int) -> Tensor:
        """The learning rates of an epoch's steps, [batches]."""
        shape, steps = SCHEDULES[self.settings.schedule], self.epochs * self.batches
        those = range(epoch * self.batches, (epoch + 1) * self.batches)
        return torch.tensor([self.settings.lr * shape(step, steps) for step in those], device=self.step.x.device)

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


def _told(x: Tensor) -> dict:
    """Samples by their shape and the SHA-256 of their values."""
    return {"shape": list(x.shape), "sha256": fingerprint({"x": x})}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _groups(batches: int) -> int:
    """In how many groups of at most CHECK_EVERY steps an epoch is cut. Equal ones, if need be up to twice as many, can
    share a CUDA graph; other epochs are cut in two lengths that differ by one."""
    fewest = -(-batches // CHECK_EVERY)
    return next((count for count in range(fewest, 2 * fewest) if batches % count == 0), fewest)
