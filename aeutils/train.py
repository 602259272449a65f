"""`python -m aeutils train`: one driver for every model; a model brings its loss and its own settings."""

import argparse
from math import prod
from pathlib import Path

import torch

from aeutils import environment
from aeutils.data import DataSet, load
from aeutils.metrics import evaluate, reconstruction_error
from aeutils.models import PCA, build
from aeutils.recipes import save_model
from aeutils.training import fit


def main(arguments: argparse.Namespace) -> Path:
    """Train, report, save; returns the weights' path."""
    data = load(arguments.data)
    if not isinstance(data, DataSet):
        raise ValueError(f"{arguments.data} are of various sizes; a model here takes samples of one shape")
    seed = environment.seed() if arguments.seed is None else arguments.seed
    torch.manual_seed(seed)
    model = build(arguments.model, tuple(data.train.x.shape[1:]), arguments.latent)
    pca = PCA.fit(data.train, min(arguments.latent, len(data.train), prod(model.shape)))
    print(f"{arguments.model} with a code of {arguments.latent} on {data.name} ({data.source})")
    given = {name: getattr(arguments, name) for name in ("epochs", "batch_size", "lr", "schedule", "optimizer")}
    settings = model.fit_defaults | {name: value for name, value in given.items() if value is not None}
    histories = []
    for stage, name in enumerate(model.stages):
        model.stage = stage
        path = arguments.checkpoint and arguments.checkpoint.with_suffix(f".{stage}{arguments.checkpoint.suffix}")
        history = fit(model, data.train, **settings, test=data.test, seed=seed, checkpoint=path, label=name)
        histories.append(history)
        if history.interrupted:
            break
    error = reconstruction_error(model, data.test)
    error_pca = reconstruction_error(pca, data.test)
    print(f"squared error per test image: {error:.2f}, PCA with {pca.latent_dim} components {error_pca:.2f}")
    recipe = settings | {
        "data": data.name,
        "seed": seed,
        "epochs": [history.epochs for history in histories],
        "seconds": round(sum(sum(history.seconds) for history in histories), 2),
        "device": str(environment.device()),
        "test": evaluate(model, data.test),
        "squared_error": error,
        "squared_error_pca": error_pca,
        "history": [history.as_dict() for history in histories],
    }
    out = arguments.out or Path("runs") / f"{arguments.model}-{data.name}-{arguments.latent}"
    weights = save_model(out, model, arguments.model, recipe)
    print(f"weights in {weights}, recipe in {weights.with_suffix('.json')}")
    return weights
