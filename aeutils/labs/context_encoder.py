"""Lab 5: masks, the loss in the hole, the channel-wise layer, the discriminator's loss and the joint one; two bugs."""

import torch
from torch import tensor
from torch.nn import functional as F

from aeutils.exercises import chance
from aeutils.exercises.answers import Facts, Wrong, ask, described
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import case
from aeutils.exercises.lab import Lab

lab = Lab("Lab 5: context encoder", __name__)

GENERATOR = torch.Generator().manual_seed(0)
X, X_HAT = torch.rand(2, 3, 1, 6, 6, generator=GENERATOR)
HOLE = torch.zeros(1, 1, 6, 6)
HOLE[..., 1:4, 2:6] = 1
HOLES = torch.zeros(3, 1, 6, 6)  # another hole in every image
for number, (top, left) in enumerate(((0, 0), (1, 3), (2, 2))):
    HOLES[number, :, top : top + 2, left : left + 3] = 1
BOOL, INTEGER = "a mask of truths (bool)", "a mask of whole numbers"


def images_and_mask(draws):
    """x, x_hat [N, 1, H, W], and a mask for all of them or for each."""
    shape = draws.n, 1, draws.size(2, 6), draws.size(2, 6)
    mask = draws.uniform(*(shape if draws.size(0, 1) else (1, *shape[1:]))).round()
    return draws.uniform(*shape), draws.uniform(*shape), mask


ROW, ROW_HAT, ROW_HOLE = tensor([[[[0.0, 1.0, 0.5]]]]), tensor([[[[1.0, 0.5, 0.0]]]]), tensor([[[[0.0, 1.0, 1.0]]]])


