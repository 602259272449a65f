"""Drawings of lecture 01: KL divergence, and Bayes' rule between codes and images."""

from collections.abc import Iterator
from math import log2

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import BLUE, GREEN, INK, ORANGE, arrow, box, circle, image, line, path, text

WEATHER = ("sun", "cloud", "rain", "snow")
P, Q = (1 / 8, 1 / 8, 1 / 4, 1 / 2), (1 / 2, 1 / 4, 1 / 8, 1 / 8)  # here, and at home where the code book was made


@draws(
    "divergence",
    330,
    "Two bar charts over sun, cloud, rain and snow: p, what happens here, is highest at snow; q, what the code book "
    "expects, is highest at sun. Below, two bars of mean word length in bits: the best words need H(p); the words "
    "for q need H(p, q), which is longer. The extra piece is KL(p || q).",
)
def divergence() -> Iterator[str]:
    """Lecture 01: the weather's two distributions, and KL as the extra length of words."""
    for left, share, symbol, what, colour in (
        (20, P, "p", "what happens", BLUE),
        (220, Q, "q", "what you expect", GREEN),
    ):
        yield text(left + 80, 14, f"*{symbol}*: {what}")
        yield line((left, 128), (left + 160, 128))
        for k, (name, height) in enumerate(zip(WEATHER, share, strict=True)):
            x = left + 22 + 39 * k
            yield box(x, 128 - 90 * height, 26, 180 * height, colour=colour, fill=0.35)
            yield text(x, 140, name, 12)
    best = sum(p * log2(1 / p) for p in P)
    paid = sum(p * log2(1 / q) for p, q in zip(P, Q, strict=True))
    unit = 360 / paid
    yield arrow((62, 152), (62, 184)) + text(70, 168, "log 1/*p* bits a word", 12, "start")
    yield arrow((340, 152), (340, 260)) + text(332, 168, "log 1/*q* bits a word", 12, "end")
    yield text(20, 196, "mean length of the best words, those for *p*", 13, "start")
    yield box(20 + best * unit / 2, 220, best * unit, 28, "*H*(*p*)", fill=0.35)
    yield text(20, 252, "mean length of the words for *q*", 13, "start")
    yield box(20 + best * unit / 2, 276, best * unit, 28, "*H*(*p*)", fill=0.35)
    yield box(20 + (best + paid) / 2 * unit, 276, (paid - best) * unit, 28, "KL(*p* ‖ *q*)", ORANGE, fill=0.35)
    yield arrow((20, 300), (380, 300), both=True, width=1) + text(200, 314, "*H*(*p*, *q*) = *H*(*p*) + KL(*p* ‖ *q*)")


@draws(
    "bayes",
    262,
    "On the left the space of codes z with a wide dashed circle, the prior p(z), and a small ellipse inside it. On "
    "the right an image x. An arrow from z to x is p(x|z), the decoder. An arrow back from x to the small ellipse "
    "is q(z|x), the encoder, which stands in for the posterior p(z|x).",
)
def bayes() -> Iterator[str]:
    """Lecture 01: from codes to images by p(x|z), and back by q(z|x)."""
    yield text(95, 14, "codes *z*")
    yield text(325, 14, "images *x*")
    yield circle(95, 116, 78, INK, dashed=True, fill=0.04)
    yield text(95, 54, "prior *p*(*z*)")
    yield path("M78 128c-4 -14 26 -40 44 -32c16 8 -2 36 -18 42c-12 4 -24 0 -26 -10Z", GREEN, fill=0.3)
    yield circle(101, 116, 3.5, INK, fill=1)
    yield text(90, 116, "*z*")
    yield image(325, 116, 84)
    yield arrow((114, 88), (194, 44), (278, 88), colour=BLUE, width=2)
    yield text(214, 42, "*p*(*x* | *z*)", anchor="middle")
    yield text(214, 86, "decoder", 12)
    yield arrow((278, 144), (194, 188), (112, 138), colour=GREEN, width=2)
    yield text(214, 146, "encoder", 12)
    yield text(232, 190, "*q*(*z* | *x*)", anchor="middle")
    yield text(200, 226, "Bayes: *p*(*z* | *x*) = *p*(*x* | *z*) *p*(*z*) / *p*(*x*).")
    yield text(200, 248, "*p*(*x*) is out of reach: *q*(*z* | *x*) stands in for *p*(*z* | *x*)", 13)
