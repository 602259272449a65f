"""Lab 4: corruptions, PSNR, the denoising loss, its vector field, a residual block, pixel shuffle; two bugs."""

import torch
from torch import nn, tensor
from torch.nn import functional as F

from aeutils.exercises import chance, networks
from aeutils.exercises.answers import NO_GRADIENT, Facts, Wrong, ask, described
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import case
from aeutils.exercises.lab import Lab

lab = Lab("Lab 4: denoising and super-resolution", __name__)

GENERATOR = torch.Generator().manual_seed(0)
# 1, 2: corruptions are random, so their distribution is tested. No pixel is black or white before.

GREY = torch.rand(1, 1, 9, 11, generator=GENERATOR) * 0.8 + 0.1
BATCH = GREY.repeat(100, 1, 1, 1)  # one image many times: what depends on its pixels shows
VARIED = torch.rand(100, 1, 9, 11, generator=GENERATOR) * 0.8 + 0.1
CALLS = 3  # of the corruption, for one case: what one call has to do with the next one shows


def near(share):
    """A share rounded to 5 %: what random draws agree on."""
    return f"about {5 * round(20 * float(share))} %"


def _noisy(function, x, v):
    """The images after some calls, [CALLS N, 1, H, W], and those before."""
    made = []
    for _call in range(CALLS):
        y = ask(function, x, v)
        if not torch.is_tensor(y) or y.shape != x.shape:
            raise Wrong(f"Return images of the same shape as x, {list(x.shape)}; got {described(y)}.")
        made.append(y.detach())
    return torch.cat(made).cpu(), x.repeat(CALLS, 1, 1, 1).cpu()


def _next_call(hits, p):
    """Whether the second call hits what the first has hit."""
    n = len(hits) // CALLS
    return (
        "hits the same pixels" if 0 < p < 1 and n > 20 and torch.equal(hits[:n], hits[n : 2 * n]) else "is another draw"
    )


def _unlike(hits, p):
    """What is wrong with the hit pixels [N, 1, H, W], in words."""
    return chance.fault(hits.flatten(1), p, "image", "pixel") if 0 < p < 1 and len(hits) > 20 * CALLS else ""


def masked(function, x, v):
    """How pixels are masked."""
    y, x = _noisy(function, x, v)
    black, kept = y == 0, (y - x).abs() < 1e-4
    return Facts(
        {
            "share of black pixels": near(black.double().mean()),
            "other pixels": "kept" if (black | kept).all() else "changed",
            "masks of the images": "are all the same"
            if (black == black[:1]).all() and 0 < v < 1 and len(x) > 20
            else "differ",
            "the next call": _next_call(black, v),
            "black pixels": _unlike(black, v),
        }
    )


@lab.exercise(
    cases=[
        (BATCH, 0.25),
        (VARIED, 0.7),
        case(GREY, 0.0, note="v = 0"),
        case(GREY, 1.0, note="v = 1"),
        case(VARIED.double(), 0.5, note="double precision (float64)"),
    ],
    hints=r"""
        Draw one random number in [0, 1) for every pixel of every image: `torch.rand_like(x)`. It is below v with
        probability v.

        Where it is below v, the pixel becomes 0, elsewhere it stays: `torch.where`, or a product with the
        comparison.

        `x * (torch.rand_like(x) >= v)`
    """,
    mistakes={
        "The share v is kept, and the others are erased: the other way round.": lambda x, v: (
            x * (torch.rand_like(x) < v)
        ),
        "All images get the same mask: draw a number for every pixel of every image.": lambda x, v: (
            x * (torch.rand_like(x[:1]) >= v)
        ),
        "What is kept is enlarged by 1 / (1 - v), as in dropout. Here pixels stay as they are.": lambda x, v: F.dropout(
            x, v
        ),
        "Pixels become white (1). Masking makes them black (0).": lambda x, v: torch.where(
            torch.rand_like(x) < v, 1.0, x
        ),
        "`torch.randn` is normal; its share below v is another one. Use `torch.rand`.": lambda x, v: (
            x * (torch.randn_like(x) >= v)
        ),
    },
    run=masked,
)
def mask(x, v):
    """Every pixel of x [N, 1, H, W] becomes 0 with probability v, independently."""
    return x * (torch.rand_like(x) >= v)


