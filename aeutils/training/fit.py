"""`fit`: the one training loop of the course. Data stays on the device, nothing waits for a number per step."""

import inspect
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from aeutils import environment
from aeutils.checks import Flag, Text
from aeutils.checks.contract import Function
from aeutils.checks.kinds import Instance
from aeutils.data.base import Split
from aeutils.data.samples import check_samples
from aeutils.models import Autoencoder
from aeutils.training.history import History
from aeutils.training.run import Run
from aeutils.training.settings import Settings

CORRUPT = Function("of images, as ae.corruption('gaussian=0.5') is") | None


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
    batch_size  samples of a step; the rest of an epoch, too few for one, come in another
    lr          peak learning rate (default: the model's own)
    schedule    "one-cycle" (Smith 2018: warm up to `lr`, then fall to 0) or "constant"
    optimizer   "adam", "adagrad" or "sgd" (momentum 0.9); default: the model's own
    corrupt     changes a copy of a batch [B, *shape] before the encoder; the clean batch stays the target
    test        measured after every epoch, never trained on
    seed        of the shuffling and of every random draw (default AEUTILS_SEED or 0): same seed, same result
    checkpoint  file written after every epoch; if it is there already, training goes on from it, bit for bit on a CPU
    label       what the progress line calls the run (default: the model's class); show=False draws no line
    compiled    by torch.compile, on a GPU alone (default: where the run is long enough to repay the half minute)
    bfloat16    products and convolutions in bfloat16 (8 bits of precision), the latter channels last; the weights stay
                float32. Pays on a GPU, and for wide convolutions also on a CPU that has it in hardware

    On a GPU many steps are replayed as one CUDA graph (training/runners.py), with the same results; a model that cannot
    be captured trains step by step, and one line says why. A batch too large for the memory goes through the model in
    pieces, and one line says so. Among processes that torchrun started, each computes its share of every batch.

    The stop button (KeyboardInterrupt) ends it with what was learned so far. ValueError for bad samples or settings;
    NonFiniteLoss, with the last finite weights in the model, when the loss stops being a number.
    """
    asked = Settings(
        epochs=epochs,
        batch_size=batch_size,
        lr=lr,
        schedule=schedule,
        optimizer=optimizer,
        seed=seed,
        compiled=compiled,
        bfloat16=bfloat16,
    )
    Instance(Autoencoder)("model", model)
    Flag()("show", show)
    label = type(model).__name__ if label is None else Text()("label", label)
    CORRUPT("corrupt", corrupt)
    check_trainable(model)
    model.to(environment.device())
    x = check_samples(samples, model)
    held_out = None if test is None else check_samples(test, model)
    settings = asked.for_model(model).for_samples(len(x))
    with torch.inference_mode(False):  # what it remembers of the weights is to change in place
        run = Run(model, x, held_out, corrupt, settings, label, show)
        if checkpoint is not None:
            run.keep_in(checkpoint)
        return run.train()


def check_trainable(model: Autoencoder) -> None:
    """ValueError for a model without weights that learn, or whose loss takes no target."""
    kind = type(model).__name__
    if not any(weight.requires_grad for weight in model.parameters()):
        raise ValueError(f"{kind} has no weights to train")
    signature = inspect.signature(model.loss)
    try:
        signature.bind(None, None)
    except TypeError:
        raise ValueError(f"{kind}.loss takes {signature}; fit calls it with x and the target") from None
