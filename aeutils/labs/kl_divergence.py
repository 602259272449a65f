"""Lab 1: entropy, KL divergence, Jensen's inequality by example, Gaussians, Monte Carlo, pixels; two bugs."""

import math

import torch
from torch import tensor
from torch.nn import functional as F

from aeutils.exercises.answers import Facts, Wrong, ask, described, labelled
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import case
from aeutils.exercises.comparison import close
from aeutils.exercises.lab import Lab

lab = Lab("Lab 1: KL divergence", __name__)

GENERATOR = torch.Generator().manual_seed(0)
COIN, LOADED = tensor([0.5, 0.5]), tensor([0.25, 0.75])
WEATHER, ELSEWHERE = tensor([0.5, 0.25, 0.125, 0.125]), tensor([0.125, 0.125, 0.25, 0.5])
SURE = tensor([0.0, 0.5, 0.5, 0.0])
MANY = torch.randn(2, 30, generator=GENERATOR).softmax(-1)
RARE = torch.cat([tensor([0.9]), torch.full((200,), 5e-4)])  # small probabilities that count together
ALMOST_NEVER = tensor([1 - 1e-10, 1e-10])


def two_distributions(draws):
    """p and q [K], all > 0."""
    k = draws.size(2, 12)
    return draws.distribution(k), draws.distribution(k)


@lab.exercise(
    cases=[
        (LOADED,),
        (COIN,),
        case(SURE, note="probabilities of 0"),
        case(tensor([1.0]), note="a single outcome"),
        case(RARE, note="small probabilities"),
        (MANY[0],),
    ],
    draw=lambda draws: (draws.distribution(draws.size(2, 12)),),
    hints=r"""
        Entropy is a mean: each surprise $-\log_2 p_k$ counts with its probability $p_k$. `p.log2()` is the
        logarithm to base 2.

        `-(p * p.log2()).sum()` is nearly there, but $0 \cdot \log 0$ is NaN in floating point, and should count as
        0.

        Leave the zeros out: `p = p[p > 0]`. Or use `torch.special.xlogy(p, p)`, which is $p \ln p$ with $0 \ln 0 =
        0$.
    """,
    mistakes={
        "These are nats, not bits: use the logarithm to base 2.": lambda p: -torch.special.xlogy(p, p).sum(),
        "The sign is the other way round: log p is negative, entropy is not.": lambda p: (
            torch.special.xlogy(p, p).sum() / math.log(2)
        ),
        "NaN, because 0 times log 0 is NaN in floating point. It counts as 0: leave out where p is 0.": lambda p: (
            -(p * p.log2()).sum()
        ),
        "The surprises count equally. Weight each with its probability p.": lambda p: -p[p > 0].log2().sum(),
        "This is a mean over the outcomes. The weights p are the mean already: sum.": lambda p: (
            -(p[p > 0] * p[p > 0].log2()).sum() / len(p)
        ),
    },
)
def entropy(p):
    """Entropy in bits of the distribution p [K]; 0 log 0 counts as 0."""
    p = p[p > 0]
    return -(p * p.log2()).sum()


@lab.exercise(
    cases=[
        (COIN, LOADED),
        (LOADED, COIN),
        (WEATHER, ELSEWHERE),
        case(SURE, WEATHER, note="a p with zeros"),
        case(WEATHER, SURE, note="q = 0 where p is not"),
        case(SURE, tensor([0.0, 0.25, 0.5, 0.25]), note="p = q = 0"),
        case(COIN, ALMOST_NEVER, note="a q of 1e-10"),
        case(RARE, RARE.flip(0), note="small probabilities"),
        (MANY[0], MANY[1]),
    ],
    draw=two_distributions,
    hints=r"""
        The terms are $p_k \log_2 (p_k / q_k)$. Where $p_k = 0$ a term counts as 0, whatever $q_k$ is.

        Select the outcomes that p knows: `seen = p > 0`, then use `p[seen]` and `q[seen]`. A division by $q_k = 0$
        gives infinity by itself, which is right.

        `(p[seen] * (p[seen] / q[seen]).log2()).sum()`
    """,
    mistakes={
        "This is KL(q || p): p and q are swapped.": lambda p, q: kl(q, p),
        "These are nats, not bits: use the logarithm to base 2.": lambda p, q: kl(p, q) * math.log(2),
        "The sign is the other way round: KL is never negative.": lambda p, q: -kl(p, q),
        "This is the cross-entropy. KL is what it has more than the entropy of p.": lambda p, q: kl(p, q) + entropy(p),
        "NaN where p is 0: 0 times log 0 counts as 0. Leave out where p is 0.": lambda p, q: (p * (p / q).log2()).sum(),
        "Where q = 0 < p, KL is infinite. Do not leave out where q is 0, and do not add a small number to it.": (
            lambda p, q: kl(p[q > 0], q[q > 0])
        ),
        "Where q = 0 < p, KL is infinite: no small number belongs under the logarithm.": lambda p, q: (
            torch.special.xlogy(p, (p + 1e-8) / (q + 1e-8)).sum() / math.log(2)
        ),
    },
)
def kl(p, q):
    """KL(p || q) in bits, p and q [K]; terms with p = 0 count as 0, and it is infinite where q = 0 < p."""
    seen = p > 0
    return (p[seen] * (p[seen] / q[seen]).log2()).sum()


