"""`fit`: the one training loop of the course. Data stays on the device, nothing waits for a number per step."""

import math
from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from aeutils import environment
from aeutils.data.base import Split
from aeutils.models import Autoencoder
from aeutils.models.samples import check_samples
from aeutils.training.checkpoint import Checkpoint
from aeutils.training.history import History
from aeutils.training.run import Run
from aeutils.training.step import OPTIMIZERS, SCHEDULES


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
    compiled: bool | None = None,
    bfloat16: bool = False,
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
    compiled    by torch.compile, on a GPU alone (default: where the run is long enough to repay the half minute)
    bfloat16    products and convolutions in bfloat16 (8 bits of precision), the latter channels last; the weights stay
                float32. Pays on a GPU, and for wide convolutions also on a CPU that has it in hardware

    On a GPU many steps are replayed as one CUDA graph (training/graph.py), with the same results; a model that cannot
    be captured trains step by step, and one line says why. A batch too large for the memory goes through the model in
    pieces, and one line says so. Among processes that torchrun started, each computes its share of every batch.

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
        "bfloat16": bfloat16,
    }
    _check_settings(settings)
    run = Run(model, x, held_out, corrupt, settings, compiled, label or type(model).__name__, show)
    if checkpoint is not None:
        run.checkpoint = Checkpoint(checkpoint, settings, x)
        run.checkpoint.restore(run)
    return run.train()


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
