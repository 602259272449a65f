"""`fit`: the one training loop of the course. Data stays on the device, nothing waits for a number per step."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from aeutils import environment
from aeutils.checkpoint import Checkpoint
from aeutils.data.base import Split, as_float
from aeutils.history import History
from aeutils.metrics import evaluate
from aeutils.models import Autoencoder
from aeutils.progress import progress
from aeutils.samples import check_samples

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adagrad": torch.optim.Adagrad,
    "sgd": lambda parameters, **options: torch.optim.SGD(parameters, momentum=0.9, **options),
}
CHECK_EVERY = 50  # steps between two looks at the loss: each look waits for the device


class NonFiniteLoss(ArithmeticError):
    """A loss part became infinite or NaN. The model holds the last finite weights."""


def fit(
    model: Autoencoder,
    samples: Split | Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float | None = None,
    schedule: str = "one-cycle",
    optimizer: str | None = None,
    corrupt: Callable[[Tensor], Tensor] | None = None,
    test: Split | Tensor | None = None,
    seed: int | None = None,
    checkpoint: str | Path | None = None,
    label: str | None = None,
    show: bool = True,
) -> History:
    """Train `model` in place on samples [N, *model.shape], on the course's device; returns the parts of every epoch.

    samples     uint8 images or floats (images in [0, 1]); a Split or a tensor
    epochs      at the normal budget; AEUTILS_BUDGET=full multiplies them
    lr          peak learning rate (default: the model's own)
    schedule    "one-cycle" (Smith 2018: warm up to `lr`, then fall to 0) or "constant"
    optimizer   "adam", "adagrad" or "sgd" (momentum 0.9); default: the model's own
    corrupt     changes a batch [B, *shape] before the encoder; the clean batch stays the target
    test        measured after every epoch, never trained on
    seed        of the shuffling and of every random draw (default AEUTILS_SEED or 0): same seed, same result
    checkpoint  file written after every epoch; if it is there already, training goes on from it, bit for bit on a CPU
    label       what the progress line calls the run (default: the model's class); show=False draws no line

    The stop button (KeyboardInterrupt) ends it with what was learned so far. ValueError for bad samples or settings;
    NonFiniteLoss, with the last finite weights in the model, when the loss stops being a number.
    """
    model.to(environment.device())
    x = check_samples(samples, model)
    held_out = None if test is None else check_samples(test, model)
    batch_size = min(batch_size, len(x))
    settings = {
        "model": type(model).__name__,
        "stage": model.stage,
        "epochs": _budgeted(epochs),
        "batch_size": batch_size,
        "lr": model.fit_defaults["lr"] if lr is None else lr,
        "schedule": schedule,
        "optimizer": optimizer or model.fit_defaults["optimizer"],
        "seed": environment.seed() if seed is None else seed,
    }
    _check_settings(settings)
    run = _Run(model, x, held_out, corrupt, settings, label or type(model).__name__, show)
    if checkpoint is not None:
        run.checkpoint = Checkpoint(checkpoint, settings, x)
        run.checkpoint.restore(run)
    return run.train()


def one_cycle(step: int, steps: int) -> float:
    """Share of the peak learning rate at `step` of `steps`: cosine up from 1/25 over 30 %, cosine down to 0."""
    rise = 0.3 * steps
    if step < rise:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
    return (1 + math.cos(math.pi * (step - rise) / (steps - rise))) / 2


SCHEDULES: dict[str, Callable[[int, int], float]] = {"one-cycle": one_cycle, "constant": lambda step, steps: 1.0}


def _budgeted(epochs: int) -> int:
    """The epochs that the budget makes of those asked for. ValueError unless they are above 0."""
    if not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"epochs is a whole number above 0; got {epochs!r}")
    return max(1, round(epochs * environment.budget().epochs))


def _check_settings(settings: dict) -> None:
    """ValueError naming the setting that is out of range."""
    for name, choices in (("schedule", SCHEDULES), ("optimizer", OPTIMIZERS)):
        if settings[name] not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}; got {settings[name]!r}")
    if not isinstance(settings["batch_size"], int) or settings["batch_size"] < 1:
        raise ValueError(f"batch_size is a whole number above 0; got {settings['batch_size']!r}")
    if not 0 < settings["lr"] < math.inf:
        raise ValueError(f"lr is a finite number above 0; got {settings['lr']!r}")


class _Step:
    """One update of the weights. It takes and leaves tensors on the device and no Python value depends on theirs,
    so that a whole step can be replayed as a CUDA graph."""

    def __init__(self, model: Autoencoder, x: Tensor, corrupt: Callable | None, optimizer: str):
        self.model, self.x, self.corrupt = model, x, corrupt
        self.weights = list(model.parameters())
        self.rate = torch.zeros((), device=x.device)  # a tensor: the optimiser reads it on the device
        # PyTorch's fused Adagrad kernel exists for CPUs only.
        fused = optimizer != "adagrad" or x.device.type == "cpu"
        self.optimizer = OPTIMIZERS[optimizer](self.weights, lr=self.rate, fused=fused)
        self.names: list[str] = []
        self.totals: Tensor | None = None  # sums of the loss parts since the epoch began, [parts]

    def __call__(self, index: Tensor, rate: Tensor) -> None:
        """Gather the batch `index` [B], forward, backward, update with learning rate `rate` []."""
        clean = as_float(self.x.index_select(0, index))
        parts = self.model.loss(self.corrupt(clean) if self.corrupt else clean, clean)
        for weight in self.weights:  # what zero_grad() does, without its bookkeeping
            weight.grad = None
        parts["loss"].backward()
        self.rate.copy_(rate)
        self.optimizer.step()
        values = torch.stack([part.detach() for part in parts.values()])
        if self.totals is None:
            self.names, self.totals = list(parts), torch.zeros_like(values)
        self.totals += values


class _Run:
    """The epochs of one training run: order of the samples, looks at the loss, history, interruption."""

    def __init__(self, model, x, held_out, corrupt, settings, label, show):
        self.model, self.held_out, self.settings, self.label, self.show = model, held_out, settings, label, show
        self.step = _Step(model, x, corrupt, settings["optimizer"])
        self.history = History(criterion=model.criterion)
        self.checkpoint: Checkpoint | None = None
        self.epochs, self.batch_size = settings["epochs"], settings["batch_size"]
        self.batches = len(x) // self.batch_size  # the rest of an epoch's shuffle waits for another epoch
        steps = self.epochs * self.batches
        shape = SCHEDULES[settings["schedule"]]
        self.rates = torch.tensor([settings["lr"] * shape(step, steps) for step in range(steps)], device=x.device)

    def train(self) -> History:
        """All epochs that are left. On interruption or a non-finite loss the model keeps its last finite weights."""
        # Momentum of weights that get no gradient (black border pixels) shrinks below 1e-38, where CPUs are 100 times
        # slower and the numbers mean nothing.
        torch.set_flush_denormal(True)
        self._remember()
        devices = [self.step.x.device] if self.step.x.is_cuda else []
        done = self.history.epochs
        bar = progress(total=self.epochs * self.batches, initial=done * self.batches, label=self.label, show=self.show)
        with torch.random.fork_rng(devices), bar:
            try:
                for epoch in range(done, self.epochs):
                    self._epoch(epoch, bar)
            except KeyboardInterrupt:
                self._stop(bar)
            finally:
                self.model.eval()
        return self.history

    def _epoch(self, epoch: int, bar) -> None:
        """One pass over the shuffled samples, the test, the checkpoint."""
        began = time.perf_counter()
        # Seeded anew for every epoch: a resumed run needs no generator state to draw the same numbers.
        torch.manual_seed(self.settings["seed"] * 1_000_003 + epoch)
        device, count = self.step.x.device, self.batches * self.batch_size
        order = torch.randperm(len(self.step.x), device=device)[:count].view(self.batches, self.batch_size)
        rates = self.rates[epoch * self.batches : (epoch + 1) * self.batches]
        if self.step.totals is not None:
            self.step.totals.zero_()
        self.model.train()
        for k in range(self.batches):
            self.step(order[k], rates[k])
            if (k + 1) % CHECK_EVERY == 0 or k + 1 == self.batches:
                means = self._look(epoch, k + 1)
                bar.advance(epoch * self.batches + k + 1, f"epoch {epoch + 1}/{self.epochs}", means)
        self.model.eval()
        seconds = time.perf_counter() - began
        tested = None if self.held_out is None else evaluate(self.model, self.held_out)
        self.history.append(means, tested, seconds, count)
        if self.checkpoint is not None:
            self.checkpoint.save(self)

    def _look(self, epoch: int, steps: int) -> dict[str, float]:
        """Mean loss parts of this epoch so far; remembers the weights while everything is finite, else raises."""
        means = {name: total / steps for name, total in zip(self.step.names, self.step.totals.tolist(), strict=True)}
        bad = [name for name, mean in means.items() if not math.isfinite(mean)]
        weights = [p.detach() for p in self.model.parameters()]
        if not bad and not torch.stack(torch._foreach_norm(weights)).isfinite().all():
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
        self.finite = {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def _recall(self) -> None:
        self.model.load_state_dict(self.finite)

    def _stop(self, bar) -> None:
        """Called by the stop button: keep the weights of this moment if they are finite."""
        if not all(value.isfinite().all() for value in self.model.state_dict().values()):
            self._recall()
        self.history.interrupted = True
        bar.say(f"stopped by you in epoch {self.history.epochs + 1} of {self.epochs}; the model keeps what it learned")
