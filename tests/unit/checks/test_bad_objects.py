"""What has no line in test_bad_inputs.py: models, what is stored and loaded, data and runs, figures and widgets; and a
test that no public name is in neither table."""

import math
import traceback
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.checks.contract import checked
from aeutils.checks.kinds import LARGEST_SIZE
from tests.unit.checks import test_bad_inputs as functions
from tests.unit.checks.test_bad_inputs import (
    AE,
    CODES,
    COUNT,
    DATA,
    FUNCTION,
    HOLE,
    HOLES,
    LABELS,
    MODEL,
    NAN,
    NUMBER,
    PACKAGE,
    POSITIVE,
    SEED,
    SET,
    SHAPE,
    TEXT,
    VAE,
    WRONG,
    Call,
    X,
    spoilt_images,
    spoilt_labels,
    spoilt_numbers,
)

SIZE = COUNT | {"huge": LARGEST_SIZE + 1, "infinite": math.inf, "a list": [3], "bytes": b"3", "class": int}
SHAPES = {
    "empty": (),
    "zero": (0, 8, 8),
    "negative": (1, -8, 8),
    "half": (1, 8.5, 8),
    "nan": (1, NAN, 8),
    "True": (True, 8, 8),
    "texts": ("1", "8", "8"),
    "text": "188",
    "number": 64,
    "nested": ((1, 8, 8),),
    "set": {1, 8},
    "tensor": torch.tensor([1, 8, 8]),
    "huge": (2**70, 8, 8),
    "None": None,
}
PICTURES = SHAPES | {"points": (64,), "one dimension more": (1, 1, 8, 8)}
QUARTERS = PICTURES | {"no multiple of 4": (1, 6, 8)}
HIDDEN = {name: SHAPES[name] for name in SHAPES if name not in ("empty", "tensor")}
ACTIVATION = {
    "text": "relu",
    "None": None,
    "number": 3,
    "a layer": nn.ReLU(),
    "function of numbers": torch.relu,
    "no layer": int,
    "list": [nn.ReLU],
    "needs sizes": nn.Linear,
    "halves": nn.GLU,
    "model": ae.VAE,
    "makes a number": lambda: 3,
    "another shape": partial(nn.Unflatten, 1, (2, 2)),
}
NO_CODES = {"None": None, "list": [[0.0, 0.0]], "text": "0", "q": torch.ones(6, 3)}
BLOCK = ACTIVATION | {"halves": lambda channels: nn.Conv2d(channels, channels, 3), "another shape": nn.Flatten}
OUTPUT = {"unknown": "tanh", "None": None, "list": ["linear"], "function": torch.sigmoid, "True": True}
FLAG = {"text": "no", "number": 1, "None": None, "tensor": torch.ones(2)}
FOLDER = {"empty": "", "blank": " ", "number": 3, "None": 3.5, "bytes": b"a", "list": ["a"], "zero": "a\0b"}
PATH = FOLDER | {"long": "m" * 300, "nobody's home": "~nobody-of-this-name/m", "a folder": ".", "True": True}


def a_model(kind, shapes=SHAPES, *, good=None, **bad) -> Call:
    return Call(kind, {"shape": SHAPE, "latent_dim": 2, **(good or {})}, {"shape": shapes, "latent_dim": SIZE, **bad})


def judge(value: str | None = None) -> dict:
    """Discriminators that are none for images of SHAPE."""
    return {
        "None": None,
        "class": ae.Discriminator,
        "function": torch.sum,
        "text": "yes",
        "gives images": nn.ReLU(),
        "of other images": ae.Discriminator((1, 28, 28), 2),
        "of vectors": nn.Linear(64, 1),
        "one column": nn.Sequential(nn.Flatten(), nn.Linear(64, 1)),
    }


