"""Square patches of photographs, which models of photographs are trained on."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from aeutils.checks import SEED, Whole, checked
from aeutils.checks.tensors import Images
from aeutils.data.base import LARGEST, DataSet, Split
from aeutils.data.photos import photos

COUNT, PHOTO = Whole(1, LARGEST), Images("3 _ _", stored=True)


@checked
def photo_patches(size: Whole(1) = 48, train: COUNT = 32_000, test: COUNT = 1_000, seed: SEED = 0) -> DataSet:
    """Patches of the photographs that `photos` finds, uint8 [N, 3, size, size], those to train on `varied`; labels 0.

    Named "patches of two" where only the two photographs that come with scikit-learn are there.
    """
    found = photos()
    name = "patches of two" if found.source == "scikit-learn" else "patches"
    squares = varied(patches(found.train, size, train, seed), seed), patches(found.test, size, test, seed)
    splits = (Split(x, torch.zeros(len(x), dtype=torch.long)) for x in squares)
    return DataSet(name, found.source, ("photograph",), *splits)


@checked
def patches(photos: Sequence[PHOTO], size: Whole(1), count: COUNT, seed: SEED = 0) -> Tensor:
    """Random squares out of photographs [3, H, W] that are large enough: uint8 [count, 3, size, size], in random order.

    Every photograph is equally likely, and so is every place in it. Raises ValueError when `size` fits into none.
    """
    fitting = [photo for photo in photos if min(photo.shape[1:]) >= size]
    if not fitting:
        largest = max((min(photo.shape[1:]) for photo in photos), default=0)
        raise ValueError(f"size is {size}; expected at most {largest}, the shorter side of the largest photograph")
    generator = Generator().manual_seed(seed)
    owner = torch.randint(len(fitting), (count,), generator=generator)
    place = torch.rand(count, 2, generator=generator)
    result = fitting[0].new_empty(count, 3, size, size)
    for number, photo in enumerate(fitting):
        rows = (owner == number).nonzero()[:, 0]
        windows = photo.unfold(1, size, 1).unfold(2, size, 1)  # [3, H-size+1, W-size+1, size, size], a view
        top, left = (place[rows] * torch.tensor(windows.shape[1:3])).long().unbind(1)
        result[rows.to(photo.device)] = windows[:, top.to(photo.device), left.to(photo.device)].transpose(0, 1)
    return result


@checked
def varied(squares: Images("N 3 S S", stored=True), seed: SEED = 0) -> Tensor:
    """Patches [N, 3, size, size] with their channels in random order, each mirrored and transposed by the flip of a
    coin: few photographs have few colours and few directions of light. (Lim et al. 2017 turn and mirror theirs.)
    """
    generator, count = Generator().manual_seed(seed), len(squares)
    order = torch.rand(count, 3, generator=generator).argsort(1).to(squares.device)
    mirrored, transposed = (torch.rand(2, count, 1, 1, 1, generator=generator) < 0.5).to(squares.device)
    squares = squares[torch.arange(count, device=squares.device)[:, None], order]
    squares = torch.where(mirrored, squares.flip(3), squares)
    return torch.where(transposed, squares.mT, squares)