def salted(function, x, v):
    """How pixels are made black and white."""
    y, x = _noisy(function, x, v)
    black, white, kept = y == 0, y == 1, (y - x).abs() < 1e-4
    changed = black | white
    same = (changed == changed[:1]).all() and 0 < v < 1 and len(x) > 20
    return Facts(
        {
            "share of black pixels": near(black.double().mean()),
            "share of white pixels": near(white.double().mean()),
            "other pixels": "kept" if (changed | kept).all() else "changed",
            "places of the changed pixels": "are the same in all images" if same else "differ",
            "the next call": _next_call(changed, v),
            "changed pixels": _unlike(changed, v),
            "black pixels": _unlike(black, v / 2),
            "white pixels": _unlike(white, v / 2),
        }
    )


def _two_draws(x, v):
    y = torch.where(torch.rand_like(x) < v, 0.0, x)
    return torch.where(torch.rand_like(x) < v, 1.0, y)


@lab.exercise(
    cases=[
        (BATCH, 0.4),
        (VARIED, 0.8),
        case(GREY, 0.0, note="v = 0"),
        case(VARIED, 1.0, note="v = 1"),
        case(VARIED.double(), 0.6, note="double precision (float64)"),
    ],
    hints=r"""
        One random number u per pixel is enough: below v / 2 pepper, between v / 2 and v salt, above that nothing.

        `torch.where(condition, new, old)` twice: `y = torch.where(u < v, 1.0, x)`, then `torch.where(u < v / 2,
        0.0, y)`.
    """,
    mistakes={
        "Only pepper: half of the changed pixels become white.": lambda x, v: x * (torch.rand_like(x) >= v),
        "Only salt: half of the changed pixels become black.": lambda x, v: torch.where(torch.rand_like(x) < v, 1.0, x),
        "Twice as many pixels as wanted: v is the share of both together.": lambda x, v: (
            lambda u: torch.where(u < v, 0.0, torch.where(u > 1 - v, 1.0, x))
        )(torch.rand_like(x)),
        "Salt and pepper are drawn with probability v each: v is the share of both together.": _two_draws,
        "All images are changed at the same places: draw numbers for every image.": lambda x, v: (
            lambda u: torch.where(u < v / 2, 0.0, torch.where(u < v, 1.0, x))
        )(torch.rand_like(x[:1])),
        "All pixels become black or white. The share 1 - v stays as it is.": lambda x, v: (
            torch.rand_like(x) < v / 2
        ).float(),
    },
    run=salted,
)
def salt_and_pepper(x, v):
    """Of the pixels of x [N, 1, H, W] the share v / 2 becomes 0, v / 2 becomes 1, drawn independently."""
    u = torch.rand_like(x)
    return torch.where(u < v / 2, 0.0, torch.where(u < v, 1.0, x))


# 3: PSNR


PAIR = torch.rand(2, 3, 1, 4, 4, generator=GENERATOR)
PAIR[1, 0] = PAIR[0, 0] + 0.01  # one image is much closer than the others


def two_batches(draws):
    """Two batches of images of all sizes."""
    shape = (draws.n, 1, draws.size(2, 6), draws.size(2, 6)) if draws.size(0, 1) else (draws.n, draws.size(2))
    return draws.uniform(*shape), draws.uniform(*shape)