MODELS = {
    "Dense": a_model(
        ae.Dense, hidden=HIDDEN, activation=ACTIVATION, output=OUTPUT, criterion=OUTPUT, good={"hidden": (4,)}
    ),
    "Deep": a_model(ae.Deep),
    "Conv": a_model(ae.Conv, QUARTERS, channels=HIDDEN | {"one": (2,), "three": (2, 2, 2)}, good={"channels": (2, 2)}),
    "VAE": a_model(ae.VAE, hidden=HIDDEN, beta=NUMBER, criterion=OUTPUT, activation=ACTIVATION, good={"hidden": (4,)}),
    "IWAE": a_model(ae.IWAE, draws=COUNT, beta=NUMBER | {"two": 2.0}, good={"hidden": (4,)}),
    "Context": a_model(
        ae.Context,
        QUARTERS,
        channels=SIZE,
        fully_connected=FLAG,
        mask={
            "unknown": "centre",
            "None": None,
            "list": ["central"],
            "class": ae.corruptions.Hole,
            "floats": torch.ones_like,
            "draws nothing": lambda x: None,
            "no batch": lambda x: x[0] > -1,
            "of colours": lambda x: (x > -1).expand(-1, 3, -1, -1),
        },
        good={"channels": 2},
    ),
    "Contractive": a_model(ae.Contractive, strength=NUMBER, output=OUTPUT, criterion=OUTPUT),
    "DeepContractive": a_model(
        ae.DeepContractive, strength=NUMBER, hidden=HIDDEN, probes=COUNT, good={"hidden": (4,), "probes": 1}
    ),
    "Denoising": a_model(ae.Denoising, QUARTERS, channels=SIZE, good={"channels": 2}),
    "Recirculation": a_model(ae.Recirculation, regression=NUMBER | {"one": 1.0}),
    "Sparse": a_model(ae.Sparse, strength=NUMBER, activation=ACTIVATION),
    "SparseKL": a_model(ae.SparseKL, strength=NUMBER, rho=POSITIVE | {"one": 1.0}),
    "TopK": a_model(ae.TopK, keep=COUNT | {"more": 3}, hidden=HIDDEN | {"fewer than are kept": (1,)}, good={"keep": 2}),
    "Stacked": a_model(ae.Stacked, hidden=HIDDEN, good={"hidden": (4,)}),
    "Tied": a_model(ae.Tied, hidden=HIDDEN, activation=ACTIVATION, output=OUTPUT, good={"hidden": (4,)}),
    "TiedLinear": a_model(ae.TiedLinear),
    "EDSR": a_model(
        ae.EDSR,
        PICTURES | {"odd": (1, 7, 8), "more channels than maps": (3, 8, 8)},
        scale=COUNT | {"one": 1, "three": 3},
        blocks=COUNT,
        block=BLOCK,
        good={"blocks": 1},
    ),
    "Autoencoder": Call(
        ae.Autoencoder,
        {"encoder": nn.Flatten(), "decoder": nn.Unflatten(1, SHAPE), "shape": SHAPE, "latent_dim": 64},
        {
            "encoder": {"None": None, "class": nn.Flatten, "function": torch.relu, "list": [nn.Flatten()]},
            "decoder": {"None": None, "text": "linear", "tensor": X},
            "shape": SHAPES,
            "latent_dim": SIZE,
            "output": OUTPUT,
            "criterion": OUTPUT | {"of another model": "absolute error"},
            "code_shape": {name: SHAPES[name] for name in SHAPES if name != "None"} | {"another": (2, 4, 4)},
        },
    ),
    "Adversarial": Call(
        ae.Adversarial,
        {"model": AE, "discriminator": ae.Discriminator(SHAPE, 2), "weight": 0.1},
        {"model": MODEL | {"cross-entropy": VAE}, "discriminator": judge(), "weight": POSITIVE},
    ),
    "Discriminator": Call(ae.Discriminator, {"shape": SHAPE, "channels": 2}, {"shape": PICTURES, "channels": SIZE}),
    "ChannelWise": Call(
        ae.ChannelWise, {"channels": 1, "height": 2, "width": 2}, dict.fromkeys(["channels", "height", "width"], SIZE)
    ),
    "Linear": Call(
        ae.Linear,
        {"in_features": 2, "out_features": 3, "bias": True},
        {"in_features": SIZE, "out_features": SIZE, "bias": FLAG},
    ),
    "mlp": Call(
        ae.mlp,
        {"sizes": (4, 4, 2), "activation": nn.ReLU},
        {"sizes": SHAPES | {"one": (4,)}, "activation": ACTIVATION},
    ),
    "PCA": Call(
        ae.PCA,
        {"shape": (2,), "weight": torch.ones(1, 2), "mean": torch.zeros(2)},
        {
            "shape": SHAPES,
            "weight": spoilt_numbers(torch.ones(1, 2)) | {"vector": torch.ones(2), "n": torch.ones(1, 3)},
            "mean": spoilt_numbers(torch.ones(2)) | {"n": torch.ones(3), "row": torch.ones(1, 2)},
        },
    ),
    "PCA.first": Call(ae.PCA.fit(X, 3).first, {"count": 2}, {"count": COUNT | {"more": 4}}),
    "build": Call(
        ae.build,
        {"name": "linear", "shape": SHAPE, "latent_dim": 2},
        {
            "name": TEXT | {"unknown": "gan", "empty": "", "capitals": "AE", "class": ae.VAE, "True": True},
            "shape": SHAPES,
            "latent_dim": SIZE,
            "option": {"that it has not": 3},
        },
    ),
    "log_p_x_given_z": Call(
        VAE.log_p_x_given_z,
        {"x": X, "z": CODES},
        {"z": spoilt_numbers(CODES) | {"q": torch.ones(6, 3), "one": CODES[:1]} | {"nan": None, "one nan": "0"}},
    ),
    "reparameterize": Call(
        VAE.reparameterize,
        {"mean": CODES, "log_variance": CODES},
        dict.fromkeys(["mean", "log_variance"], NO_CODES),
    ),
    "a loss's target": Call(
        AE.loss, {"x": X, "target": X}, {"target": {name: WRONG[name] for name in WRONG if name != "None"}}
    ),
    "a hole": Call(
        ae.Context(SHAPE, 2, 2),
        {"x": X, "hole": HOLE},
        {"hole": {name: HOLES[name] for name in ("floats", "bytes", "too few", "too small", "no channel", "text")}},
    ),
}

