"""Drawings of lecture 05: the context encoder, and its second loss, which a discriminator learns."""

from collections.abc import Iterator

from aeutils.plots.drawings.registry import draws
from aeutils.plots.drawings.shapes import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    arrow,
    box,
    circle,
    image,
    line,
    stack,
    text,
    trapezium,
)


@draws(
    "context encoder",
    446,
    "An image with a hole and the hole's mask, 2 x 28 x 28, pass two strided convolutions to 32 maps of 7 x 7, then "
    "the channel-wise layer and a 1 x 1 convolution, and two transposed convolutions back to a filled image. Below, "
    "the channel-wise layer: every place of a channel is joined to every place of the same channel, and to no "
    "other.",
)
def context_encoder() -> Iterator[str]:
    """Lecture 05: `ae.Context`, with its channel-wise fully connected layer."""
    yield image(34, 34, 48, "hole") + image(34, 92, 48, "mask") + image(34, 224, 48, "filled")
    for y, encodes, kernel, colour in ((63, True, "conv\n3 × 3", BLUE), (224, False, "transposed\n4 × 4", GREEN)):
        yield stack(190, y, 36, 6, 3, colour) + stack(335, y, 20, 9, 3, colour)
        for a, b in ((64, 158), (220, 306)):
            yield arrow((a, y), (b, y)) if encodes else arrow((b, y), (a, y))
            yield text((a + b) / 2, y - 20, kernel, 12) + text((a + b) / 2, y + 14, "stride 2", 12)
        yield text(190, y + 42, "16 × 14 × 14", 12)
    yield text(10, 130, "2 × 28 × 28: image and mask", 12, "start") + text(10, 262, "1 × 28 × 28, filled", 12, "start")
    yield arrow((335, 88), (335, 112)) + box(335, 125, 108, 26, "channel-wise", ORANGE, 13)
    yield arrow((335, 139), (335, 151)) + box(335, 164, 108, 26, "1 × 1 conv", PURPLE, 13)
    yield arrow((335, 178), (335, 198)) + text(335, 262, "32 × 7 × 7", 12)
    yield text(200, 296, "channel-wise: 49 places to 49 places of the same channel", 12)
    for x, colour, name in ((30, BLUE, "channel 1"), (142, GREEN, "channel 2"), (284, PURPLE, "channel 32")):
        heights = [324 + 18 * k for k in range(5)]
        for a in heights:
            for b in heights:
                yield line((x, a), (x + 80, b), colour=colour, width=1)
        for a in heights:
            yield circle(x, a, 4.5, INK, fill=1) + circle(x + 80, a, 4.5, INK, fill=1)
        yield text(x + 40, 416, name, 12)
    yield text(253, 360, "…", 18) + text(200, 434, "the 1 × 1 convolution behind it mixes the channels", 12)


@draws(
    "adversarial",
    330,
    "The image with a hole passes the generator F, an encoder and a decoder, which fills it: x hat. Filled images x "
    "hat and real images x go to the discriminator D, which says how probable it is that an image is real. L_rec "
    "compares x hat with x in the hole, L_adv teaches F to deceive D, L_D teaches D to tell them apart.",
)
def adversarial() -> Iterator[str]:
    """Lecture 05: two networks, and which loss reaches which of them."""
    yield image(34, 92, 56, "hole") + image(222, 92, 56, "filled") + image(222, 218, 56)
    yield (
        arrow((64, 92), (82, 92)) + trapezium(104, 92, 42, 64, 28, "", BLUE) + trapezium(150, 92, 42, 28, 64, "", GREEN)
    )
    yield arrow((172, 92), (192, 92)) + text(127, 142, "generator *F*:\nfills the hole", 13)
    yield text(222, 54, "*x̂*") + text(222, 256, "*x*, real") + text(42, 132, "(1 − *M*) ⊙ *x*", 12)
    yield arrow((222, 122), (222, 188), colour=BLUE, both=True, dashed=True)
    yield text(188, 196, "*L*_{rec}: error\nin the hole", 13, "end")
    yield arrow((252, 98), (291, 136)) + arrow((252, 212), (291, 174))
    yield trapezium(316, 155, 46, 84, 36, "*D*", PURPLE) + arrow((340, 155), (362, 155)) + text(380, 155, "real?", 12)
    yield arrow((382, 144), (330, -40), (128, 58), colour=ORANGE, dashed=True, width=2)
    yield text(8, 14, "*L*_{adv}: *F* learns to deceive *D*", 13, "start")
    yield arrow((384, 166), (380, 208), (331, 184), colour=ORANGE, dashed=True, width=2)
    yield text(396, 232, "*L*_{*D*}: *D* learns to\ntell them apart", 13, "end")
    yield text(200, 284, "*F* minimises *λ*_{rec} *L*_{rec} + *λ*_{adv} *L*_{adv}")
    yield text(200, 308, "*D* minimises *L*_{*D*}")
