"""Figures for dark pages: paper turns dark and ink light, hues stay, and pictures within a figure stay as they are."""

from collections.abc import Iterator

import numpy as np

PAPER = 250  # grey level from which a pixel is paper
GAP = 2  # pixels of paper between two parts of a figure
SIDE, LENGTH = 20, 140  # pixels; a part that is narrower than the one and shorter than the other is a word or a mark
DENSE, FULL, RIM = 0.45, 0.95, 0.25  # shares of ink: of a picture, of one for certain, of its outer rows and columns
PLOT = 60  # pixels; what is smaller beside a colour bar is a slanted word
FLAT, VIVID = 0.5, 40  # the share of ink that bars of few colours have, and what makes a grey a colour
LONG = 6  # times as long as wide: a colour bar
DARKEST, LIGHTEST = 0.08, 0.92  # of the page and of its text

Box = tuple[slice, slice]


def dark(figure: np.ndarray) -> np.ndarray:
    """A figure uint8 [H, W, 3] on white paper -> the same for a dark page."""
    values = figure / 255
    lightness = (values.max(-1, keepdims=True) + values.min(-1, keepdims=True)) / 2
    turned = DARKEST + (LIGHTEST - DARKEST) * (values + 1 - 2 * lightness)  # the same hue and colourfulness
    turned = (255 * turned.clip(0, 1)).round().astype(np.uint8)
    for box in pictures(figure):
        turned[box] = figure[box]
    return turned


def pictures(figure: np.ndarray) -> list[Box]:
    """Where there are photographs, digits, heat maps in a figure uint8 [H, W, 3]: dense parts of it, with paper around.

    Beside a colour bar every plot is one: its colours mean numbers.
    """
    ink = figure.min(-1) < PAPER
    whole = list(_parts(ink, (slice(0, ink.shape[0]), slice(0, ink.shape[1]))))
    parts = [_trimmed(ink, part) for part in whole]
    parts = [part for part in parts if min(ink[part].shape) >= SIDE or max(ink[part].shape) >= LENGTH]
    if bars := [part for part in parts if _is_colour_bar(figure[part])]:
        return bars + [part for part in whole if min(ink[part].shape) >= PLOT]  # of a plot, the rim has points, too
    return [part for part in parts if _is_picture(figure[part], ink[part])]


def _is_picture(part: np.ndarray, ink: np.ndarray) -> bool:
    return ink.mean() >= FULL or (ink.mean() >= DENSE and not _is_flat(part[ink]))


def _parts(ink: np.ndarray, box: Box, axis: int = 0, uncut: int = 0) -> Iterator[Box]:
    """Cuts at gaps of paper, along rows and columns in turn, until there are none (Nagy and Seth 1984: XY cut)."""
    if uncut == 2:
        yield box
        return
    there = np.flatnonzero(ink[box].any(1 - axis))
    if len(there) == 0:
        return
    cuts = np.flatnonzero(np.diff(there) > GAP) + 1
    runs = np.split(there + box[axis].start, cuts)
    for run in runs:
        part = (slice(run[0], run[-1] + 1), box[1]) if axis == 0 else (box[0], slice(run[0], run[-1] + 1))
        yield from _parts(ink, part, 1 - axis, uncut + 1 if len(runs) == 1 else 0)


def _trimmed(ink: np.ndarray, box: Box) -> Box:
    """Without ticks at its rim, or other rows and columns that are mostly paper."""
    found = list(box)
    for axis in (0, 1):
        full = np.flatnonzero(ink[tuple(found)].mean(1 - axis) >= RIM)
        if len(full):
            start = found[axis].start
            found[axis] = slice(start + full[0], start + full[-1] + 1)
    return tuple(found)


def _is_flat(ink: np.ndarray) -> bool:
    """Are the pixels uint8 [N, 3] mostly of a few bright colours, as the bars of a chart?"""
    vivid = ink[np.ptp(ink.astype(int), axis=1) > VIVID]
    counts = np.sort(np.unique(vivid, axis=0, return_counts=True)[1])
    return bool(counts[-4:].sum() > FLAT * len(ink))


def _is_colour_bar(part: np.ndarray) -> bool:
    """Long and narrow, and of many colours, along its length alone."""
    bar = part if part.shape[0] > part.shape[1] else part.swapaxes(0, 1)
    if bar.shape[0] < LONG * bar.shape[1]:
        return False
    inner = bar[:, bar.shape[1] // 4 : 3 * bar.shape[1] // 4 + 1].astype(int)  # without its frame
    uniform = (np.ptp(inner, axis=1) <= 8).all()
    return bool(uniform and len(np.unique(inner[:, 0], axis=0)) > 16)
