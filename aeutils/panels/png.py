"""Pixels as PNG files."""

import io

import numpy as np
from PIL import Image


def png(pixels: np.ndarray, colours: int = 256) -> bytes:
    """uint8 [H, W] or [H, W, 3] as a PNG file of at most 256 colours: a figure needs no more."""
    image = Image.fromarray(pixels)
    if image.mode == "RGB":
        image = image.quantize(colours, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, format="png", optimize=True)
    return buffer.getvalue()
