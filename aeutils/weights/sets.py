"""Weights that come with the course, in data/weights/: `pretrained` loads them, the command `weights` makes them."""

from dataclasses import replace
from pathlib import Path

from aeutils.data import load
from aeutils.measures.evaluate import evaluate
from aeutils.models import Autoencoder
from aeutils.training.settings import Settings
from aeutils.weights.making import Training, run
from aeutils.weights.recipes import files_of, load_model, read_recipe, write_recipe

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


def pretrained(name: str, folder: Path = WEIGHTS) -> Autoencoder | None:
    """The model of this name with the course's weights, on the course's device; one line says that it was loaded.

    None where the files are not there, after a line that says how to make them: `ae.pretrained("vae-20") or train()`.
    ValueError for an unknown name, or for files that are damaged or do not belong together.
    """
    path = file(name, folder)
    if not path.exists():
        print(f"{name}: no trained weights here; `python -m aeutils weights {name}` makes them")
        return None
    model, recipe = load_model(path)
    made = f"{sum(recipe['epochs'])} epochs on {recipe['data']}, {recipe['seconds']:.0f} s on {recipe['device']}"
    print(f"{name}: weights loaded, trained beforehand ({made})")
    return model


def recipe(name: str, folder: Path = WEIGHTS) -> dict:
    """How the weights of this name were made and what they reach: `ae.recipe("vae-20")["measures"]`, by the keys of
    measures/measure.py. ValueError for an unknown name, FileNotFoundError where the files are not there."""
    return read_recipe(file(name, folder))


def make(name: str, folder: Path = WEIGHTS, epochs: int | None = None) -> Path | None:
    """Train a set, save it, check what was saved; returns its path (None in all processes but the first).

    ValueError when its data are not there (a stand-in will not do) or the set that it goes on from is not, or when the
    saved weights are too large or too coarse.
    """
    path, wanted = file(name, folder), SETS[name]
    data = load(wanted.data)
    if data.name != wanted.data:
        raise ValueError(f"{name} is trained on {wanted.data}, and only {data.name} is there; see data/README.md")
    start = wanted.start and folder / wanted.start
    if start and not start.with_suffix(".json").exists():
        raise ValueError(
            f"{name} goes on from {wanted.start}; make that first: python -m aeutils weights {wanted.start}"
        )
    settings = replace(wanted.settings, epochs=epochs or wanted.settings.epochs)
    if run(replace(wanted, settings=settings, out=path, start=start, most=MOST)) is None:
        return None
    model, recipe = load_model(path)
    stored = evaluate(model, data.test)
    cost = stored["loss"] / recipe["test"]["loss"] - 1
    write_recipe(path, recipe | {"test as stored": stored})
    _check(path, cost)
    print(f"{name}: {recipe['bytes'] / 1e6:.2f} MB; {recipe['precision']} costs {cost:+.2%} of the test loss")
    return path


def file(name: str, folder: Path = WEIGHTS) -> Path:
    """Where the weights of a set are. ValueError for an unknown name."""
    if name not in SETS:
        raise ValueError(f"there are no weights {name!r}; expected one of {', '.join(SETS)}")
    return folder / f"{name}.safetensors"


def _check(path: Path, cost: float) -> None:
    """ValueError, and the files are gone, when they are too large or their rounding costs too much."""
    files = files_of(path)
    largest = max(file.stat().st_size for file in files)
    in_all = sum(file.stat().st_size for file in path.parent.glob("*.safetensors"))
    wrong = {
        f"{largest:,} bytes, more than {MOST:,}": largest > MOST,
        f"{in_all:,} bytes with all others, more than {MOST_IN_ALL:,}": in_all > MOST_IN_ALL,
        f"rounding costs {cost:.1%} of the test loss, more than {COST:.0%}": abs(cost) > COST,
    }
    if any(wrong.values()):
        for made in (*files, path.with_suffix(".json")):
            made.unlink()
        raise ValueError(f"{path} was removed: {'; '.join(reason for reason, true in wrong.items() if true)}")
