"""Weights that come with the course, in data/weights/: `pretrained` loads them, the command `weights` makes them."""

from dataclasses import replace
from pathlib import Path

from aeutils import environment
from aeutils.checks import File, OneOf, checked
from aeutils.data import load
from aeutils.measures.evaluate import evaluate
from aeutils.models import Autoencoder
from aeutils.models.description import describe, differences
from aeutils.training.settings import Settings
from aeutils.weights.making import Training, trained
from aeutils.weights.places import recipe_file
from aeutils.weights.recipes import files_of, load_model, read_recipe, save_model

WEIGHTS = Path(__file__).resolve().parents[2] / "data" / "weights"
MOST, MOST_IN_ALL = 2_000_000, 16_000_000  # bytes of one file, of the folder
COST = 0.01  # how much of the test loss the rounding to fewer bits may cost

SETS: dict[str, Training] = {
    "ae-2": Training("ae", "mnist", 2, settings=Settings(epochs=50, lr=3e-3), precision="int8"),
    "ae-32": Training("ae", "mnist", 32, settings=Settings(epochs=50, lr=3e-3), precision="int8"),
    "deep-30": Training("deep", "mnist", 30, settings=Settings(epochs=100), precision="int8"),
    "conv-32": Training("conv", "mnist", 32, settings=Settings(epochs=20, lr=3e-3), precision="float16"),
    "denoiser": Training(
        "denoising", "mnist", 32, settings=Settings(epochs=20), corrupt="gaussian=0.5", precision="float16"
    ),
    "context": Training("context", "mnist", 32, settings=Settings(epochs=20), precision="float16"),
    "edsr-photos": Training(
        "edsr",
        "patches",
        32,
        {"blocks": 8},
        Settings(epochs=8, batch_size=16, lr=7e-4, bfloat16=True),
        precision="float16",
    ),
    "vae-2": Training("vae", "mnist", 2, {"hidden": (128, 128)}, Settings(epochs=50), precision="float16"),
    "vae-20": Training("vae", "mnist", 20, settings=Settings(epochs=50, lr=1e-3), precision="float16"),
    "vae-fashion": Training("vae", "fashion", 128, {"beta": 0.03}, Settings(epochs=50, lr=1e-3), precision="float16"),
    "vae-50": Training("iwae", "mnist", 50, {"draws": 1}, Settings(epochs=300, batch_size=64), precision="float16"),
    "iwae-50": Training(
        "iwae",
        "mnist",
        50,
        {"draws": 50},
        Settings(epochs=16, batch_size=64, lr=1e-3),
        start=Path("vae-50"),
        precision="float16",
    ),
}


@checked
def pretrained(name: str, folder: File() = WEIGHTS) -> Autoencoder | None:
    """The model of this name with the course's weights, on the course's device; one line says that it was loaded.

    None where the files are not there, after a line that says how to make them: `ae.pretrained("vae-20") or train()`.
    ValueError for an unknown name, or for files that are damaged or do not belong together.
    """
    path = file(name, folder)
    if not path.exists():
        print(f"{name}: no trained weights here; `python -m aeutils weights {name}` makes them")
        return None
    _check_owner(name, path)
    model, recipe = load_model(path)
    made = f"{sum(recipe['epochs'])} epochs on {recipe['data']}, {recipe['seconds']:.0f} s on {recipe['device']}"
    print(f"{name}: weights loaded, trained beforehand ({made})")
    return model


def _check_owner(name: str, path: Path) -> None:
    """ValueError when the files called `name` are of another set, as vae-2's under the name ae-2."""
    wanted, recipe = SETS[name], read_recipe(path)
    options = recipe.get("options", {})
    known = {"model": wanted.model, "data": wanted.data, "latent_dim": wanted.latent, "options": wanted.options}
    found = {"options": {each: options.get(each) for each in wanted.options}}
    others = list(differences({each: recipe.get(each) for each in known} | found, describe(known)))
    if others:
        raise ValueError(
            f"{path} is not {name} ({'; '.join(others).replace(' now', ' expected')}): a file of another set under its "
            "name; fetch it again or train it again"
        )


@checked
def recipe(name: str, folder: File() = WEIGHTS) -> dict:
    """How the weights of this name were made and what they reach: `ae.recipe("vae-20")["measures"]`, by the keys of
    measures/measure.py. ValueError for an unknown name, FileNotFoundError where the files are not there."""
    return read_recipe(file(name, folder))


def make(name: str, folder: Path = WEIGHTS, epochs: int | None = None, replace_it: bool = False) -> Path | None:
    """Train a set, check it, save it; returns its path (None in all processes but the first).

    A set that is there is replaced by one of its own settings alone, trained to the end; by another only if
    `replace_it`. ValueError, and the old one stays: when its data are not there (a stand-in will not do) or the set
    that it goes on from is not, or when the new weights are too large or too coarse.
    """
    path, wanted = file(name, folder), SETS[name]
    settings = wanted.settings if epochs is None else replace(wanted.settings, epochs=epochs)
    usual = settings == wanted.settings and environment.budget().name == "normal" and environment.seed() == 0
    if path.exists() and not replace_it and not usual:
        raise ValueError(
            f"{path} is there, and this run would be another: {settings.epochs} epochs at the budget "
            f"{environment.budget().name} with seed {environment.seed()}; the set has {wanted.settings.epochs} at "
            "normal with 0. Choose another --out, or --replace it"
        )
    data = load(wanted.data)
    if data.name != wanted.data:
        raise ValueError(f"{name} is trained on {wanted.data}, and only {data.name} is there; see data/README.md")
    start = wanted.start and folder / wanted.start
    if start and not recipe_file(start).exists():
        raise ValueError(
            f"{name} goes on from {wanted.start}; make that first: python -m aeutils weights {wanted.start}"
        )
    made = trained(replace(wanted, settings=settings, start=start, out=path, replace=True))
    if made is None:
        return None
    if made.interrupted:
        raise ValueError(f"{name} was stopped before its end; nothing was saved")

    def check(new: Path) -> dict:
        model, recipe = load_model(new)
        stored = evaluate(model, data.test)
        cost = stored["loss"] / recipe["test"]["loss"] - 1
        _check(new, path, cost)
        print(f"{name}: {recipe['bytes'] / 1e6:.2f} MB; {recipe['precision']} costs {cost:+.2%} of the test loss")
        return {"test as stored": stored}

    print(f"weights in {save_model(path, made.model, wanted.model, made.recipe, wanted.precision, MOST, check)}")
    return path


@checked
def file(name: str, folder: File() = WEIGHTS) -> Path:
    """Where the weights of a set are. ValueError for an unknown name."""
    OneOf(among=SETS, none="there are no weights")("name", name)
    return folder / f"{name}.safetensors"


def _check(new: Path, path: Path, cost: float) -> None:
    """ValueError when the new files, which are to take the place of those of `path`, are too large or their rounding
    costs too much."""
    sizes = [file.stat().st_size for file in files_of(new)]
    former = files_of(path) if path.exists() else []
    others = sum(file.stat().st_size for file in set(path.parent.glob("*.safetensors")) - set(former))
    largest, in_all = max(sizes), sum(sizes) + others
    wrong = {
        f"{largest:,} bytes, more than {MOST:,}": largest > MOST,
        f"{in_all:,} bytes with all others, more than {MOST_IN_ALL:,}": in_all > MOST_IN_ALL,
        f"rounding costs {cost:.1%} of the test loss, more than {COST:.0%}": abs(cost) > COST,
    }
    if any(wrong.values()):
        raise ValueError(f"{path} was not saved: {'; '.join(reason for reason, true in wrong.items() if true)}")
