"""The real image sets: their four files, how a damaged one is noticed, and how they become tensors.

Files are hashed before they are parsed, and it is the hashed bytes that are parsed: nothing unverified becomes data.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aeutils.data.base import DataSet, Split
from aeutils.data.folders import Folder
from aeutils.data.glyphs import glyphs, letters

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class Promise:
    """What a file must be: its size in bytes and the SHA-256 of its content."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Source:
    """A data set that torchvision knows how to download.

    folder: the name of torchvision's class, which is also the name of its folder
    files: what each unpacked file must be, in the order of FILES
    stand_in: makes the data set that serves where this one cannot be had
    """

    name: str
    folder: str
    files: Mapping[str, Promise]
    classes: tuple[str, ...]
    stand_in: Callable[[], DataSet]


class Damaged(Exception):
    """A file is missing, truncated, altered or unreadable; the message is one line that names it."""


def promises(*sha256: str) -> dict[str, Promise]:
    """What the four files of 60,000 + 10,000 images of 28x28 pixels must be."""
    sizes = (47_040_016, 60_008, 7_840_016, 10_008)
    return dict(zip(FILES, map(Promise, sizes, sha256), strict=True))


MNIST = Source(
    name="mnist",
    folder="MNIST",
    files=promises(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    classes=tuple("0123456789"),
    stand_in=glyphs,
)

FASHION = Source(
    name="fashion",
    folder="FashionMNIST",
    files=promises(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    stand_in=letters,
)


def raw(source: Source, folder: Path) -> Path:
    """Where torchvision keeps the unpacked files of `source` below `folder`."""
    return folder / source.folder / "raw"


def read(source: Source, folder: Folder) -> DataSet | None:
    """The data set in `folder`: images uint8 [N, 1, 28, 28], labels int64 [N]; None where none of its files is.

    Raises Damaged when some are there but not all four are good.
    """
    place = raw(source, folder.path)
    if not any((place / file).is_file() for file in source.files):
        return None
    images, labels, test_images, test_labels = (tensor(verified(source, place / file)) for file in source.files)
    train, test = Split(images.unsqueeze(1), labels.long()), Split(test_images.unsqueeze(1), test_labels.long())
    return DataSet(source.name, folder.label, source.classes, train, test)


def verified(source: Source, path: Path) -> np.ndarray:
    """The bytes of a file, uint8 [size], once size and SHA-256 are as promised. Raises Damaged."""
    promise, short = source.files[path.name], f"{source.folder}/raw/{path.name}"
    try:
        found = path.stat().st_size
        if found != promise.size:  # a truncated file is told apart without reading it
            raise Damaged(f"{short} is damaged: expected {promise.size:,} bytes, found {found:,}")
        content = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise Damaged(f"{short} is missing") from None
    except OSError as error:
        raise Damaged(f"{short} cannot be read: {error.strerror}") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != promise.sha256:
        raise Damaged(f"{short} is damaged: expected SHA-256 {promise.sha256[:8]}..., found {digest[:8]}...")
    return content


def tensor(content: np.ndarray) -> Tensor:
    """The array in an IDX file (two zeros, type, number of axes, the size of each as big-endian int32, the values)."""
    axes = int(content[3])
    start = 4 + 4 * axes
    return torch.from_numpy(content[start:]).view(*content[4:start].view(">i4").tolist())