@lab.exercise(
    parts=("first", "second"),
    cases=[(COIN, LOADED), (WEATHER, ELSEWHERE), (MANY[0], MANY[1])],
    draw=two_distributions,
    hints=r"""
        First compute the ratios `t = q / p`, one for each outcome. $x$ is drawn from $p$: a mean over $x$ is a sum
        with weights $p$.

        `(p * something).sum()` is the mean of `something`. You need it twice: of `-t.log2()` and of `t`.

        The second value is `-(p * t).sum().log2()`: the logarithm comes after the mean.
    """,
    mistakes={
        "The two values are in the other order.": lambda p, q: jensen(p, q)[::-1],
        "The ratio is upside down: t = q / p.": lambda p, q: (-kl(p, q), -(p * (p / q)).sum().log2()),
        "The outcomes are not equally likely: x is drawn from p, so weight with p.": lambda p, q: (
            -(q / p).log2().mean(),
            -(q / p).mean().log2(),
        ),
        "Both have the wrong sign: the function is -log2, not log2.": lambda p, q: (
            -kl(p, q),
            (p * (q / p)).sum().log2(),
        ),
        "The second value takes the logarithm before the mean: first the mean of t, then -log2.": (
            lambda p, q: (kl(p, q), kl(p, q))
        ),
        "These are nats, not bits: use the logarithm to base 2.": lambda p, q: (
            kl(p, q) * math.log(2),
            -(q.sum().log()),
        ),
        "The weights are q, but x is drawn from p.": lambda p, q: (
            -(q * (q / p).log2()).sum(),
            -(q * q / p).sum().log2(),
        ),
    },
)
def jensen(p, q):
    """Mean of -log2(t), and -log2 of the mean of t, for t = q(x) / p(x) with x drawn from p; p and q [K], all > 0."""
    t = q / p
    return -(p * t.log2()).sum(), -(p * t).sum().log2()


ONE = tensor([0.0]), tensor([1.0]), tensor([1.0]), tensor([2.0])
THREE = tensor([0.0, 1.0, -1.0]), tensor([1.0, 0.5, 2.0]), tensor([0.5, 0.0, 2.0]), tensor([2.0, 0.7, 0.3])
NARROW = tensor([0.0, 0.001]), tensor([1e-3, 2e-3]), tensor([0.001, 0.0]), tensor([2e-3, 1e-3])


def two_gaussians(draws):
    """Means and standard deviations [D]."""
    d = draws.size(1, 8)
    return draws.normal(d), draws.uniform(d, low=0.2, high=2), draws.normal(d), draws.uniform(d, low=0.2, high=2)


