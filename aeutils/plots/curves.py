"""Lines: the loss of a run against the epoch, and named curves over the same axis."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from aeutils.checks import checked
from aeutils.training.history import History


@checked
def history_curves(histories: Mapping[str, History], title: str = "Training", part: str = "loss") -> Figure:
    """Loss part of several runs by name against the epoch; the test values dashed. One run "" shows all its parts."""
    for name, history in histories.items():
        if name and part not in history.train:
            raise ValueError(f"{name} has no part {part!r}; expected one of {', '.join(history.train)}")
    figure, axes = plt.subplots(figsize=(7.5, 3.5), layout="constrained")
    for name, history in histories.items():
        for key in history.train if name == "" else [part]:
            epochs = np.arange(1, history.epochs + 1)
            (line,) = axes.plot(epochs, history.train[key], "o-", ms=4, label=f"{name or key}, training")
            if key in history.test:
                label = f"{name or key}, test"
                axes.plot(epochs, history.test[key], "s--", ms=4, color=line.get_color(), label=label)
    unit = next(iter(histories.values())).criterion or "loss"
    axes.set(title=title, xlabel="epoch", ylabel=f"{unit} per sample")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


@checked
def curves(
    x: Sequence[float],
    ys: Mapping[str, Sequence[float]],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    logx: bool = False,
) -> Figure:
    """Named lines over the same x, with markers; x logarithmic to base 2 where asked.

    ValueError for a line with more or fewer values than x has, and for a logarithm of numbers that are not above 0.
    """
    for name, y in ys.items():
        if len(y) != len(x) or not x:
            raise ValueError(f"{name} has {len(y)} values for {len(x)} of x; expected as many, one or more")
    if logx and min(x) <= 0:
        raise ValueError(f"x goes down to {min(x):g}, which has no logarithm; leave logx out")
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for k, (name, y) in enumerate(ys.items()):
        # Every second line is dashed with hollow marks, so that two lines on top of each other both show.
        style = {"ls": "--", "mfc": "none", "ms": 9} if k % 2 else {}
        axes.plot(x, list(y), marker="os^Dvx*"[k % 7], label=name, **style)
    if logx:
        axes.set_xscale("log", base=2)
        axes.set_xticks(x, [f"{value:g}" for value in x])
    axes.set(title=title, xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    return figure