@lab.exercise(
    cases=[
        (4, 4, 2),
        (28, 28, 14),
        (6, 10, 4),
        (9, 5, 3),
        (12, 6, 2),
        case(6, 6, 6, note="a hole as large as the image"),
    ],
    hints=r"""
        Start from `torch.zeros(1, 1, height, width)`. The hole begins at row `(height - size) // 2`; the column is
        found alike.

        A slice is filled by `mask[..., top : top + size, left : left + size] = 1`.
    """,
    mistakes={
        "0 and 1 are swapped: 1 marks the hole.": lambda height, width, size: 1 - central_mask(height, width, size),
        "The hole starts in the upper left corner: move it to the middle.": lambda height, width, size: central_mask(
            height, width, size
        ).roll((-((height - size) // 2), -((width - size) // 2)), (2, 3)),
        "The hole starts at the centre: it must lie around it.": lambda height, width, size: F.pad(
            torch.ones(1, 1, size, size), (width // 2, width, height // 2, height)
        )[..., :height, :width],
        "The axes of batch and channel are missing: the shape is [1, 1, height, width].": lambda height, width, size: (
            central_mask(height, width, size)[0, 0]
        ),
        "Height and width are swapped.": lambda height, width, size: central_mask(width, height, size),
        "The hole has half of the size: `size` is its whole side.": lambda height, width, size: central_mask(
            height, width, size // 2
        ),
    },
)
def central_mask(height, width, size):
    """1 in a square hole of side `size` in the middle, 0 elsewhere: [1, 1, height, width]."""
    mask = torch.zeros(1, 1, height, width)
    top, left = (height - size) // 2, (width - size) // 2
    mask[..., top : top + size, left : left + size] = 1
    return mask


CALLS = 3  # for one case: what one call has to do with the next one shows


def holes(function, n, size):
    """Where random masks have their holes."""
    made = []
    for _call in range(CALLS):
        masks = ask(function, n, size)
        if not torch.is_tensor(masks) or masks.shape != (n, 1, 28, 28):
            raise Wrong(f"Return masks of shape [{n}, 1, 28, 28]; got {described(masks)}.")
        made.append(masks.detach().double().cpu())
    masks = torch.cat(made)
    filled = masks[:, 0] != 0
    rows, columns = filled.any(2), filled.any(1)
    tops, lefts, places = rows.int().argmax(1), columns.int().argmax(1), 29 - size
    whole = (rows.sum(1) == size) & (columns.sum(1) == size) & (filled.sum((1, 2)) == size**2)
    found = Facts(
        {
            "values": ", ".join(f"{value:g}" for value in masks.unique().tolist()[:5]),
            "every mask holds one whole square of that side": "yes" if whole.all() else "no",
        }
    )
    if n < 100:
        return found
    return found | {
        "rows that squares start at": _range(tops),
        "columns that squares start at": _range(lefts),
        "rows and columns": "differ" if places == 1 or (tops != lefts).any() else "are always equal",
        "places in the next call": "are the same" if places > 1 and _repeats(tops, lefts, n) else "are other ones",
        "places": _unlike(tops * places + lefts, places**2) if whole.all() else "",
    }


def _repeats(tops, lefts, n):
    return torch.equal(tops[:n], tops[n : 2 * n]) and torch.equal(lefts[:n], lefts[n : 2 * n])


def _unlike(squares, choices):
    """What is wrong with places that are to be uniform and independent, in words."""
    if chance.not_uniform(squares, choices):
        return "not all are equally likely"
    return "those of different images, or calls, depend on each other" if chance.repeating(squares, choices) else ""


def _range(places):
    low, high = int(places.min()), int(places.max())
    return f"{low} to {high}" if low < high else f"always {low}"


def _squares(n, size, draw):
    masks = torch.zeros(n, 1, 28, 28)
    for image in masks:
        top, left = draw(28 - size)
        image[:, top : top + size, left : left + size] = 1
    return masks


def _integer(high):
    return int(torch.randint(max(high, 1), ()))


@lab.exercise(
    points=2,
    cases=[
        (200, 24),
        (100, 20),
        case(1, 12, note="a single mask"),
        case(5, 28, note="a hole as large as the image"),
        case(120, 26, note="a large hole"),
        case(5, 1, note="a hole of one pixel"),
    ],
    hints=r"""
        The first row of a square of side `size` can be 0, 1, ..., 28 - size. `torch.randint(29 - size, (n,))` draws
        n of these.

        A loop over the n images with a slice each is fine. Without a loop: compare `torch.arange(28)` with tops [n,
        1] to get truths [n, 28] for rows and for columns, and multiply them.
    """,
    mistakes={
        "All images have their hole at the same place: draw a place for every image.": lambda n, size: _squares(
            1, size, lambda room: (_integer(room + 1), _integer(room + 1))
        ).repeat(n, 1, 1, 1),
        "Row and column are the same number, so all holes lie on the diagonal: draw both.": lambda n, size: _squares(
            n, size, lambda room: [_integer(room + 1)] * 2
        ),
        "Some holes hang over the border and are cut: the first row is at most 28 - size.": lambda n, size: _squares(
            n, size, lambda room: (_integer(28), _integer(28))
        ),
        "The last possible place never occurs: `torch.randint(high, ...)` excludes `high`.": lambda n, size: _squares(
            n, size, lambda room: (_integer(room), _integer(room))
        ),
        "0 and 1 are swapped: 1 marks the hole.": lambda n, size: 1 - random_blocks(n, size),
    },
    run=holes,
)
def random_blocks(n, size):
    """1 in a square hole of side `size` at a random place, everywhere equally likely, for n images: [n, 1, 28, 28]."""
    tops, lefts = torch.randint(29 - size, (2, n, 1))  # [n, 1] each
    line = torch.arange(28)
    rows = (line >= tops) & (line < tops + size)  # [n, 28]
    columns = (line >= lefts) & (line < lefts + size)
    return (rows[:, :, None] & columns[:, None, :])[:, None].float()


@lab.exercise(
    cases=[(ROW, ROW_HAT, ROW_HOLE), (X, X_HAT, HOLE), (X, X_HAT, HOLES)],
    draw=images_and_mask,
    hints=r"""
        Inside the hole (mask 1) comes the prediction, elsewhere (mask 0) the image.

        `mask * x_hat + (1 - mask) * x`, or `torch.where(mask == 1, x_hat, x)`.
    """,
    mistakes={
        "The other way round: the prediction belongs inside the hole, the image around it.": lambda x, x_hat, mask: (
            mask * x + (1 - mask) * x_hat
        ),
        "The surroundings are missing: add the image where the mask is 0.": lambda x, x_hat, mask: mask * x_hat,
        "The image is added inside the hole as well.": lambda x, x_hat, mask: x + mask * x_hat,
        "This is the prediction everywhere: around the hole the image is known.": lambda x, x_hat, mask: x_hat,
        "The hole is still there: put the prediction into it.": lambda x, x_hat, mask: (1 - mask) * x,
    },
)
def fill(x, x_hat, mask):
    """The prediction inside the hole (mask 1), the image around it: x, x_hat [N, 1, H, W] -> [N, 1, H, W]."""
    return mask * x_hat + (1 - mask) * x


@lab.exercise(
    trained=("x_hat",),
    cases=[(ROW_HAT, ROW, ROW_HOLE), (X_HAT, X, HOLE), (X_HAT, X, HOLES)],
    draw=images_and_mask,
    hints=r"""
        Multiply the squared differences by the mask: what is outside counts as 0. `mask` may have one image for the
        whole batch; the product repeats it by itself.

        Then sum over everything and divide by the number of images: `(mask * (x_hat - x).square()).sum() / len(x)`.
    """,
    mistakes={
        "All pixels count: only those inside the hole should.": lambda x_hat, x, mask: (
            (x_hat - x).square().sum() / len(x)
        ),
        "The pixels outside the hole count: multiply by mask, not by 1 - mask.": lambda x_hat, x, mask: (
            ((1 - mask) * (x_hat - x).square()).sum() / len(x)
        ),
        "This is the sum over the whole batch: divide by the number of images.": lambda x_hat, x, mask: (
            mask * (x_hat - x).square()
        ).sum(),
        "This is the mean over all pixels: sum over pixels, mean over images.": lambda x_hat, x, mask: (
            mask * (x_hat - x).square()
        ).mean(),
        "This is the mean over the hole's pixels: sum over pixels, mean over images.": lambda x_hat, x, mask: (
            (mask * (x_hat - x).square()).sum() / mask.expand_as(x).sum()
        ),
        "These are absolute errors: square them.": lambda x_hat, x, mask: (mask * (x_hat - x).abs()).sum() / len(x),
        "The mask multiplies the prediction only, so the image counts as an error: mask the difference.": (
            lambda x_hat, x, mask: (mask * x_hat - x).square().sum() / len(x)
        ),
    },
)
def masked_loss(x_hat, x, mask):
    """Squared error inside the hole, sum over pixels, mean over images: [N, 1, H, W] each, mask 1 in the hole -> []."""
    return (mask * (x_hat - x).square()).sum() / len(x)


MAPS = torch.randn(2, 3, 2, 3, generator=GENERATOR)
PLANES, OFFSETS = torch.randn(3, 6, 6, generator=GENERATOR), torch.randn(3, 6, generator=GENERATOR)
PIXELS = tensor([[[[1.0, 2.0]]]]), tensor([[[0.0, 1.0], [3.0, 0.0]]]), tensor([[0.5, 0.0]])


def maps_and_weights(draws):
    """Feature maps with a matrix and a bias each."""
    c, h, w = draws.size(1, 4), draws.size(1, 4), draws.size(1, 4)
    return draws.normal(draws.n, c, h, w), draws.normal(c, h * w, h * w), draws.normal(c, h * w)


@lab.exercise(
    points=2,
    trained=("x", "weight", "bias"),
    cases=[PIXELS, (MAPS, PLANES, OFFSETS)],
    draw=maps_and_weights,
    hints=r"""
        Make a vector of every map: `x.flatten(2)` is [N, C, H W]. Each channel c has its own matrix `weight[c]`.

        $y_{nci} = \sum_j W_{cij} x_{ncj} + b_{ci}$. With `torch.einsum` that is `"cij,ncj->nci"`; a loop over
        channels is as good.

        `(torch.einsum("cij,ncj->nci", weight, x.flatten(2)) + bias).view_as(x)`
    """,
    mistakes={
        "The matrices are transposed: weight[c, i, j] leads from pixel j to pixel i.": lambda x, weight, bias: (
            channel_wise(x, weight.mT, bias)
        ),
        "All channels use the first matrix: each has its own.": lambda x, weight, bias: channel_wise(
            x, weight[:1].expand_as(weight), bias
        ),
        "The bias is missing.": lambda x, weight, bias: channel_wise(x, weight, 0 * bias),
        "All channels use the first bias: each has its own.": lambda x, weight, bias: channel_wise(
            x, weight, bias[:1].expand_as(bias)
        ),
        "The channels are added up: no information crosses them here.": lambda x, weight, bias: (
            torch.einsum("cij,ncj->ni", weight, x.flatten(2))[:, None] + bias
        ).view_as(x),
        "The result is still flat: give it the shape of x.": lambda x, weight, bias: channel_wise(
            x, weight, bias
        ).flatten(2),
    },
)
def channel_wise(x, weight, bias):
    """Every map fully connected to itself: x [N, C, H, W], weight [C, H W, H W], bias [C, H W] -> [N, C, H, W]."""
    return (torch.einsum("cij,ncj->nci", weight, x.flatten(2)) + bias).view_as(x)


REAL, FAKE = torch.randn(2, 7, generator=GENERATOR) * 2
CERTAIN = tensor([200.0, -200.0]), tensor([200.0, -200.0])


def _from_logits(real, fake):
    return -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()


@lab.exercise(
    points=2,
    trained=("real", "fake"),
    kink=0.0,
    cases=[
        (tensor([1.0, 0.0]), tensor([-2.0])),
        (REAL, FAKE),
        case(*CERTAIN, note="logits of 200"),
        case(tensor([20.0, -20.0]), tensor([25.0]), note="logits of 20"),
    ],
    draw=lambda draws: (draws.normal(draws.n, scale=3), draws.normal(draws.size(), scale=3)),
    hints=r"""
        Two means: over the real images of $-\ln \sigma(a)$, over the generated ones of $-\ln (1 - \sigma(a))$. Add
        them.

        `F.logsigmoid(a)` is $\ln \sigma(a)$ and stays finite. And $1 - \sigma(a) = \sigma(-a)$.

        `F.binary_cross_entropy_with_logits(real, torch.ones_like(real))`, and the same for `fake` with zeros.
    """,
    mistakes={
        "Real and generated are swapped: real images are to get probability 1.": lambda real, fake: _from_logits(
            fake, real
        ),
        "Only the real images count: add the generated ones.": lambda real, fake: -F.logsigmoid(real).mean(),
        "Only the generated images count: add the real ones.": lambda real, fake: -F.logsigmoid(-fake).mean(),
        "The sign is the other way round: the loss is minimised.": lambda real, fake: -_from_logits(real, fake),
        "These are sums over the images: take the mean of each.": lambda real, fake: (
            -F.logsigmoid(real).sum() - F.logsigmoid(-fake).sum()
        ),
        "This is half of it: add the two means, do not average them.": lambda real, fake: _from_logits(real, fake) / 2,
        "At logits of 200 the sigmoid rounds to 1, and infinity comes out: use `F.logsigmoid`.": lambda real, fake: (
            -real.sigmoid().log().mean() - (1 - fake.sigmoid()).log().mean()
        ),
        "The arguments are logits: they need a sigmoid before the logarithm.": lambda real, fake: (
            -F.logsigmoid(real.sigmoid()).mean() - F.logsigmoid(-fake.sigmoid()).mean()
        ),
    },
)
def discriminator_loss(real, fake):
    """-mean log D(real) - mean log(1 - D(fake)) in nats, D = sigmoid(logit): logits [N], [M] -> []."""
    return -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean()


@lab.exercise(
    trained=("reconstruction", "fake"),
    kink=0.0,
    cases=[
        (tensor(10.0), tensor([0.0, 0.0])),
        (tensor(3.0), REAL),
        case(tensor(0.5), tensor([-300.0, 1.0]), note="a logit of -300"),
        case(tensor(0.001), 20 + REAL, note="logits of 20"),
    ],
    draw=lambda draws: (draws.uniform(), draws.normal(draws.n, scale=4)),
    hints=r"""
        The encoder wants the discriminator to call its images real: $-\ln \sigma(a)$ of their logits, mean over the
        images.

        `0.999 * reconstruction - 0.001 * F.logsigmoid(fake).mean()`
    """,
    mistakes={
        "The weights are swapped: 0.999 belongs to the reconstruction.": lambda reconstruction, fake: (
            0.001 * reconstruction - 0.999 * F.logsigmoid(fake).mean()
        ),
        "This rewards images that look generated: the encoder wants D(fake) to be 1.": lambda reconstruction, fake: (
            0.999 * reconstruction - 0.001 * F.logsigmoid(-fake).mean()
        ),
        "The sign of the adversarial part is the other way round.": lambda reconstruction, fake: (
            0.999 * reconstruction + 0.001 * F.logsigmoid(fake).mean()
        ),
        "This is log(1 - D), which hardly pulls while D is sure: use -log D.": lambda reconstruction, fake: (
            0.999 * reconstruction + 0.001 * F.logsigmoid(-fake).mean()
        ),
        "The weights are missing: 0.999 and 0.001.": lambda reconstruction, fake: (
            reconstruction - F.logsigmoid(fake).mean()
        ),
        "The adversarial part is a sum: take the mean over the images.": lambda reconstruction, fake: (
            0.999 * reconstruction - 0.001 * F.logsigmoid(fake).sum()
        ),
        "The adversarial part is missing.": lambda reconstruction, fake: 0.999 * reconstruction,
    },
)
def joint_loss(reconstruction, fake):
    """0.999 reconstruction + 0.001 adversarial loss, -mean log D(fake): a loss [] and logits [N] -> []."""
    return 0.999 * reconstruction - 0.001 * F.logsigmoid(fake).mean()


# Find the bug


def _hole_loss(x_hat, x, mask):
    return (mask * (x_hat - x)).square().flatten(1).sum(1).mean()


def _encoder_loss(together):
    """The loss with its parts put together in another way, together(reconstruction, adversarial, weight)."""

    def loss(x_hat, x, mask, fake, weight):
        reconstruction, adversarial = _hole_loss(x_hat, x, mask), F.softplus(-fake).mean()
        return together(reconstruction, adversarial, weight), reconstruction, adversarial

    return loss


def _filled_and_judged(draws):
    """x_hat, x, mask, logits of the discriminator, and a weight."""
    shape = draws.n, 1, draws.size(2, 5), draws.size(2, 5)
    mask = (draws.uniform(*shape) < 0.5).float()
    return draws.uniform(*shape), draws.uniform(*shape), mask, draws.normal(draws.n, scale=3), draws.uniform(1).item()


@lab.exercise(
    parts=("loss", "reconstruction", "adversarial"),
    trained=("x_hat", "fake"),
    cases=[
        (tensor([[[[0.5]]]]), tensor([[[[1.0]]]]), tensor([[[[1.0]]]]), tensor([0.0]), 0.5),
        (X_HAT, X, HOLES, tensor([1.0, -2.0, 0.5]), 0.1),
        case(X_HAT, X, HOLES, tensor([1.0, -2.0, 0.5]), 0.0, note="weight 0"),
        case(X_HAT, X, HOLES, tensor([-200.0, 200.0, 100.0]), 0.5, note="logits of 200"),
    ],
    draw=_filled_and_judged,
    bug=Bug(
        given=_encoder_loss(lambda reconstruction, adversarial, weight: reconstruction + adversarial),
        cause="a",
        causes={
            "a": (
                "`weight` came in and was never used: whatever it was set to, the loss was the plain sum. Nothing "
                "raises an error then, and every experiment with the weight finds that it does not matter."
            ),
            "b": "The reconstruction is taken in the hole, as it should be.",
            "c": "The encoder wants the filling to look real: the softplus of minus the logit is right.",
            "d": "The reconstruction is a sum over pixels and a mean over images, as in exercise 4.",
        },
    ),
    hints=r"""
        A curve that does not move with the number on its x-axis does not depend on it. Where in the program is that
        number?

        At weight 0 the loss is to be the reconstruction alone, at weight 1 the adversarial part alone, and a straight
        line between them.

        `(1 - weight) * reconstruction + weight * adversarial`
    """,
    mistakes={
        "Only the adversarial part is weighed; with weight 1 the reconstruction is to be gone.": _encoder_loss(
            lambda reconstruction, adversarial, weight: reconstruction + weight * adversarial
        ),
        "The weights are swapped: `weight` belongs to the adversarial part.": _encoder_loss(
            lambda reconstruction, adversarial, weight: weight * reconstruction + (1 - weight) * adversarial
        ),
        "`weight` is applied to both parts: the other one has 1 - weight.": _encoder_loss(
            lambda reconstruction, adversarial, weight: weight * (reconstruction + adversarial)
        ),
        "The weight is fixed now: use the one that is given.": _encoder_loss(
            lambda reconstruction, adversarial, weight: 0.999 * reconstruction + 0.001 * adversarial
        ),
        "Only the reconstruction is weighed; with weight 0 the adversarial part is to be gone.": _encoder_loss(
            lambda reconstruction, adversarial, weight: (1 - weight) * reconstruction + adversarial
        ),
    },
)
def encoder_loss(x_hat, x, mask, fake, weight):
    """(1 - weight) * hole loss + weight * adversarial loss, and both: images [N, 1, H, W], fake [N] -> [] each."""
    reconstruction = (mask * (x_hat - x)).square().flatten(1).sum(1).mean()
    adversarial = F.softplus(-fake).mean()  # -ln sigmoid(fake)
    return (1 - weight) * reconstruction + weight * adversarial, reconstruction, adversarial


def _decibels(mse):
    return -10 * mse.log10()


def _filling(pixels, alike=False):
    """The program with another number of pixels(mask, x) to divide by; `alike`: every image counts the same."""

    def report(x_hat, x, mask):
        mask = mask.expand_as(x)
        filled = x * (1 - mask) + x_hat * mask
        errors = (filled - x).square()
        if alike:
            return _decibels(errors.flatten(1).sum(1) / mask.flatten(1).sum(1)).mean(), filled
        return _decibels(errors.sum() / pixels(mask, x)), filled

    return report


def _images_and_holes(draws):
    """x_hat, x, and a mask for all images or for each, with a hole in every image."""
    shape = draws.n, 1, draws.size(2, 5), draws.size(2, 5)
    mask = (draws.uniform(draws.n if draws.size(0, 1) else 1, *shape[1:]) < 0.4).float()
    mask[..., 0, 0] = 1
    return draws.uniform(*shape), draws.uniform(*shape), mask


@lab.exercise(
    parts=("psnr", "filled"),
    cases=[
        (tensor([[[[0.5, 0.0]]]]), tensor([[[[0.4, 1.0]]]]), tensor([[[[1.0, 0.0]]]])),
        (X_HAT, X, HOLES),
        case(X_HAT, X, HOLE, note="one mask for all images"),
        case(X_HAT, X, torch.ones_like(HOLE), note="images that are all hole"),
    ],
    draw=_images_and_holes,
    bug=Bug(
        given=_filling(lambda mask, x: x.numel()),
        cause="d",
        causes={
            "a": "Where the mask is 1, there is the hole: the filling is put there, as it should be.",
            "b": "Pixels are in [0, 1], so the peak is 1.",
            "c": "Of a mean squared error 10 times the logarithm is right.",
            "d": (
                "The mean was taken over all pixels. Those outside the hole are copied, with error 0: the smaller the "
                "hole, the better looked any filling, even a black one."
            ),
        },
    ),
    hints=r"""
        A black filling should not get better because there is less of it. What is in the mean besides the hole?

        The error is to be divided by the number of pixels in holes. A mask [1, 1, H, W] has to be counted once for
        every image: `mask.expand_as(x)`.

        `((filled - x).square() * mask).sum() / mask.expand_as(x).sum()`
    """,
    mistakes={
        "One mask for all images is counted once only: count it for every image.": lambda x_hat, x, mask: _filling(
            lambda whole, x: mask.sum()
        )(x_hat, x, mask),
        "Now it is divided by the pixels outside the holes.": _filling(lambda mask, x: (1 - mask).sum()),
        "This is the mean of the images' PSNRs: one mean over the holes of all images comes first.": _filling(
            None, alike=True
        ),
        "This is the sum of the squared errors: divide by the number of pixels in holes.": _filling(
            lambda mask, x: 1.0
        ),
        "The PSNR is right, but the images that are returned are no longer filled.": lambda x_hat, x, mask: (
            _filling(lambda whole, x: whole.sum())(x_hat, x, mask)[0],
            x_hat,
        ),
    },
)
def hole_report(x_hat, x, mask):
    """PSNR in dB of what fills the holes, and the filled images: x_hat, x [N, 1, H, W], mask [N or 1, 1, H, W]."""
    filled = x * (1 - mask) + x_hat * mask
    error = (filled - x).square().sum() / mask.expand_as(x).sum()
    return -10 * error.log10(), filled
