"""Drawings of the course's models and ideas: `ae.drawing("vae")`. `shapes.py` has what they are made of; each lecture's
drawings are in a file of their own."""

from aeutils.plots.drawings import lecture01, lecture02, lecture03, lecture04, lecture05, lecture06  # noqa: F401
from aeutils.plots.drawings.registry import DRAWINGS, Drawing


def drawing(name: str) -> Drawing:
    """The drawing `name`, to be shown as the last line of a cell: inline SVG with an alternative text.

    ValueError for an unknown name; it lists the names.
    """
    if name not in DRAWINGS:
        raise ValueError(f"there is no drawing {name!r}; there are {', '.join(map(repr, DRAWINGS))}")
    return DRAWINGS[name]
