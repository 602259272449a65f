"""Maps: codes of two numbers, coloured by class."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aeutils.checks import Whole, checked
from aeutils.checks.tensors import Codes, Labels
from aeutils.data.base import DataSet

# Ten classes that colour-blind eyes can tell apart (Paul Tol, "muted", with black); class names stand on the map too.
CLASS_COLOURS = (
    *("#332288", "#88CCEE", "#44AA99", "#117733", "#999933"),
    *("#DDCC77", "#CC6677", "#882255", "#AA4499", "#000000"),
)


@checked
def latent_scatter(
    codes: Mapping[str, Codes("N 2")], labels: Labels("N"), data: DataSet, title: str = "", count: Whole(1) = 3000
) -> Figure:
    """Two-dimensional codes [N, 2] of several models by name, beside each other, coloured by class."""
    figure, grid = plt.subplots(1, len(codes), figsize=(5.2 * len(codes), 4.8), squeeze=False, layout="constrained")
    for axes, (name, code) in zip(grid[0], codes.items(), strict=True):
        class_map(axes, code[:count], labels[:count], data.classes)
        axes.set(title=name, xlabel="code $h_1$", ylabel="code $h_2$")
    figure.suptitle(title)
    return figure


@checked
def class_map(axes: Axes, codes: Codes("N 2"), labels: Labels("N"), classes: Sequence[str]) -> None:
    """Points [N, 2] coloured by class; each class's name stands at the median of its points, or beside it if there is
    another name."""
    codes, labels = codes.detach().cpu(), labels.cpu()
    if labels.max() >= len(classes):
        raise ValueError(f"labels go up to {labels.max().item()}; expected less than {len(classes)}, one name a class")
    medians = {}
    for k in range(len(classes)):
        mine = codes[labels == k]
        if len(mine) == 0:
            continue
        colour = CLASS_COLOURS[k % len(CLASS_COLOURS)]
        axes.scatter(*mine.T, s=5, color=colour, alpha=0.5, linewidths=0)
        medians[k] = mine.median(0).values.numpy()
    # The farthest half percent would squeeze everything else into a corner.
    low, high = np.quantile(codes.numpy(), [0.005, 0.995], axis=0)
    margin = 0.05 * (high - low)
    axes.set(xlim=(low[0] - margin[0], high[0] + margin[0]), ylim=(low[1] - margin[1], high[1] + margin[1]))
    # What a name takes of the axes' width and height, with its box: about this much in maps of the course's size.
    sizes = [(high - low) * (0.04 + 0.02 * len(classes[k]), 0.06) for k in medians]
    for k, place in zip(medians, apart(np.array(list(medians.values())), np.array(sizes)), strict=True):
        box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": CLASS_COLOURS[k % len(CLASS_COLOURS)], "alpha": 0.9}
        axes.text(*place, classes[k], ha="center", va="center", fontsize=9, weight="bold", bbox=box)


def apart(centres: np.ndarray, sizes: np.ndarray, rounds: int = 100) -> np.ndarray:
    """Centres of boxes, moved until no two of them overlap (or `rounds` are over): centres and sizes, [K, 2] each."""
    centres = centres.astype(float)
    for _ in range(rounds):
        overlaps = False
        for a, b in combinations(range(len(centres)), 2):
            between, room = centres[b] - centres[a], (sizes[a] + sizes[b]) / 2
            lacking = room - abs(between)
            if (lacking > 1e-9 * room).all():
                overlaps, axis = True, int(np.argmin(lacking / room))
                push = (lacking[axis] / 2) * (1 if between[axis] >= 0 else -1)
                centres[a, axis] -= push
                centres[b, axis] += push
        if not overlaps:
            break
    return centres