@lab.exercise(
    cases=[
        (tensor([[0.5, 0.5]]), tensor([[0.6, 0.4]])),
        (PAIR[0], PAIR[1]),
        case(PAIR[0], PAIR[0] + 0.001, note="images that are nearly the same (60 dB)"),
        case(tensor([[1.0, 1.0]]), tensor([[0.0, 0.0]]), note="images that are all wrong (0 dB)"),
    ],
    draw=two_batches,
    hints=r"""
        First the mean squared error over all pixels of all images, one number.

        Pixels go up to 1, so PSNR is $10 \log_{10} (1 / \text{mse})$: `-10 * mse.log10()`.
    """,
    mistakes={
        "The sign is the other way round: better images have a higher PSNR.": lambda x_hat, x: (
            10 * F.mse_loss(x_hat, x).log10()
        ),
        "The logarithm is the natural one: use `log10`.": lambda x_hat, x: -10 * F.mse_loss(x_hat, x).log(),
        "The factor 10 is missing: decibels are tenths.": lambda x_hat, x: -F.mse_loss(x_hat, x).log10(),
        "20 belongs to the root of the mean squared error; to the error itself belongs 10.": lambda x_hat, x: (
            -20 * F.mse_loss(x_hat, x).log10()
        ),
        "Pixels are in [0, 1] here, so the peak is 1, not 255.": lambda x_hat, x: (
            10 * (255**2 / F.mse_loss(x_hat, x)).log10()
        ),
        "This is the mean of the images' PSNRs. First the mean squared error over all pixels.": lambda x_hat, x: (
            -10 * (x_hat - x).square().flatten(1).mean(1).log10()
        ).mean(),
        "This takes the sum of the squared errors: the mean is wanted.": lambda x_hat, x: (
            -10 * (x_hat - x).square().sum().log10()
        ),
        "These are absolute errors: square them.": lambda x_hat, x: -10 * (x_hat - x).abs().mean().log10(),
    },
)
def psnr(x_hat, x):
    """Peak signal-to-noise ratio in dB of pixels in [0, 1], over all pixels together: [N, ...], [N, ...] -> []."""
    return -10 * (x_hat - x).square().mean().log10()


# 4: the denoising loss


def darken(x):
    """A corruption without chance, so that the loss is the same every time."""
    return 0.5 * x


def brighten(x):
    """Another one."""
    return 1 - 0.3 * x


class Halves(nn.Module):
    """A model with two weights."""

    def __init__(self):
        super().__init__()
        self.scale, self.shift = nn.Parameter(tensor(0.9)), nn.Parameter(tensor(0.2))

    def forward(self, x):
        return self.scale * x + self.shift


def loss_of_weights(function, model, corrupt, x):
    """The loss and its gradient for the weights of the model."""
    value = ask(function, model, corrupt, x)
    found = Facts({"loss": value})
    if not torch.is_tensor(value) or not value.requires_grad:
        kind = "a tensor that was cut off from the weights" if torch.is_tensor(value) else described(value)
        return found | {"gradient for weights": NO_GRADIENT.format(kind)}
    return found | {"gradient for weights": torch.stack(torch.autograd.grad(value.sum(), [*model.parameters()]))}


def _error(a, b):
    return (a - b).square().sum() / len(b)


@lab.exercise(
    cases=[(Halves(), darken, tensor([[1.0, 0.0], [0.5, 0.5]])), (Halves(), brighten, PAIR[0])],
    draw=lambda draws: (Halves(), brighten, two_batches(draws)[0]),
    hints=r"""
        The model gets the corrupted images, `model(corrupt(x))`. What is that to be compared with?

        With the clean images x. Squared error: sum over pixels, mean over images, as in lab 2.
    """,
    mistakes={
        "The target is corrupted, too: compare the reconstruction with the clean images.": lambda model, corrupt, x: (
            _error(model(corrupt(x)), corrupt(x))
        ),
        "The model sees the clean images: corrupt them first.": lambda model, corrupt, x: _error(model(x), x),
        "Input and target are swapped: corrupted goes in, clean is the target.": lambda model, corrupt, x: _error(
            model(x), corrupt(x)
        ),
        "The output is corrupted, not the input.": lambda model, corrupt, x: _error(corrupt(model(x)), x),
        "This is the mean over pixels, too: sum over pixels, mean over images.": lambda model, corrupt, x: F.mse_loss(
            model(corrupt(x)), x
        ),
        "This is the sum over the whole batch: divide by the number of images.": lambda model, corrupt, x: (
            (model(corrupt(x)) - x).square().sum()
        ),
    },
    run=loss_of_weights,
)
def dae_loss(model, corrupt, x):
    """Squared error of the reconstruction of corrupted images, sum over pixels, mean over images: x [N, ...] -> []."""
    return (model(corrupt(x)) - x).square().sum() / len(x)


# 5: the vector field


def towards_circle(x):
    """A reconstruction that moves points of the plane half of the way to the unit circle."""
    return 0.5 * x + 0.5 * x / x.norm(dim=-1, keepdim=True)


def shrink(x):
    """A reconstruction that draws everything a little to (1, 0)."""
    return 0.8 * x + 0.2 * tensor([1.0, 0.0], device=x.device)


PLANE = torch.randn(6, 2, generator=GENERATOR)