@lab.exercise(
    points=2,
    cases=[ONE, THREE, case(*NARROW, note="narrow Gaussians"), case(*ONE[:2], *ONE[:2], note="equal Gaussians")],
    draw=two_gaussians,
    hints=r"""
        Write the formula for one dimension first. It has three parts: a logarithm of widths, a fraction, and
        $-\frac12$.

        `(s2 / s1).log() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5` is one number per dimension, [D].

        Independent dimensions add up: `.sum()`.
    """,
    mistakes={
        "The two Gaussians are swapped: the second one's width s2 belongs under the fraction.": lambda m1, s1, m2, s2: (
            gaussian_kl(m2, s2, m1, s1)
        ),
        "The logarithm is upside down: it is ln(s2 / s1).": lambda m1, s1, m2, s2: (
            (s1 / s2).log() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
        ).sum(),
        "s1 and s2 are standard deviations: square them to get variances.": lambda m1, s1, m2, s2: gaussian_kl(
            m1, s1.sqrt(), m2, s2.sqrt()
        ),
        "The constant -1/2 of every dimension is missing: equal Gaussians must have KL 0.": lambda m1, s1, m2, s2: (
            gaussian_kl(m1, s1, m2, s2) + 0.5 * len(m1)
        ),
        "There is a 2 missing under the fraction: 2 s2^2.": lambda m1, s1, m2, s2: (
            (s2 / s1).log() + (s1**2 + (m1 - m2) ** 2) / s2**2 - 0.5
        ).sum(),
        "Dimensions add up; this is their mean.": lambda m1, s1, m2, s2: gaussian_kl(m1, s1, m2, s2) / len(m1),
        "The distance of the means is to be squared.": lambda m1, s1, m2, s2: (
            (s2 / s1).log() + (s1**2 + (m1 - m2).abs()) / (2 * s2**2) - 0.5
        ).sum(),
        "This is one number per dimension; independent dimensions add up: sum.": lambda m1, s1, m2, s2: (
            (s2 / s1).log() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
        ),
        "These are bits. Here we want nats: the natural logarithm.": lambda m1, s1, m2, s2: (
            (s2 / s1).log2() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5
        ).sum(),
    },
)
def gaussian_kl(m1, s1, m2, s2):
    """KL(N(m1, s1^2) || N(m2, s2^2)) in nats, independent dimensions: means and standard deviations [D] -> []."""
    return ((s2 / s1).log() + (s1**2 + (m1 - m2) ** 2) / (2 * s2**2) - 0.5).sum()


LOG_P = tensor([-1.0, -2.0, -1.0, -2.0]), tensor([-2.0, -2.0, -3.0, -4.0])
DRAWN = tuple(torch.randn(2, 4000, generator=GENERATOR).mul(0.5).sub(1))


def _estimate(function, log_p, log_q):
    """Both ways to compute a standard deviation, by n - 1 and by n, are right: the second counts as the first."""
    found = labelled(ask(function, log_p, log_q), ("estimate", "error"))
    n = len(log_p)
    by_n = ((log_p - log_q).double().std(correction=0) / n**0.5).cpu()
    if close(found["error"], by_n):
        found["error"] = by_n * (n / (n - 1)) ** 0.5
    return Facts(found)


@lab.exercise(
    cases=[LOG_P, DRAWN],
    draw=lambda draws: tuple(draws.normal(2, draws.size(2, 3000)) - 2),
    hints=r"""
        KL is the mean of $\log p(x) - \log q(x)$ over samples $x$ from $p$. Both logarithms are given for every
        sample.

        The mean of $n$ independent numbers has the standard error (their standard deviation) / $\sqrt{n}$.

        `d = log_p - log_q`, then `d.mean()` and `d.std() / len(d) ** 0.5`.
    """,
    mistakes={
        "The sign is the other way round: log p - log q, because the samples come from p.": lambda log_p, log_q: (
            monte_carlo(log_q, log_p)
        ),
        "The second value is the spread of single samples: divide by the root of n for the mean's error.": (
            lambda log_p, log_q: ((log_p - log_q).mean(), (log_p - log_q).std())
        ),
        "The error falls with the root of n, not with n.": lambda log_p, log_q: (
            (log_p - log_q).mean(),
            (log_p - log_q).std() / len(log_p),
        ),
        "The second value is the variance divided by n: take the root of it.": lambda log_p, log_q: (
            (log_p - log_q).mean(),
            (log_p - log_q).var() / len(log_p),
        ),
        "The log-ratios are added up; take their mean.": lambda log_p, log_q: (
            (log_p - log_q).sum(),
            (log_p - log_q).std() / len(log_p) ** 0.5,
        ),
        "The samples come from p already: do not weight with p once more.": lambda log_p, log_q: (
            (log_p.exp() * (log_p - log_q)).sum(),
            (log_p - log_q).std() / len(log_p) ** 0.5,
        ),
    },
    run=_estimate,
)
def monte_carlo(log_p, log_q):
    """KL(p || q) in nats and its standard error, estimated from log p(x) and log q(x) [n] of samples x from p."""
    d = log_p - log_q
    return d.mean(), d.std() / len(d) ** 0.5


GRID = torch.linspace(-4, 4, 81)
HUMPS = (-((GRID - 1.5) ** 2) / 0.5).exp() + (-((GRID + 1.5) ** 2) / 0.5).exp()
HUMPS = HUMPS / HUMPS.sum()
POINTS, THIRDS = tensor([-1.0, 0.0, 1.0]), tensor([0.25, 0.5, 0.25])


