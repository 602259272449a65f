"""Characters as signed distance fields, from the fonts that matplotlib ships.

A distance field says for every point how far the outline is: above 0 inside the ink, below 0 outside. Sampled anywhere
and cut at any level it gives a smooth outline of any stroke weight, which a picture of the character does not.
"""

from pathlib import Path

import matplotlib
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFont
from scipy.ndimage import center_of_mass, distance_transform_edt
from torch import Tensor

# Left out: DejaVuSansMono (a dot inside the 0 makes it an 8) and cmmi10 (old-style digits of uneven height).
FACES = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique"),
    *("DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSerif-BoldItalic"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "STIXGeneralBolIta"),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),
)
IMAGE = 28  # pixels: a field covers one image
FINE = 128  # points per side where the outline is measured ...
FIELD = 64  # ... and where the field is kept
HEIGHT = round(FINE * 20 / IMAGE)  # of every character: 20 pixels, as in MNIST
WIDEST = round(FINE * 17 / IMAGE)  # 17 pixels: an M or W that is wider gets squeezed
MARGIN = round(FINE * 3 / IMAGE)  # 3 pixels: a 7, its mass at the top, would else be pushed out at the bottom


def distance_fields(characters: str) -> Tensor:
    """Fields float32 [faces, characters, 64, 64]: the distance to the outline, in pixels of the 28x28 image."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    fonts = [ImageFont.truetype(str(folder / f"{face}.ttf"), size=FINE) for face in FACES]
    fields = [[distance(ink(font, character)) for character in characters] for font in fonts]
    return F.avg_pool2d(torch.from_numpy(np.array(fields)), FINE // FIELD)


def distance(inside: np.ndarray) -> np.ndarray:
    """Signed distance to the edge of a bool [128, 128] mask, float32, in pixels of the 28x28 image."""
    signed = distance_transform_edt(inside) - distance_transform_edt(~inside)
    return signed.astype(np.float32) * (IMAGE / FINE)


def ink(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray:
    """Bool mask [128, 128] of one character, 20/28 of it high, its centre of mass near the middle."""
    mask = font.getmask(character, mode="L")
    picture = Image.frombytes("L", mask.size, bytes(mask))
    picture = picture.crop(picture.getbbox())
    width = min(WIDEST, round(picture.width * HEIGHT / picture.height))
    shape = np.asarray(picture.resize((width, HEIGHT), Image.Resampling.BILINEAR)) > 127
    cell = np.zeros((FINE, FINE), bool)
    top, left = (
        int(np.clip(round((FINE - 1) / 2 - centre), MARGIN, FINE - MARGIN - side))
        for centre, side in zip(center_of_mass(shape), shape.shape, strict=True)
    )
    cell[top : top + shape.shape[0], left : left + shape.shape[1]] = shape
    return cell
