"""Drawings of lecture 04: denoising as a way back to the data, residual blocks, super-resolution."""

from collections.abc import Iterator
from math import cos, hypot, pi, sin

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import (
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    arrow,
    box,
    circle,
    image,
    line,
    pixels,
    stack,
    text,
    trapezium,
    units,
)


def manifold(t: float, off: float = 0) -> tuple[float, float]:
    """The curve of clean images, t from 0 to 1, or a place `off` units above it."""
    x, y = 24 + 352 * t, 128 - 60 * sin(pi * 1.15 * t + 0.1)
    dx, dy = 352, -60 * 1.15 * pi * cos(pi * 1.15 * t + 0.1)
    return x + off * dy / hypot(dx, dy), y - off * dx / hypot(dx, dy)


@draws(
    "denoising",
    312,
    "A curve, the manifold of clean images. A dashed arrow leads from a clean image x on it to a corrupted x tilde, "
    "on a circle around x; an arrow leads from x tilde back to the curve, as do arrows from other corrupted points. "
    "Below, the chain: x, corrupted to x tilde, encoder f, code h, decoder g, x hat, which is compared with the "
    "clean x.",
)
def denoising() -> Iterator[str]:
    """Lecture 04: corrupt, and learn the way back to the data."""
    yield line(*(manifold(k / 60) for k in range(61)), width=2.5)
    yield text(10, 136, "clean images", 12, "start")
    x, y = manifold(0.4)
    far, back = (x + 46 * cos(1.05), y - 46 * sin(1.05)), manifold(0.47)
    for t, off in ((0.08, 34), (0.22, -36), (0.6, -38), (0.72, 36), (0.82, -32), (0.92, 34)):
        yield arrow(manifold(t, off), manifold(t, 3 if off > 0 else -3), colour=GREEN)
        yield circle(*manifold(t, off), 3, ORANGE, fill=1)
    yield f'<g opacity="0.6">{circle(x, y, 46, width=1, dashed=True)}</g>'
    yield arrow((x, y), far, colour=ORANGE, dashed=True, width=2)
    yield arrow(far, (back[0], back[1] - 3), colour=GREEN, width=2.5)
    yield circle(x, y, 4.5, fill=1) + circle(*far, 4.5, ORANGE, fill=1)
    yield text(x - 8, y + 16, "*x*") + text(far[0] + 14, far[1] - 4, "*x̃*")
    yield text(232, 62, "*g*(*f*(*x̃*))", 13, "start")
    yield image(34, 228, 56) + image(142, 228, 56, "noisy") + image(366, 228, 56)
    yield arrow((66, 228), (110, 228), colour=ORANGE, dashed=True) + text(88, 216, "corrupt", 12)
    yield arrow((172, 228), (188, 228)) + trapezium(211, 228, 42, 56, 30, "*f*")
    yield units(251, 228, 3, 13, 5, ORANGE, 0.4) + text(251, 256, "*h*")
    yield arrow((233, 228), (245, 228)) + arrow((257, 228), (270, 228))
    yield trapezium(293, 228, 42, 30, 56, "*g*", GREEN) + arrow((316, 228), (334, 228))
    yield text(34, 190, "*x*") + text(142, 190, "*x̃*") + text(366, 190, "*x̂*")
    yield arrow((34, 262), (200, 322), (366, 262), colour=ORANGE, both=True, dashed=True)
    yield text(200, 276, "‖*x̂* − *x*‖^{2}, with the clean *x*", 13)


COLUMNS = {  # what stands in each of six places, from input to sum, and behind the sum
    "ResNet": ("conv", "batch norm", "ReLU", "conv", "batch norm", "", "ReLU"),
    "SRResNet": ("conv", "batch norm", "PReLU", "conv", "batch norm", "", ""),
    "EDSR": ("conv", "", "ReLU", "conv", "", "times *s*", ""),
}
LAYER_COLOURS = {"conv": BLUE, "batch norm": PURPLE, "times *s*": GREEN}


