"""Images as figures: rows with names, grids without gaps. Every function draws one figure and returns it."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from aeutils.checks import Number, Whole, checked
from aeutils.checks.tensors import Images
from aeutils.data.base import as_float

SIZE = Number(above=0)


@checked
def picture(image: Images("C H W", noisy=True)) -> np.ndarray:
    """One image [C, H, W] (uint8 or [0, 1]) as matplotlib wants it: [H, W] grey or [H, W, 3] colour, in [0, 1].

    What noise takes out of [0, 1] is cut off. ValueError for other than 1 or 3 channels.
    """
    if len(image) not in (1, 3):
        raise ValueError(f"an image has 1 or 3 channels, [C, H, W]; got {list(image.shape)}")
    image = image.detach().cpu().float().clamp(0, 1)
    return image[0].numpy() if len(image) == 1 else image.permute(1, 2, 0).numpy()


@checked
def show_image(axes: Axes, image: Images("C H W", noisy=True), title: str = "") -> None:
    """One image [C, H, W] into `axes`, grey levels fixed to 0..1, no ticks."""
    axes.imshow(picture(image), cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    axes.spines[:].set_visible(False)
    if title:
        axes.set_title(title)


@checked
def image_rows(
    rows: Mapping[str, Images("_ _ _ _", noisy=True)], title: str = "", columns: Sequence[str] = (), size: SIZE = 0.8
) -> Figure:
    """Named rows of images [K, C, H, W] under each other, a column for each of the K; `size` in inches an image.

    ValueError for more names of columns than there are columns.
    """
    count = max(len(images) for images in rows.values())
    if len(columns) > count:
        raise ValueError(f"{len(columns)} names of columns for {count} columns; expected at most as many")
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


@checked
def image_grid(
    images: Images("K C H W", noisy=True), columns: Whole(1, 1000) = 10, title: str = "", size: SIZE = 0.6
) -> Figure:
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
