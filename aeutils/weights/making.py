"""`python -m aeutils train`: one driver for every model; a model brings its loss, its settings and its measures."""

import argparse
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch

from aeutils import environment
from aeutils.data import DataSet, load
from aeutils.images.corruptions import corruption
from aeutils.measures.denoising import denoising
from aeutils.measures.evaluate import evaluate
from aeutils.measures.measure import line
from aeutils.measures.report import report
from aeutils.models import Autoencoder, build
from aeutils.training import distributed
from aeutils.training.fit import fit
from aeutils.training.history import History
from aeutils.training.settings import Settings, from_options
from aeutils.training.step import Corruption
from aeutils.weights.recipes import copy_weights, save_model


@dataclass(frozen=True)
class Training:
    """What is trained, on what, how, and where it is saved.

    model, latent, options   name, size of the code and further options of `build`
    data                     name of a data set
    settings                 as `fit` takes them
    corrupt                  what is to be undone, as text: "gaussian=0.5"; None: the model's own, if it has one
    checkpoint               file written after every epoch
    out                      of the weights; None: in runs/, named after model, data and code
    start                    saved weights to begin with, of a model of the same sizes
    precision                of the saved weights: float32, float16, int8
    most                     bytes of one file of weights; None: all in one
    """

    model: str = "ae"
    data: str = "mnist"
    latent: int = 32
    options: dict = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    corrupt: str | None = None
    checkpoint: Path | None = None
    out: Path | None = None
    start: Path | None = None
    precision: str = "float32"
    most: int | None = None


def main(arguments: argparse.Namespace) -> Path | None:
    """The command: trains what the command line says."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Training) if hasattr(arguments, each.name)}
    return run(Training(**given, settings=from_options(arguments)))


def run(training: Training) -> Path | None:
    """Train, report, save; returns the weights' path, or None in all processes but the first."""
    with distributed.joined():
        processes, leads = distributed.size(), distributed.rank() == 0
        data = load(training.data)
        if not isinstance(data, DataSet):
            raise ValueError(f"{training.data} are of various sizes; a model here takes samples of one shape")
        settings = training.settings.seeded()
        model = fresh_model(training, data, settings.seed)
        settings = settings.for_model(model)
        text = training.corrupt or model.fit_defaults.get("corrupt")
        corrupt = text and corruption(text)
        out = training.out or Path("runs") / f"{training.model}-{data.name}-{training.latent}"
        own = training.checkpoint is None and processes > 1
        checkpoint = out.with_suffix(".checkpoint") if own else training.checkpoint
        if leads:
            code = "x".join(map(str, model.code_shape))
            print(f"{training.model} with a code of {code} on {data.name} ({data.source})")
            if processes > 1:
                print(f"{processes} processes; if one dies, the same command goes on from {checkpoint}", flush=True)
        histories = fit_stages(model, data, settings, corrupt, checkpoint)
    if not leads:
        return None
    recipe = recipe_of(training, settings, corrupt, model, data, histories) | {"processes": processes}
    weights = save_model(out, model, training.model, recipe, training.precision, training.most)
    print(f"weights in {weights}, recipe in {weights.with_suffix('.json')}")
    if own:
        for stage in range(len(model.stages)):
            checkpoint_of(checkpoint, stage).unlink(missing_ok=True)  # else the same command would find it done
    return weights


def fresh_model(training: Training, data: DataSet, seed: int) -> Autoencoder:
    """The model to be trained, with the first weights of this seed or with those that it is to start from."""
    torch.manual_seed(seed)
    model = build(training.model, tuple(data.train.x.shape[1:]), training.latent, **training.options)
    if training.start is not None:
        copy_weights(training.start, model)
    return model


def fit_stages(
    model: Autoencoder,
    data: DataSet,
    settings: Settings,
    corrupt: Corruption | None,
    checkpoint: Path | None,
) -> list[History]:
    """Fit every stage of `model`, each with a checkpoint file of its own; an interruption ends it."""
    histories = []
    for stage, name in enumerate(model.stages):
        model.stage = stage
        path = checkpoint and checkpoint_of(checkpoint, stage)
        options = asdict(settings) | {"corrupt": corrupt, "checkpoint": path, "label": name}
        histories.append(fit(model, data.train, test=data.test, **options))
        if histories[-1].interrupted:
            break
    return histories


def recipe_of(
    training: Training,
    settings: Settings,
    corrupt: Corruption | None,
    model: Autoencoder,
    data: DataSet,
    histories: list[History],
) -> dict:
    """How the weights of `model` came about and what they reach, for JSON; prints its measures."""
    return asdict(settings) | {
        "corrupt": corrupt and str(corrupt),
        "options": training.options,
        **({} if training.start is None else {"start": training.start.stem}),
        "data": data.name,
        "samples": len(data.train),
        "epochs": [history.epochs for history in histories],
        "seconds": round(sum(sum(history.seconds) for history in histories), 2),
        "device": environment.describe(environment.device()),
        "test": evaluate(model, data.test),
        "measures": reported(model, data, corrupt),
        "history": [history.as_dict() for history in histories],
    }


def checkpoint_of(path: Path, stage: int) -> Path:
    """The file of one stage: run.safetensors -> run.0.safetensors."""
    return path.with_suffix(f".{stage}{path.suffix}")


def reported(model: Autoencoder, data: DataSet, corrupt: Corruption | None) -> dict[str, float]:
    """Print the model's measures, those of denoising included where it was trained to; returns them by key."""
    measures = report(model, data)
    if corrupt is not None:
        measures |= denoising(model, data, corrupt)
    for key, value in measures.items():
        print(line(key, value))
    return measures
