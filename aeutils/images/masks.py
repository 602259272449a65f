"""Holes in images: bool masks [N, 1, H, W], True in the hole. The three kinds of Pathak et al. (2016), and a rectangle.

Every function takes the images [N, C, H, W] that the holes are for. It draws on their device, and no shape depends on a
drawn number, so that a training step with a mask in it can be replayed as a CUDA graph.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from aeutils.checks import Number, Whole, checked
from aeutils.checks.kinds import said
from aeutils.checks.tensors import Batch

IMAGES = Batch("N C H W", stored=True)


@checked
def rectangle(x: IMAGES, row: Whole(0), column: Whole(0), height: Whole(1), width: Whole(1)) -> Tensor:
    """The same hole in every image: `height` x `width` pixels, the upper left one at (row, column).

    ValueError for an empty hole and for one that reaches out of the image.
    """
    n, h, w = _sizes(x)
    if row + height > h or column + width > w:
        raise ValueError(
            f"a hole of {height} x {width} pixels at ({row}, {column}) reaches out of an image of {h} x {w}; "
            "move it up and to the left, or make it smaller"
        )
    hole = torch.zeros(n, 1, h, w, dtype=torch.bool, device=x.device)
    hole[:, :, row : row + height, column : column + width] = True
    return hole


@checked
def central(x: IMAGES, size: Whole(1) | None = None) -> Tensor:
    """A square of `size` x `size` pixels in the middle of every image; by default half of the shorter side.

    ValueError unless the square leaves some context.
    """
    _, h, w = _sizes(x)
    size = max(1, min(h, w) // 2) if size is None else size
    Whole(1, min(h, w) - 1)(f"the size of a central hole in {h} x {w} pixels", size)
    return rectangle.inside(x, (h - size) // 2, (w - size) // 2, size, size)


@checked
def blocks(x: IMAGES, smallest: Whole(1) | None = None, largest: Whole(1) | None = None, count: Whole(1) = 1) -> Tensor:
    """`count` rectangles in every image, each at a random place with sides of `smallest` to `largest` pixels.

    By default from a quarter to half of the shorter side. Blocks may overlap. ValueError unless
    1 <= smallest <= largest < the shorter side.
    """
    n, h, w = _sizes(x)
    largest = max(1, min(h, w) // 2) if largest is None else largest
    Whole(1, min(h, w) - 1)(f"the largest side of a hole in {h} x {w} pixels", largest)
    smallest = max(1, min(min(h, w) // 4, largest)) if smallest is None else smallest
    Whole(1, largest)("the smallest side of a hole", smallest)
    rows, columns = (_spans(n, count, side, smallest, largest, x.device) for side in (h, w))
    return (rows[:, :, :, None] & columns[:, :, None, :]).any(1, keepdim=True)


@checked
def region(x: IMAGES, share: Number(above=0, below=1) = 0.25, grain: Whole(1) | None = None) -> Tensor:
    """An irregular region in every image that covers `share` of it: the highest places of a smooth random landscape.

    grain: about as many pixels as the landscape's hills are wide, by default half of the shorter side; the larger, the
    fewer and smoother the pieces. ValueError unless 0 < share < 1, with at least one pixel in the hole and one outside.
    """
    n, h, w = _sizes(x)
    pixels = round(share * h * w)
    if not 0 < pixels < h * w:
        raise ValueError(
            f"share is {share!r}; expected the hole's share of the image, between 0 and 1, that puts at least one of "
            f"the {h} x {w} pixels in the hole and leaves at least one"
        )
    grain = max(1, min(h, w) // 2) if grain is None else grain
    Whole(1, min(h, w))("the grain", grain)
    heights = torch.randn(n, 1, h // grain + 1, w // grain + 1, device=x.device)
    landscape = F.interpolate(heights, size=(h, w), mode="bicubic", align_corners=False).flatten(1)
    shore = landscape.sort(dim=1, descending=True).values[:, pixels - 1 : pixels]  # the lowest height in the hole
    return (landscape >= shore).view(n, 1, h, w)


KINDS: dict[str, Callable[[Tensor], Tensor]] = {  # within a training step
    "central": central.inside,
    "block": blocks.inside,
    "region": region.inside,
}


def check_hole(hole: Tensor, x: Tensor) -> None:
    """ValueError unless `hole` is bool, with one mask for each of the images x [N, C, H, W] or one for all."""
    n, h, w = _sizes(x)
    right = isinstance(hole, Tensor) and hole.dtype == torch.bool
    if not right or tuple(hole.shape) not in ((1, 1, h, w), (n, 1, h, w)):
        raise ValueError(
            f"a hole in these images is bool [1 or {n}, 1, {h}, {w}], True where pixels are missing; got {said(hole)}"
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