def _grid_and_gaussian(draws):
    k = draws.size(3, 60)
    x = torch.linspace(-draws.size(2, 5), draws.size(2, 5), k)
    return draws.normal(), draws.normal(scale=0.5), x, draws.distribution(k)


def _instead(change):
    """`reverse_kl` with another ending: change(log_q, p, z), where z are the exponents of the Gaussian."""

    def wrong(mean, log_std, x, p):
        z = -0.5 * ((x - mean) / log_std.exp()) ** 2
        return change(z.log_softmax(0), p, z)

    return wrong


@lab.exercise(
    points=2,
    trained=("mean", "log_std"),
    cases=[
        (tensor(0.5), tensor(0.0), POINTS, THIRDS),
        (tensor(1.0), tensor(-0.3), GRID, HUMPS),
        (tensor(0.0), tensor(0.7), GRID, HUMPS),
        case(tensor(-1.0), tensor(-1.6), GRID, HUMPS, note="a narrow Gaussian"),
        case(tensor(1.03), tensor(-3.0), GRID, HUMPS, note="a narrow Gaussian"),
    ],
    draw=_grid_and_gaussian,
    hints=r"""
        First the exponents, `z = -0.5 * ((x - mean) / log_std.exp()) ** 2`. Then q is `z.exp()` divided by its sum.
        Reverse KL takes its mean over q: `(q * (q / p).log()).sum()`.

        Where `z.exp()` rounds to 0, $0 \log 0$ gives NaN. Keep the logarithm of q instead of taking it again: $\log
        q = z - \log \sum_l e^{z_l}$, which PyTorch has as `z.log_softmax(0)`.

        `log_q = z.log_softmax(0)`, then `(log_q.exp() * (log_q - p.log())).sum()`.
    """,
    mistakes={
        "This is KL(p || q), the mean-seeking direction. The reverse one averages over q.": _instead(
            lambda log_q, p, z: (p * (p.log() - log_q)).sum()
        ),
        "q does not sum to 1: divide it by its sum over the grid.": _instead(
            lambda log_q, p, z: (z.exp() * (z - p.log())).sum()
        ),
        "The sign is the other way round: KL is never negative.": _instead(
            lambda log_q, p, z: (log_q.exp() * (p.log() - log_q)).sum()
        ),
        "These are bits. Here we want nats: the natural logarithm.": _instead(
            lambda log_q, p, z: (log_q.exp() * (log_q - p.log())).sum() / math.log(2)
        ),
        "Right for wide Gaussians, but NaN where q rounds to 0: keep log q, see the hints.": _instead(
            lambda log_q, p, z: (z.exp() / z.exp().sum() * (z.exp() / z.exp().sum() / p).log()).sum()
        ),
        "log_std is the logarithm of the standard deviation: take exp of it first.": lambda mean, log_std, x, p: (
            reverse_kl(mean, log_std.abs().log(), x, p)
        ),
        "exp(log_std) is the standard deviation, and the exponent divides by its square.": lambda mean, log_std, x, p: (
            reverse_kl(mean, log_std / 2, x, p)
        ),
        "The exponent of a Gaussian has the factor 1/2.": lambda mean, log_std, x, p: reverse_kl(
            mean, log_std - math.log(2) / 2, x, p
        ),
    },
)
def reverse_kl(mean, log_std, x, p):
    """KL(q || p) in nats for a Gaussian q on the grid x [K], made to sum to 1; p [K], mean and log_std [] -> []."""
    log_q = (-0.5 * ((x - mean) / log_std.exp()) ** 2).log_softmax(0)
    return (log_q.exp() * (log_q - p.log())).sum()


LOGITS = torch.randn(3, 1, 4, 4, generator=GENERATOR) * 3
PIXELS = torch.rand(3, 1, 4, 4, generator=GENERATOR)
EXTREME = tensor([[200.0, -200.0], [200.0, -200.0]]), tensor([[0.5, 0.5], [1.0, 0.0]])


def logits_and_pixels(draws):
    """Batches of images of all sizes, as [N, C, H, W] and as [N, D]."""
    shape = (draws.n, 1, draws.size(2, 5), draws.size(2, 5)) if draws.size(0, 1) else (draws.n, draws.size())
    return draws.normal(*shape, scale=3), draws.uniform(*shape)