STORED = {
    "save_model": Call(
        ae.save_model,
        {"path": "new", "model": AE, "name": "ae", "recipe": {}, "precision": "float32", "most": None, "check": None},
        {
            "path": PATH,
            "model": MODEL | {"weights": AE.state_dict()},
            "name": TEXT | {"another": "vae", "empty": "", "None": None},
            "recipe": {
                "None": None,
                "text": "ae",
                "list": [1],
                "number as name": {1: 2},
                "nan": {"loss": NAN},
                "tensor": {"codes": X},
                "a set": {"seen": {1, 2}},
            },
            "precision": TEXT | {"unknown": "float64", "type": torch.float16, "None": None},
            "most": COUNT | {"None": math.inf},
            "check": {"text": "yes", "class": dict, "dictionary": {}, "gives nothing": lambda path: None},
        },
    ),
    "load_model": Call(ae.load_model, {"path": "good"}, {"path": PATH | {"None": None, "empty.json": "empty.json"}}),
    "pretrained": Call(
        ae.pretrained,
        {"name": "vae-2", "folder": "."},
        {"name": TEXT | {"unknown": "vae-3", "None": None, "file": "vae-2.json"}, "folder": FOLDER},
    ),
    "recipe": Call(
        ae.recipe,
        {"name": "vae-2"},
        {"name": TEXT | {"unknown": "", "None": None, "True": True, "set": {"vae-2"}}, "folder": FOLDER},
    ),
    "setup": Call(
        ae.setup, {"data": "blocks", "seed": 0}, {"data": TEXT | {"unknown": "minst", "set": DATA}, "seed": SEED}
    ),
    "Trials": Call(
        ae.Trials, {"experiment": lambda beta=1.0: {"error": beta}}, {"experiment": FUNCTION | {"class": dict}}
    ),
    "Trials of": Call(
        lambda gives: ae.Trials(lambda beta=1.0: gives)(beta=2.0),
        {"gives": {"error": 1.0}},
        {"gives": {"None": None, "number": 1.0, "empty": {}, "tensor": X, "images": {"error": X}, "list": {"a": [1]}}},
    ),
    "lab": Call(ae.lab, {"number": 1}, {"number": COUNT | {"none": 99, "list": [1], "dictionary": {}, "set": {1}}}),
    "DataSet": Call(
        ae.DataSet,
        {"name": "mine", "source": "drawn", "classes": ("a", "b"), "train": DATA.train, "test": DATA.test},
        {
            "name": TEXT | {"None": None, "True": True},
            "source": TEXT | {"path": Path("a")},
            "classes": {"text": "ab", "numbers": (0, 1), "None": None, "number": 2, "set": {"a", "b"}},
            "train": {"None": None, "tensor": X, "tuple": (X, LABELS), "set": DATA, "class": ae.Split},
            "test": {"None": None, "labels": LABELS},
        },
    ),
    "Split": Call(
        ae.Split,
        {"x": X, "labels": LABELS},
        {
            "x": {"None": None, "text": "x", "number": 3, "bool": X > 0.5, "int64": LABELS, "complex": X + 0j}
            | {"fewer": X[:2], "ragged": [[1.0], [1.0, 2.0]], "class": nn.ReLU},
            "labels": spoilt_labels(LABELS),
        },
    ),
    "History": Call(
        ae.History,
        {"criterion": "error", "train": {"loss": [1.0]}, "test": {}, "seconds": [0.1], "samples": 6},
        {
            "criterion": TEXT | {"None": None},
            "train": {"None": None, "list": [1.0], "number": {"loss": 1.0}, "texts": {"loss": ["a"]}}
            | {"longer": {"loss": [1.0, 2.0]}, "nan": {"loss": [NAN]}},
            "test": {"None": None, "shorter": {"loss": []}},
            "seconds": {"None": None, "number": 0.1, "text": "1", "True": [True], "longer": [0.1, 0.2]},
            "samples": {"text": "6", "half": 1.5, "True": True, "None": None},
            "interrupted": FLAG,
        },
    ),
    "fit": Call(
        partial(ae.fit, show=False),
        {"model": ae.TiedLinear(SHAPE, 2), "samples": X, "epochs": 1, "lr": 1e-3},
        {
            "model": MODEL | {"without weights": ae.PCA.fit(X, 2)},
            "samples": spoilt_images(X) | {"no channel": X[:, 0], "set": DATA, "one": X[0]},
            "epochs": COUNT | {"huge": 10**8},
            "batch_size": COUNT,
            "lr": POSITIVE,
            "schedule": TEXT | {"unknown": "cosine", "None": None},
            "optimizer": {"number": 3, "unknown": "lbfgs", "class": torch.optim.Adam},
            "corrupt": {"text": "gaussian=0.5", "number": 0.5, "class": ae.corruptions.Gaussian, "tensor": X}
            | {"another shape": lambda x: x[:1], "nothing": lambda x: None, "bytes": lambda x: x.byte()},
            "test": {"text": "test", "no channel": X[:, 0], "nan": X * NAN, "empty": X[:0]},
            "seed": SEED,
            "checkpoint": PATH,
            "label": TEXT,
            "compiled": {name: FLAG[name] for name in FLAG if name != "None"},
            "bfloat16": FLAG,
        },
    ),
}


