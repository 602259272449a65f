"""Images as figures: rows with names, grids without gaps. Every function draws one figure and returns it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from aeutils.data.base import as_float


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
