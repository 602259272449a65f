"""Every public function against what it cannot take: a good call of each, and every argument spoilt in all ways.

Each spoilt argument is to be refused by an error that names it and says what was expected. A new public function is a
line in CALLS; what is special about one is in SPECIAL.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.distributions import Categorical, Normal, Poisson

import aeutils as ae
from aeutils.checks.measuring import measuring
from aeutils.codes.jacobian import estimated_norm
from aeutils.measures.denoising import denoising
from aeutils.measures.photographs import of_photographs
from aeutils.measures.retrieval import retrieval
from aeutils.models.superresolution import resize

PACKAGE = Path(ae.__file__).parent
torch.manual_seed(0)
X, RGB, SHAPE = torch.rand(6, 1, 8, 8), torch.rand(4, 3, 12, 12), (1, 8, 8)
LARGE = torch.rand(2, 1, 12, 12)
HOLE = ae.masks.central(X)
CODES, LABELS = torch.randn(6, 2), torch.tensor([0, 1, 0, 1, 0, 1])
DATA = ae.DataSet("mine", "drawn", ("a", "b"), ae.Split(X, LABELS), ae.Split(X, LABELS))
AE, VAE, EDSR = ae.Dense(SHAPE, 2, (4,)), ae.VAE(SHAPE, 2, (4,)), ae.EDSR((3, 12, 12), 3, blocks=1)
KNOWN = ae.LinearGaussian(torch.randn(3, 2), torch.zeros(3), 0.5)
PHOTO = (torch.rand(3, 20, 30) * 255).byte()
NAN = math.nan


@pytest.fixture(autouse=True)
def leave_no_figure():
    yield
    plt.close("all")


def spoilt_images(x: torch.Tensor) -> dict[str, Any]:
    return {
        "nan": torch.full_like(x, NAN),
        "one nan": torch.where(torch.arange(x.numel()).view(x.shape) == x.numel() - 1, NAN, x),
        "0..255": x * 255,
        "int64": (x * 255).long(),
        "bool": x > 0.5,
        "complex": x + 0j,
        "empty": x[:0],
        "one dimension more": x[None, None],
        "numbers": 0.5,
        "None": None,
        "text": "image.png",
        "module": nn.ReLU(),
        "class": ae.VAE,
        "list with True": [[[[True, 0.5]]]],
        "ragged": [[1.0], [1.0, 2.0]],
    }


def spoilt_numbers(x: torch.Tensor) -> dict[str, Any]:
    several = spoilt_images(x)
    return {name: several[name] for name in ("nan", "one nan", "bool", "complex", "None", "text", "class", "ragged")}


def spoilt_labels(x: torch.Tensor) -> dict[str, Any]:
    return {
        "floats": x.float(),
        "bool": x > 0,
        "negative": x - 5,
        "empty": x[:0],
        "None": None,
        "text": "labels",
        "names": ["a"] * len(x),
    }


HOLES = {
    "floats": HOLE.float(),
    "bytes": HOLE.byte(),
    "empty": torch.zeros_like(HOLE),
    "one empty": HOLE & (torch.arange(6) > 0).view(6, 1, 1, 1),
    "too few": HOLE[:2],
    "too small": HOLE[..., 1:],
    "no channel": HOLE[:, 0],
    "None": None,
    "text": "central",
}
WHOLE = {"True": True, "half": 1.5, "text": "3", "nan": NAN, "negative": -1, "None": [], "tensor": torch.ones(2)}
COUNT = WHOLE | {"zero": 0}
NUMBER = {"True": True, "nan": NAN, "infinite": math.inf, "text": "1", "negative": -1.0, "list": [1.0], "complex": 1j}
POSITIVE = NUMBER | {"zero": 0.0}
SEED = WHOLE | {"huge": 2**40}
MODEL = {"None": None, "class": ae.VAE, "text": "vae", "data": DATA, "module": nn.Flatten()}
SET = {"None": None, "text": "mnist", "tensor": X, "split": DATA.test, "class": ae.DataSet}
TEXT = {"None": 3, "bytes": b"a", "list": ["a"], "tensor": X}
FUNCTION = {"None": None, "text": "encode", "tensor": X, "number": 3}
CHANCES = {
    "sum": [0.5, 0.6],
    "negative": [1.5, -0.5],
    "nan": [NAN, 0.5],
    "infinite": [math.inf, 0.5],
    "empty": [],
    "number": 1.0,
    "True": [True, False],
    "text": "0.5",
    "None": None,
    "complex": [0.5j, 0.5],
}
BASE = {"one": 1, "zero": 0, "negative": -2, "nan": NAN, "infinite": math.inf, "text": "bits", "True": True, "None": []}
DISTRIBUTION = {"None": None, "number": 0.5, "class": Normal, "probabilities": [0.5, 0.5]}
SERIES = {"nan": [1.0, NAN], "text": "12", "texts": ["a", "b"], "True": [True, 1], "number": 3, "None": None}


class Call(NamedTuple):
    """A function, the arguments of a good call, and by argument what spoils it."""

    function: Any
    good: dict[str, Any]
    bad: dict[str, dict[str, Any]]


def of_images(function, **more) -> Call:
    """Of two batches of images that are compared."""
    bad = {"x_hat": spoilt_images(LARGE), "x": spoilt_images(LARGE) | {"fewer": LARGE[:1], "smaller": LARGE[..., 1:]}}
    return Call(function, {"x_hat": LARGE, "x": LARGE, **more}, bad)


def of_samples(function) -> Call:
    """A measure of a model and its samples."""
    bad = {"model": MODEL}
    return Call(function, {"model": AE, "samples": X}, bad)


P = {"p": [0.5, 0.5], "q": [0.2, 0.8]}
NORMAL = {"mean_p": [0.0, 1.0], "std_p": [1.0, 1.0], "mean_q": [0.0, 0.0], "std_q": [1.0, 2.0]}
FULL = {"mean_p": [0.0, 1.0], "cov_p": torch.eye(2), "mean_q": [0.0, 0.0], "cov_q": torch.eye(2)}
PAIR = torch.ones(2)
SEARCH = {"found": torch.tensor([[0, 1], [2, 3]]), "query_labels": LABELS[:2], "gallery_labels": LABELS}
PROBE = {"train": CODES, "train_labels": LABELS, "test": CODES, "test_labels": LABELS}
CALLS = {
    "psnr": of_images(ae.psnr),
    "ssim": of_images(ae.ssim),
    "luma": Call(ae.luma, {"x": RGB}, {"x": spoilt_images(RGB) | {"grey": RGB[:, :1]}}),
    "psnr_y": Call(
        ae.psnr_y, {"x_hat": RGB, "x": RGB, "border": 2}, {"x": spoilt_images(RGB), "border": COUNT | {"all": 6}}
    ),
    "in_hole": Call(
        ae.in_hole,
        {"filled": X, "x": X, "hole": HOLE},
        {"filled": spoilt_images(X), "x": spoilt_images(X), "hole": HOLES},
    ),
    "mean_fill": Call(ae.mean_fill, {"train": X, "x": X, "hole": HOLE}, {"train": spoilt_images(X), "hole": HOLES}),
    "nearest_by_context": Call(
        ae.nearest_by_context,
        {"train": X, "x": X, "hole": HOLE},
        {"train": spoilt_images(X), "x": spoilt_images(X), "hole": HOLES | {"all": torch.ones_like(HOLE)}},
    ),
    "sharpness": Call(ae.sharpness, {"x": X, "hole": HOLE}, {"x": spoilt_images(X), "hole": HOLES}),
    "gaussian_filter": Call(
        ae.filters.gaussian_filter, {"x": X, "sigma": 1.0}, {"x": spoilt_images(X), "sigma": NUMBER | {"huge": 1e9}}
    ),
    "median_filter": Call(
        ae.filters.median_filter, {"x": X, "size": 3}, {"x": spoilt_images(X), "size": COUNT | {"huge": 10**6}}
    ),
    "best_strength": Call(
        ae.filters.best_strength,
        {"method": ae.filters.gaussian_filter, "strengths": (1.0, 2.0), "noisy": X, "clean": X},
        {"method": FUNCTION, "strengths": SERIES | {"empty": []}, "noisy": spoilt_images(X), "clean": spoilt_images(X)},
    ),
    "rectangle": Call(
        ae.masks.rectangle,
        {"x": X, "row": 1, "column": 1, "height": 2, "width": 2},
        {"row": WHOLE, "column": WHOLE, "height": COUNT, "width": COUNT},
    ),
    "central": Call(ae.masks.central, {"x": X, "size": 3}, {"size": COUNT | {"all": 8}}),
    "blocks": Call(
        ae.masks.blocks,
        {"x": X, "smallest": 2, "largest": 3, "count": 1},
        {"smallest": COUNT | {"large": 4}, "largest": COUNT | {"all": 8}, "count": COUNT},
    ),
    "region": Call(
        ae.masks.region,
        {"x": X, "share": 0.3, "grain": 2},
        {"share": POSITIVE | {"all": 1, "none": 1e-9}, "grain": COUNT | {"huge": 9}},
    ),
    "corruption": Call(ae.corruption, {"text": "gaussian=0.5"}, {"text": TEXT | {"empty": "", "unknown": "blur=1"}}),
    "Masking": Call(ae.corruptions.Masking, {"share": 0.5}, {"share": NUMBER | {"more": 1.5}}),
    "SaltAndPepper": Call(ae.corruptions.SaltAndPepper, {"share": 0.5}, {"share": NUMBER | {"more": 1.5}}),
    "Gaussian": Call(ae.corruptions.Gaussian, {"sigma": 0.5}, {"sigma": NUMBER}),
    "Rescale": Call(ae.corruptions.Rescale, {"factor": 2}, {"factor": NUMBER | {"small": 0.5}}),
    "Rotate": Call(ae.corruptions.Rotate, {"degrees": 20}, {"degrees": NUMBER | {"huge": 181}}),
    "Shift": Call(ae.corruptions.Shift, {"pixels": 2}, {"pixels": WHOLE}),
    "Downsample": Call(ae.corruptions.Downsample, {"scale": 2}, {"scale": COUNT}),
    "Hole": Call(
        ae.corruptions.Hole,
        {"top": 1, "left": 1, "height": 2, "width": 2, "fill": 0.5},
        {"top": WHOLE, "height": COUNT, "fill": NUMBER | {"more": 2}},
    ),
    "a corruption": Call(ae.corruptions.Gaussian(0.1), {"x": X}, {"x": spoilt_images(X)}),
    "entropy": Call(ae.entropy, {"p": P["p"], "base": 2}, {"p": CHANCES, "base": BASE}),
    "cross_entropy_between": Call(ae.cross_entropy_between, P, {"p": CHANCES, "q": CHANCES | {"K": [0.2, 0.3, 0.5]}}),
    "kl_divergence": Call(ae.kl_divergence, P, {"p": CHANCES, "q": CHANCES | {"K": [0.2, 0.3, 0.5]}}),
    "kl_diagonal_gaussians": Call(
        ae.kl_diagonal_gaussians,
        NORMAL,
        {"mean_q": spoilt_numbers(PAIR) | {"shape": [1.0]}, "std_p": spoilt_numbers(PAIR), "std_q": {"zero": [0, 1.0]}},
    ),
    "kl_gaussians": Call(
        ae.kl_gaussians,
        FULL,
        {
            "mean_p": spoilt_numbers(PAIR) | {"number": 0.0},
            "cov_q": spoilt_numbers(torch.eye(2)) | {"size": torch.eye(3), "negative": -torch.eye(2)},
        },
    ),
    "monte_carlo_kl": Call(
        ae.monte_carlo_kl,
        {"p": Normal(0.0, 1.0), "q": Normal(1.0, 1.0), "n": 10, "seed": 0},
        {
            "p": DISTRIBUTION | {"discrete": Poisson(3.0)},
            "q": DISTRIBUTION | {"discrete": Categorical(torch.ones(3)), "batch": Normal(PAIR, 1.0)},
            "n": COUNT | {"one": 1},
            "seed": SEED,
        },
    ),
    "log_likelihood": Call(
        ae.log_likelihood, {"model": VAE, "samples": X, "draws": 2, "seed": 0}, {"draws": COUNT, "seed": SEED}
    ),
    "LinearGaussian": Call(
        ae.LinearGaussian,
        {"weight": torch.ones(3, 2), "bias": torch.zeros(3), "noise": 1.0},
        {
            "weight": spoilt_numbers(torch.ones(3, 2)) | {"vector": torch.ones(3)},
            "bias": spoilt_numbers(torch.ones(3)) | {"short": torch.zeros(2), "column": torch.zeros(3, 1)},
            "noise": POSITIVE,
        },
    ),
    "LinearGaussian.sample": Call(KNOWN.sample, {"count": 3}, {"count": COUNT}),
    "LinearGaussian.log_p": Call(
        KNOWN.log_p, {"x": torch.ones(4, 3)}, {"x": spoilt_numbers(torch.ones(4, 3)) | {"n": torch.ones(4, 1)}}
    ),
    "LinearGaussian.elbo": Call(
        KNOWN.elbo, {"x": torch.ones(4, 3)}, {"x": spoilt_numbers(torch.ones(4, 3)) | {"vector": torch.ones(3)}}
    ),
    "LinearGaussian.log_p_x_given_z": Call(
        KNOWN.log_p_x_given_z,
        {"x": torch.ones(4, 3), "z": torch.ones(4, 2)},
        {"z": spoilt_numbers(torch.ones(4, 2)) | {"one": torch.ones(1, 2), "q": torch.ones(4, 1)}},
    ),
    "slerp": Call(
        ae.slerp,
        {"start": CODES[0], "end": CODES[1], "t": [0.0, 1.0]},
        {
            "start": spoilt_numbers(CODES[0]),
            "end": spoilt_numbers(CODES[0]) | {"q": torch.ones(3), "N": CODES},
            "t": spoilt_numbers(PAIR) | {"matrix": torch.zeros(2, 2)},
        },
    ),
    "prior_grid": Call(ae.prior_grid, {"side": 3}, {"side": COUNT}),
    "nearest": Call(
        ae.nearest,
        {"queries": CODES, "gallery": CODES, "count": 2},
        {
            "queries": spoilt_numbers(CODES) | {"vector": CODES[0], "zeros": 0 * CODES},
            "gallery": spoilt_numbers(CODES) | {"D": CODES[:, :1]},
            "count": COUNT | {"more": 7},
        },
    ),
    "precision_at": Call(
        ae.precision_at,
        SEARCH,
        {
            "found": spoilt_labels(SEARCH["found"]) | {"vector": LABELS, "beyond": SEARCH["found"] + 9},
            "query_labels": spoilt_labels(LABELS[:2]) | {"column": LABELS[:2, None], "more": LABELS},
            "gallery_labels": spoilt_labels(LABELS) | {"column": LABELS[:, None]},
        },
    ),
    "active_share": Call(
        ae.active_share,
        {"codes": CODES, "above": 0.1},
        {"codes": spoilt_numbers(CODES) | {"vector": CODES[0], "maps": X}, "above": NUMBER},
    ),
    "dead_units": Call(
        ae.dead_units, {"codes": CODES, "above": 0.1}, {"codes": spoilt_numbers(CODES), "above": NUMBER}
    ),
    "linear_probe": Call(
        ae.linear_probe,
        {**PROBE, "strength": 1.0},
        {
            "train": spoilt_numbers(CODES) | {"vector": CODES[:, 0]},
            "train_labels": spoilt_labels(LABELS) | {"fewer": LABELS[:2], "columns": LABELS[:, None]},
            "test": spoilt_numbers(CODES) | {"D": CODES[:, :1]},
            "test_labels": spoilt_labels(LABELS) | {"fewer": LABELS[:2]},
            "strength": POSITIVE,
        },
    ),
    "jacobians": Call(ae.jacobians, {"encode": AE.encode, "x": X}, {"encode": FUNCTION, "x": spoilt_numbers(X)}),
    "squared_norms": Call(ae.squared_norms, {"encode": AE.encode, "x": X}, {"encode": FUNCTION}),
    "estimated_norm": Call(estimated_norm, {"encode": AE.encode, "x": X, "probes": 1}, {"probes": COUNT}),
    "tangents": Call(ae.tangents, {"encode": AE.encode, "x": X}, {"encode": FUNCTION, "x": spoilt_numbers(X)}),
    "evaluate": of_samples(ae.evaluate),
    "encode": of_samples(ae.encode),
    "reconstruct": of_samples(ae.reconstruct),
    "error_per_sample": of_samples(ae.error_per_sample),
    "reconstruction_error": of_samples(ae.reconstruction_error),
    "denoise": Call(ae.denoise, {"model": AE, "corrupted": X}, {"model": MODEL, "corrupted": spoilt_images(X)}),
    "report": Call(ae.report, {"model": AE, "data": DATA}, {"model": MODEL, "data": SET}),
    "denoising": Call(
        denoising, {"model": AE, "data": DATA, "corrupt": ae.corruptions.Gaussian(0.1)}, {"corrupt": FUNCTION}
    ),
    "retrieval": Call(retrieval, {"model": VAE, "data": DATA}, {"model": MODEL, "data": SET}),
    "of_photographs": Call(
        of_photographs,
        {"model": EDSR, "photos": [PHOTO]},
        {"model": MODEL, "photos": {"None": None, "text": "a.png", "grey": [PHOTO[:1]], "one": PHOTO, "texts": ["a"]}},
    ),
    "PCA.fit": Call(
        ae.PCA.fit, {"samples": X, "latent_dim": 2}, {"samples": spoilt_images(X), "latent_dim": COUNT | {"more": 7}}
    ),
    "subspace_cosines": Call(
        ae.subspace_cosines,
        {"a": torch.eye(3)[:2], "b": torch.eye(3)[1:]},
        {
            "a": spoilt_numbers(torch.eye(3)[:2]) | {"dependent": torch.ones(2, 3), "vector": torch.ones(3)},
            "b": {"dependent": torch.ones(2, 3), "n": torch.eye(4)},
        },
    ),
    "resize": Call(resize, {"x": X, "factor": 2}, {"factor": POSITIVE}),
    "upscale": Call(EDSR.upscale, {"small": RGB}, {"small": spoilt_images(RGB) | {"grey": RGB[:, :1]}}),
    "VAE.sample": Call(VAE.sample, {"count": 2}, {"count": COUNT}),
    "squared_error": Call(
        ae.losses.squared_error,
        {"x_hat": X, "x": X},
        {"x": {"one": X[:1], "no channel": X[:, 0], "None": None, "bool": X > 0.5, "empty": X[:0], "number": 0.5}},
    ),
    "cross_entropy": Call(
        ae.losses.cross_entropy, {"logits": X, "x": X}, {"x": spoilt_images(X) | {"one": X[:1], "no channel": X[:, 0]}}
    ),
    "bernoulli": Call(ae.losses.bernoulli, {"logits": X, "x": X}, {"x": {"one": X[:1], "None": None, "bool": X > 0.5}}),
    "gaussian_kl": Call(
        ae.losses.gaussian_kl,
        {"mean": CODES, "log_variance": CODES},
        {
            "mean": {"vector": CODES[0], "None": None},
            "log_variance": {"one": CODES[:1], "vector": CODES[0], "text": "0"},
        },
    ),
    "load": Call(ae.load, {"name": "blocks"}, {"name": TEXT | {"unknown": "minst"}}),
    "blocks, the set": Call(ae.load, {"name": "blocks", "train": 5, "seed": 0}, {"train": COUNT, "seed": SEED}),
    "curve": Call(
        ae.load,
        {"name": "curve", "count": 5, "noise": 0.1, "seed": 0},
        {"count": COUNT | {"huge": 10**12}, "noise": NUMBER, "seed": SEED},
    ),
    "mixture": Call(
        ae.load,
        {"name": "mixture", "count": 5, "components": 2, "spread": 0.1},
        {"components": COUNT, "spread": POSITIVE},
    ),
    "noise": Call(
        ae.load,
        {"name": "noise", "count": 5, "features": 4, "rank": 2},
        {"features": COUNT, "rank": COUNT | {"more": 5}},
    ),
    "glyphs": Call(ae.load, {"name": "glyphs", "train": 5, "test": 5, "seed": 0}, {"test": COUNT, "seed": SEED}),
    "photos": Call(
        lambda folder: ae.load("photos", folder=folder), {"folder": None}, {"folder": {"number": 3, "list": ["a"]}}
    ),
    "patches": Call(
        ae.patches,
        {"photos": [PHOTO], "size": 8, "count": 3, "seed": 0},
        {
            "photos": {"None": None, "text": "a.png", "grey": [PHOTO[:1]], "one": PHOTO, "nan": [PHOTO * NAN]},
            "size": COUNT | {"more": 21},
            "count": COUNT,
            "seed": SEED,
        },
    ),
    "varied": Call(
        ae.varied,
        {"squares": RGB, "seed": 0},
        {"squares": spoilt_images(RGB) | {"grey": RGB[:, :1], "oblong": RGB[..., 1:]}, "seed": SEED},
    ),
    "Split.take": Call(DATA.test.take, {"count": 2}, {"count": COUNT}),
    "DataSet.take": Call(DATA.take, {"train": 2, "test": 2}, {"train": COUNT, "test": COUNT}),
    "as_float": Call(
        ae.as_float, {"x": X}, {"x": {"int64": LABELS, "bool": X > 0.5, "None": None, "text": "x", "complex": X + 0j}}
    ),
    "image_rows": Call(
        ae.image_rows,
        {"rows": {"a": X}, "title": "t", "columns": ["1"], "size": 0.5},
        {
            "rows": {"None": None, "empty": {}, "tensor": X, "list": [X], "number": {1: X}}
            | {name: {"a": value} for name, value in spoilt_images(X).items()},
            "title": TEXT,
            "columns": {"text": "1", "many": ["1"] * 7, "numbers": [1], "number": 3},
            "size": POSITIVE,
        },
    ),
    "image_grid": Call(
        ae.image_grid,
        {"images": X, "columns": 3, "title": "t", "size": 0.5},
        {"images": spoilt_images(X) | {"five channels": X[:5, 0][None]}, "columns": COUNT, "title": TEXT},
    ),
    "curves": Call(
        ae.curves,
        {"x": [1, 2], "ys": {"a": [3.0, 4.0]}, "title": "t", "xlabel": "x", "ylabel": "y"},
        {
            "x": SERIES | {"longer": [1, 2, 3], "empty": []},
            "ys": {name: {"a": value} for name, value in SERIES.items()} | {"empty": {}, "list": [1, 2]},
            "title": TEXT,
        },
    ),
    "history_curves": Call(
        ae.history_curves,
        {"histories": {"a": ae.History(train={"loss": [1.0]}, seconds=[0.1])}},
        {"histories": {"None": None, "empty": {}, "one": ae.History(), "numbers": {"a": [1.0]}}, "part": {"no": "kl"}},
    ),
    "latent_scatter": Call(
        ae.latent_scatter,
        {"codes": {"a": CODES}, "labels": LABELS, "data": DATA, "title": "t", "count": 3},
        {
            "codes": {"tensor": CODES, "empty": {}, "q": {"a": torch.randn(6, 3)}, "nan": {"a": CODES * NAN}},
            "labels": spoilt_labels(LABELS) | {"beyond": LABELS + 5, "fewer": LABELS[:3]},
            "data": SET,
            "count": COUNT,
        },
    ),
    "film": Call(
        ae.film,
        {"frames": {"a": X[:3]}, "at": [0, 1, 2], "title": "t", "name": "t"},
        {
            "frames": {"None": None, "empty": {}, "tensor": X, "five": {"a": X[:3].expand(3, 5, 8, 8)}}
            | {name: {"a": value} for name, value in spoilt_images(X[:3]).items()},
            "at": SERIES | {"uneven": [0, 1, 3], "few": [0, 1], "falling": [2, 1, 0]},
            "title": TEXT,
        },
    ),
    "explore": Call(
        ae.explore,
        {"model": AE, "data": DATA, "dims": (0, 1), "background": "classes"},
        {
            "model": MODEL,
            "data": SET,
            "dims": {"same": (1, 1), "beyond": (0, 2), "three": (0, 1, 2), "number": 1, "halves": (0.5, 1)},
            "background": TEXT | {"unknown": "map"},
        },
    ),
    "slider_picture": Call(
        ae.slider_picture,
        {"draw": lambda x: np.zeros((2, 2, 3), np.uint8), "title": "t", "x": (0.0, 1.0, 0.5)},
        {
            "draw": FUNCTION | {"list": lambda x: [1], "float": lambda x: np.zeros((2, 2, 3))},
            "title": TEXT,
            "x": {
                "order": (1, 0, 0),
                "nan": (0, 1, NAN),
                "infinite": (0, math.inf, 1),
                "True": (0, 2, True),
                "two": (0, 1),
                "text": "ab",
                "number": 3,
                "None": None,
                "one name": ["a"],
            },
        },
    ),
}
ALL = [
    pytest.param(call, argument, value, id=f"{name}-{argument}-{way}")
    for name, call in CALLS.items()
    for argument, ways in call.bad.items()
    for way, value in ways.items()
]


def test_there_are_many():
    assert len(ALL) > 800


@pytest.mark.parametrize("name", CALLS)
def test_what_is_good_is_taken(name):
    call = CALLS[name]
    call.function(**call.good)


@pytest.mark.parametrize(("call", "argument", "value"), ALL)
def test_what_is_bad_is_refused_in_words(call, argument, value):
    with pytest.raises(ValueError, match=r"(?s)^.{20,400}$") as error:
        call.function(**call.good | {argument: value})
    assert Path(error.traceback[-1].path).is_relative_to(PACKAGE), "the error of another library"


BAD_SAMPLES = spoilt_images(X) | {"no channel": X[:, 0], "flat": X.flatten(1), "a set": DATA}


@pytest.mark.parametrize("value", BAD_SAMPLES.values(), ids=BAD_SAMPLES)
@pytest.mark.parametrize(
    "function",
    [
        ae.evaluate,
        ae.encode,
        ae.reconstruct,
        ae.error_per_sample,
        ae.reconstruction_error,
        ae.denoise,
        ae.log_likelihood,
    ],
    ids=lambda function: function.__name__,
)
def test_a_measure_refuses_bad_samples(function, value):
    with pytest.raises(ValueError, match=r"expect|takes samples|is of type"):
        function(VAE, value)


METHODS = {"encode": X, "loss": X, "forward": X, "posterior": X, "decode": CODES}
WRONG = {
    "no channel": X[:, 0],
    "flat": X.flatten(1),
    "one": X[0],
    "None": None,
    "text": "x",
    "class": ae.VAE,
    "bool": X > 0.5,
    "complex": X + 0j,
    "wide": torch.randn(6, 5),
    "ragged": [[1.0], [1.0, 2.0]],
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("name", METHODS)
def test_a_model_s_method_refuses_what_is_no_batch(name, value):
    with pytest.raises(ValueError, match=r"^[xh] is .*; expected a batch \[N, "):
        getattr(VAE, name)(value)


@pytest.mark.parametrize("name", METHODS)
def test_a_model_s_method_takes_arrays_and_bytes(name):
    good = METHODS[name]
    with measuring(VAE):
        wanted = getattr(VAE, name)(good)
    with measuring(VAE):
        got = getattr(VAE, name)(good.tolist() if name == "decode" else good.numpy())
    torch.testing.assert_close(got, wanted)


class Mine(ae.Autoencoder):
    """A learner's model, with a method of its own."""

    def __init__(self):
        super().__init__(nn.Flatten(), nn.Unflatten(1, SHAPE), SHAPE, 64)

    def encode(self, x):
        return self.encoder(x) + 1


