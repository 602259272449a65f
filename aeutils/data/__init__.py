"""The course's data sets, by name: `load("mnist")`.

mnist, fashion    handwritten digits and clothes, downloaded once; offline a drawn stand-in that says so
glyphs, letters   28x28 characters drawn from fonts within a second: the stand-ins
blocks            28x28 rectangles that two numbers describe completely
digits8           scikit-learn's real 8x8 digits
curve, mixture    points in the plane whose true curve (`spiral`) or density (`gaussians`) is known
noise             features that cannot be compressed, or with rank=r that can
photos            colour photographs of various sizes
patches           squares cut out of them, turned and recoloured
"""

import inspect
from collections.abc import Callable

from aeutils import environment
from aeutils.checks import OneOf, checked
from aeutils.data import blocks, digits8, glyphs, photos, points
from aeutils.data import patches as squares
from aeutils.data.base import DataSet, Split, as_float
from aeutils.data.mnist import real
from aeutils.data.patches import patches, varied
from aeutils.data.photos import Photos
from aeutils.data.points import gaussians, spiral

__all__ = ["REGISTRY", "DataSet", "Photos", "Split", "as_float", "gaussians", "load", "patches", "spiral", "varied"]

REGISTRY: dict[str, Callable[..., DataSet | Photos]] = {
    "mnist": real.mnist,
    "fashion": real.fashion,
    "blocks": blocks.blocks,
    "glyphs": glyphs.glyphs,
    "letters": glyphs.letters,
    "digits8": digits8.digits8,
    "photos": photos.photos,
    "patches": squares.photo_patches,
    "curve": points.curve,
    "mixture": points.mixture,
    "noise": points.noise,
}


NAME = OneOf(among=REGISTRY, none="there is no data set")


@checked
def load(name: NAME, **options) -> DataSet | Photos:
    """The data set `name`, on the course's device and no larger than the budget (AEUTILS_DEVICE, AEUTILS_BUDGET).

    options: those of the function of that name, as `load("blocks", train=1000)`
    Raises ValueError, which lists what there is, for an unknown name or option and for a value out of range.
    """
    known = inspect.signature(REGISTRY[name]).parameters
    for option in options:
        if option not in known:
            raise ValueError(f"{name} has no option {option!r}; expected {', '.join(known) or 'none'}")
    data = REGISTRY[name](**options)
    if isinstance(data, DataSet):
        budget = environment.budget()
        data = data.take(budget.train, budget.test)
    return data.to(environment.device())
