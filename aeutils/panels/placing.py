"""Codes as bytes on a map of two directions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aeutils.plots.maps import CLASS_COLOURS, apart

STRAYS = 0.005  # the share of points to either side that the map need not show
NAME = (0.02, 0.025, 0.08)  # of the map's width by name and by letter, of its height


@dataclass(frozen=True)
class Placed:
    """Codes on a map.

    spec     what pad/place.js reads: the two directions, the box, the classes' names with their places
    points   uint8 [N, 2], 0 to 255 across the box
    labels   uint8 [N]
    """

    spec: dict
    points: Tensor
    labels: Tensor


def placed(codes: Tensor, labels: Tensor | None, classes: Sequence[str]) -> Placed:
    """Codes [N, q] on the plane of their two numbers, or of their first two principal components; labels [N] colour
    them."""
    centre, project, axes = _plane(codes)
    flat = (codes - centre) @ project.T  # [N, 2]
    low, high = flat.quantile(torch.tensor([STRAYS, 1 - STRAYS]), dim=0)
    room = 0.05 * (high - low).clamp_min(1e-6)
    low, high = low - room, high + room
    points = ((flat - low) / (high - low) * 255).round().clamp(0, 255).byte()
    spec = {
        "project": project.tolist(),
        "centre": centre.tolist(),
        "box": [low[0].item(), high[0].item(), low[1].item(), high[1].item()],
        "names": [] if labels is None else _names(flat, labels, classes, (high - low).numpy()),
        "axes": axes,
        "colours": [] if labels is None else list(CLASS_COLOURS),
    }
    return Placed(spec, points, (torch.zeros(len(codes)) if labels is None else labels).byte())


def _plane(codes: Tensor) -> tuple[Tensor, Tensor, str]:
    """A centre [q], two directions [2, q], and what to call them."""
    if codes.shape[1] == 2:
        return torch.zeros(2), torch.eye(2), "h₁ →, h₂ ↑"
    centre = codes.mean(0)
    directions = torch.linalg.svd(codes - centre, full_matrices=False).Vh[:2]
    return centre, directions, "principal components of the codes"


def _names(flat: Tensor, labels: Tensor, classes: Sequence[str], sides: np.ndarray) -> list:
    """[x, y, name] for every class: the median of its points, or beside it where another name is."""
    there = [label for label in range(len(classes)) if (labels == label).any()]
    medians = np.array([flat[labels == label].median(0).values.numpy() for label in there])
    sizes = np.array([sides * (NAME[0] + NAME[1] * len(classes[label]), NAME[2]) for label in there])
    return [[*place.tolist(), classes[label]] for place, label in zip(apart(medians, sizes), there, strict=True)]
