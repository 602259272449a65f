"""Drawings of the course's models and ideas: `ae.drawing("vae")`. `shapes.py` has what they are made of; each lecture's
drawings are in a file of their own."""

from aeutils.checks import OneOf, checked
from aeutils.plots.drawings import lecture01, lecture02, lecture03, lecture04, lecture05, lecture06  # noqa: F401
from aeutils.plots.drawings.registry import DRAWINGS, Drawing


@checked
def drawing(name: OneOf(among=DRAWINGS, none="there is no drawing")) -> Drawing:
    """The drawing `name`, to be shown as the last line of a cell: inline SVG with an alternative text.

    ValueError for an unknown name; it lists the names.
    """
    return DRAWINGS[name]