def scatter(axes=None, **options):
    return ae.class_map(plt.figure().add_subplot() if axes is None else axes, **options)


def shown(axes=None, **options):
    return ae.show_image(plt.figure().add_subplot() if axes is None else axes, **options)


def described(text):
    plt.figure()
    return ae.describe(text)


def dragged(figure=None, artists=None, **options):
    """A slider over a figure with one line; the line is what moves, unless `artists` are given."""
    own = plt.figure(figsize=(1, 1))
    (line,) = own.add_subplot().plot([0], [0])
    figure = own if figure is None else figure
    return ae.slider_figure(figure, artists=[line] if artists is None else artists, **options)


AXES = {"figure": plt.Figure(), "text": "left", "number": 3, "class": plt.Axes, "several": [1, 2]}
RANGE = {
    "order": (1, 0, 0),
    "outside": (0, 1, 2),
    "nan": (0, 1, NAN),
    "infinite": (0, math.inf, 1),
    "True": (0, 2, True),
    "two": (0, 1),
    "empty": (),
    "text": "ab",
    "number": 3,
    "None": None,
    "one name": ["a"],
    "set": {0.0, 1.0, 0.5},
    "dictionary": {"a": 1, "b": 2},
    "tensor": X,
}
CURVE = ae.load("curve", count=20)
SPOILT = ae.DataSet("nan", "drawn", ("a",), ae.Split(CURVE.train.x * NAN, CURVE.train.labels), CURVE.test)
NAN_SET = ae.DataSet("nan", "drawn", ("a", "b"), ae.Split(X * NAN, LABELS), ae.Split(X * NAN, LABELS))
FIGURES = {
    "class_map": Call(
        scatter,
        {"codes": CODES, "labels": LABELS, "classes": ["a", "b"]},
        {
            "axes": AXES,
            "codes": spoilt_numbers(CODES) | {"q": torch.ones(6, 3), "vector": LABELS, "N": CODES[:2]},
            "labels": spoilt_labels(LABELS) | {"beyond": LABELS + 1, "column": LABELS[:, None]},
            "classes": {"text": "ab", "number": 2, "numbers": [0, 1], "None": None, "empty": [], "set": {"a", "b"}},
        },
    ),
    "show_image": Call(
        shown,
        {"image": X[0]},
        {"axes": AXES, "image": spoilt_images(X[0]) | {"two channels": X[:2, 0], "flat": X[0, 0]}, "title": TEXT},
    ),
    "describe": Call(described, {"text": "a line"}, {"text": TEXT | {"None": None, "empty": "", "blank": " \n"}}),
    "drawing": Call(
        ae.drawing,
        {"name": "vae"},
        {"name": TEXT | {"unknown": "gan", "None": None, "set": {"vae"}, "dictionary": {}, "array": np.ones(2)}},
    ),
    "slider_figure": Call(
        dragged,
        {"move": lambda x: None, "title": "t", "x": (0.0, 1.0, 0.5)},
        {
            "figure": {"axes": plt.Figure().add_subplot(), "text": "f", "class": plt.Figure, "of others": plt.Figure()},
            "move": FUNCTION | {"class": ae.VAE},
            "artists": {"none": [], "text": "line", "numbers": [1], "a line": plt.Line2D([0], [0])}
            | {"lines of no figure": [plt.Line2D([0], [0])]},
            "title": TEXT | {"None": None},
            "x": RANGE,
        },
    ),
    "draw": Call(
        ae.draw,
        {"model": AE, "data": DATA},
        {
            "model": MODEL | {"of other images": ae.Dense((1, 28, 28), 2, (4,)), "its own way": ae.PCA.fit(X, 2)},
            "data": SET | {"points": CURVE, "nan": NAN_SET},
            "noise": NUMBER | {"more": 1.5},
            "hole": COUNT | {"of no context encoder": 4},
        },
    ),
    "draw into a hole": Call(
        ae.draw,
        {"model": ae.Context(SHAPE, 2, 2), "data": DATA, "hole": 4},
        {"hole": COUNT | {"the whole image": 8}, "noise": {"of no denoiser": 0.5}},
    ),
    "train_live": Call(
        ae.train_live,
        {"data": CURVE, "model": "ae"},
        {
            "data": SET | {"nan": SPOILT, "features": ae.load("noise", count=5)},
            "model": TEXT | {"unknown": "gan", "None": None, "class": ae.VAE},
            "bottleneck": {name: COUNT[name] for name in COUNT} | {"three": 3},
            "hidden": HIDDEN | {"None": 4, "empty": (), "wide": (100_000,)},
            "noise": NUMBER | {"large": 9.0},
            "sparsity": NUMBER | {"large": 9.0},
            "beta": NUMBER | {"of another model": 0.01},
            "seed": SEED,
        },
    ),
    "train_live of a VAE": Call(
        ae.train_live,
        {"data": CURVE, "model": "vae", "beta": 0.01},
        {"beta": NUMBER | {"large": 9.0}, "sparsity": {"of another model": 0.1}},
    ),
    "predict": Call(
        ae.predict,
        {"question": "Which one?", "choices": ["a", "b"]},
        {
            "question": TEXT | {"None": None, "empty": "", "blank": " ", "True": True},
            "choices": {"empty": [], "one": ["a"], "twice": ["a", "a"], "blank": ["a", " "], "text": "ab", "number": 3}
            | {"numbers": [1, 2], "set": {"a", "b"}, "dictionary": {"a": 1, "b": 2}, "generator": iter("ab")},
            "unit": TEXT | {"None": None, "beside choices": "nats"},
        },
    ),
    "a result": Call(
        ae.predict("How many bits?").result,
        {"value": 3},
        {"value": {"text": "3", "nan": NAN, "infinite": math.inf, "True": True, "None": None, "several": X, "[]": []}},
    ),
    "a chosen result": Call(
        ae.predict("Which of these?", ["a", "b"]).result,
        {"value": "a"},
        {"value": {"another": "c", "number": 0, "list": ["a"], "None": None, "tensor": X}},
    ),
}
CALLS = MODELS | STORED | FIGURES
ALL = [(name, argument) for name, call in CALLS.items() for argument in call.bad]


