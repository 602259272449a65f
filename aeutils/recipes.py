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


def save_model(path: str | Path, model: Autoencoder, name: str, recipe: dict) -> Path:
    """Write weights to path.safetensors and the recipe to path.json; returns the first.

    name: the model's in `build`. The recipe gains what rebuilds the model, the code's version and the weights' SHA-256.
    """
    weights = Path(path).with_suffix(".safetensors")
    write_tensors(weights, model.state_dict(), {"model": name})
    recipe = {
        "model": name,
        "shape": list(model.shape),
        "latent_dim": model.latent_dim,
        **recipe,
        "code": _code_version(),
        "torch": torch.__version__,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
    part = weights.with_suffix(".json.part")
    part.write_text(json.dumps(recipe, indent=2) + "\n")
    part.replace(weights.with_suffix(".json"))
    return weights


def load_model(path: str | Path) -> tuple[Autoencoder, dict]:
    """The model and its recipe from `save_model`'s files, on the course's device, in eval mode.

    FileNotFoundError when a file is missing, ValueError when the weights are not those of the recipe.
    """
    weights = Path(path).with_suffix(".safetensors")
    recipe = json.loads(weights.with_suffix(".json").read_text())
    found = hashlib.sha256(weights.read_bytes()).hexdigest()
    if found != recipe["sha256"]:
        raise ValueError(
            f"{weights} is not what its recipe was written for (SHA-256 {found[:12]}..., "
            f"expected {recipe['sha256'][:12]}...): truncated or altered; train it again or fetch it again"
        )
    tensors, _ = read_tensors(weights)
    model = build(recipe["model"], tuple(recipe["shape"]), recipe["latent_dim"])
    model.load_state_dict(tensors)
    return model.to(environment.device()).eval(), recipe


def _code_version() -> str:
    """The commit in a checkout, else the package's version."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        here = Path(__file__).parent
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("aeutils")