def test_a_learner_s_own_model_has_the_same_border():
    with pytest.raises(ValueError, match=r"x is float32 \[6, 8, 8\]; expected a batch \[N, 1, 8, 8\]"):
        Mine().encode(X[:, 0])


SPECIAL = [  # faults that were there: taken silently, or with a message of PyTorch's
    (lambda: ae.log_likelihood(VAE, X[:, 0]), r"takes samples \[N, 1, 8, 8\]; got \[6, 8, 8\]"),
    (lambda: VAE.loss(X, X[:, 0]), r"target is \[6, 8, 8\]; expected the shape of x, \[6, 1, 8, 8\]"),
    (lambda: VAE.log_p_x_given_z(X, CODES[:1]), "6 samples and 1 codes; expected as many of each"),
    (
        lambda: VAE.reparameterize(CODES, CODES[0]),
        r"mean is float32 \[6, 2\], log_variance float32 \[2\]; expected tensors of one shape",
    ),
    (lambda: ae.precision_at(torch.zeros(6).long(), LABELS, LABELS), r"found is int64 \[6\]; expected labels \[M, k\]"),
    (lambda: ae.losses.gaussian_kl(CODES[0], CODES[0]), r"mean is float32 \[2\]; expected a batch \[N, q\]"),
    (lambda: KNOWN.log_p(torch.ones(4, 1)), "n is 3 because of the weight"),
    (lambda: ae.monte_carlo_kl(Poisson(3.0), Normal(0.0, 1.0), 9, 0), "p is discrete, q is continuous"),
    (lambda: ae.ssim(X, X), "window is 11 x 11 pixels; got images of 8 x 8"),
    (lambda: ae.sharpness(X, ae.masks.rectangle(X, 2, 2, 1, 1)), "take a larger hole"),
    (lambda: ae.Split(X, LABELS[:2]), "6 samples and 2 labels; expected as many of each"),
    (lambda: ae.Split(None, LABELS), "x is None; expected a tensor"),
    (lambda: ae.slider_picture(lambda: None, "t"), "nothing to drag"),
    (lambda: ae.linear_probe(CODES, 0 * LABELS, CODES, LABELS), "at least two classes"),
    (lambda: ae.corruptions.Compose(), "nothing to compose"),
    (lambda: ae.corruptions.Compose("gaussian=1"), "expected a Corruption"),
    (lambda: ae.jacobians(lambda x: x.sum(), X), r"encode gives .* for one sample; expected its code, \[1, q\]"),
    (lambda: ae.curves([0, 1], {"a": [1, 2]}, title="", xlabel="", ylabel="", logx=True), "has no logarithm"),
    (lambda: ae.gaussians(2, 0.0) if hasattr(ae, "gaussians") else ae.load("mixture", spread=0.0), "spread is 0.0"),
]