@lab.exercise(
    points=2,
    trained=("a",),
    kink=0.0,  # of max(a, 0) and |a|, which some write
    cases=[
        (tensor([[0.0, 1.0]]), tensor([[1.0, 0.25]])),
        (LOGITS, PIXELS),
        case(*EXTREME, note="logits of 200"),
        case(tensor([[20.0, -20.0]]), tensor([[0.0, 1.0]]), note="logits of 20"),
    ],
    draw=logits_and_pixels,
    hints=r"""
        One pixel costs $-x \ln \hat{x} - (1 - x) \ln (1 - \hat{x})$ with $\hat{x} = \sigma(a)$. Sum over all pixels
        of the batch, then divide by the number of images.

        At $a = 200$ the sigmoid is exactly 1 in floating point, and $\ln(1 - 1)$ is infinite. PyTorch has a $\ln
        \sigma(a)$ that does not go through $\sigma(a)$: `F.logsigmoid`. And $1 - \sigma(a) = \sigma(-a)$.

        `F.binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)` does it all.
    """,
    mistakes={
        "Right for moderate logits, but at a = 200 the sigmoid rounds to 1 and NaN comes out: use `F.logsigmoid`.": (
            lambda a, x: -(x * a.sigmoid().log() + (1 - x) * (1 - a.sigmoid()).log()).sum() / len(x)
        ),
        "A small number under the logarithm hides the infinity, but falsifies the loss: use `F.logsigmoid`.": (
            lambda a, x: -(x * (a.sigmoid() + 1e-8).log() + (1 - x) * (1 - a.sigmoid() + 1e-8).log()).sum() / len(x)
        ),
        "`F.binary_cross_entropy` on probabilities cuts large losses off: use `F.binary_cross_entropy_with_logits`.": (
            lambda a, x: F.binary_cross_entropy(a.sigmoid(), x, reduction="sum") / len(x)
        ),
        "This is the mean over the pixels. The course's convention: sum over pixels, mean over images.": lambda a, x: (
            F.binary_cross_entropy_with_logits(a, x)
        ),
        "This is the sum over the whole batch: divide by the number of images.": lambda a, x: (
            F.binary_cross_entropy_with_logits(a, x, reduction="sum")
        ),
        "The black part (1 - x) ln(1 - x_hat) is missing.": lambda a, x: -(x * F.logsigmoid(a)).sum() / len(x),
        "The sign is the other way round: it is the negative log-likelihood.": lambda a, x: (
            -F.binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)
        ),
        "The sigmoid is applied twice: `binary_cross_entropy_with_logits` takes the logits themselves.": lambda a, x: (
            F.binary_cross_entropy_with_logits(a.sigmoid(), x, reduction="sum") / len(x)
        ),
    },
)
def bernoulli_loss(a, x):
    """-log p(x | sigmoid(a)) of Bernoulli pixels in nats: sum over pixels, mean over images; a, x [N, ...] -> []."""
    return F.binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)


# Find the bug


def _table(terms, smooth=1e-3):
    """The table with other terms(p, q) [K, K, D] of KL(p || q)."""

    def table(ink):
        p = ink + smooth
        p = p / p.sum(1, keepdim=True)
        size = (len(p), *p.shape)
        return terms(p[:, None].expand(size), p[None].expand(size)).sum(2)

    return table


INK = torch.rand(4, 6, generator=GENERATOR) * tensor([1.0, 0.0, 1.0, 3.0, 1.0, 0.0])


@lab.exercise(
    cases=[(tensor([[1.0, 3.0], [1.0, 1.0]]),), (INK,), case(0.01 * INK, note="little ink")],
    draw=lambda draws: (draws.uniform(draws.n, draws.size(2, 8)),),
    bug=Bug(
        given=_table(lambda p, q: F.kl_div(q, p, reduction="none")),
        cause="c",
        causes={
            "a": "`F.kl_div` takes q first and p second: the order was right, unlike that of the formula.",
            "b": "Next to no ink is added; it keeps the logarithm of q finite.",
            "c": (
                "`F.kl_div` wants the logarithm of q (and p as it is). Given q itself it computes p ln p - p q, "
                "without a warning."
            ),
            "d": "The sum over the pixels, the last axis, is right.",
        },
    ),
    hints=r"""
        Two equal distributions have KL 0. Call `F.kl_div` for one distribution and itself, and look at what comes out.

        Read the first lines of `help(F.kl_div)`: what is `input`?

        `F.kl_div(p[None].log().expand(size), p[:, None].expand(size), reduction="none")`
    """,
    mistakes={
        "Now p is a logarithm, too: only q is to be one (unless `log_target=True`).": _table(
            lambda p, q: F.kl_div(q.log(), p.log(), reduction="none")
        ),
        "p and q are swapped now: the table is transposed.": _table(
            lambda p, q: F.kl_div(p.log(), q, reduction="none")
        ),
        "Leaving out the sign hides the symptom: the numbers are still wrong.": _table(
            lambda p, q: F.kl_div(q, p, reduction="none").sum(2, keepdim=True).abs()
        ),
        "The logarithm is taken of p in place of q.": _table(lambda p, q: F.kl_div(p.log(), p, reduction="none")),
        "This is the mean over the outcomes: the sum was right.": _table(
            lambda p, q: F.kl_div(q.log(), p, reduction="none").mean(2, keepdim=True)
        ),
    },
)
def kl_table(ink):
    """KL(p_i || p_j) in nats between all rows, made to distributions: ink [K, D], >= 0 -> [K, K]."""
    p = ink + 1e-3
    p = p / p.sum(1, keepdim=True)
    size = (len(p), *p.shape)  # [K, K, D]
    terms = F.kl_div(p[None].log().expand(size), p[:, None].expand(size), reduction="none")
    return terms.sum(2)


