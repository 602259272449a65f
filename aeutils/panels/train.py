"""Training that runs in the page: a small autoencoder learns before the learner's eyes."""

from itertools import pairwise
from math import prod

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from aeutils.checks import SEED, Number, OneOf, Sizes, Whole, checked
from aeutils.data.base import DataSet, Samples, as_float
from aeutils.panels.bundle import bundle
from aeutils.panels.embedded import Embedded
from aeutils.panels.panel import control
from aeutils.plots.maps import CLASS_COLOURS

__all__ = ["train_live"]

BATCH = 64
SAMPLES = Samples("N D ...")
TRAINED, TESTED = 2_000, 400  # samples that travel to the page
WIDEST = 1_000  # units of a layer; more would keep the page from answering
SMALL = 14  # pixels along a side; larger images are shrunk
SPEEDS = {"1 step a second": 1, "10 steps a second": 10, "100 steps a second": 100, "as fast as it goes": 10**9}
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03)
CODE_COLOURS = tuple(to_hex(plt.get_cmap("viridis")(k / 11)) for k in range(11))


class Training(Embedded):
    """What `train_live` shows."""

    script = "train.js"
    _esm = bundle(script)


@checked
def train_live(
    data: DataSet,
    model: OneOf("ae", "vae") = "ae",
    *,
    bottleneck: Whole(1) | None = None,
    hidden: Sizes(most=WIDEST) | None = None,
    noise: Number(0) = 0.0,
    sparsity: Number(0) = 0.0,
    beta: Number(0) | None = None,
    seed: SEED = 0,
) -> Training:
    """Watch an autoencoder learn in the page: play, pause, step, start again, at any speed. It needs no kernel.

    data        points [N, 2] in the plane, or grey images, which are shrunk to 14x14 where they are larger
    model       "ae", whose noise makes it a denoiser, or "vae"
    bottleneck, noise, sparsity, beta   where the sliders start: they act while it trains. The bottleneck is the number
                of open units of the code; noise is the deviation of what is added to the input; sparsity is the price
                of the code's L1 norm; beta is the weight of the KL part (plane: default 0.01, images: 1)
    hidden      layers between input and code (plane: default (32, 32) with tanh, images: (64,) with ReLU)
    seed        of weights, batches and noise: the same seed and settings give the same run

    The loss is the squared error, of images in a VAE the cross-entropy: sum over values, mean over samples; Adam,
    batches of 64. ValueError for other data or models, and for numbers that are none of the slider's.
    """
    plane = tuple(data.train.x.shape[1:]) == (2,)
    if not plane and (data.train.x.ndim != 4 or data.train.x.shape[1] != 1):
        raise ValueError(f"expected points [N, 2] or grey images [N, 1, H, W]; got {list(data.train.x.shape)}")
    variational = model == "vae"
    for name, without in (("sparsity", variational and sparsity > 0), ("beta", not variational and beta is not None)):
        if without:
            raise ValueError(f"{name} is no slider of the model {model!r}; leave it out or take the other model")
    hidden = ((32, 32) if plane else (64,)) if hidden is None else tuple(hidden)
    starts = {"noise": noise, "sparsity": sparsity, "beta": (0.01 if plane else 1.0) if beta is None else beta}
    bottleneck = (2 if variational or not plane else 1) if bottleneck is None else bottleneck

    train, test = (
        _small(SAMPLES("data", split.take(count))) for split, count in ((data.train, TRAINED), (data.test, TESTED))
    )
    labels = data.test.labels[: len(test)]
    coloured = not plane and labels.ndim == 1 and len(data.classes) <= len(CLASS_COLOURS)
    controls = _controls(plane, variational, bottleneck, starts)
    code = controls[0]["high"]
    spec = {
        "title": f"Train {'a variational autoencoder' if variational else 'an autoencoder'} on {data.name}: press Play",
        "controls": controls,
        "worker": bundle("live/worker.js"),
        "counts": [len(train), len(test)],
        "unit": "cross-entropy" if variational and not plane else "squared error",
        "samples": "points" if plane else "images",
        "plan": {
            "encoder": _dense((prod(train.shape[1:]), *hidden, code * (2 if variational else 1)), plane),
            "decoder": _dense((code, *hidden[::-1], prod(train.shape[1:])), plane)
            + ([] if plane or variational else [{"kind": "sigmoid"}]),
            "inputs": prod(train.shape[1:]),
            "code": code,
            "variational": variational,
            "logits": variational and not plane,
            "batch": BATCH,
            "seed": seed,
            "plane": plane,
            "box": _box(train) if plane else None,
            "size": None if plane else list(train.shape[2:]),
            "classes": list(data.classes) if coloured else [],
            "colours": list(CLASS_COLOURS if coloured else CODE_COLOURS),
        },
    }
    pixels = [_bytes(x) for x in (train, test)]
    return Training(spec, _still(test, spec["title"]), b"".join([*pixels, labels.cpu().byte().numpy().tobytes()]))


