"""Trained weights on disk: NAME.safetensors, and beside it NAME.json, the recipe that made them."""

import hashlib
import json
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch

from aeutils import environment
from aeutils.checkpoint import read_tensors, write_tensors
from aeutils.models import Autoencoder, build
from aeutils.packing import pack, unpack


def save_model(path: str | Path, model: Autoencoder, name: str, recipe: dict, precision: str = "float32") -> Path:
    """Write weights to path.safetensors and the recipe to path.json; returns the first.

    name: the model's in `build`; precision: of the stored weights, see `packing`. The recipe gains what rebuilds the
    model, the code's version and the weights' SHA-256. "options" in it are the further options of `build`.
    """
    weights = Path(path).with_suffix(".safetensors")
    write_tensors(weights, pack(model.state_dict(), precision), {"model": name})
    recipe = {
        "model": name,
        "shape": list(model.shape),
        "latent_dim": model.latent_dim,
        **recipe,
        "precision": precision,
        "bytes": weights.stat().st_size,
        "code": _code_version(),
        "torch": torch.__version__,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    write_recipe(weights, recipe)
    return weights


def write_recipe(path: str | Path, recipe: dict) -> None:
    """Write path.json, whole or not at all."""
    file = Path(path).with_suffix(".json")
    part = file.with_suffix(".json.part")
    part.write_text(json.dumps(recipe, indent=2) + "\n")
    part.replace(file)


def read_recipe(path: str | Path) -> dict:
    """path.json. FileNotFoundError when it is missing, ValueError when it is no recipe."""
    file = Path(path).with_suffix(".json")
    try:
        recipe = json.loads(file.read_text())
        missing = [name for name in ("model", "shape", "latent_dim", "sha256") if name not in recipe]
    except (UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error}); fetch it again or train the model again") from None
    if missing:
        raise ValueError(f"{file} is no recipe of weights: it lacks {', '.join(missing)}")
    return recipe


def load_model(path: str | Path) -> tuple[Autoencoder, dict]:
    """The model and its recipe from `save_model`'s files, on the course's device, in eval mode.

    FileNotFoundError when a file is missing, ValueError when the weights are not those of the recipe.
    """
    weights = Path(path).with_suffix(".safetensors")
    recipe = read_recipe(path)
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != recipe["sha256"]:
        raise ValueError(
            f"{weights} is not what its recipe was written for (SHA-256 {found[:12]}..., "
            f"expected {recipe['sha256'][:12]}...): truncated or altered; train it again or fetch it again"
        )
    tensors, _ = read_tensors(weights)
    model = build(recipe["model"], tuple(recipe["shape"]), recipe["latent_dim"], **recipe.get("options", {}))
    model.load_state_dict(unpack(tensors))
    return model.to(environment.device()).eval(), recipe


def _code_version() -> str:
    """The commit in a checkout, else the package's version."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        here = Path(__file__).parent
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("aeutils")