@pytest.mark.parametrize(("call", "words"), SPECIAL)
def test_a_known_fault_is_an_error_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_small_mathematics():
    assert ae.kl_divergence([1, 1e-46], [1, 1e-46]).item() == 0  # in single precision the second is 0
    assert ae.kl_divergence([0.5, 0.5], [1, 1e-46]).item() < math.inf
    whole = ae.LinearGaussian([[1, 0], [0, 2], [1, 1]], [0, 1, 2], 1)
    real = ae.LinearGaussian(torch.tensor([[1.0, 0], [0, 2], [1, 1]]), torch.tensor([0.0, 1, 2]), 1.0)
    points = [[1, 2, 3], [0, 0, 0]]
    torch.testing.assert_close(whole.log_p(points), real.log_p(torch.tensor(points).float()))
    torch.testing.assert_close(whole.elbo(points), real.elbo(torch.tensor(points).double()))


def test_the_jacobian_of_maps_is_of_all_their_numbers():
    layer = nn.Conv2d(1, 3, 3, padding=1)
    found = ae.jacobians(layer, X[:2])
    assert found.shape == (2, 3 * 64, 64)
    torch.testing.assert_close(found.square().sum((1, 2)), ae.squared_norms(layer, X[:2]))


GREY = [Image.fromarray((x[0] * 255).byte().numpy()) for x in X]
ROUNDED = (X * 255).byte()


