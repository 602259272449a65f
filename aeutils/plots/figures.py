"""The figures of the course. Every function draws one figure, with title and labels, and returns it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from aeutils.data.base import DataSet, as_float
from aeutils.history import History

# Ten classes that colour-blind eyes can tell apart (Paul Tol, "muted", with black); class names stand on the map too.
CLASS_COLOURS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499", "#000000"),
)


def picture(image: Tensor) -> np.ndarray:
    """One image [C, H, W] (uint8 or [0, 1]) as matplotlib wants it: [H, W] grey or [H, W, 3] colour, in [0, 1]."""
    image = as_float(image.detach().cpu()).clamp(0, 1)
    return image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy()


def show_image(axes: Axes, image: Tensor, title: str = "") -> None:
    """One image [C, H, W] into `axes`, grey levels fixed to 0..1, no ticks."""
    axes.imshow(picture(image), cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)


def image_rows(rows: Mapping[str, Tensor], title: str = "", columns: Sequence[str] = (), size: float = 0.8) -> Figure:
    """Named rows of images [K, C, H, W] under each other, a column for each of the K; `size` in inches an image."""
    count = max(len(images) for images in rows.values())
    figure, grid = plt.subplots(
        len(rows), count, figsize=(size * count + 1.6, size * len(rows) + 0.6), squeeze=False, layout="constrained"
    )
    for line, (name, images) in zip(grid, rows.items(), strict=True):
        for axes in line[len(images) :]:
            axes.set_axis_off()
        for axes, image in zip(line, images, strict=False):
            show_image(axes, image)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axes, name in zip(grid[0], columns, strict=False):
        axes.set_title(name, fontsize=10)
    figure.suptitle(title)
    return figure


def image_grid(images: Tensor, columns: int = 10, title: str = "", size: float = 0.6) -> Figure:
    """Images [K, C, H, W] side by side without gaps, row by row."""
    sheet = image_sheet(images, columns)
    rows = -(-len(images) // columns)
    figure, axes = plt.subplots(figsize=(size * columns, size * rows + 0.4), layout="constrained")
    show_image(axes, sheet, title)
    return figure


def image_sheet(images: Tensor, columns: int) -> Tensor:
    """Images [K, C, H, W] (uint8 or [0, 1]) as one, row by row: float [C, rows * H, columns * W], on the CPU."""
    n, c, h, w = images.shape
    rows = -(-n // columns)
    sheet = torch.zeros(rows * columns, c, h, w)
    sheet[:n] = as_float(images.detach().cpu())
    return sheet.view(rows, columns, c, h, w).permute(2, 0, 3, 1, 4).reshape(c, rows * h, columns * w)


def history_curves(histories: Mapping[str, History], title: str = "Training", part: str = "loss") -> Figure:
    """Loss part of several runs by name against the epoch; the test values dashed. One run "" shows all its parts."""
    figure, axes = plt.subplots(figsize=(7.5, 3.5), layout="constrained")
    for name, history in histories.items():
        for key in history.train if name == "" else [part]:
            epochs = np.arange(1, history.epochs + 1)
            (line,) = axes.plot(epochs, history.train[key], "o-", ms=4, label=f"{name or key}, training")
            if key in history.test:
                label = f"{name or key}, test"
                axes.plot(epochs, history.test[key], "s--", ms=4, color=line.get_color(), label=label)
    unit = next(iter(histories.values())).criterion or "loss"
    axes.set(title=title, xlabel="epoch", ylabel=f"{unit} per sample")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def latent_scatter(
    codes: Mapping[str, Tensor], labels: Tensor, data: DataSet, title: str = "", count: int = 3000
) -> Figure:
    """Two-dimensional codes [N, 2] of several models by name, beside each other, coloured by class."""
    figure, grid = plt.subplots(1, len(codes), figsize=(5.2 * len(codes), 4.8), squeeze=False, layout="constrained")
    for axes, (name, code) in zip(grid[0], codes.items(), strict=True):
        class_map(axes, code[:count], labels[:count], data.classes)
        axes.set(title=name, xlabel="code $h_1$", ylabel="code $h_2$")
    figure.suptitle(title)
    return figure


def class_map(axes: Axes, codes: Tensor, labels: Tensor, classes: Sequence[str]) -> None:
    """Points [N, 2] coloured by class; each class's name stands at the median of its points."""
    codes, labels = codes.detach().cpu(), labels.cpu()
    for k, name in enumerate(classes):
        mine = codes[labels == k]
        if len(mine) == 0:
            continue
        colour = CLASS_COLOURS[k % len(CLASS_COLOURS)]
        axes.scatter(*mine.T, s=5, color=colour, alpha=0.5, linewidths=0)
        box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": colour, "alpha": 0.9}
        axes.text(*mine.median(0).values, name, ha="center", va="center", fontsize=9, weight="bold", bbox=box)
    # The farthest half percent would squeeze everything else into a corner.
    low, high = np.quantile(codes.numpy(), [0.005, 0.995], axis=0)
    margin = 0.05 * (high - low)
    axes.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))


def curves(
    x: Sequence[float],
    ys: Mapping[str, Sequence[float]],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
) -> Figure:
    """Named lines over the same x, with markers; x logarithmic to base 2 where asked."""
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for k, (name, y) in enumerate(ys.items()):
        # Every second line is dashed with hollow marks, so that two lines on top of each other both show.
        style = {"ls": "--", "mfc": "none", "ms": 9} if k % 2 else {}
        axes.plot(x, list(y), marker="os^Dvx*"[k % 7], label=name, **style)
    if logx:
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    return figure
