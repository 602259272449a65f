"""Draw your own: a drawing goes through encoder and decoder in the page, while the learner draws."""

import numpy as np
import torch
from torch import Tensor, nn

from aeutils.checks import Number, Whole, checked
from aeutils.checks.measuring import measuring
from aeutils.data.base import DataSet, Split, as_float
from aeutils.images.corruptions import Gaussian
from aeutils.measures.evaluate import denoise, encode, error_per_sample, reconstruct
from aeutils.models import Autoencoder
from aeutils.models.context import Context
from aeutils.models.vae import VAE
from aeutils.panels.bundle import bundle
from aeutils.panels.embedded import Embedded
from aeutils.panels.network import NotInTheBrowser, parts
from aeutils.panels.panel import control
from aeutils.panels.placing import Placed, placed
from aeutils.panels.precision import fewest_bits, pack
from aeutils.plots.maps import CLASS_COLOURS

__all__ = ["draw"]

TESTED = 1_000  # test images whose errors are the measure of a drawing's
DENOISED = 300  # of them, for each level of noise
POINTS = 500  # of the map
CHOICES = 20  # test images to begin with
LEVELS = 11  # of noise, from 0 to 1
SHOWN = 140  # pixels along a side of the still picture's images


class Drawing(Embedded):
    """What `draw` shows."""

    script = "draw.js"
    _esm = bundle(script)


