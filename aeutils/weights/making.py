"""`python -m aeutils train`: one driver for every model; a model brings its loss, its settings and its measures."""

import argparse
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch

from aeutils import environment
from aeutils.data import DataSet, load
from aeutils.images.corruptions import corruption
from aeutils.measures.denoising import denoising
from aeutils.measures.evaluate import evaluate
from aeutils.measures.report import report
from aeutils.models import Autoencoder, build
from aeutils.training import distributed
from aeutils.training.fit import fit
from aeutils.training.history import History
from aeutils.weights.recipes import copy_weights, save_model

FIT = ("epochs", "batch_size", "lr", "schedule", "optimizer", "corrupt", "compiled", "bfloat16")


@dataclass(frozen=True)
class Training:
    """What is trained, on what, how, and where it is saved. None: the model's own setting.

    model, latent, options   name, size of the code and further options of `build`
    data                     name of a data set
    epochs ... bfloat16      as `fit` takes them; corrupt as text, "gaussian=0.5"
    start                    saved weights to begin with, of a model of the same sizes
    precision                of the saved weights: float32, float16, int8
    most                     bytes of one file of weights; None: all in one
    """

    model: str = "ae"
    data: str = "mnist"
    latent: int = 32
    options: dict = field(default_factory=dict)
    epochs: int = 20
    batch_size: int = 128
    lr: float | None = None
    schedule: str = "one-cycle"
    optimizer: str | None = None
    corrupt: str | None = None
    compiled: bool | None = None
    bfloat16: bool = False
    seed: int | None = None
    checkpoint: Path | None = None
    out: Path | None = None
    start: Path | None = None
    precision: str = "float32"
    most: int | None = None


def main(arguments: argparse.Namespace) -> Path | None:
    """The command: trains what the command line says."""
    names = {field.name for field in fields(Training)}
    return run(Training(**{name: value for name, value in vars(arguments).items() if name in names}))


def run(training: Training) -> Path | None:
    """Train, report, save; returns the weights' path, or None in all processes but the first."""
    with distributed.joined():
        processes, leads = distributed.size(), distributed.rank() == 0
        data = load(training.data)
        if not isinstance(data, DataSet):
            raise ValueError(f"{training.data} are of various sizes; a model here takes samples of one shape")
        seed = environment.seed() if training.seed is None else training.seed
        torch.manual_seed(seed)
        model = build(training.model, tuple(data.train.x.shape[1:]), training.latent, **training.options)
        if training.start is not None:
            copy_weights(training.start, model)
        settings = settings_of(model, training)
        out = training.out or Path("runs") / f"{training.model}-{data.name}-{training.latent}"
        own = training.checkpoint is None and processes > 1
        checkpoint = out.with_suffix(".checkpoint") if own else training.checkpoint
        if leads:
            code = "x".join(map(str, model.code_shape))
            print(f"{training.model} with a code of {code} on {data.name} ({data.source})")
            if processes > 1:
                print(f"{processes} processes; if one dies, the same command goes on from {checkpoint}", flush=True)
        histories = fit_stages(model, data, checkpoint, seed=seed, **settings)
    if not leads:
        return None
    recipe = settings | {
        "corrupt": settings["corrupt"] and str(settings["corrupt"]),
        "options": training.options,
        **({} if training.start is None else {"start": training.start.stem}),
        "data": data.name,
        "samples": len(data.train),
        "seed": seed,
        "epochs": [history.epochs for history in histories],
        "seconds": round(sum(sum(history.seconds) for history in histories), 2),
        "device": environment.describe(environment.device()),
        "processes": processes,
        "test": evaluate(model, data.test),
        "measures": reported(model, data, settings["corrupt"]),
        "history": [history.as_dict() for history in histories],
    }
    weights = save_model(out, model, training.model, recipe, training.precision, training.most)
    print(f"weights in {weights}, recipe in {weights.with_suffix('.json')}")
    if own:
        for stage in range(len(model.stages)):
            checkpoint_of(checkpoint, stage).unlink(missing_ok=True)  # else the same command would find it done
    return weights


def settings_of(model: Autoencoder, training: Training) -> dict:
    """What `fit` is to be told: the model's own settings, replaced by those that were asked for."""
    given = {name: getattr(training, name) for name in FIT}
    settings = model.fit_defaults | {name: value for name, value in given.items() if value is not None}
    return settings | {"corrupt": settings.get("corrupt") and corruption(settings["corrupt"])}


def fit_stages(model: Autoencoder, data: DataSet, checkpoint: Path | None, **settings) -> list[History]:
    """Fit every stage of `model`, each with a checkpoint file of its own; an interruption ends it."""
    histories = []
    for stage, name in enumerate(model.stages):
        model.stage = stage
        path = checkpoint and checkpoint_of(checkpoint, stage)
        histories.append(fit(model, data.train, **settings, test=data.test, checkpoint=path, label=name))
        if histories[-1].interrupted:
            break
    return histories


def checkpoint_of(path: Path, stage: int) -> Path:
    """The file of one stage: run.safetensors -> run.0.safetensors."""
    return path.with_suffix(f".{stage}{path.suffix}")


def reported(model: Autoencoder, data: DataSet, corrupt) -> dict[str, float]:
    """Print the model's measures, those of denoising included where it was trained to; returns them."""
    found = report(model, data)
    if corrupt is not None:
        found |= denoising(model, data, corrupt)
    for name, value in found.items():
        print(f"{name}: {value:.2f}")
    return found