@pytest.fixture(autouse=True)
def leave_no_figure():
    with plt.rc_context():  # `setup` sets the course's style
        yield
    plt.close("all")


@pytest.fixture(autouse=True, scope="module")
def folder(tmp_path_factory):
    """All files of this module: a saved model, and what is none."""
    place = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        ae.save_model("good", AE, "ae", {})
        (place / "empty.json").touch()
        (place / "broken.json").write_text((place / "good.json").read_text())
        (place / "folder.json").mkdir()
        yield place


def not_refused(function, *arguments, **named) -> str:
    """What a call does in place of an error of the package, in words; "" where it does that."""
    try:
        return f"gave {type(function(*arguments, **named)).__name__}"
    except ValueError as error:
        *_, last = traceback.walk_tb(error.__traceback__)
        if not Path(last[0].f_code.co_filename).is_relative_to(PACKAGE):
            return f"the error of another library: {error}"
        return "" if 20 <= len(str(error)) <= 400 else f"an error of {len(str(error))} characters"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def test_there_are_many():
    assert sum(len(ways) for call in CALLS.values() for ways in call.bad.values()) > 1200


@pytest.mark.parametrize("name", CALLS)
def test_what_is_good_is_taken(name):
    call = CALLS[name]
    call.function(**call.good)


