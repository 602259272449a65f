"""How well a hole is filled: measures over its pixels, two baselines that train nothing, and sharpness.

Images [N, C, H, W], uint8 or floats in [0, 1]; hole: bool [N or 1, 1, H, W], True where pixels are missing. ValueError
for a hole that is no mask of these images, and for training images of another shape.
"""

import torch
from torch import Tensor

from aeutils.data.base import Split, as_float
from aeutils.images.masks import check_hole
from aeutils.images.quality import psnr

ROWS, COLUMNS = 500, 10_000  # distances that are in memory at a time: images x training images, 20 MB


def in_hole(filled: Tensor, x: Tensor, hole: Tensor) -> dict[str, float]:
    """Measures of `filled` against the true images `x`, over the pixels of the hole alone.

    psnr        dB, from the mean squared error of all holes together
    image psnr  dB, of one image at a time, then their mean, as papers give it; 60 dB at most for an image
    l1, l2      mean absolute and mean squared error
    """
    check_hole(hole, x)
    filled, x = as_float(filled), as_float(x)
    inside = hole.expand_as(x)
    error = filled[inside] - x[inside]
    squares = ((filled - x).square() * inside).flatten(1).sum(1)  # [N]
    per_image = (squares / inside.flatten(1).sum(1)).clamp(min=1e-6)
    return {
        "psnr": psnr(filled[inside], x[inside]),
        "image psnr": -10 * per_image.log10().mean().item(),
        "l1": error.abs().mean().item(),
        "l2": error.square().mean().item(),
    }


def mean_fill(train: Split | Tensor, x: Tensor, hole: Tensor) -> Tensor:
    """x with the mean training image in its hole: [N, C, H, W] floats."""
    train = _images(train, x, hole)
    mean = sum(as_float(part).sum(0) for part in train.split(COLUMNS)) / len(train)
    return torch.where(hole, mean, as_float(x))


def nearest_by_context(train: Split | Tensor, x: Tensor, hole: Tensor) -> Tensor:
    """x with its hole filled from the training image with the nearest context: [N, C, H, W] floats.

    Nearest by squared distance over the pixels outside the hole; every training image is looked at.
    """
    train, filled = _images(train, x, hole), []
    for k in range(0, len(x), ROWS):
        images, mine = as_float(x[k : k + ROWS]), hole if len(hole) == 1 else hole[k : k + ROWS]
        filled.append(torch.where(mine, as_float(train[_nearest(train, images, ~mine)]), images))
    return torch.cat(filled)


def sharpness(x: Tensor, hole: Tensor) -> float:
    """Mean length of the brightness gradient per pixel, from differences to the next row and column inside the hole.

    Blur lowers it. Differences across the rim of the hole do not count: a seam is no sharpness.
    """
    check_hole(hole, x)
    x = as_float(x)
    here, below, right = x[:, :, :-1, :-1], x[:, :, 1:, :-1], x[:, :, :-1, 1:]
    inside = hole[:, :, :-1, :-1] & hole[:, :, 1:, :-1] & hole[:, :, :-1, 1:]
    length = ((below - here).square() + (right - here).square()).sqrt()
    return length[inside.expand_as(length)].mean().item()


def _images(train: Split | Tensor, x: Tensor, hole: Tensor) -> Tensor:
    """The training images [M, C, H, W]; checks that all fits together."""
    check_hole(hole, x)
    train = train.x if isinstance(train, Split) else train
    if train.shape[1:] != x.shape[1:] or len(train) == 0:
        raise ValueError(f"training images are to have the shape of x, {list(x.shape[1:])}; got {list(train.shape)}")
    return train


def _nearest(train: Tensor, x: Tensor, known: Tensor) -> Tensor:
    """Index [n] of the training image with the smallest sum over known pixels of (x - t)^2 = x^2 - 2 x t + t^2."""
    known = known.expand(-1, x.shape[1], -1, -1).flatten(1).float()  # [n or 1, CHW]
    x = x.flatten(1) * known
    best, found = x.new_full((len(x),), float("inf")), torch.zeros(len(x), dtype=torch.int64, device=x.device)
    for k in range(0, len(train), COLUMNS):
        t = as_float(train[k : k + COLUMNS]).flatten(1)  # [m, CHW]
        distance, index = (known @ t.square().T - 2 * x @ t.T).min(1)  # without x^2, which is the same for all t
        found = torch.where(distance < best, index + k, found)
        best = torch.minimum(distance, best)
    return found
