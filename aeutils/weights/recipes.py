"""Trained weights on disk, and beside them the recipe that made them (places.py says which files these are)."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from aeutils import environment
from aeutils.checks import File, OneOf, Sizes, Text, Whole, checked
from aeutils.checks.kinds import Instance, said
from aeutils.files import read_tensors, replacing, write_tensors
from aeutils.models import Autoencoder, build
from aeutils.models.description import restored
from aeutils.weights import places
from aeutils.weights.packing import PRECISIONS, pack, unpack

KINDS = {  # of what a recipe says for the machine
    "model": Text(),
    "shape": Sizes(),
    "latent_dim": Whole(),
    "sha256": Text(),
    "files": Whole(1, places.MOST_FILES),
    "options": Instance(dict),
}
OPTIONAL = ("files", "options")
HEADER = 200  # bytes that a file spends on naming one tensor, at most


@checked
def save_model(
    path: File(),
    model: Autoencoder,
    name: str,
    recipe: dict,
    precision: OneOf(*PRECISIONS) = "float32",
    most: Whole() | None = None,
    check: Callable[[Path], dict] | None = None,
) -> Path:
    """Write weights to path.safetensors and the recipe to path.json, both or neither; returns the first.

    name: the model's in `build`; precision: of the stored weights, see `packing`; most: bytes of one file, where it
    can be kept by cutting between tensors. The recipe gains what rebuilds the model, all its options, the code's
    version and the weights' SHA-256. check: called with the path of the new files before they count; what it returns
    joins the recipe, what it raises leaves the old files as they were.

    ValueError for a name that is not the model's, a model or a recipe that a recipe cannot hold, or weights that are
    not finite or not to be held in this precision. OSError where the files cannot be written.
    """
    about = {**recipe, **_described(model, name), "torch": torch.__version__, "code": _code_version()}
    _as_json(about)  # before the weights are written
    parts = _in_parts(pack(model.state_dict(), precision), most)
    with places.all_at_once(path) as new:
        files = places.weights_files(new, len(parts))
        for file, tensors in zip(files, parts, strict=True):
            write_tensors(file, tensors, {"model": name})
        bytes_ = sum(file.stat().st_size for file in files)
        about |= {"precision": precision, "files": len(files), "bytes": bytes_, "sha256": _sha256(files)}
        write_recipe(new, about)
        if check is not None:
            write_recipe(new, about | Instance(dict)("what check returns", check(new)))
    return places.weights_file(path)


def files_of(path: str | Path) -> list[Path]:
    """The files that hold the weights, as their recipe says. Raises what `read_recipe` raises."""
    return places.weights_files(path, read_recipe(path).get("files", 1))


def write_recipe(path: str | Path, recipe: dict) -> None:
    """Write path.json, whole or not at all. ValueError for what JSON cannot hold."""
    text = _as_json(recipe)
    with replacing(places.recipe_file(path)) as part:
        part.write_text(text + "\n", "utf-8")


def read_recipe(path: str | Path) -> dict:
    """path.json. FileNotFoundError when it is missing, ValueError when it is no recipe."""
    places.settle(path)
    file = places.recipe_file(path)
    try:
        recipe = json.loads(_bytes(file).decode("utf-8"))
        missing = [name for name in KINDS if name not in recipe and name not in OPTIONAL]
    except (UnicodeDecodeError, json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{file} is damaged ({error}); fetch it again or train the model again") from None
    if missing:
        raise ValueError(f"{file} is no recipe of weights: it lacks {', '.join(missing)}")
    try:
        for name, kind in KINDS.items():
            if name in recipe:
                kind(name, recipe[name])
    except ValueError as error:
        raise ValueError(f"{file} is damaged: {error}") from None
    return recipe


@checked
def load_model(path: File()) -> tuple[Autoencoder, dict]:
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
    tensors, owners = {}, set()
    for file in files:
        found, about = read_tensors(file, vouched=True)
        tensors |= found
        owners.add(about.get("model"))
    if owners != {recipe["model"]}:
        raise ValueError(f"{files[0]} holds weights of {owners}, and its recipe is of {recipe['model']!r}")
    weights = unpack(tensors)
    _check_fit(files[0], recipe, weights)
    with torch.random.fork_rng([]):  # what is drawn afterwards is the same with and without these files
        model = rebuilt(recipe)
    model.load_state_dict(weights)
    model.origin = digest
    return model.to(environment.device()).eval(), recipe


def rebuilt(recipe: dict) -> Autoencoder:
    """A fresh model as the recipe tells. ValueError where it tells none."""
    options = {name: restored(name, value) for name, value in recipe.get("options", {}).items()}
    return build(recipe["model"], tuple(recipe["shape"]), recipe["latent_dim"], **options)


def _described(model: Autoencoder, name: str) -> dict:
    """The model's description, once a model can be made of it again. ValueError where it cannot."""
    described = model.description()
    if described["model"] != name:
        raise ValueError(f"name is {said(name)}; this model is {described['model']!r}, and would be loaded as another")
    with torch.random.fork_rng([]), torch.device("meta"):
        rebuilt(described)
    return described


def _check_fit(file: Path, recipe: dict, weights: dict[str, Tensor]) -> None:
    """ValueError unless the recipe's model has weights of these names and sizes; no memory is taken for it."""
    with torch.random.fork_rng([]), torch.device("meta"):
        wanted = {name: tuple(value.shape) for name, value in rebuilt(recipe).state_dict().items()}
    found = {name: tuple(value.shape) for name, value in weights.items()}
    if found != wanted:
        others = ", ".join(sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name)))
        raise ValueError(f"{file} does not fit its recipe, whose {recipe['model']} has other {others}")


def _as_json(recipe: dict) -> str:
    try:
        if others := [key for key in recipe if not isinstance(key, str)]:  # JSON would make texts of them
            raise TypeError(f"{said(others[0])} is no name")
        return json.dumps(recipe, indent=2, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"a recipe holds finite numbers, texts, lists and dictionaries ({error})") from None


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


def _sha256(files: list[Path]) -> str:
    """Of the files' bytes, one after the other. FileNotFoundError when one is missing."""
    digest = hashlib.sha256()
    for file in files:
        digest.update(_bytes(file))
    return digest.hexdigest()


def _bytes(file: Path) -> bytes:
    """What is in a file of a saved model. FileNotFoundError when it is missing, OSError when it cannot be read."""
    try:
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(
            f"there is no {file}; ae.save_model writes it, and a model is loaded by the name it was saved under"
        ) from None
    except OSError as error:
        raise OSError(f"{file} cannot be read: {error.strerror or error}") from error


def _code_version() -> str:
    """The commit in a checkout, else the package's version."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        here = Path(__file__).parent
        return subprocess.run(command, cwd=here, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("aeutils")