@lab.exercise(
    cases=[(shrink, tensor([[2.0, 1.0]]), 0.5), (towards_circle, PLANE, 0.1), (shrink, PLANE, 2.0)],
    draw=lambda draws: (
        towards_circle,
        draws.normal(draws.n, draws.size(1, 5)),
        draws.uniform(1, low=0.1, high=2).item(),
    ),
    hints=r"""
        The arrow at x leads from x to its reconstruction: the difference of the two, end minus start.

        Divided by $\sigma^2$ it estimates the gradient of the logarithm of the density.
    """,
    mistakes={
        "The arrows point away from the data: reconstruction minus x.": lambda reconstruct, x, sigma: (
            (x - reconstruct(x)) / sigma**2
        ),
        "The noise enters with its variance: divide by sigma squared.": lambda reconstruct, x, sigma: (
            (reconstruct(x) - x) / sigma
        ),
        "The division by sigma squared is missing.": lambda reconstruct, x, sigma: reconstruct(x) - x,
        "This is where the arrows end; subtract where they start.": lambda reconstruct, x, sigma: (
            reconstruct(x) / sigma**2
        ),
        "Divide by sigma squared, do not multiply.": lambda reconstruct, x, sigma: (reconstruct(x) - x) * sigma**2,
        "These are directions only; the length tells how steep the density is.": lambda reconstruct, x, sigma: (
            F.normalize(reconstruct(x) - x, dim=-1)
        ),
    },
)
def score_field(reconstruct, x, sigma):
    """Estimate of the gradient of log density by a denoiser trained with noise sigma: x [N, D] -> [N, D]."""
    return (reconstruct(x) - x) / sigma**2


# 6: the residual block


def a_block(function, channels, x):
    """The block's weights, and what it makes of x."""
    shapes = [(channels, channels, 3, 3), (channels,)] * 2
    return networks.facts(networks.built(function, channels), x, shapes)


