"""Sliders beside a picture: drawn by the kernel at every move, or a film of pictures drawn beforehand."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from aeutils.checks import checked
from aeutils.checks.kinds import said
from aeutils.checks.tensors import Images
from aeutils.panels.panel import Panel, Range, control

__all__ = ["film", "slider_figure", "slider_picture"]


@checked
def slider_picture(draw: Callable[..., np.ndarray], title: str, **ranges: Range) -> Panel:
    """Sliders by name over one picture: `draw(**values)` returns uint8 [H, W, 3] and is called as they move.

    A range is (lowest, highest, start), of whole numbers if all three are, or the names of the slider's stops: then
    `draw` gets an int, or the name. The picture keeps the size of the first one. ValueError for any other range.
    """
    if not ranges:
        raise ValueError("there is nothing to drag; name a slider and its range, as x=(0.0, 1.0, 0.5)")
    controls = [control(name, values) for name, values in ranges.items()]

    def answer(values: Sequence[float]) -> np.ndarray:
        return draw(**{one["name"]: _meant(one, value) for one, value in zip(controls, values, strict=True)})

    first = answer([one["start"] for one in controls])
    if not isinstance(first, np.ndarray):
        raise ValueError(f"draw is to return uint8 [H, W, 3]; got {said(first)}")
    if first.dtype != np.uint8 or first.ndim != 3 or first.shape[2] != 3:
        raise ValueError(f"draw is to return uint8 [H, W, 3]; got {first.dtype} {list(first.shape)}")
    size = {"size": list(first.shape), "scale": 1, "pictures": [""]}
    spec = {"title": title, "controls": controls, "pad": None, "source": {"kind": "kernel"}}
    return Panel(spec | size, first, answer=answer)


def _meant(one: dict, value: float) -> float | int | str:
    """What a control's position stands for: a stop's name, a whole number, or the number itself."""
    if one["names"]:
        return one["names"][round(value)]
    return round(value) if isinstance(one["step"], int) else value


@checked
def slider_figure(
    figure: Figure, move: Callable[..., None], artists: Sequence[Artist], title: str, **ranges: Range
) -> Panel:
    """Sliders by name over a figure, of which only `artists` change: `move(**values)` is to set their data or text.

    All the rest is drawn once, so that a move takes milliseconds. The figure itself is not shown beside the widget.
    Ranges are those of `slider_picture`. ValueError for no artists, and for those of another figure.
    """
    foreign = [said(artist) for artist in artists if getattr(artist.figure, "canvas", None) is not figure.canvas]
    if foreign or not artists:
        raise ValueError(
            f"expected artists of this figure, what `move` changes; got {', '.join(foreign) or 'none'}. "
            "axes.plot and axes.text return them"
        )
    plt.close(figure)
    canvas = FigureCanvasAgg(figure)
    for artist in artists:
        artist.set_animated(True)  # left out of what is drawn, but not of the layout, as hidden ones would be
    canvas.draw()
    still = canvas.copy_from_bbox(figure.bbox)

    def draw(**values: float) -> np.ndarray:
        move(**values)
        canvas.restore_region(still)
        for artist in artists:
            artist.draw(canvas.get_renderer())
        return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()

    return slider_picture(draw, title, **ranges)


@checked
def film(
    frames: Mapping[str, Images("T C H W", noisy=True)], at: Sequence[float], title: str, name: str = "t"
) -> Panel:
    """One slider called `name` over rows of pictures drawn beforehand: it moves without a kernel, in exports as well.

    frames: by caption, images [T, C, H, W] (uint8 or [0, 1]), all of one shape; at: the T evenly spaced positions.
    ValueError for frames of different shapes, fewer than two of them, or positions that do not fit.
    """
    count, channels, height, width = next(iter(frames.values())).shape
    if channels not in (1, 3):
        raise ValueError(f"pictures have 1 or 3 channels, [T, C, H, W]; got {channels}")
    steps = np.diff(np.asarray(at, dtype=float))
    if count < 2 or len(at) != count or steps[0] <= 0 or not np.allclose(steps, steps[0]):
        raise ValueError(f"expected {count} evenly spaced, rising positions, two or more; got {list(at)}")
    pixels = torch.stack([_bytes(images) for images in frames.values()], dim=1)  # [T, pictures, H, W, C]
    only = control(name, (float(at[0]), float(at[-1]), float(at[0]))) | {"step": float(steps[0])}
    spec = {
        "title": title,
        "controls": [only],
        "pad": None,
        "source": {"kind": "film"},
        "pictures": list(frames),
        "size": [height, width, channels],
        "scale": max(1, round(140 / width)),
    }
    return Panel(spec, _enlarged(pixels[count // 2].numpy(), spec["scale"]), data=pixels.numpy().tobytes())


def _enlarged(pictures: np.ndarray, scale: int) -> np.ndarray:
    """Pictures [K, H, W, C] beside each other: uint8 [H * scale, K * W * scale, 3]."""
    row = np.concatenate(list(pictures), axis=1).repeat(scale, axis=0).repeat(scale, axis=1)
    return np.broadcast_to(row, (*row.shape[:2], 3))


def _bytes(images: Tensor) -> Tensor:
    """[T, C, H, W], floats, cut to [0, 1] -> uint8 [T, H, W, C], on the CPU."""
    images = (images.detach().cpu().clamp(0, 1) * 255).round().byte()
    return images.permute(0, 2, 3, 1).contiguous()