@checked
def draw(
    model: Autoencoder, data: DataSet, *, noise: Number(0, 1) | None = None, hole: Whole(1) | None = None
) -> Drawing:
    """Draw with mouse, pen, finger or keys; `model` encodes and decodes the drawing at once, in the browser.

    data    grey images [N, 1, side, side] such as the model was trained on. The drawing is brought to their form; their
            test images are there to begin with, and their errors are what the drawing's error is held against
    noise   for a denoiser: what is added to the drawing has this standard deviation at first; a slider changes it
    hole    for an `ae.Context`: the side of the hole at first (default: half the image's); sliders change it. The
            errors of test images are then those in holes that the model draws

    A code of two numbers or more is shown on the map of test codes (of more numbers: on the plane of their first two
    principal components), a VAE's q(z|x) as ellipses of one and two deviations.

    ValueError for other data, a model the browser cannot compute, errors that are not finite, a noise or a hole that
    does not fit the model.
    """
    side = _side(model, data)
    if isinstance(model, Context):
        if noise is not None:
            raise ValueError("noise is for a denoiser; an ae.Context fills holes: draw(model, data, hole=10)")
        hole = Whole(1, side - 1)("hole", side // 2 if hole is None else hole)
    elif hole is not None:
        raise ValueError(f"hole is for an ae.Context, which fills holes; {type(model).__name__} does not")
    damage = "hole" if hole else "none" if noise is None else "noise"
    test = data.test.take(TESTED)
    errors = _quantiles(model, test, damage)
    plan, runs, weights = _network(model, test.x[:200])
    place = _map(model, test.take(POINTS), data) if len(model.code_shape) == 1 < model.latent_dim else None
    choices, names = _choices(test, data)
    spec = {
        "title": TITLES[damage],
        "controls": _controls(names, damage, noise, side, hole),
        "form": {"side": side, "box": _box(test.x)},
        "damage": damage,
        "pictures": list(PICTURES[damage]),
        "errors": errors,
        "plan": plan,
        "runs": runs,
        "map": place.spec if place else None,
        "counts": [len(place.labels) if place else 0, len(choices)],
    }
    drawn = (place.points, place.labels) if place else ()
    pixels = [one.numpy().tobytes() for one in (*drawn, choices)]
    return Drawing(spec, _still(model, choices[:1]), weights + b"".join(pixels))


TITLES = {
    "none": "Draw: what does the network make of it?",
    "noise": "Draw: can the network take the noise off again?",
    "hole": "Draw: what does the network put into the hole?",
}
PICTURES = {
    "none": ("the network sees", "reconstruction"),
    "noise": ("with noise", "denoised"),
    "hole": ("with a hole", "filled"),
}


def _side(model: Autoencoder, data: DataSet) -> int:
    """Pixels along a side. ValueError for data of another shape than the model's, or no square grey images."""
    shape = tuple(data.test.x.shape[1:])
    if len(shape) != 3 or shape[0] != 1 or shape[1] != shape[2]:
        raise ValueError(f"a drawing is a square grey image, [1, side, side]; {data.name} has samples {list(shape)}")
    if tuple(model.shape) != shape:
        raise ValueError(f"the model takes samples {list(model.shape)}; those of {data.name} are {list(shape)}")
    return shape[1]


def _quantiles(model: Autoencoder, test: Split, damage: str) -> list[list[float]]:
    """The errors of test images: 101 quantiles, for every level of noise if there are some."""
    levels = torch.linspace(0, 1, LEVELS).tolist() if damage == "noise" else [None]
    found = [_errors(model, test, level).cpu().quantile(torch.linspace(0, 1, 101)) for level in levels]
    if not torch.stack(found).isfinite().all():
        raise ValueError("the model's errors are not finite; train it again with a smaller lr")
    return [[float(f"{value:.4g}") for value in quantiles.tolist()] for quantiles in found]


def _errors(model: Autoencoder, test: Split, noise: float | None) -> Tensor:
    """Squared error of every test image, float [N]; of the first ones, if they are given noise."""
    if noise is None:
        return error_per_sample(model, test).float()
    clean = as_float(test.x[:DENOISED])
    with measuring(None):
        return (denoise(model, Gaussian(noise)(clean)) - clean).square().flatten(1).sum(1).float()


def _network(model: Autoencoder, images: Tensor) -> tuple[dict, list, bytes]:
    """The model as pad/model.js computes it: its plan, and its weights with their runs. ValueError if it cannot."""
    context, variational = isinstance(model, Context), isinstance(model, VAE)
    ways = {"encode": (Autoencoder, VAE, Context), "decode": (Autoencoder,), "forward": (Autoencoder, Context)}
    for name, known in ways.items():
        if getattr(type(model), name) not in [getattr(one, name) for one in known]:
            raise ValueError(f"the page computes encoder and decoder; {type(model).__name__} has its own {name}")
    try:
        net = nn.Sequential(model.encoder, model.across) if context else model.encoder
        encoder, first = parts(net, (1 + context, *model.shape[1:]))
        decoder, second = parts(model.decoder, model.code_shape)
    except NotInTheBrowser as error:
        raise ValueError(f"the page cannot compute this {type(model).__name__}: {error}") from None
    if model.output == "sigmoid":
        decoder.append({"kind": "sigmoid"})
    tensors = first + second
    data, runs = pack(tensors, fewest_bits(model, tensors, images))
    sizes = {"inputs": (1 + context) * images[0].numel(), "code": int(np.prod(model.code_shape))}
    return {"encoder": encoder, "decoder": decoder, **sizes, "variational": variational}, runs, data


def _map(model: Autoencoder, test: Split, data: DataSet) -> Placed:
    """The codes of test images, with their classes where those can be coloured."""
    coloured = test.labels.ndim == 1 and len(data.classes) <= len(CLASS_COLOURS)
    return placed(encode(model, test).cpu().float(), test.labels.cpu() if coloured else None, data.classes)


def _choices(test: Split, data: DataSet) -> tuple[Tensor, list[str]]:
    """Test images to begin with, uint8 [K, side, side], two of every class if there are few, and their names."""
    if test.labels.ndim == 1 and len(data.classes) <= CHOICES // 2:
        each = [
            (test.labels == label).nonzero().flatten()[: CHOICES // len(data.classes)]
            for label in range(len(data.classes))
        ]
        found = torch.cat(each).cpu()
        names = [f"test image, {data.classes[test.labels[k]]}" for k in found]
    else:
        found = torch.arange(min(CHOICES, len(test.x)))
        names = [f"test image {k + 1}" for k in found]
    pixels = as_float(test.x[found.to(test.x.device)])[:, 0]
    return (pixels * 255).round().byte().cpu(), names


def _controls(names: list[str], damage: str, noise: float | None, side: int, hole: int | None) -> list[dict]:
    """The sliders, each with the key of its setting."""
    found = [{**control("on the board", ["your drawing", *names]), "key": "image", "start": 1}]
    if damage == "noise":
        found.append({**control("noise", (0.0, 1.0, float(noise))), "step": 1 / (LEVELS - 1), "key": "noise"})
    if damage == "hole":
        for name, key in (("hole, row", "row"), ("hole, column", "column")):
            found.append({**control(name, (0, side - 1, side // 2)), "key": key})
        found.append({**control("hole, size", (1, side - 1, hole)), "key": "size"})
    return found


def _box(images: Tensor) -> int:
    """The longer side of what is drawn in the images, in pixels, as most of them have it: 20 for MNIST."""
    ink = images[:, 0] > 0
    sizes = [(ink.any(axis).long() * torch.arange(1, ink.shape[1] + 1, device=ink.device)) for axis in (1, 2)]
    ends = torch.stack([one.amax(1) - torch.where(one > 0, one, 10**6).amin(1) + 1 for one in sizes])
    longer = ends.amax(0)[ink.any(1).any(1)]
    return int(longer.median()) if len(longer) else ink.shape[1]


def _still(model: Autoencoder, image: Tensor) -> np.ndarray:
    """A test image [1, side, side], and beside it its reconstruction: uint8 [H, W, 3]."""
    x = image[:, None]
    answer = (reconstruct(model, x.to(next(model.parameters()).device)).clamp(0, 1) * 255).round().byte().cpu()
    row = torch.cat([x, torch.full_like(x[..., :2], 255), answer], 3)[0, 0].numpy()
    scale = max(1, SHOWN // row.shape[0])
    return np.repeat(row.repeat(scale, 0).repeat(scale, 1)[..., None], 3, 2)
