"""The latent explorer: a point dragged over the map of the codes, and what the decoder draws there."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from aeutils.checks import Whole, checked
from aeutils.checks.measuring import measuring
from aeutils.data.base import DataSet, Split
from aeutils.measures.evaluate import encode
from aeutils.models import Autoencoder
from aeutils.panels.network import NotInTheBrowser, decoder
from aeutils.panels.panel import Panel
from aeutils.panels.png import png
from aeutils.plots.images import image_sheet, picture
from aeutils.plots.maps import class_map

__all__ = ["explore"]

MAP_POINTS = 2_000
GRID = 14  # decoded images along each side of a map of images
SHOWN = 280  # width of the decoded picture on the page, in pixels


@checked
def explore(
    model: Autoencoder, data: DataSet, dims: Sequence[Whole(None)] = (0, 1), background: str = "classes"
) -> Panel:
    """Drag a point over latents `dims` of `model` and see its decoding; every further latent has a slider.

    background   "classes": the codes of test images, coloured by class; "images": a grid of decoded images

    The decoder runs in the browser if it is made of dense layers, transposed convolutions and the usual activations,
    else in the kernel. `.values` is the point, [latent_dim] numbers, known to Python when the point is let go.

    ValueError for a model whose code is no vector of two numbers or more or whose output is no image, weights or codes
    that are not finite, labels that do not fit, dims that do not exist.
    """
    samples = data.test.take(MAP_POINTS)
    _check(model, samples, data.classes, dims, background)
    codes = encode(model, samples.x)
    if not codes.isfinite().all():
        raise ValueError("the model's codes are not finite; train it again with a smaller lr")
    controls = _controls(codes)

    def draw(code: Sequence[float]) -> np.ndarray:
        return _pixels(model, codes.new_tensor([code]))[0]

    start = [one["start"] for one in controls]
    sheet, box = _map(model, codes, samples.labels, data.classes, controls, dims, background)
    channels, height, width = model.shape
    spec = {
        "title": "Drag the point: what does the decoder draw there?",
        "controls": controls,
        "pad": {"dims": list(dims), "box": box, "label": f"point on the map of {data.name}"},
        "pictures": ["decoded"],
        "size": [height, width, channels],
        "scale": SHOWN / width,
    }
    still = _beside(sheet, draw(start))
    try:
        source, weights = decoder(model, _spread(controls))
    except NotInTheBrowser:
        return Panel(spec | {"source": {"kind": "kernel"}}, still, backdrop=png(sheet), answer=draw)
    return Panel(spec | {"source": source}, still, backdrop=png(sheet), data=weights)


def _check(model: Autoencoder, samples: Split, classes: Sequence[str], dims: tuple[int, int], background: str) -> None:
    """ValueError with what is wrong."""
    if len(model.code_shape) != 1:
        raise ValueError(
            f"the point is dragged over codes that are vectors, [latent_dim]; those of {type(model).__name__} are maps "
            f"{list(model.code_shape)}. Explore a model such as Conv or VAE, or draw the maps with ae.image_grid"
        )
    if model.latent_dim < 2:
        raise ValueError(f"the map needs a code of 2 numbers or more; this model has {model.latent_dim}")
    if len(model.shape) != 3 or model.shape[0] not in (1, 3):
        raise ValueError(f"the decoder is to draw images [1 or 3, H, W]; this one makes samples of {model.shape}")
    if len(dims) != 2 or len(set(dims)) != 2 or not all(0 <= k < model.latent_dim for k in dims):
        raise ValueError(f"dims are two different latents from 0 to {model.latent_dim - 1}; got {dims}")
    bad = [name for name, value in model.state_dict().items() if not value.isfinite().all()]
    if bad:
        raise ValueError(f"NaN or infinite weights in {', '.join(bad)}; train the model again with a smaller lr")
    if background not in ("classes", "images"):
        raise ValueError(f"background is classes or images; got {background!r}")
    labels = samples.labels
    if background == "classes" and (
        labels.shape != (len(samples.x),) or not 0 <= labels.min() <= labels.max() < len(classes)
    ):
        raise ValueError(
            f"expected one label from 0 to {len(classes) - 1} for each of {len(samples.x)} images; got labels of shape "
            f"{tuple(labels.shape)} from {labels.min()} to {labels.max()}. background='images' needs none"
        )


def _controls(codes: Tensor) -> list[dict]:
    """One control a latent: from the lowest to the highest of its codes, outliers aside; it starts at their median."""
    low, high = codes.quantile(torch.tensor([0.005, 0.995], device=codes.device), dim=0)
    width = torch.maximum(high - low, (high - low).max() / 10)  # an unused latent is to have some room, too
    middle = (low + high) / 2
    limits = zip(
        (middle - 0.55 * width).tolist(), (middle + 0.55 * width).tolist(), codes.median(0)[0].tolist(), strict=True
    )
    return [
        {"name": f"h{k}", "low": low, "high": high, "step": (high - low) / 100, "start": start, "names": None}
        for k, (low, high, start) in enumerate(limits, 1)
    ]


def _spread(controls: list[dict], count: int = 100) -> Tensor:
    """Codes [count, latent_dim] all over the range of the controls, the same every time."""
    low, high = (torch.tensor([one[name] for one in controls]) for name in ("low", "high"))
    return low + (high - low) * torch.rand(count, len(controls), generator=torch.Generator().manual_seed(0))


def _map(model, codes, labels, classes, controls, dims, background) -> tuple[np.ndarray, list[float]]:
    """The map, uint8 [H, W, 3], and the box of its axes: left, top, width, height as fractions."""
    figure, axes = plt.subplots(figsize=(5, 4.7), layout="constrained")
    if background == "classes":
        class_map(axes, codes[:, list(dims)], labels, classes)
    else:
        _image_map(axes, model, codes, controls, dims)
    (x, y) = (controls[k] for k in dims)
    axes.set(xlim=(x["low"], x["high"]), ylim=(y["low"], y["high"]))
    axes.set(xlabel=f"code $h_{{{dims[0] + 1}}}$", ylabel=f"code $h_{{{dims[1] + 1}}}$")
    return _drawn(figure, axes)


def _image_map(axes: Axes, model: Autoencoder, codes: Tensor, controls: list[dict], dims: tuple[int, int]) -> None:
    """Decoded images in a grid over the two latents, the others at their medians."""
    x, y = (controls[k] for k in dims)
    cell = (torch.arange(GRID, device=codes.device) + 0.5) / GRID
    grid = codes.median(0)[0].repeat(GRID, GRID, 1)  # [row, column, latent_dim]
    grid[..., dims[0]] = x["low"] + cell * (x["high"] - x["low"])
    grid[..., dims[1]] = (y["high"] - cell * (y["high"] - y["low"]))[:, None]  # the first row is the highest
    images = torch.from_numpy(_pixels(model, grid.flatten(0, 1))).permute(0, 3, 1, 2)
    extent = (x["low"], x["high"], y["low"], y["high"])
    axes.imshow(picture(image_sheet(images, GRID)), cmap="gray", vmin=0, vmax=1, extent=extent, aspect="auto")
    axes.grid(False)


def _drawn(figure: Figure, axes: Axes) -> tuple[np.ndarray, list[float]]:
    figure.canvas.draw()
    sheet = np.asarray(figure.canvas.buffer_rgba())[:, :, :3].copy()
    box = axes.get_position()
    plt.close(figure)
    return sheet, [box.x0, 1 - box.y1, box.width, box.height]


def _beside(sheet: np.ndarray, image: np.ndarray) -> np.ndarray:
    """The map, and to the right of it the decoded image, as large as on the page: uint8 [H, W, 3]."""
    still = np.full((len(sheet), sheet.shape[1] + SHOWN + 20, 3), 255, np.uint8)
    still[:, : sheet.shape[1]] = sheet
    height = SHOWN * image.shape[0] // image.shape[1]
    picture = Image.fromarray(image.squeeze()).convert("RGB").resize((SHOWN, height), Image.Resampling.NEAREST)
    top = max(0, (len(sheet) - height) // 2)
    still[top : top + height, -SHOWN:] = np.asarray(picture)[: len(sheet) - top]
    return still


def _pixels(model: Autoencoder, codes: Tensor) -> np.ndarray:
    """The decoder's images at codes [N, latent_dim]: uint8 [N, H, W, C]."""
    with measuring(model):
        images = model.decode(codes).clamp(0, 1) * 255
    return images.round().byte().permute(0, 2, 3, 1).cpu().numpy()
