"""Drawings of lecture 02: the autoencoder, tied weights, and three other ways to build or train one."""

from collections.abc import Iterator

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    arrow,
    box,
    circle,
    image,
    line,
    stack,
    text,
    trapezium,
    units,
)


@draws(
    "autoencoder",
    236,
    "From left to right: a tall column of units, the input x; the encoder f, which narrows; a short column, the "
    "code h; the decoder g, which widens; a tall column, the reconstruction x hat. A line from x to x hat says that "
    "training makes the squared error between them small.",
)
def autoencoder() -> Iterator[str]:
    """Lecture 02: encoder, code, decoder."""
    for x, count, colour in ((42, 8, INK), (200, 3, ORANGE), (358, 8, INK)):
        yield units(x, 80, count, 18, 6, colour, 0.3 if colour == ORANGE else 0.1)
    yield trapezium(121, 80, 82, 140, 56, "encoder\n*f*")
    yield trapezium(279, 80, 82, 56, 140, "decoder\n*g*", GREEN)
    for x in (53, 164, 212, 322):
        yield arrow((x, 80), (x + 24, 80))
    yield text(52, 170, "input *x*\n*n* numbers", 13)
    yield text(200, 133, "code\n*h* = *f*(*x*)\n*q* < *n* numbers", 13)
    yield text(343, 170, "reconstruction\n*x̂* = *g*(*h*)", 13)
    yield arrow((42, 192), (200, 244), (358, 192), colour=ORANGE, both=True, dashed=True)
    yield text(200, 190, "training makes\n‖*x̂* − *x*‖^{2} small", 13)


@draws(
    "tied weights",
    252,
    "Five input units x, two code units h and five output units x hat, all joined to their neighbours. One line "
    "from x to h and its mirror image from h to x hat are marked: both are the same weight W_ji. The encoder is h = "
    "W (x - b), the decoder x hat = W transposed h + b.",
)
def tied_weights() -> Iterator[str]:
    """Lecture 02: the decoder's matrix is the encoder's, transposed."""
    heights, middles = [40 + 32 * k for k in range(5)], (72, 136)
    for a in heights:
        for b in middles:
            for side in (60, 340):
                yield f'<g opacity="0.35">{line((side, a), (200, b), width=1)}</g>'
    for side in (60, 340):
        yield line((side, heights[1]), (200, middles[1]), colour=ORANGE, width=3)
    for k, a in enumerate(heights):
        yield circle(60, a, 7, INK, fill=1) + circle(340, a, 7, INK, fill=1) if k != 1 else ""
    yield circle(60, heights[1], 7, ORANGE, fill=1) + circle(340, heights[1], 7, ORANGE, fill=1)
    for k, b in enumerate(middles):
        yield circle(200, b, 9, ORANGE if k else INK, fill=1)
    yield text(44, heights[1], "*x*_{*i*}", anchor="end")
    yield text(356, heights[1], "*x̂*_{*i*}", anchor="start")
    yield text(200, middles[1] + 22, "*h*_{*j*}")
    yield text(104, 16, "*W*_{*ji*}") + text(296, 16, "*W*_{*ji*}")
    yield arrow((112, 30), (130, 98), colour=ORANGE) + arrow((292, 30), (270, 98), colour=ORANGE)
    yield text(200, 16, "one weight, used twice", 12)
    yield text(95, 200, "encoder *W*, [*q*, *n*]\n*h* = *W*(*x* − *b*)")
    yield text(295, 200, "decoder *W*^{⊤}, [*n*, *q*]\n*x̂* = *W*^{⊤}*h* + *b*")
    yield text(200, 240, "drawn for *n* = 5 and *q* = 2; without the centre *b*", 12)


SIZES = (784, 128, 64, 32)  # of `ae.Stacked`
BARS = {784: 62, 128: 38, 64: 26, 32: 16}  # how tall each is drawn