def _controls(plane: bool, variational: bool, bottleneck: int, starts: dict[str, float]) -> list[dict]:
    """The sliders, each with the key of its setting, and with what its stops mean where it has some."""
    most = 2 if plane else 16
    highest = {"noise": 0.5 if plane else 1.0, "sparsity": 0.2 if plane else 2.0, "beta": 0.2 if plane else 4.0}
    ranges = {"bottleneck": (1, most, Whole(1, most)("bottleneck", bottleneck))}
    for name in ("noise", "beta" if variational else "sparsity"):
        ranges[name] = (0.0, highest[name], float(Number(0, highest[name])(name, starts[name])))
    stops = {"rate": RATES, "speed": tuple(SPEEDS.values())}
    found = [{**control(name, values), "key": name, "stops": None} for name, values in ranges.items()]
    named = {"rate": ("learning rate", [f"{rate:g}" for rate in RATES]), "speed": ("speed", list(SPEEDS))}
    for key, (name, names) in named.items():
        found.append({**control(name, names), "start": len(names) // 2, "key": key, "stops": list(stops[key])})
    return found


def _dense(sizes: tuple[int, ...], plane: bool) -> list[dict]:
    """Linear layers with an activation between them, as engine/layers.js describes them."""
    activation = {"kind": "tanh" if plane else "relu"}
    layers = [one for a, b in pairwise(sizes) for one in ({"kind": "linear", "inputs": a, "outputs": b}, activation)]
    return layers[:-1]


def _small(x: Tensor) -> Tensor:
    """Points as they are; images [N, 1, H, W] as floats of at most 14 pixels along a side, by their means."""
    if x.ndim == 2:
        return x.float().cpu()
    return F.adaptive_avg_pool2d(as_float(x).cpu(), [min(SMALL, side) for side in x.shape[2:]])


def _bytes(x: Tensor) -> bytes:
    """Points as float32, pixels as bytes."""
    return (x if x.ndim == 2 else (x * 255).round().byte()).numpy().tobytes()


def _box(points: Tensor) -> list[float]:
    """A square around all points, with a margin: left, right, low, high."""
    low, high = points.min(0).values, points.max(0).values
    half = 0.6 * (high - low).max().item()
    return [edge for middle in ((low + high) / 2).tolist() for edge in (middle - half, middle + half)]


def _still(test: Tensor, title: str) -> np.ndarray:
    """The data before any training."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    if test.ndim == 2:
        axes = figure.subplots()
        axes.scatter(*test.T.numpy(), s=8, color="#0072b2")
        axes.set(aspect="equal", title="test points, before any training")
    else:
        for axes, image in zip(figure.subplots(2, 8).flat, test[:16, 0], strict=False):
            axes.imshow(image.numpy(), cmap="gray", vmin=0, vmax=1)
            axes.set_axis_off()
        figure.suptitle("test images, before any training")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