@pytest.mark.parametrize(("name", "argument"), ALL)
def test_what_is_bad_is_refused_in_words(name, argument):
    function, good, bad = CALLS[name]
    found = {way: not_refused(function, **good | {argument: value}) for way, value in bad[argument].items()}
    assert {way: what for way, what in found.items() if what} == {}


WITH_METHODS = [
    ae.Adversarial(AE, ae.Discriminator(SHAPE, 2), 0.1),
    ae.Context(SHAPE, 2, 2),
    ae.Conv(SHAPE, 2, (2, 2)),
    ae.DeepContractive(SHAPE, 2, hidden=(4,)),
    ae.EDSR(SHAPE, 2, blocks=1),
    ae.IWAE(SHAPE, 2, (4,), draws=2),
    ae.PCA.fit(X, 2),
    ae.Recirculation(SHAPE, 2),
    ae.SparseKL(SHAPE, 2),
    ae.Stacked(SHAPE, 2, (4,)),
    ae.TiedLinear(SHAPE, 2),
    ae.TopK(SHAPE, 2, 1),
]


@pytest.mark.parametrize("model", WITH_METHODS, ids=lambda model: type(model).__name__)
def test_a_model_s_methods_refuse_what_is_no_batch(model):
    for method in (model.encode, model.loss, model.forward, model.decode):
        for value in WRONG.values():
            with pytest.raises(ValueError, match=r"^[xh] is .*; expected a batch \[N, "):
                method(value)


@pytest.mark.parametrize("model", WITH_METHODS, ids=lambda model: type(model).__name__)
def test_a_method_is_called_by_names_too(model):
    torch.manual_seed(0)
    h = model.encode(x=X)
    assert model.decode(h=h).shape == X.shape
    assert model.loss(x=X, target=X.numpy())["loss"].isfinite()


def test_python_says_itself_what_a_call_lacks():
    with pytest.raises(TypeError, match=r"encode\(\) missing 1 required positional argument"):
        AE.encode()
    with pytest.raises(TypeError, match="unexpected keyword argument 'y'"):
        AE.loss(X, y=X)


