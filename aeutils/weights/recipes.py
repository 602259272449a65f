"""Trained weights on disk: NAME.safetensors, and beside it NAME.json, the recipe that made them.

Weights too large for one file go on in NAME.2.safetensors, NAME.3.safetensors, ...
"""

import hashlib
import json
import subprocess
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from aeutils import environment
from aeutils.files import read_tensors, write_tensors
from aeutils.models import Autoencoder, build
from aeutils.weights.packing import pack, unpack

HEADER = 200  # bytes that a file spends on naming one tensor, at most


def save_model(
    path: str | Path,
    model: Autoencoder,
    name: str,
    recipe: dict,
    precision: str = "float32",
    most: int | None = None,
) -> Path:
    """Write weights to path.safetensors and the recipe to path.json; returns the first.

    name: the model's in `build`; precision: of the stored weights, see `packing`; most: bytes of one file, where it
    can be kept by cutting between tensors. The recipe gains what rebuilds the model, the code's version and the
    weights' SHA-256. "options" in it are the further options of `build`.
    """
    code = _code_version()  # before writing: a checkout that holds the former weights is not clean afterwards
    weights = Path(path).with_suffix(".safetensors")
    parts = _in_parts(pack(model.state_dict(), precision), most)
    files = _files(weights, len(parts))
    for file, tensors in zip(files, parts, strict=True):
        write_tensors(file, tensors, {"model": name})
    recipe = {
        "model": name,
        "shape": list(model.shape),
        "latent_dim": model.latent_dim,
        **recipe,
        "precision": precision,
        "files": len(files),
        "bytes": sum(file.stat().st_size for file in files),
        "code": code,
        "torch": torch.__version__,
        "sha256": _sha256(files),
    }
    write_recipe(weights, recipe)
    return weights


def files_of(path: str | Path) -> list[Path]:
    """The files that hold the weights, as their recipe says. Raises what `read_recipe` raises."""
    return _files(Path(path).with_suffix(".safetensors"), read_recipe(path).get("files", 1))


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
    recipe, files = read_recipe(path), files_of(path)
    digest = _sha256(files)
    if digest != recipe["sha256"]:
        raise ValueError(
            f"{files[0]} is not what its recipe was written for (SHA-256 {digest[:12]}..., "
            f"expected {recipe['sha256'][:12]}...): truncated or altered; train it again or fetch it again"
        )
    tensors = {}
    for file in files:
        tensors |= read_tensors(file)[0]
    with torch.random.fork_rng([]):  # what is drawn afterwards is the same with and without these files
        model = build(recipe["model"], tuple(recipe["shape"]), recipe["latent_dim"], **recipe.get("options", {}))
    model.load_state_dict(unpack(tensors))
    model.origin = digest
    return model.to(environment.device()).eval(), recipe


def copy_weights(path: str | Path, model: Autoencoder) -> None:
    """Give `model` the weights that `save_model` wrote. Raises what `load_model` raises, and ValueError when they are
    of a model of other sizes."""
    saved, _ = load_model(path)
    try:
        model.load_state_dict(saved.state_dict())
        model.origin = saved.origin
    except RuntimeError:
        there, here = (_sizes(each) for each in (saved, model))
        raise ValueError(f"{path} has weights of the sizes {there}; the model to be trained has {here}") from None


def _sizes(model: Autoencoder) -> str:
    return ", ".join("x".join(map(str, weight.shape)) for weight in model.parameters() if weight.ndim > 1)


def _in_parts(tensors: dict[str, Tensor], most: int | None) -> list[dict[str, Tensor]]:
    """The tensors in their order, cut where a part would be larger than `most` bytes with its header."""
    parts, size = [{}], 0
    for name, tensor in tensors.items():
        size += tensor.nbytes + HEADER
        if parts[-1] and most is not None and size > most:
            parts.append({})
            size = tensor.nbytes + HEADER
        parts[-1][name] = tensor
    return parts


def _files(weights: Path, count: int) -> list[Path]:
    """NAME.safetensors, NAME.2.safetensors, ..."""
    return [weights, *(weights.with_suffix(f".{number}.safetensors") for number in range(2, count + 1))]


def _sha256(files: list[Path]) -> str:
    """Of the files' bytes, one after the other. FileNotFoundError when one is missing."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _code_version() -> str:
    """The commit in a checkout, else the package's version."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        here = Path(__file__).parent
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("aeutils")
