"""Glyphs and letters: an endless supply of MNIST-like characters, drawn from fonts within a second.

They need no download, so they stand in where MNIST and Fashion-MNIST cannot be had. Every image is a printed character
that was bent as handwriting is: turned, slanted, stretched, shifted, warped elastically (Simard, Steinkraus and Platt,
2003) and drawn with a thinner or thicker pen.
"""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from aeutils.checks import SEED, Whole, checked
from aeutils.data.base import LARGEST, DataSet, Split
from aeutils.data.drawn import keep

VERSION = 1  # raise it when the pictures change: drawings kept by an older version are then drawn again
SIDE = 28  # pixels
COUNT = Whole(1, LARGEST)
CHUNK = 2_000  # images drawn at once: small enough to stay in the processor's cache


@checked
def glyphs(train: COUNT = 20_000, test: COUNT = 4_000, seed: SEED = 0) -> DataSet:
    """The digits 0..9: uint8 [N, 1, 28, 28], white on black, equally often. ValueError for counts below 1."""
    return characters("glyphs", "0123456789", train, test, seed)


@checked
def letters(train: COUNT = 20_000, test: COUNT = 4_000, seed: SEED = 0) -> DataSet:
    """Ten capitals that look like no digit and like no other of them; else as `glyphs`."""
    return characters("letters", "AEFHKMRTWX", train, test, seed)


def characters(name: str, symbols: str, train: int, test: int, seed: int) -> DataSet:
    """The data set of `symbols`: read where it was kept, else drawn."""
    kept = keep(f"{name}-{train}-{test}-{seed}", VERSION, lambda: draw_both(symbols, train, test, seed))
    splits = [Split(kept[f"{split}_x"], kept[f"{split}_labels"]) for split in ("train", "test")]
    return DataSet(name, "drawn from matplotlib's fonts", tuple(symbols), *splits)


def draw_both(symbols: str, train: int, test: int, seed: int) -> dict[str, Tensor]:
    """Both splits by name, as they are kept. Each has its own random stream, so neither's size changes the other."""
    from aeutils.data.fonts import distance_fields  # here, because scipy's import is slow and drawings are mostly kept

    fields, drawing = distance_fields(symbols), {}
    for offset, (split, count) in enumerate({"train": train, "test": test}.items()):
        generator = Generator().manual_seed(2 * seed + offset)
        drawing[f"{split}_x"], drawing[f"{split}_labels"] = draw(fields, count, generator)
    return drawing


def draw(fields: Tensor, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Images uint8 [N, 1, 28, 28] and labels int64 [N], in random order.

    fields: signed distance fields [faces, characters, 64, 64], in pixels
    """
    faces, classes = fields.shape[:2]
    labels = torch.randperm(count, generator=generator) % classes
    face = torch.randint(faces, (count,), generator=generator)
    weight = pen(fields, face, generator)
    images = torch.empty(count, 1, SIDE, SIDE, dtype=torch.uint8)
    for rows in torch.arange(count).split(CHUNK):
        back, zoom = affine(len(rows), generator)
        grid = F.affine_grid(back, (len(rows), 1, SIDE, SIDE), align_corners=False) + bend(len(rows), generator)
        field = fields[face[rows], labels[rows]].unsqueeze(1)
        distance = F.grid_sample(field, grid, padding_mode="border", align_corners=False)
        distance = (distance + column(weight[rows])) * column(zoom)  # what is zoomed is further from its outline
        images[rows] = pixels(distance)
    return images, labels


def pixels(distance: Tensor) -> Tensor:
    """Grey values 0..255: from black to white within 1.4 pixels, half grey where the distance to the outline is 0."""
    return (0.5 + 0.7 * distance).clamp_(0, 1).mul_(255).round_().to(torch.uint8)


def pen(fields: Tensor, face: Tensor, generator: Generator) -> Tensor:
    """How many pixels [N] the outline moves outwards, so that the strokes of every face become 2.7 to 4.4 pixels wide.

    It moves by 0.75 at most, else the holes of bold characters close and hairlines vanish.
    """
    half_stroke = fields.amax((2, 3)).median(dim=1).values  # [faces]: the largest circle that fits into the ink
    return (uniform(len(face), 1.35, 2.2, generator) - half_stroke[face]).clamp_(-0.4, 0.75)


def affine(count: int, generator: Generator) -> tuple[Tensor, Tensor]:
    """Maps from image to character [N, 2, 3], the inverse of: stretch, slant, turn, shift; and the zoom [N] of each."""
    angle = normal(count, generator=generator) * 0.16  # radians
    slant = normal(count, generator=generator) * 0.18
    stretch = torch.stack([uniform(count, 0.75, 1.15, generator), uniform(count, 0.82, 1.0, generator)], dim=1)
    shift = normal(count, 2, 1, generator=generator) * (0.4 / (SIDE / 2))  # 0.4 pixels; grids run from -1 to 1
    turn_back = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], dim=1).view(count, 2, 2)
    upright = torch.eye(2).repeat(count, 1, 1)
    upright[:, 0, 1] = slant
    back = (upright @ turn_back) / stretch.unsqueeze(2)
    return torch.cat([back, -back @ shift], dim=2), stretch.prod(dim=1).sqrt()


def bend(count: int, generator: Generator) -> Tensor:
    """Elastic displacements [N, 28, 28, 2], 1.2 pixels on 4x4 knots and smooth between them."""
    knots = normal(count, 2, 4, 4, generator=generator) * (1.2 / (SIDE / 2))
    return F.interpolate(knots, size=(SIDE, SIDE), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def normal(*shape: int, generator: Generator) -> Tensor:
    """Standard normal numbers cut at 2, because one image in twenty would otherwise leave its frame."""
    return torch.randn(*shape, generator=generator).clamp_(-2, 2)


def uniform(count: int, low: float, high: float, generator: Generator) -> Tensor:
    """Numbers [N] spread evenly from `low` to `high`."""
    return low + (high - low) * torch.rand(count, generator=generator)


def column(values: Tensor) -> Tensor:
    """[N] as [N, 1, 1, 1], to be applied to images."""
    return values.view(-1, 1, 1, 1)
