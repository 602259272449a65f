"""How well a hole is filled: measures over its pixels, two baselines that train nothing, and sharpness.

Images [N, C, H, W], uint8 or floats in [0, 1]; hole: bool [N or 1, 1, H, W], True where pixels are missing. ValueError
for a hole that is no mask of these images or has no pixel in it, and for training images of another shape.
"""

import torch
from torch import Tensor

from aeutils.checks import checked
from aeutils.checks.tensors import Holes, Images
from aeutils.data.base import Samples, as_float
from aeutils.images.masks import check_hole
from aeutils.images.quality import psnr

ROWS, COLUMNS = 500, 10_000  # distances that are in memory at a time: images x training images, 20 MB


IMAGES, HOLE = Images("N C H W", stored=True), Holes("K 1 H W")  # K: N, or one for all


@checked
def in_hole(filled: Images("N C H W"), x: Images("N C H W"), hole: HOLE) -> dict[str, float]:
    """Measures of `filled` against the true images `x`, over the pixels of the hole alone.

    psnr        dB, from the mean squared error of all holes together
    image psnr  dB, of one image at a time, then their mean, as papers give it; 60 dB at most for an image
    l1, l2      mean absolute and mean squared error
    """
    check_hole(hole, x)
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


@checked
def mean_fill(train: Samples("M C H W"), x: IMAGES, hole: HOLE) -> Tensor:
    """x with the mean training image in its hole: [N, C, H, W] floats."""
    check_hole(hole, x)
    mean = sum(as_float(part).sum(0) for part in train.split(COLUMNS)) / len(train)
    return torch.where(hole, mean, as_float(x))


@checked
def nearest_by_context(train: Samples("M C H W"), x: IMAGES, hole: HOLE) -> Tensor:
    """x with its hole filled from the training image with the nearest context: [N, C, H, W] floats.

    Nearest by squared distance over the pixels outside the hole; every training image is looked at. ValueError for a
    hole that leaves no pixel outside.
    """
    check_hole(hole, x)
    if hole.flatten(1).all(1).any():
        raise ValueError("hole covers all of an image, so that no context is left; make it smaller")
    filled = []
    for k in range(0, len(x), ROWS):
        images, mine = as_float(x[k : k + ROWS]), hole if len(hole) == 1 else hole[k : k + ROWS]
        filled.append(torch.where(mine, as_float(train[_nearest(train, images, ~mine)]), images))
    return torch.cat(filled)


@checked
def sharpness(x: Images("N C H W"), hole: HOLE) -> float:
    """Mean length of the brightness gradient per pixel, from differences to the next row and column inside the hole.

    Blur lowers it. Differences across the rim of the hole do not count: a seam is no sharpness. ValueError where no
    hole has two pixels side by side and one below.
    """
    check_hole(hole, x)
    here, below, right = x[:, :, :-1, :-1], x[:, :, 1:, :-1], x[:, :, :-1, 1:]
    inside = hole[:, :, :-1, :-1] & hole[:, :, 1:, :-1] & hole[:, :, :-1, 1:]
    if not inside.any():
        raise ValueError("hole has nowhere a pixel with one to its right and one below in it; take a larger hole")
    length = ((below - here).square() + (right - here).square()).sqrt()
    return length[inside.expand_as(length)].mean().item()


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