@draws(
    "greedy stages",
    436,
    "Four rows. Stage 1: x, 784 values, goes to the code h1, 128 values, and back to x: layer 1 learns. Stage 2: "
    "layer 1 is frozen; h1 goes to h2, 64 values, and back to h1. Stage 3: layers 1 and 2 are frozen; h2 goes to "
    "h3, 32 values, and back to h2. Stage 4: all six layers, up to h3 and down to x, learn end to end.",
)
def greedy_stages() -> Iterator[str]:
    """Lecture 02: one layer of `ae.Stacked` learns after the other, then all of them."""
    names = ("*x*", "*h*_{1}", "*h*_{2}", "*h*_{3}")
    backs = ("*x̂*", "*ĥ*_{1}", "*ĥ*_{2}")
    captions = ("layer 1 learns", "layer 2 learns, layer 1 is frozen", "layer 3 learns, layers 1 and 2 are frozen")
    for stage in range(4):
        y = 54 + 108 * stage
        last = stage == 3
        caption = "all layers learn, end to end" if last else captions[stage]
        up = list(range(4)) if last else list(range(stage + 2))
        down = [2, 1, 0] if last else [stage]
        sizes = [SIZES[k] for k in (*up, *down)]
        labels = [names[k] for k in up] + [backs[k] for k in down]
        yield text(14, y - 44, f"Stage {stage + 1}: {caption}", 13, "start")
        for k, (size, label) in enumerate(zip(sizes, labels, strict=True)):
            x = 26 + 58 * k
            yield box(x, y, 9, BARS[size], colour=INK, fill=0.35, width=1.2)
            yield text(x, y + 43, label)
            if k + 1 < len(sizes):
                learns = last or k >= stage
                style = {"colour": ORANGE, "fill": 0.3} if learns else {"colour": INK, "fill": 0.04, "dashed": True}
                yield trapezium(x + 29, y, 32, BARS[size], BARS[sizes[k + 1]], **style)
        if not last:
            text_at = 26 + 58 * len(sizes) - 28
            shape = "-".join(map(str, (SIZES[stage], SIZES[stage + 1], SIZES[stage])))
            yield text(text_at, y, f"{shape}\nmakes {backs[stage]} like {names[stage]}", 12, "start")


@draws(
    "recirculation",
    292,
    "Below, the image x, its picture x hat and the mixture x1; above, the codes h and h1. The encoder leads from x "
    "to h, the decoder from h to x hat, a mixture of x and x hat makes x1, the encoder leads from x1 to h1. The "
    "decoder learns from x minus x1, the encoder from h minus h1.",
)
def recirculation() -> Iterator[str]:
    """Lecture 02: two rounds through the layer, and what each weight compares."""
    places = {"*x*": (40, 140), "*h*": (110, 52), "*x̂*": (200, 140), "*x*_{1}": (290, 140), "*h*_{1}": (360, 52)}
    for name, (x, y) in places.items():
        yield circle(x, y, 19, BLUE if y < 100 else INK, name, fill=0.15)
    yield arrow((52, 125), (98, 67)) + text(62, 88, "encoder", 12, "end")
    yield arrow((122, 67), (187, 126)) + text(166, 88, "decoder", 12, "start")
    yield arrow((302, 125), (348, 67)) + text(312, 88, "encoder", 12, "end")
    yield arrow((219, 140), (271, 140)) + text(245, 130, "1 − *λ*", 12)
    yield arrow((46, 158), (165, 200), (280, 157)) + text(165, 168, "*λ*")
    yield arrow((130, 44), (235, 16), (340, 44), colour=GREEN, both=True, dashed=True) + text(235, 14, "*h* − *h*_{1}")
    yield arrow((36, 159), (165, 260), (294, 159), colour=ORANGE, both=True, dashed=True)
    yield text(165, 222, "*x* − *x*_{1}")
    yield text(95, 262, "decoder learns by\nΔ*W* ∝ (*x* − *x*_{1}) *h*^{⊤}") + text(
        300, 262, "encoder learns by\nΔ*W* ∝ (*h* − *h*_{1}) *x*_{1}^{⊤}"
    )


@draws(
    "convolutional",
    276,
    "Above, the encoder from left to right: an image of 1 x 28 x 28, then 16 maps of 14 x 14, then 32 maps of 7 x "
    "7, each by a 3 x 3 convolution of stride 2; a linear layer makes the code of 32 numbers. Below, the decoder "
    "from right to left, with transposed 4 x 4 convolutions of stride 2, back to 1 x 28 x 28.",
)
def convolutional() -> Iterator[str]:
    """Lecture 02: maps and strides of `ae.Conv`."""
    rows = ((64, True, "conv\n3 × 3", BLUE), (222, False, "transposed\n4 × 4", GREEN))
    for y, encodes, kernel, colour in rows:
        yield image(38, y, 64)
        yield stack(178, y, 36, 6, 3, colour) + stack(300, y, 20, 9, 3, colour)
        for a, b in ((74, 146), (208, 272)):
            yield arrow((a, y), (b, y)) if encodes else arrow((b, y), (a, y))
            yield text((a + b) / 2, y - 20, kernel, 12) + text((a + b) / 2, y + 14, "stride 2", 12)
        for x, size in ((38, "1 × 28 × 28"), (178, "16 × 14 × 14"), (300, "32 × 7 × 7")):
            yield text(x, y + 44, size, 12)
    yield units(378, 141, 8, 10, 3.5, ORANGE, 0.5)
    yield arrow((326, 64), (378, 64), (378, 98)) + arrow((378, 184), (378, 222), (326, 222))
    yield text(364, 48, "linear", 12) + text(364, 240, "linear", 12)
    yield text(364, 141, "code *h*, 32 numbers", 13, "end")
    yield text(8, 14, "encoder", 13, "start", bold=True) + text(8, 178, "decoder", 13, "start", bold=True)