MISSING = {
    "nowhere": (ae.load_model, "/nosuch"),
    "below nowhere": (ae.load_model, "/no/such/file"),
    "the recipe alone": (ae.load_model, "broken"),
    "a file, not its model": (ae.load_model, "good.json/m"),
    "a folder in the recipe's place": (ae.load_model, "folder"),
    "no recipe": (lambda path: ae.recipe("vae-2", path), "nowhere"),
    "a file in the folder's place": (lambda path: ae.recipe("vae-2", path), "good.json"),
    "an unwritable place": (lambda path: ae.save_model(path, AE, "ae", {}), "good.json/m"),
    "a checkpoint below a file": (
        lambda path: ae.fit(ae.TiedLinear(SHAPE, 2), X, epochs=1, lr=1e-3, show=False, checkpoint=path),
        "good.json/c",
    ),
}


@pytest.mark.parametrize(("call", "path"), MISSING.values(), ids=MISSING)
def test_a_file_that_is_not_there_is_told_with_what_to_do(call, path):
    with pytest.raises(OSError, match=rf"{path.split('/')[-1]}|good|broken|there is no") as error:
        call(path)
    assert 20 <= len(str(error.value)) <= 400
    assert Path(error.traceback[-1].path).is_relative_to(PACKAGE), "the error of Python"


def test_what_is_missing_is_called_by_its_name():
    with pytest.raises(FileNotFoundError, match=r"there is no /nosuch\.json; ae\.save_model writes it"):
        ae.load_model("/nosuch")
    with pytest.raises(FileNotFoundError, match=r"there is no broken\.safetensors"):
        ae.load_model("broken")


class MyOwn(ae.Dense):
    """A learner's model with an option of its own."""

    def __init__(self, shape, width: int = 4):
        super().__init__(shape, 2, hidden=(width,))


def test_a_learner_s_own_constructor_keeps_what_it_says():
    assert MyOwn(SHAPE, np.int64(3)).encoder[1].out_features == 3
    with pytest.raises(ValueError, match="width is 'wide'; expected a whole number"):
        MyOwn(SHAPE, "wide")
    with pytest.raises(ValueError, match="shape is 64; expected a tuple of sizes"):
        MyOwn(64)


def test_a_mask_of_the_course_is_a_mask_of_a_model():
    """Its check was described attribute by attribute, until one was too deep."""
    for mask in (ae.masks.central, ae.masks.blocks, ae.masks.region):
        assert ae.Context(SHAPE, 2, 2, mask=mask)(X).shape == X.shape


def test_trying_an_activation_draws_nothing():
    torch.manual_seed(0)
    wanted = ae.mlp((4, 4, 2), nn.Tanh)[0].weight, torch.rand(3)
    torch.manual_seed(0)
    found = ae.mlp((4, 4, 2), partial(nn.Dropout, 0.5))[0].weight, torch.rand(3)
    assert all(torch.equal(a, b) for a, b in zip(wanted, found, strict=True))


# Every public name is in a table

NO_CALLS = {
    "CLASS_COLOURS": "a tuple of colours",
    "NonFiniteLoss": "an error, which `fit` raises",
}


def test_no_public_name_is_missing():
    tried = {name.split(".")[0] for name in (*functions.CALLS, *CALLS)}
    missing = set(ae.__all__) - tried - NO_CALLS.keys()
    assert missing == set(), "a line in one of the tables says what the function is not to be given"
    assert NO_CALLS.keys() <= set(ae.__all__)


def test_what_the_package_uses_itself_is_no_public_name():
    own = {"HOMES", "ROOMS", "MODULES"}
    modules = {name for name in vars(ae) if isinstance(getattr(ae, name), type(ae))}
    names = {name for name in vars(ae) if not name.startswith("_")}
    assert names - own - modules <= {*ae.__all__, *ae.MODULES}
    assert "cache" not in dir(ae)
    assert "importlib" not in dir(ae)


def test_a_dictionary_may_be_empty_and_a_mapping_may_not():
    @checked
    def both(some: dict[str, float], pair: tuple[int, ...] = ()):
        return some, pair

    assert both({}, [1, 2]) == ({}, (1, 2))
    with pytest.raises(ValueError, match=r"pair\[1\] is True; expected a whole number"):
        both({}, (1, True))
