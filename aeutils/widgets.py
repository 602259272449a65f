"""Widgets that a learner drags: sliders beside a picture that is replaced in place."""

import io
from collections.abc import Callable, Sequence

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from aeutils.data.base import DataSet
from aeutils.metrics import encode
from aeutils.models import Autoencoder
from aeutils.plots import class_map, picture, show_image

Range = tuple[float, float, float]  # lowest, highest, start


def png(pixels: np.ndarray) -> bytes:
    """uint8 [H, W] or [H, W, 3] as a PNG file; little compression, because speed counts more than size here."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1)
    return buffer.getvalue()


def slider_picture(draw: Callable[..., np.ndarray], title: str, **ranges: Range) -> ipywidgets.VBox:
    """Sliders by name over one picture: `draw(**values)` returns uint8 [H, W, 3] and is called at every move."""
    sliders = {
        name: ipywidgets.FloatSlider(
            value=start,
            min=low,
            max=high,
            step=(high - low) / 100,
            description=name,
            readout_format=".2f",
            layout=ipywidgets.Layout(width="420px"),
        )
        for name, (low, high, start) in ranges.items()
    }
    image = ipywidgets.Image(format="png", layout=ipywidgets.Layout(width="100%", max_width="880px"))

    def update(_change=None) -> None:
        image.value = png(draw(**{name: slider.value for name, slider in sliders.items()}))

    for slider in sliders.values():
        slider.observe(update, "value")
    update()
    return ipywidgets.VBox([ipywidgets.HTML(f"<b>{title}</b>"), *sliders.values(), image])


def slider_figure(
    figure: Figure, move: Callable[..., None], artists: Sequence[Artist], title: str, **ranges: Range
) -> ipywidgets.VBox:
    """Sliders by name over a figure, of which only `artists` change: `move(**values)` is to set their data or text.

    All the rest is drawn once, so that a move takes milliseconds. The figure itself is not shown beside the widget.
    """
    plt.close(figure)
    canvas = FigureCanvasAgg(figure)
    for artist in artists:
        artist.set_visible(False)
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)
    for artist in artists:
        artist.set_visible(True)

    def draw(**values: float) -> np.ndarray:
        move(**values)
        canvas.restore_region(still)
        for artist in artists:
            artist.draw(canvas.get_renderer())
        return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()

    return slider_picture(draw, title, **ranges)


class LatentMap:
    """The class map of a two-dimensional code with a point on it, and beside it what the decoder makes of the point.

    The map is drawn once; a move only pastes the new image and the new mark. ValueError unless latent_dim is 2.
    """

    def __init__(self, model: Autoencoder, data: DataSet, count: int = 2000):
        if model.latent_dim != 2:
            raise ValueError(f"the map needs a model with a code of 2 numbers; this one has {model.latent_dim}")
        self.model = model
        self.codes = encode(model, data.test.x[:count])
        figure, (left, self.right) = plt.subplots(1, 2, figsize=(8.8, 4.6), width_ratios=(1.1, 1))
        class_map(left, self.codes, data.test.labels[:count], data.classes)
        left.set(title="codes of test images, coloured by class", xlabel="code $h_1$", ylabel="code $h_2$")
        show_image(self.right, torch.zeros(model.shape), "the decoder's image of the marked point")
        figure.canvas.draw()
        self.sheet = np.asarray(figure.canvas.buffer_rgba())[:, :, :3].copy()
        box = self.right.get_window_extent()
        height = len(self.sheet)
        self.rows = slice(round(height - box.y1), round(height - box.y0))
        self.columns = slice(round(box.x0), round(box.x1))
        self.to_pixels = left.transData.frozen()
        self.limits = left.get_xlim(), left.get_ylim()
        plt.close(figure)

    @torch.no_grad()
    def decode(self, h1: float, h2: float) -> Tensor:
        """The decoder's image [C, H, W] at the point (h1, h2)."""
        return self.model.decode(self.codes.new_tensor([[h1, h2]]))[0]

    def draw(self, h1: float, h2: float) -> np.ndarray:
        """Map with mark, and decoding: uint8 [H, W, 3]."""
        sheet = self.sheet.copy()
        shape = self.rows.stop - self.rows.start, self.columns.stop - self.columns.start
        decoded = Image.fromarray((picture(self.decode(h1, h2)) * 255).round().astype(np.uint8)).convert("RGB")
        sheet[self.rows, self.columns] = np.asarray(decoded.resize(shape[::-1], Image.Resampling.NEAREST))
        x, y = self.to_pixels.transform((h1, h2))
        _mark(sheet, round(x), round(len(sheet) - y))
        return sheet


def _mark(sheet: np.ndarray, x: int, y: int, radius: int = 9) -> None:
    """A black cross on a white disc at pixel (x, y), in place."""
    rows, columns = np.ogrid[: sheet.shape[0], : sheet.shape[1]]
    far = np.hypot(rows - y, columns - x)
    sheet[far < radius + 2] = 255
    sheet[(far < radius + 1) & ((abs(rows - y) < 2) | (abs(columns - x) < 2))] = 0
    sheet[(far > radius) & (far < radius + 2)] = 0


def explore_map(model: Autoencoder, data: DataSet) -> ipywidgets.VBox:
    """Drag a point over the class map of a two-dimensional code and see its decoding."""
    view = LatentMap(model, data)
    ranges = {
        name: (float(low), float(high), float((low + high) / 2))
        for name, (low, high) in zip(("h1", "h2"), view.limits, strict=True)
    }
    return slider_picture(view.draw, "Drag the point: what does the decoder draw there?", **ranges)
