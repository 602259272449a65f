"""Blocks: images that two numbers describe completely, so that a latent of two is enough and can be looked at."""

import torch
from torch import Generator, Tensor

from aeutils.checks import SEED, Whole, checked
from aeutils.data.base import LARGEST, DataSet, Split

SIDE = 28  # pixels


@checked
def blocks(train: Whole(1, LARGEST) = 80_000, seed: SEED = 0) -> DataSet:
    """One centred white rectangle per image: uint8 [N, 1, 28, 28]; labels int64 [N, 2] are its (height, width), 1..28.

    train: shuffled, every one of the 784 sizes equally often (up to the remainder); test: each size once, row by row.
    Raises ValueError for a count below 1.
    """
    generator = Generator().manual_seed(seed)
    images, sizes = every_block()
    rank = torch.randperm(len(sizes), generator=generator)  # who gets one more where 784 does not divide the count
    chosen = rank[torch.randperm(train, generator=generator) % len(sizes)]
    train_split, test_split = Split(images[chosen], sizes[chosen]), Split(images, sizes)
    return DataSet("blocks", "computed", ("height", "width"), train_split, test_split)


def every_block() -> tuple[Tensor, Tensor]:
    """The distinct images uint8 [784, 1, 28, 28] and their sizes int64 [784, 2]; (h, w) is number 28(h-1) + w-1."""
    side = torch.arange(1, SIDE + 1)
    sizes = torch.cartesian_prod(side, side)
    place = torch.arange(SIDE)
    start = (SIDE - sizes.unsqueeze(2)) // 2  # an odd gap leaves the extra pixel below and on the right
    inside = (place >= start) & (place < start + sizes.unsqueeze(2))  # [784, 2, 28]: in its rows, in its columns
    images = inside[:, 0, :, None] & inside[:, 1, None, :]
    return images.unsqueeze(1).to(torch.uint8) * 255, sizes