@pytest.mark.parametrize("given", [ROUNDED, ROUNDED.numpy(), GREY, (ROUNDED / 255).numpy(), (ROUNDED / 255).tolist()])
def test_images_of_any_kind_are_the_same_images(given):
    wanted = ae.as_float(ROUNDED)
    assert ae.psnr(given, wanted) > 100
    for function in (lambda x: ae.encode(AE, x), lambda x: ae.mean_fill(x, wanted, HOLE), lambda x: ae.denoise(AE, x)):
        torch.testing.assert_close(function(given), function(wanted))
    filtered = ae.filters.median_filter(given, 3)
    torch.testing.assert_close(filtered, ae.filters.median_filter(wanted, 3))


def test_one_spoilt_image_does_not_answer_for_all():
    train = X.clone()
    train[0, 0, 0, 0] = NAN  # nearest_by_context answered image 0 for every one
    with pytest.raises(ValueError, match="train holds NaN or infinity"):
        ae.nearest_by_context(train, X, HOLE)


@pytest.mark.parametrize("number", [np.int64(2), np.uint8(2), torch.tensor(2)])
def test_numbers_of_numpy_and_pytorch_are_numbers(number):
    assert ae.prior_grid(number).shape == (4, 2)
    assert ae.nearest(CODES, CODES, number).shape == (6, 2)
    assert str(ae.corruptions.Gaussian(number)) == "gaussian=2"
    assert len(DATA.test.take(number)) == 2