def _block(forward, batch_norm=False, kernel=3):
    """A block with another `forward(x, conv1, conv2)`."""

    class Block(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
            self.conv2 = nn.Conv2d(channels, channels, kernel, padding=kernel // 2)
            self.norm = nn.BatchNorm2d(channels) if batch_norm else nn.Identity()

        def forward(self, x):
            return forward(x, lambda y: self.norm(self.conv1(y)), self.conv2)

    return Block


@lab.exercise(
    points=2,
    cases=[
        (2, torch.randn(1, 2, 5, 5, generator=GENERATOR)),
        (3, torch.randn(2, 3, 6, 4, generator=GENERATOR)),
        (1, torch.randn(4, 1, 3, 7, generator=GENERATOR)),
    ],
    hints=r"""
        In `__init__`: `super().__init__()`, then `self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)` and a
        second one. The padding keeps height and width, which the sum needs.

        In `forward`: first convolution, ReLU, second convolution, and only then `x +` the result.

        `return x + self.conv2(F.relu(self.conv1(x)))`
    """,
    mistakes={
        "The skip connection is missing: add x to the result.": _block(lambda x, a, b: b(a(x).relu())),
        "There is no ReLU between the convolutions, so the two are no more than one.": _block(
            lambda x, a, b: x + b(a(x))
        ),
        "There is a ReLU after the sum, as in ResNet; EDSR leaves it out.": _block(
            lambda x, a, b: (x + b(a(x).relu())).relu()
        ),
        "There is a ReLU after the second convolution: the correction may be negative, too.": _block(
            lambda x, a, b: x + b(a(x).relu()).relu()
        ),
        "There is a batch normalisation, as in SRResNet; EDSR leaves it out.": _block(
            lambda x, a, b: x + b(a(x).relu()), batch_norm=True
        ),
        "The result is subtracted: add it.": _block(lambda x, a, b: x - b(a(x).relu())),
        "The same convolution is used twice: make two.": _block(lambda x, a, b: x + a(a(x).relu())),
        "The filters are to be 3x3.": _block(lambda x, a, b: x + b(a(x).relu()), kernel=1),
    },
    run=a_block,
    otherwise=(
        "The weights have the right shapes, but the block makes something else of them: look at what comes between the "
        "convolutions, at padding, and at what is added."
    ),
)
class ResidualBlock(nn.Module):
    """x + convolution(ReLU(convolution(x))), 3x3, as in EDSR: [N, C, H, W] -> [N, C, H, W]."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(F.relu(self.conv1(x)))


# 7: pixel shuffle


FOUR = torch.arange(4.0).view(1, 4, 1, 1)
MAPS = torch.randn(2, 8, 3, 2, generator=GENERATOR)
NINE = torch.randn(1, 9, 2, 2, generator=GENERATOR)


def _shuffled(x, r, order, split="crr"):
    n, c, h, w = x.shape
    parts = (n, c // r**2, r, r, h, w) if split == "crr" else (n, r, r, c // r**2, h, w)
    return x.reshape(parts).permute(order).reshape(n, c // r**2, h * r, w * r)


@lab.exercise(
    points=2,
    trained=("x",),
    cases=[(FOUR, 2), (MAPS, 2), (NINE, 3)],
    draw=lambda draws: (
        lambda r: (draws.normal(draws.n, draws.size(1, 3) * r**2, draws.size(1, 4), draws.size(1, 4)), r)
    )(draws.size(1, 3)),
    forbidden=dict.fromkeys(
        ("PixelShuffle", "pixel_shuffle"),
        "The values are right, but PyTorch's pixel shuffle does the work: write it with `view`, `permute`, `reshape`.",
    ),
    hints=r"""
        Split the channel axis first: `x.view(n, c, r, r, h, w)` with $c = C / r^2$. The two new axes say where a
        value goes inside its r by r square: row first, then column.

        The row inside the square belongs behind h, the column behind w: the order of axes is (n, c, h, r, w, r).

        `x.view(n, c, r, r, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, c, h * r, w * r)`
    """,
    mistakes={
        "Reshaping alone keeps the values in their order in memory: the axes have to be permuted.": lambda x, r: (
            x.reshape(len(x), x.shape[1] // r**2, x.shape[2] * r, x.shape[3] * r)
        ),
        "Row and column inside the squares are swapped.": lambda x, r: _shuffled(x, r, (0, 1, 4, 3, 5, 2)),
        "The axes are in the wrong order: the place inside the square comes after h and w, not before.": (
            lambda x, r: _shuffled(x, r, (0, 1, 2, 4, 3, 5))
        ),
        "The channels are split in the other order: [N, C, r, r, H, W], with the output channel first.": lambda x, r: (
            _shuffled(x, r, (0, 3, 4, 1, 5, 2), "rrc")
        ),
        "This enlarges by repeating pixels; the channels hold the details.": lambda x, r: F.interpolate(
            x[:, : x.shape[1] // r**2], scale_factor=r
        ),
    },
)
def pixel_shuffle(x, r):
    """Channels become pixels: [N, C r^2, H, W] -> [N, C, r H, r W], the first r of a square being its first row."""
    n, c, h, w = x.shape
    x = x.view(n, c // r**2, r, r, h, w)
    return x.permute(0, 1, 4, 2, 5, 3).reshape(n, c // r**2, h * r, w * r)


# Find the bug


def loss_without_pixels(function, model, x, hit):
    """As `loss_of_weights`, for a program that takes the pixels."""
    return loss_of_weights(function, model, x, hit)


def _denoising_loss_given(model, x, hit):
    noisy = x
    noisy[hit] = 0
    return (model(noisy) - x).square().sum() / len(x)


def _images_and_hits(draws):
    x = two_batches(draws)[0]
    return Halves(), x, draws.uniform(*x.shape) < 0.4


@lab.exercise(
    cases=[(Halves(), tensor([[1.0, 0.5]]), tensor([[True, False]])), (Halves(), PAIR[0], PAIR[1] < 0.5)],
    draw=_images_and_hits,
    bug=Bug(
        given=_denoising_loss_given,
        cause="c",
        causes={
            "a": "The sum over pixels was right; a mean would only make the loss 784 times smaller.",
            "b": "The network got the image with its bar: that is what it is to mend.",
            "c": (
                "`noisy = x` makes no new image, only another name for the same one. What was written into `noisy` was "
                "in `x`, too, so that the network learned to leave the bar where it is."
            ),
            "d": "The pixels that are hit come from outside, and it was right to use them as they are.",
        },
    ),
    hints=r"""
        The network gives back what it is trained to give back: the bar. Print `x` before and after a call of the
        program.

        After `noisy = x` there is one tensor, with two names. A new one is `x.clone()`, or what `x.masked_fill(hit, 0)`
        returns.
    """,
    mistakes={
        "The network sees the whole images now, and has nothing to mend.": lambda model, x, hit: _error(model(x), x),
        "Only the pixels that were hit count now: the others are to be returned, too.": lambda model, x, hit: (
            ((model(x.masked_fill(hit, 0)) - x) * hit).square().sum() / len(x)
        ),
        "The other pixels are erased now: those that are hit become 0.": lambda model, x, hit: _error(
            model(x.masked_fill(~hit, 0)), x
        ),
        "The target is still the corrupted image.": lambda model, x, hit: (lambda noisy: _error(model(noisy), noisy))(
            x.masked_fill(hit, 0)
        ),
        "This is the mean over pixels, too: the sum was right.": lambda model, x, hit: F.mse_loss(
            model(x.masked_fill(hit, 0)), x
        ),
    },
    run=loss_without_pixels,
)
def denoising_loss(model, x, hit):
    """Squared error of what a model makes of images without some pixels: x [N, ...], hit [N, ...] bool -> []."""
    noisy = x.clone()
    noisy[hit] = 0
    return (model(noisy) - x).square().sum() / len(x)


def _report(peak):
    """The report with another peak(noisy, denoised, clean)."""

    def report(noisy, denoised, clean):
        top = peak(noisy, denoised, clean)
        before, after = (10 * (top**2 / (x - clean).square().mean()).log10() for x in (noisy, denoised))
        return before, after, after - before

    return report


def _clean_and_noisy(draws):
    """Noisy, denoised and clean images; the noise leaves [0, 1], and the clean ones need not reach 1."""
    clean = 0.9 * two_batches(draws)[0]
    noise, left = (draws.normal(*clean.shape, scale=scale) for scale in (1, 0.2))
    return clean + noise, clean + left, clean


@lab.exercise(
    parts=("before", "after", "gain"),
    cases=[
        (tensor([[1.5, 0.5]]), tensor([[0.6, 0.4]]), tensor([[0.5, 0.5]])),
        (PAIR[1] + 2 * PAIR[0], PAIR[1], PAIR[0]),
    ],
    draw=_clean_and_noisy,
    bug=Bug(
        given=_report(lambda noisy, denoised, clean: noisy.max()),
        cause="a",
        causes={
            "a": (
                "The peak is the largest value that a pixel can have, 1 here. That of the noisy images grows with the "
                "noise, so that more noise was rewarded."
            ),
            "b": "10 is right: the peak is squared already.",
            "c": "PSNR takes the mean over all pixels, as in exercise 3.",
            "d": "Noise beyond [0, 1] is a part of the damage; cutting it off would measure other images.",
        },
    ),
    hints=r"""
        The dashed line follows from the noise alone: its mean squared error is $\sigma^2$, and the peak is 1. Where do
        the two part, and what is different about the images there?

        Print `peak` for weak and for strong noise. What is the largest value that a pixel of an image can have?
    """,
    mistakes={
        "The largest clean pixel is 1 only if one is white: the peak is that of the scale.": _report(
            lambda noisy, denoised, clean: clean.max()
        ),
        "The peak still depends on the images, on the denoised ones now: it is that of the scale.": _report(
            lambda noisy, denoised, clean: denoised.max()
        ),
        "Pixels are in [0, 1] here, so the peak is 1, not 255.": _report(lambda noisy, denoised, clean: 255),
        "Cutting the noisy images to [0, 1] hides the symptom: these are other images, with less noise.": (
            lambda noisy, denoised, clean: _report(lambda *images: 1)(noisy.clamp(0, 1), denoised, clean)
        ),
        "The peak is that of the noisy images, and squared once more by the factor 20.": (
            lambda noisy, denoised, clean: tuple(
                2 * part for part in _report(lambda *images: noisy.max())(noisy, denoised, clean)
            )
        ),
    },
)
def psnr_report(noisy, denoised, clean):
    """PSNR in dB before and after denoising, and the gain, for pixels in [0, 1]: [N, ...] each -> [] each."""
    peak = 1
    before, after = (10 * (peak**2 / (images - clean).square().mean()).log10() for images in (noisy, denoised))
    return before, after, after - before
