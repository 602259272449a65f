"""The settings of a training run, which `fit`, the command line, recipes and checkpoints share.

A new one is a field here and a keyword of `fit` (a test holds the two together), and the line that makes use of it:
then the command line offers it, every recipe tells it, and a checkpoint knows when it was another.
"""

import argparse
from dataclasses import dataclass, field, fields, replace
from typing import Any, get_args

from aeutils import environment
from aeutils.checks import Flag, Number, OneOf, Whole
from aeutils.models import Autoencoder
from aeutils.training.optimizers import OPTIMIZERS, SCHEDULES

MOST_EPOCHS = 1_000_000  # more, a slip of the pen, would train for weeks
KINDS = {
    "epochs": Whole(1, MOST_EPOCHS),
    "batch_size": Whole(),
    "lr": Number(above=0) | None,
    "schedule": OneOf(among=SCHEDULES),
    "optimizer": OneOf(among=OPTIMIZERS) | None,
    "seed": Whole(0, environment.LARGEST_SEED) | None,
    "compiled": Flag() | None,
    "bfloat16": Flag(),
}


def setting(default: Any, text: str, decides: bool = True) -> Any:
    """A field of `Settings`. text: its help on the command line; decides: whether the result depends on it."""
    return field(default=default, metadata={"help": text}, compare=decides)


@dataclass(frozen=True)
class Settings:
    """How a model is trained; None: what suits the model, see `for_model`. ValueError naming what is out of range."""

    epochs: int = setting(20, "times that all samples are seen")
    batch_size: int = setting(128, "samples of a step")
    lr: float | None = setting(None, "peak learning rate (default: the model's own)")
    schedule: str = setting("one-cycle", " or ".join(SCHEDULES))
    optimizer: str | None = setting(None, f"{', '.join(OPTIMIZERS)} (default: the model's own)")
    seed: int | None = setting(None, "of every random draw (default: AEUTILS_SEED or 0)")
    compiled: bool | None = setting(None, "torch.compile, on a GPU (default: in long runs)", decides=False)
    bfloat16: bool = setting(False, "products and convolutions in bfloat16, for a GPU")

    def __post_init__(self):
        for name, kind in KINDS.items():
            object.__setattr__(self, name, kind(name, getattr(self, name)))  # frozen, but NumPy's numbers become plain

    def seeded(self) -> "Settings":
        """With the course's seed where none was given."""
        return self if self.seed is not None else replace(self, seed=environment.seed())

    def for_model(self, model: Autoencoder) -> "Settings":
        """With what suits `model` (its `fit_defaults`), and the course's seed, where nothing was given."""
        own = {name: value for name, value in model.fit_defaults.items() if getattr(self, name, "unknown") is None}
        return replace(self, **own).seeded()

    def for_samples(self, count: int) -> "Settings":
        """With the epochs that the course's budget makes of those asked for, and batches of at most `count` samples."""
        epochs = max(1, round(self.epochs * environment.budget().epochs))
        return replace(self, epochs=epochs, batch_size=min(self.batch_size, count))

    def deciding(self) -> dict[str, Any]:
        """Those on which the result depends, by name: a run that goes on must have the same."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.compare}


def add_options(command: argparse.ArgumentParser) -> None:
    """An option of the command line for every setting: batch_size is --batch-size."""
    for each in fields(Settings):
        kind = (get_args(each.type) or [each.type])[0]  # float of `float | None`
        how = {"action": argparse.BooleanOptionalAction} if kind is bool else {"type": kind}
        text = each.metadata["help"] + ("" if each.default in (None, False) else f" (default {each.default})")
        command.add_argument(f"--{each.name.replace('_', '-')}", default=each.default, help=text, **how)


def from_options(arguments: argparse.Namespace) -> Settings:
    """The settings that the command line gives. ValueError naming what is out of range."""
    return Settings(**{each.name: getattr(arguments, each.name) for each in fields(Settings)})
