"""Photos: colour photographs of various sizes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from aeutils.checks import File, checked
from aeutils.data.folders import search_path


@dataclass(frozen=True)
class Photos:
    """Photographs in two splits: tuples of uint8 [3, H, W], each of its own size, and the file name of each."""

    name: str
    source: str
    train: tuple[Tensor, ...]
    test: tuple[Tensor, ...]
    train_names: tuple[str, ...]
    test_names: tuple[str, ...]

    def to(self, device: torch.device) -> "Photos":
        """The same photographs on `device`."""
        train, test = (tuple(photo.to(device) for photo in split) for split in (self.train, self.test))
        return Photos(self.name, self.source, train, test, self.train_names, self.test_names)


@checked
def photos(folder: File() | None = None) -> Photos:
    """The photographs in `folder`, else in photos/ of a data folder, else the two that come with scikit-learn.

    A folder holds either train/ and val/, or images: then the last fifth by name is for the test. Raises ValueError
    for a folder without images and for a file that is no image; files whose name begins with a dot are passed over.
    """
    if folder is not None:
        return from_folder(folder, "your folder")
    for place in search_path():
        if (place.path / "photos").is_dir():
            return from_folder(place.path / "photos", place.label)
    return two_photos()


def from_folder(folder: Path, source: str) -> Photos:
    """The photographs of one folder. Raises ValueError."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; expected one with photographs, or with train/ and val/")
    if (folder / "train").is_dir() and (folder / "val").is_dir():
        train, test = files(folder / "train"), files(folder / "val")
    else:
        every = files(folder)
        held_out = max(1, len(every) // 5) if len(every) > 1 else 0
        first_test = len(every) - held_out
        train, test = every[:first_test], every[first_test:]
    names = [tuple(file.name for file in part) for part in (train, test)]
    return Photos("photos", source, tuple(map(photo, train)), tuple(map(photo, test)), *names)


def files(folder: Path) -> list[Path]:
    """The files in `folder`, by name. ValueError when there are none."""
    found = sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    if not found:
        raise ValueError(f"{folder} holds no photographs; expected image files, or the folders train/ and val/")
    return found


def photo(file: Path) -> Tensor:
    """One image file as uint8 [3, H, W], upright; grey becomes RGB. ValueError, with its name, when it is no image."""
    try:
        with Image.open(file) as image:
            image = ImageOps.exif_transpose(image)  # cameras store "turn me" beside the pixels
            if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
                image = Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
            pixels = np.array(image.convert("RGB"))
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} is no image that can be read ({type(error).__name__})") from error
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def two_photos() -> Photos:
    """The photographs that come with scikit-learn, 427x640 pixels: china.jpg to train, flower.jpg to test."""
    from sklearn.datasets import load_sample_images

    print(
        "photos: no data folder holds photos/, so these are the two photographs that come with scikit-learn. "
        'For more call load("photos", folder=...) or set AEUTILS_DATA to a folder with photos/train and photos/val.'
    )
    bundle = load_sample_images()
    train, test = (torch.from_numpy(np.array(pixels)).permute(2, 0, 1).contiguous() for pixels in bundle.images)
    names = [(Path(name).name,) for name in bundle.filenames]
    return Photos("photos", "scikit-learn", (train,), (test,), *names)
