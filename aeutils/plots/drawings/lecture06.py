"""Drawings of lecture 06: the variational autoencoder, and how a gradient passes its random code."""

from collections.abc import Iterator

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import BLUE, GREEN, ORANGE, PURPLE, arrow, box, circle, image, line, text, trapezium


@draws(
    "vae",
    262,
    "From left to right: an image x of 784 pixels; the encoder with weights phi, 400 hidden units; its answers mu "
    "and sigma, 20 numbers each; z = mu + sigma epsilon, where epsilon is drawn from N(0, I); the decoder with "
    "weights theta; the image x hat. The loss is the reconstruction's -log p(x|z) plus KL of q(z|x) from the prior "
    "p(z).",
)
def vae() -> Iterator[str]:
    """Lecture 06: the VAE 784-400-20."""
    yield image(30, 110, 52) + image(370, 110, 52)
    yield text(30, 72, "*x*") + text(370, 72, "*x̂*")
    yield text(30, 148, "784", 12) + text(370, 148, "784", 12)
    yield (
        arrow((58, 110), (72, 110))
        + trapezium(102, 110, 58, 96, 60, "encoder\n*φ*", size=12)
        + text(90, 170, "784-400-2 × 20", 12)
    )
    yield arrow((132, 104), (150, 88)) + arrow((132, 116), (150, 132))
    yield box(168, 84, 34, 30, "*μ*", BLUE) + box(168, 136, 34, 30, "*σ*", BLUE)
    yield circle(226, 110, 17, ORANGE, "*z*", fill=0.25)
    yield arrow((186, 88), (210, 102)) + arrow((186, 132), (210, 118))
    yield arrow((226, 52), (226, 92), colour=ORANGE, dashed=True)
    yield text(226, 40, "*ε* ~ N(0, *I*)") + text(226, 14, "*z* = *μ* + *σ* *ε*, 20 numbers", 13)
    yield arrow((244, 110), (264, 110)) + trapezium(294, 110, 58, 60, 96, "decoder\n*θ*", GREEN, 12)
    yield (
        text(168, 162, "as log *σ*^{2}", 12, "start") + text(300, 170, "20-400-784", 12) + arrow((324, 110), (342, 110))
    )
    yield text(84, 198, "*q*_{*φ*}(*z* | *x*) = N(*μ*, *σ*^{2})", 13)
    yield text(226, 198, "*p*(*z*) = N(0, *I*)", 13) + text(340, 198, "*p*_{*θ*}(*x* | *z*)", 13)
    yield text(6, 238, "loss =", 13, "start") + text(234, 238, "+", 16)
    yield box(138, 238, 170, 38, "KL(*q*_{*φ*}(*z* | *x*) ‖ *p*(*z*))", PURPLE, 13)
    yield box(319, 238, 148, 38, "− log *p*_{*θ*}(*x* | *z*)", PURPLE, 13)


@draws(
    "reparameterisation",
    330,
    "Two networks side by side. Before: z is drawn from N(mu, sigma squared), and the gradient of f(z) stops at the "
    "random z. After: epsilon is drawn outside, z = mu + sigma epsilon is computed, and the gradient of f(z) flows "
    "through z to mu and sigma.",
)
def reparameterisation() -> Iterator[str]:
    """Lecture 06: the randomness moves to an input, and the path to mu and sigma has a derivative."""
    yield line((196, 8), (196, 268), dashed=True, width=1)
    for x, title, symbol in ((84, "before", "*z* ~ N(*μ*, *σ*^{2})"), (270, "after", "*z* = *μ* + *σ* *ε*")):
        colour = ORANGE if title == "before" else BLUE
        yield text(x, 12, title, 14, bold=True) + box(x, 50, 64, 30, "*f*(*z*)", GREEN)
        yield circle(x, 142, 18, colour, "*z*", fill=0.3)
        yield arrow((x - 6, 123), (x - 6, 66)) + arrow((x + 8, 67), (x + 8, 122), colour=GREEN, dashed=True, width=2)
        for side, name in ((-1, "*μ*"), (1, "*σ*")):
            yield box(x + 42 * side, 236, 40, 30, name) + arrow((x + 38 * side, 220), (x + 12 * side, 160))
        yield text(x, 276, symbol, 13)
    for side in (-1, 1):
        yield arrow((270 + 20 * side, 158), (270 + 50 * side, 219), colour=GREEN, dashed=True, width=2)
    yield line((74, 172), (94, 192), colour=ORANGE, width=3) + line((94, 172), (74, 192), colour=ORANGE, width=3)
    yield circle(358, 142, 18, ORANGE, "*ε*", fill=0.3) + arrow((339, 142), (290, 142)) + text(348, 174, "N(0, 1)", 12)
    yield circle(16, 314, 7, ORANGE, fill=0.3) + text(28, 314, "drawn at random", 12, "start")
    yield arrow((160, 314), (190, 314)) + text(196, 314, "computed", 12, "start")
    yield arrow((286, 314), (316, 314), colour=GREEN, dashed=True, width=2) + text(322, 314, "gradient", 12, "start")