@draws(
    "residual blocks",
    392,
    "Three columns; in each an input x passes layers F and is added to what a line around them brings unchanged. "
    "ResNet: conv, batch norm, ReLU, conv, batch norm, sum, ReLU. SRResNet: the same with PReLU, no ReLU behind the "
    "sum. EDSR: conv, ReLU, conv, times a small s, sum: no batch norm.",
)
def residual_blocks() -> Iterator[str]:
    """Lecture 04: what SRResNet and EDSR take away from ResNet's block."""
    formulas = ("ReLU(*x* + *F*(*x*))", "*x* + *F*(*x*)", "*x* + *s* *F*(*x*)")
    for k, ((name, layers), formula) in enumerate(zip(COLUMNS.items(), formulas, strict=True)):
        x, around = 62 + 134 * k, 115 + 134 * k
        yield text(x, 12, name, 14, bold=True) + text(x, 35, "*x*")
        places = [76 + 36 * place for place in range(6)]
        bottom = 44.0
        for place, layer in zip(places, layers, strict=False):
            if layer:
                yield arrow((x, bottom), (x, place - 11))
                yield box(x, place, 88, 22, layer, LAYER_COLOURS.get(layer, ORANGE), 13)
                bottom = place + 11
        yield arrow((x, bottom), (x, 283)) + plus(x, 292)
        yield line((x, 52), (around, 52), (around, 292)) + arrow((around, 292), (x + 9, 292))
        if layers[6]:
            yield arrow((x, 301), (x, 321)) + box(x, 332, 88, 22, layers[6], ORANGE, 13) + arrow((x, 343), (x, 363))
        else:
            yield arrow((x, 301), (x, 363))
        yield text(x, 376, formula)


SHUFFLED = (BLUE, ORANGE, GREEN, PURPLE)


@draws(
    "super-resolution",
    262,
    "Above, the encoder: a large image is shrunk to a small one; a convolution, residual blocks and another "
    "convolution make feature maps h of the small size, with a skip over the blocks. Below, the decoder: a "
    "convolution makes r squared = 4 maps, pixel shuffle lays their values side by side as 2 x 2 squares, and the "
    "image is large.",
)
def super_resolution() -> Iterator[str]:
    """Lecture 04: `ae.EDSR`. All work is done at the small size; pixel shuffle enlarges at the end."""
    yield text(8, 14, "encoder", 13, "start", bold=True) + text(8, 162, "decoder", 13, "start", bold=True)
    yield image(44, 82, 64) + text(44, 126, "28 × 28", 12)
    yield arrow((78, 82), (112, 82)) + text(96, 70, "shrink", 12)
    yield pixels(134, 82, 5) + text(134, 126, "14 × 14", 12)
    for start, end in ((154, 168), (206, 228), (284, 298), (336, 350)):
        yield arrow((start, 82), (end, 82))
    yield box(187, 82, 38, 30, "conv", size=12) + box(256, 82, 56, 48, "residual\nblocks", ORANGE, 12)
    yield box(317, 82, 38, 30, "conv", size=12) + plus(359, 82)
    yield line((216, 82), (216, 42), (359, 42)) + arrow((359, 42), (359, 73)) + text(287, 30, "skip", 12)
    yield arrow((359, 91), (359, 178)) + stack(359, 204, 32, 6) + text(359, 242, "*h*, 14 × 14", 12)
    yield arrow((332, 206), (315, 206)) + box(295, 206, 38, 30, "conv", size=12) + arrow((275, 206), (258, 206))
    for k, colour in enumerate(SHUFFLED):
        yield cells(225 + 34 * (k % 2 - 0.5), 206 + 34 * (k // 2 - 0.5), [[colour] * 2] * 2)
    yield arrow((190, 206), (160, 206)) + text(176, 158, "pixel shuffle", 12)
    yield cells(128, 206, [[SHUFFLED[2 * (row % 2) + column % 2] for column in range(4)] for row in range(4)])
    yield arrow((97, 206), (80, 206)) + image(44, 206, 64) + text(44, 250, "*x̂*, 28 × 28", 12)
    yield text(225, 250, "*r*^{2} = 4 maps", 12)


def cells(x: float, y: float, colours: list[list[str]], side: float = 14) -> str:
    """A map around (x, y), a colour for each of its places."""
    half = (len(colours) - 1) / 2
    return "".join(
        box(x + side * (c - half), y + side * (r - half), side, side, colour=colour, fill=0.55, width=1)
        for r, row in enumerate(colours)
        for c, colour in enumerate(row)
    )


def plus(x: float, y: float) -> str:
    """A sum around (x, y)."""
    return circle(x, y, 9) + line((x - 5, y), (x + 5, y)) + line((x, y - 5), (x, y + 5))
