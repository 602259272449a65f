"""`python -m aeutils train`: one driver for every model; a model brings its loss, its settings and its measures."""

import argparse
import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import torch

from aeutils import environment
from aeutils.data import DataSet, load
from aeutils.files import check_writable
from aeutils.images.corruptions import corruption
from aeutils.measures.denoising import denoising
from aeutils.measures.evaluate import evaluate
from aeutils.measures.measure import line
from aeutils.measures.report import report
from aeutils.models import Autoencoder, build
from aeutils.models.description import differences
from aeutils.training import distributed
from aeutils.training.fit import fit
from aeutils.training.history import History
from aeutils.training.settings import Settings, from_options
from aeutils.training.step import Corruption
from aeutils.weights.places import beside, recipe_file, stem, weights_file
from aeutils.weights.recipes import copy_weights, read_recipe, save_model


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
    replace                  whether what another run has saved there may be replaced
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
    replace: bool = False


@dataclass(frozen=True)
class Trained:
    """What came of a training: the model, how it came about and what it reaches; whether the user stopped it."""

    model: Autoencoder
    recipe: dict
    interrupted: bool


def main(arguments: argparse.Namespace) -> Path | None:
    """The command: trains what the command line says."""
    given = {each.name: getattr(arguments, each.name) for each in fields(Training) if hasattr(arguments, each.name)}
    return run(Training(**given, settings=from_options(arguments)))


def run(training: Training) -> Path | None:
    """Train, report, save; returns the weights' path, or None in all processes but the first.

    ValueError, before any training, when a file of another run would be replaced. What the user stops before its end
    replaces nothing: it is saved beside the former weights.
    """
    made = trained(training)
    if made is None:
        return None
    out = out_of(training, made.recipe["data"])
    if made.interrupted and weights_file(out).exists():
        print(f"{weights_file(out)} stays as it was")
        out = beside(out, "-stopped")
    weights = save_model(out, made.model, training.model, made.recipe, training.precision)
    print(f"weights in {weights}, recipe in {recipe_file(weights)}")
    if made.recipe["processes"] > 1 and training.checkpoint is None:
        for stage in range(len(made.model.stages)):  # else the same command would find it done
            checkpoint_of(beside(out, ".checkpoint"), stage).unlink(missing_ok=True)
    return weights


def trained(training: Training) -> Trained | None:
    """Train and report; None in all processes but the first. Raises what `run` raises."""
    with distributed.joined():
        processes, leads = distributed.size(), distributed.rank() == 0
        data = load(training.data)
        if not isinstance(data, DataSet):
            raise ValueError(f"{training.data} are of various sizes; a model here takes samples of one shape")
        settings = training.settings.seeded()
        model = fresh_model(training, data, settings.seed)
        settings = settings.for_model(model)
        text = model.fit_defaults.get("corrupt") if training.corrupt is None else training.corrupt
        corrupt = None if text is None else corruption(text)
        out, plan = out_of(training, data.name), plan_of(training, settings, corrupt, model, data)
        check_writable(stem(out).parent)  # before the training
        if not training.replace:
            check_same_run(out, plan)
        checkpoint = training.checkpoint
        if checkpoint is None and processes > 1:
            checkpoint = beside(out, ".checkpoint")
        if leads:
            code = "x".join(map(str, model.code_shape))
            print(f"{training.model} with a code of {code} on {data.name} ({data.source})")
            if processes > 1:
                print(f"{processes} processes; if one dies, the same command goes on from {checkpoint}", flush=True)
        histories = fit_stages(model, data, settings, corrupt, checkpoint)
    if not leads:
        return None
    recipe = asdict(settings) | plan | reached(model, data, corrupt, histories) | {"processes": processes}
    return Trained(model, recipe, histories[-1].interrupted)


def out_of(training: Training, data: str) -> Path:
    """Where the weights go."""
    return training.out or Path("runs") / f"{training.model}-{data}-{training.latent}"


def check_same_run(out: Path, plan: dict) -> None:
    """ValueError where `out` holds the weights of another run than the one planned."""
    if not recipe_file(out).exists():
        return
    there = read_recipe(out)
    others = list(differences({key: there.get(key) for key in plan}, json.loads(json.dumps(plan))))
    if others:
        raise ValueError(
            f"{weights_file(out)} is of another run ({'; '.join(others)}); choose another --out, or --replace it"
        )


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


def plan_of(
    training: Training, settings: Settings, corrupt: Corruption | None, model: Autoencoder, data: DataSet
) -> dict:
    """What a recipe says before the training: all that makes the run."""
    decided = settings.for_samples(len(data.train))
    return {
        **model.description(),
        **decided.deciding(),
        "corrupt": corrupt and str(corrupt),
        **({} if training.start is None else {"start": stem(training.start).name}),
        "origin": model.origin,
        "data": data.name,
        "samples": len(data.train),
        "epochs": [decided.epochs] * len(model.stages),
    }


def reached(model: Autoencoder, data: DataSet, corrupt: Corruption | None, histories: list[History]) -> dict:
    """What a recipe says after the training, for JSON; prints the measures."""
    return {
        "epochs": [history.epochs for history in histories],
        "seconds": round(sum(sum(history.seconds) for history in histories), 2),
        "device": environment.describe(environment.device()),
        "test": evaluate(model, data.test),
        "measures": reported(model, data, corrupt),
        "history": [history.as_dict() for history in histories],
    }


def checkpoint_of(path: Path, stage: int) -> Path:
    """The file of one stage: run.safetensors -> run.0.safetensors, lr0.01 -> lr0.01.0. ValueError for a folder."""
    if not path.name:
        raise ValueError(f"checkpoint {path} is a folder; name a file in it")
    suffix = path.suffix if path.suffix in (".safetensors", ".checkpoint") else ""
    return path.with_name(f"{path.name.removesuffix(suffix)}.{stage}{suffix}")


def reported(model: Autoencoder, data: DataSet, corrupt: Corruption | None) -> dict[str, float]:
    """Print the model's measures, those of denoising included where it was trained to; returns them by key."""
    measures = report(model, data)
    if corrupt is not None:
        measures |= denoising(model, data, corrupt)
    for key, value in measures.items():
        print(line(key, value))
    return measures