def image_and_losses(function, images, steps):
    """The image, and the losses as one row."""
    value = ask(function, images, steps)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Wrong(f"It returns {described(value)}; expected 2 values, `return image, losses`.")
    return Facts({"losses": torch.as_tensor(value[1]), "image": value[0]})


def _fitted(loss_of, zero=True, lr=0.3, image_of=torch.sigmoid):
    """The program with another loss_of(a, images)."""

    def fit(images, steps):
        a = torch.zeros(images.shape[1], dtype=images.dtype, device=images.device, requires_grad=True)
        optimizer, losses = torch.optim.Adam([a], lr=lr), []
        for _step in range(steps):
            loss = loss_of(a.expand_as(images), images) / len(images)
            if zero:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return image_of(a.detach()), losses

    return fit


def _on_logits(a, images):
    return F.binary_cross_entropy_with_logits(a, images, reduction="sum")


@lab.exercise(
    cases=[
        (tensor([[0.5, 1.0]]), 2),
        (torch.rand(6, 5, generator=GENERATOR), 4),
        case(torch.rand(3, 4, generator=GENERATOR).round(), 3, note="images of black and white"),
    ],
    draw=lambda draws: (draws.uniform(draws.n, draws.size(2, 6)), draws.size(1, 3)),
    bug=Bug(
        given=_fitted(lambda a, images: _on_logits(a.sigmoid(), images)),
        cause="b",
        causes={
            "a": "The sum over pixels is right: Adam's steps do not depend on the scale of the loss.",
            "b": (
                "The sigmoid was there twice: the loss takes logits and has one in it. So no pixel could be darker "
                "than sigmoid(0) = 0.5 or lighter than sigmoid(1) = 0.73 for the loss, and a black one cost ln 2 nats."
            ),
            "c": "The images are data: only the logits are trained.",
            "d": "`optimizer.zero_grad()` comes before every `backward`.",
        },
    ),
    hints=r"""
        The loss does not fall below 784 ln 2 = 543 nats. Which probability does the loss see for a pixel whose `a` is
        -20, and which one do you see?

        What does `with_logits` in the name of the loss say?

        `logits = a.expand_as(images)`
    """,
    mistakes={
        "The loss is right, but it is the logits that are returned: the image is their sigmoid.": _fitted(
            _on_logits, image_of=lambda a: a
        ),
        "The sigmoid has gone, but the gradients are not set to zero any more.": _fitted(_on_logits, zero=False),
        "The loss is right, but the sigmoid is applied twice to the image.": _fitted(
            _on_logits, image_of=lambda a: a.sigmoid().sigmoid()
        ),
        "The loss is right, but the learning rate has changed.": _fitted(_on_logits, lr=0.1),
        "A squared error has come in its place: its minimum is the mean, too, but it is no likelihood.": _fitted(
            lambda a, images: F.mse_loss(a.sigmoid(), images, reduction="sum")
        ),
    },
    run=image_and_losses,
)
def fit_image(images, steps):
    """The image that is likeliest for images [N, D] in [0, 1], [D], and the loss of every step, a list."""
    a = torch.zeros(images.shape[1], requires_grad=True)
    optimizer, losses = torch.optim.Adam([a], lr=0.3), []
    for _step in range(steps):
        logits = a.expand_as(images)
        loss = F.binary_cross_entropy_with_logits(logits, images, reduction="sum") / len(images)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return a.detach().sigmoid(), losses
