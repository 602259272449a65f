"""Drawings of lecture 03: a sparse code, and what a contractive code still notices."""

import random
from collections.abc import Iterator
from itertools import pairwise

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import BLUE, ORANGE, arrow, circle, line, pixels, text


@draws(
    "sparse",
    236,
    "An image x of 784 pixels, a larger square of 1,024 code units of which only a few are filled, and the "
    "reconstruction x hat of 784 pixels. W leads to the code, W transposed leads back. Most units are at or near 0, "
    "because activity has a price.",
)
def sparse() -> Iterator[str]:
    """Lecture 03: a large code in which few units speak. A cell stands for 16 pixels or 16 units."""
    yield pixels(54, 92, 13)
    yield pixels(346, 92, 13)
    active = set(random.Random(4).sample(range(64), 5))
    for k in range(64):
        x, y = 200 + 17 * (k % 8 - 3.5), 92 + 17 * (k // 8 - 3.5)
        yield (
            circle(x, y, 6.5, ORANGE, fill=1) if k in active else f'<g opacity="0.55">{circle(x, y, 6.5, width=1)}</g>'
        )
    yield arrow((104, 92), (128, 92)) + arrow((272, 92), (296, 92))
    yield text(115, 76, "*W*") + text(283, 76, "*W*^{⊤}")
    yield text(54, 186, "input *x*\n784 pixels", 13)
    yield text(200, 186, "code *h*, 1,024 units,\nfew of them active", 13)
    yield text(338, 186, "reconstruction *x̂*\n784 pixels", 13)
    yield text(200, 224, "*L* = ‖*x̂* − *x*‖^{2} + *λ* · price of activity: L1, or KL", 13)


def projected(u: float, v: float, bend: float = 0.22) -> tuple[float, float]:
    """A place on the curved sheet, or with `bend` 0 on the plane that touches it in its middle, as seen from above."""
    return 196 + 70 * u + 52 * v, 124 + 16 * u - 44 * v + 70 * bend * (u * u + v * v)


def hidden(x: float, y: float) -> bool:
    """Whether the plane's square, 1.4 by 1.4, lies before this place of the drawing."""
    x, y = x - 196, y - 124
    u, v = (44 * x + 52 * y) / (70 * 44 + 52 * 16), (16 * x - 70 * y) / (70 * 44 + 52 * 16)
    return max(abs(u), abs(v)) < 0.7


@draws(
    "tangent plane",
    276,
    "A curved sheet, the manifold of images, with an image x on it and the flat tangent plane that touches the "
    "sheet there. Two arrows v1 and v2 lie in the plane: along them the code h changes. A dashed arrow leaves the "
    "sheet at a right angle: along it the code hardly moves.",
)
def tangent_plane() -> Iterator[str]:
    """Lecture 03: the leading singular vectors of J span the tangent plane."""
    marks = [k / 20 for k in range(-28, 29)]
    for k in (-1.4, -0.7, 0, 0.7, 1.4):
        for way in ([projected(k, m) for m in marks], [projected(m, k) for m in marks]):
            for start, end in pairwise(way):
                if not hidden(*end):
                    yield line(start, end, colour=BLUE, width=1.2)
    corners = [projected(u, v, 0) for u, v in ((-0.7, -0.7), (0.7, -0.7), (0.7, 0.7), (-0.7, 0.7))]
    yield line(*corners, closed=True, colour=ORANGE, fill=0.25)
    x = projected(0, 0)
    yield arrow(x, projected(0.6, 0, 0), colour=ORANGE, width=2.5) + arrow(
        x, projected(0, 0.6, 0), colour=ORANGE, width=2.5
    )
    yield arrow(x, (x[0] - 6, 22), dashed=True) + circle(*x, 4, fill=1)
    yield text(x[0] - 12, x[1] + 6, "*x*")
    yield text(216, 145, "*v*_{1}") + text(236, 114, "*v*_{2}")
    yield text(10, 20, "across: the code\n*h* hardly moves", 13, "start")
    yield text(392, 40, "in the plane: a step *t*\nalong *v*_{*k*} moves *h* by *s*_{*k*} *t*", 13, "end")
