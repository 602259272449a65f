"""Holes in images: bool masks [N, 1, H, W], True in the hole. The three kinds of Pathak et al. (2016), and a rectangle.

Every function takes the images [N, C, H, W] that the holes are for. It draws on their device, and no shape depends on a
drawn number, so that a training step with a mask in it can be replayed as a CUDA graph.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from aeutils.checks import check_whole


def rectangle(x: Tensor, row: int, column: int, height: int, width: int) -> Tensor:
    """The same hole in every image: `height` x `width` pixels, the upper left one at (row, column).

    ValueError for an empty hole and for one that reaches out of the image.
    """
    n, h, w = _sizes(x)
    for name, value, least in (("row", row, 0), ("column", column, 0), ("height", height, 1), ("width", width, 1)):
        check_whole(f"the hole's {name}", value, least)
    if row + height > h or column + width > w:
        raise ValueError(
            f"a hole of {height} x {width} pixels at ({row}, {column}) reaches out of an image of {h} x {w}; "
            "move it up and to the left, or make it smaller"
        )
    hole = torch.zeros(n, 1, h, w, dtype=torch.bool, device=x.device)
    hole[:, :, row : row + height, column : column + width] = True
    return hole


def central(x: Tensor, size: int | None = None) -> Tensor:
    """A square of `size` x `size` pixels in the middle of every image; by default half of the shorter side.

    ValueError unless the square leaves some context.
    """
    _, h, w = _sizes(x)
    size = max(1, min(h, w) // 2) if size is None else size
    check_whole(f"the size of a central hole in {h} x {w} pixels", size, 1, min(h, w) - 1)
    return rectangle(x, (h - size) // 2, (w - size) // 2, size, size)


def blocks(x: Tensor, smallest: int | None = None, largest: int | None = None, count: int = 1) -> Tensor:
    """`count` rectangles in every image, each at a random place with sides of `smallest` to `largest` pixels.

    By default from a quarter to half of the shorter side. Blocks may overlap. ValueError unless
    1 <= smallest <= largest < the shorter side.
    """
    n, h, w = _sizes(x)
    largest = max(1, min(h, w) // 2) if largest is None else largest
    check_whole(f"the largest side of a hole in {h} x {w} pixels", largest, 1, min(h, w) - 1)
    smallest = max(1, min(min(h, w) // 4, largest)) if smallest is None else smallest
    check_whole("the smallest side of a hole", smallest, 1, largest)
    check_whole("the count of holes", count)
    rows, columns = (_spans(n, count, side, smallest, largest, x.device) for side in (h, w))
    return (rows[:, :, :, None] & columns[:, :, None, :]).any(1, keepdim=True)


def region(x: Tensor, share: float = 0.25, grain: int | None = None) -> Tensor:
    """An irregular region in every image that covers `share` of it: the highest places of a smooth random landscape.

    grain: about as many pixels as the landscape's hills are wide, by default half of the shorter side; the larger, the
    fewer and smoother the pieces. ValueError unless 0 < share < 1, with at least one pixel in the hole and one outside.
    """
    n, h, w = _sizes(x)
    number = isinstance(share, int | float) and math.isfinite(share)
    pixels = round(share * h * w) if number else 0
    if not 0 < pixels < h * w:
        raise ValueError(
            f"share is {share!r}; expected the hole's share of the image, between 0 and 1, that puts at least one of "
            f"the {h} x {w} pixels in the hole and leaves at least one"
        )
    grain = max(1, min(h, w) // 2) if grain is None else grain
    check_whole("the grain", grain, 1, min(h, w))
    heights = torch.randn(n, 1, h // grain + 1, w // grain + 1, device=x.device)
    landscape = F.interpolate(heights, size=(h, w), mode="bicubic", align_corners=False).flatten(1)
    shore = landscape.sort(dim=1, descending=True).values[:, pixels - 1 : pixels]  # the lowest height in the hole
    return (landscape >= shore).view(n, 1, h, w)


KINDS: dict[str, Callable[[Tensor], Tensor]] = {"central": central, "block": blocks, "region": region}


def check_hole(hole: Tensor, x: Tensor) -> None:
    """ValueError unless `hole` is bool, with one mask for each of the images x [N, C, H, W] or one for all."""
    n, h, w = _sizes(x)
    if hole.dtype != torch.bool or tuple(hole.shape) not in ((1, 1, h, w), (n, 1, h, w)):
        raise ValueError(
            f"a hole in these images is bool [1 or {n}, 1, {h}, {w}], True where pixels are missing; "
            f"got {hole.dtype} {list(hole.shape)}"
        )


def _sizes(x: Tensor) -> tuple[int, int, int]:
    """N, H and W of images. ValueError for anything else."""
    if x.ndim != 4 or 0 in x.shape:
        raise ValueError(f"masks are drawn for images [N, C, H, W]; got shape {list(x.shape)}")
    return x.shape[0], x.shape[2], x.shape[3]


def _spans(n: int, count: int, side: int, smallest: int, largest: int, device: torch.device) -> Tensor:
    """Random intervals of 0..side-1 as bool [n, count, side]: the length uniform, then the start uniform."""
    length = torch.randint(smallest, largest + 1, (n, count, 1), device=device)
    start = (torch.rand(n, count, 1, device=device) * (side - length + 1)).long()
    place = torch.arange(side, device=device)
    return (place >= start) & (place < start + length)
