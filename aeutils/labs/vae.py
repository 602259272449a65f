"""Lab 6: reparameterisation, closed-form KL, ELBO, the importance-weighted bound, interpolation, sampling; two bugs."""

import math

import torch
from torch import tensor
from torch.nn import functional as F

from aeutils.exercises import chance
from aeutils.exercises.answers import Facts, Wrong, ask, described
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import case
from aeutils.exercises.lab import Lab

lab = Lab("Lab 6: variational autoencoders", __name__)

GENERATOR = torch.Generator().manual_seed(0)
MEAN, LOG_VARIANCE, NOISE = torch.randn(3, 4, 5, generator=GENERATOR)
ONE = tensor([[1.0, 0.0]]), tensor([[0.0, 1.3863]])  # standard deviations 1 and 2


def codes(draws, number=2):
    """So many tensors [N, q]: means, log-variances, noise."""
    q = draws.size()
    return tuple(draws.normal(draws.n, q) for _ in range(number))


@lab.exercise(
    trained=("mean", "log_variance"),
    cases=[
        (*ONE, tensor([[0.5, -1.0]])),
        (MEAN, LOG_VARIANCE, NOISE),
        case(MEAN, 6 * LOG_VARIANCE, NOISE, note="narrow and wide Gaussians"),
    ],
    draw=lambda draws: codes(draws, 3),
    hints=r"""
        A standard normal number becomes one with mean $\mu$ and standard deviation $\sigma$ by $z = \mu + \sigma
        \varepsilon$.

        `log_variance` is $\ln \sigma^2 = 2 \ln \sigma$. So $\sigma$ = `(0.5 * log_variance).exp()`.
    """,
    mistakes={
        "exp(log_variance) is the variance; noise is scaled with the standard deviation, its root.": lambda m, lv, e: (
            m + lv.exp() * e
        ),
        "log_variance is a logarithm: take exp of half of it.": lambda m, lv, e: m + lv * e,
        "Half of log_variance is the logarithm of sigma: exp is missing.": lambda m, lv, e: m + 0.5 * lv * e,
        "The noise is not scaled.": lambda m, lv, e: m + e + 0 * lv,
        "The mean is missing.": lambda m, lv, e: (0.5 * lv).exp() * e + 0 * m,
        "The gradient does not reach log_variance: nothing may be detached on the way.": lambda m, lv, e: (
            m + (0.5 * lv).exp().detach() * e
        ),
        "The noise is divided by sigma: multiply.": lambda m, lv, e: m + e / (0.5 * lv).exp(),
    },
)
def reparameterise(mean, log_variance, noise):
    """z = mean + sigma * noise: means, log-variances and standard normal noise [N, q] -> [N, q]."""
    return mean + (0.5 * log_variance).exp() * noise


def _kl_parts(m, lv):
    return 0.5 * (m.square() + lv.exp() - lv - 1)


@lab.exercise(
    trained=("mean", "log_variance"),
    cases=[
        ONE,
        (MEAN, LOG_VARIANCE),
        case(4 * MEAN, 6 * LOG_VARIANCE, note="narrow and wide Gaussians, far from 0"),
        case(tensor([[0.0]]), tensor([[0.0]]), note="a Gaussian that is the prior"),
    ],
    draw=codes,
    hints=r"""
        $\mu^2$ is `mean.square()`, $\sigma^2$ is `log_variance.exp()`, and $\ln \sigma^2$ is `log_variance` itself.

        Sum over all latents and images, times one half, divided by the number of images.
    """,
    mistakes={
        "The factor 1/2 is missing.": lambda m, lv: 2 * _kl_parts(m, lv).sum() / len(m),
        "This is the sum over the batch: divide by the number of images.": lambda m, lv: _kl_parts(m, lv).sum(),
        "This is the mean over the latents, too: add them up.": lambda m, lv: _kl_parts(m, lv).mean(),
        "The sign is the other way round: KL is never negative.": lambda m, lv: -_kl_parts(m, lv).sum() / len(m),
        "The -1 of every latent is missing: N(0, 1) must cost nothing.": lambda m, lv: (
            0.5 * (m.square() + lv.exp() - lv).sum() / len(m)
        ),
        "log_variance is taken for the logarithm of sigma: it is ln sigma^2.": lambda m, lv: (
            _kl_parts(m, 2 * lv).sum() / len(m)
        ),
        "The mean is to be squared.": lambda m, lv: 0.5 * (m.abs() + lv.exp() - lv - 1).sum() / len(m),
        "This is one number per image: take the mean over the batch.": lambda m, lv: _kl_parts(m, lv).sum(1),
        "The signs of sigma^2 and its logarithm are swapped.": lambda m, lv: (
            0.5 * (m.square() - lv.exp() + lv - 1).sum() / len(m)
        ),
    },
)
def gaussian_kl(mean, log_variance):
    """KL(N(mean, sigma^2) || N(0, I)) in nats, sum over latents, mean over images: [N, q], [N, q] -> []."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / len(mean)


LOGITS, PIXELS = torch.randn(4, 1, 3, 3, generator=GENERATOR), torch.rand(4, 1, 3, 3, generator=GENERATOR)


def _logits_and_pixels(draws):
    shape = (draws.n, 1, draws.size(2, 5), draws.size(2, 5)) if draws.size(0, 1) else (draws.n, draws.size())
    return draws.normal(*shape, scale=3), draws.uniform(*shape)


def _bce(a, x):
    return F.binary_cross_entropy_with_logits(a, x, reduction="sum") / len(x)


@lab.exercise(
    points=2,
    parts=("elbo", "log_likelihood", "kl"),
    trained=("logits", "mean", "log_variance"),
    kink=0.0,
    cases=[
        (tensor([[0.0, 2.0]]), tensor([[1.0, 1.0]]), *ONE),
        (LOGITS, PIXELS, MEAN, LOG_VARIANCE),
        case(200 * LOGITS, PIXELS, MEAN, LOG_VARIANCE, note="logits of 200"),
    ],
    draw=lambda draws: (*_logits_and_pixels(draws), *codes(draws)),
    hints=r"""
        The expected log-likelihood is minus the cross-entropy of the pixels with the logits,
        `F.binary_cross_entropy_with_logits` with `reduction="sum"`, divided by the number of images.

        The ELBO is the log-likelihood minus KL. With exercise 2 still open, call `lab.gaussian_kl.best()`.

        Three values: `return log_likelihood - kl, log_likelihood, kl`.
    """,
    mistakes={
        "KL is added; the ELBO is log-likelihood minus KL.": lambda a, x, m, lv: (
            -_bce(a, x) + gaussian_kl(m, lv),
            -_bce(a, x),
            gaussian_kl(m, lv),
        ),
        "This is the loss, -ELBO. The ELBO itself is wanted, which is negative here.": lambda a, x, m, lv: (
            _bce(a, x) + gaussian_kl(m, lv),
            _bce(a, x),
            gaussian_kl(m, lv),
        ),
        "The log-likelihood has the wrong sign: a cross-entropy is minus a log-likelihood.": lambda a, x, m, lv: (
            -_bce(a, x) - gaussian_kl(m, lv),
            _bce(a, x),
            gaussian_kl(m, lv),
        ),
        "The pixels are averaged, so that KL weighs far too much: sum over pixels.": lambda a, x, m, lv: (
            -F.binary_cross_entropy_with_logits(a, x) - gaussian_kl(m, lv),
            -F.binary_cross_entropy_with_logits(a, x),
            gaussian_kl(m, lv),
        ),
        "The pixels are summed over the whole batch: divide by the number of images.": lambda a, x, m, lv: (
            -_bce(a, x) * len(x) - gaussian_kl(m, lv),
            -_bce(a, x) * len(x),
            gaussian_kl(m, lv),
        ),
        "The order is ELBO, log-likelihood, KL.": lambda a, x, m, lv: (
            -_bce(a, x),
            gaussian_kl(m, lv),
            -_bce(a, x) - gaussian_kl(m, lv),
        ),
        "The sigmoid is applied twice: the function takes logits.": lambda a, x, m, lv: (
            -_bce(a.sigmoid(), x) - gaussian_kl(m, lv),
            -_bce(a.sigmoid(), x),
            gaussian_kl(m, lv),
        ),
    },
)
def elbo(logits, x, mean, log_variance):
    """ELBO, log-likelihood, KL in nats, mean over images: logits, x [N, ...], mean, log_variance [N, q] -> [] each."""
    log_likelihood = -F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / len(mean)
    return log_likelihood - kl, log_likelihood, kl


LOG_P, Z = torch.randn(6, 4, generator=GENERATOR) - 90, torch.randn(6, 4, 5, generator=GENERATOR)
LOG_2PI = math.log(2 * math.pi)


def _codes_of_images(draws):
    """log p(x | z) [K, N], z [K, N, q], means and log-variances [N, q]."""
    k, q = draws.size(1, 4), draws.size(1, 6)
    shape = draws.n, q
    return draws.normal(k, draws.n) - 50, draws.normal(k, *shape), draws.normal(*shape), draws.normal(*shape)


def _log_normal(z, mean, log_variance):
    """Up to the constant, which cancels."""
    return -0.5 * ((z - mean).square() / log_variance.exp() + log_variance).sum(-1)


def _log_prior(z):
    return -0.5 * z.square().sum(-1)


@lab.exercise(
    points=2,
    cases=[
        (tensor([-3.0]), tensor([[1.0, 2.0]]), *ONE),
        (LOG_P, Z, MEAN, LOG_VARIANCE),
        case(LOG_P[0], Z[0], MEAN, LOG_VARIANCE, note="one code for every image, z [N, q]"),
        case(LOG_P.view(2, 3, 4), Z.view(2, 3, 4, 5), MEAN, LOG_VARIANCE, note="two axes before those of the images"),
        case(LOG_P, Z, MEAN, 6 * LOG_VARIANCE, note="narrow and wide Gaussians"),
    ],
    draw=_codes_of_images,
    hints=r"""
        The logarithm turns products into sums: $\ln w = \ln p(x \mid z) + \ln p(z) - \ln q(z \mid x)$. The first is
        given.

        For one latent, $\ln \mathcal{N}(z; \mu, \sigma^2) = -\frac12 \big( \frac{(z - \mu)^2}{\sigma^2} + \ln
        \sigma^2 + \ln 2\pi \big)$. Sum over the latents, the last axis. The prior has $\mu = 0$ and $\sigma = 1$;
        the $\ln 2\pi$ cancel.

        `torch.distributions.Normal(mean, (0.5 * log_variance).exp()).log_prob(z).sum(-1)` is $\ln q(z \mid x)$.
    """,
    mistakes={
        "The prior p(z) is missing.": lambda lp, z, m, lv: lp - _log_normal(z, m, lv),
        "log q(z | x) is missing: it is subtracted.": lambda lp, z, m, lv: lp + _log_prior(z),
        "log q(z | x) is added: it stands under the fraction, so subtract it.": lambda lp, z, m, lv: (
            lp + _log_prior(z) + _log_normal(z, m, lv) - 2 * 0.5 * LOG_2PI * z.shape[-1]
        ),
        "The prior and q are swapped.": lambda lp, z, m, lv: lp - _log_prior(z) + _log_normal(z, m, lv),
        "exp(log_variance) is the variance: the width of a normal distribution is its root.": lambda lp, z, m, lv: (
            lp + _log_prior(z) - _log_normal(z, m, 2 * lv)
        ),
        "Half of log_variance is missing in log q: the normalisation of a wide Gaussian.": lambda lp, z, m, lv: (
            lp + _log_prior(z) + 0.5 * ((z - m).square() / lv.exp()).sum(-1)
        ),
        "The latents are averaged: independent ones add up.": lambda lp, z, m, lv: (
            lp + (_log_prior(z) - _log_normal(z, m, lv)) / z.shape[-1]
        ),
    },
)
def log_weight(log_px, z, mean, log_variance):
    """ln p(x|z) + ln p(z) - ln q(z|x): log_px [..., N], z [..., N, q], mean, log_variance [N, q] -> [..., N]."""
    log_q = -0.5 * ((z - mean).square() / log_variance.exp() + log_variance).sum(-1)
    return log_px - 0.5 * z.square().sum(-1) - log_q  # both lack the same constant


LOG_W = torch.randn(8, 4, generator=GENERATOR) * 3 - 2
LOW = torch.randn(8, 4, generator=GENERATOR) - 900


@lab.exercise(
    points=2,
    cases=[
        (tensor([[0.0], [1.0986]]),),
        (LOG_W,),
        case(LOW, note="log-weights of -900"),
        case(LOW[:4] + 1800, note="log-weights of 900"),
        case(LOG_W[:1], note="a single code, K = 1"),
        case(LOG_W - tensor([0.0, 900.0, 0.0, 300.0]), note="images of very different weights"),
    ],
    draw=lambda draws: (draws.normal(draws.size(1, 8), draws.n, scale=3),),
    hints=r"""
        The mean of K weights inside the logarithm: $\ln \frac1K \sum_k w_k = \ln \sum_k e^{\ln w_k} - \ln K$.

        $e^{-900}$ is 0 in floating point. `torch.logsumexp(log_w, 0)` computes the logarithm of the sum without
        going through it.

        `(log_w.logsumexp(0) - math.log(len(log_w))).mean()`
    """,
    mistakes={
        "This is the mean of the logarithms, the ELBO. The mean over k belongs inside the logarithm.": lambda w: (
            w.mean()
        ),
        "This is the logarithm of the sum: divide by K first, or subtract ln K.": lambda w: w.logsumexp(0).mean(),
        "Right for moderate weights, but exp(-900) rounds to 0: use `torch.logsumexp`.": lambda w: (
            w.exp().mean(0).log().mean()
        ),
        "The axes are swapped: the K samples are the first axis, the images the second.": lambda w: (
            w.logsumexp(1) - math.log(w.shape[1])
        ).mean(),
        "Images and samples are averaged together inside the logarithm: the mean over images comes last.": lambda w: (
            w.flatten().logsumexp(0) - math.log(w.numel())
        ),
        "This is one number per image: take the mean over the images.": lambda w: w.logsumexp(0) - math.log(len(w)),
        "This is the best sample of each image, not the mean of the weights.": lambda w: w.max(0).values.mean(),
        "ln K is to be subtracted, not added.": lambda w: (w.logsumexp(0) + math.log(len(w))).mean(),
    },
)
def importance_bound(log_w):
    """ln of the mean of K weights, mean over images, in nats: log_w [K, N] -> []."""
    return (log_w.logsumexp(0) - math.log(len(log_w))).mean()


def _angle(a, b):
    return torch.arccos(torch.dot(a, b) / (a.norm() * b.norm()))


def _arc(a, b, t, angle):
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def _ends_and_place(draws):
    q = draws.size(2, 8)
    return draws.normal(q), draws.normal(q), draws.uniform(1).item()


EAST, NORTH = tensor([1.0, 0.0]), tensor([0.0, 2.0])
START, END = torch.randn(2, 6, generator=GENERATOR)


@lab.exercise(
    cases=[
        (EAST, NORTH, 0.5),
        (START, END, 0.25),
        (START, END, 0.0),
        (START, END, 1.0),
        case(20 * START, 0.1 * END, 0.3, note="ends of very different lengths"),
    ],
    draw=_ends_and_place,
    hints=r"""
        First the angle between the two: its cosine is the scalar product divided by both lengths, `torch.arccos`
        gives the angle.

        Divide `a` and `b` by their lengths for the angle only. In the sum they keep their own lengths.

        `(torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)`
    """,
    mistakes={
        "This is the straight line.": lambda a, b, t: (1 - t) * a + t * b,
        "The two ends are swapped: t = 0 is a.": lambda a, b, t: slerp(b, a, t),
        "The lengths are missing in the cosine of the angle: divide by both.": lambda a, b, t: _arc(
            a, b, t, torch.arccos(torch.dot(a, b).clamp(-1, 1))
        ),
        "The vectors lose their lengths: normalise for the angle only.": lambda a, b, t: slerp(
            F.normalize(a, dim=0), F.normalize(b, dim=0), t
        ),
        "The division by the sine of the angle is missing.": lambda a, b, t: slerp(a, b, t) * torch.sin(_angle(a, b)),
        "The cosine is used as the angle: take `torch.arccos` of it.": lambda a, b, t: _arc(
            a, b, t, torch.cos(_angle(a, b))
        ),
    },
)
def slerp(a, b, t):
    """The point at t in [0, 1] of the arc from a to b (spherical interpolation): a, b [q], t a number -> [q]."""
    angle = torch.arccos(torch.dot(a, b) / (a.norm() * b.norm()))
    return (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / torch.sin(angle)


def two_pictures(z):
    """A decoder whose images tell the code that they were made of: codes [n, q] -> images [n, 2, q]."""
    if not torch.is_tensor(z) or z.ndim != 2:
        raise Wrong(f"The decoder takes codes of shape [n, q]; it is given {described(z)}.")
    return torch.stack([2 * z, z**2 + 1], 1)


def drawn(function, n, q):
    """The distribution of the codes that the returned images were made of."""
    given = []

    def decode(z):
        images = two_pictures(z)
        given.append(z.detach())
        return images

    made = [ask(function, decode, n, q) for _call in range(2)]
    if not given:
        raise Wrong("The decoder is never called: the images are `decode(z)`.")
    if given[0].shape[1] != q:
        raise Wrong(f"The decoder gets codes of shape {list(given[0].shape)}; expected {q} latents each.")
    found = Facts(_codes_given(torch.cat(given).double().cpu(), 2 * n))
    if not all(torch.is_tensor(images) and images.shape == (n, 2, q) for images in made):
        return found | {"what is returned": f"{described(made[0])}, not the {n} images that the decoder makes"}
    images = torch.cat(made).double().cpu()
    z = images[:, 0] / 2
    found["what is returned"] = (
        "what the decoder makes of the codes"
        if torch.allclose(images[:, 1], z**2 + 1, 1e-3, 1e-4)
        else "something else"
    )
    again = n > 100 and torch.equal(z[:n], z[n:])
    found["codes in the next call"] = "are the same" if again else "are other ones"
    return found | {"codes of the images": _unlike(z) if n > 100 else ""}


def _codes_given(z, n):
    """Facts on codes [n, q], which hold for any draw."""
    facts = {"number of codes": "as many as images" if len(z) == n else "another than that of the images"}
    if len(z) < 200:
        return facts
    return facts | {
        "mean of the codes": "not 0" if abs(z.mean().item()) > 0.1 else "about 0",
        "standard deviation of the codes": f"about {round(z.std().item(), 1)}",
        "codes below -2": "some" if (z < -2).any() else "none",
        "codes of two images": "differ" if (z[0] != z[1]).any() else "are the same",
        "latents of one image": "differ" if z.shape[1] == 1 or (z[0] != z[0, 0]).any() else "are the same",
    }


def _unlike(z):
    """What is wrong with codes [n, q] that are to be standard normal and independent, in words."""
    middle = 0.6745  # half of the numbers lie between minus this and this
    few = z[:400]
    if chance.not_normal(z) or any(chance.not_normal(latent) for latent in z.T):
        return "they are not drawn from N(0, 1)"
    for hits in (few > 0, few.abs() > middle):
        if fault := chance.fault(hits, 0.5, "image", "latent"):
            return f"they are not drawn independently: {fault}"
    if z.shape[1] > 2 and chance.echoing(z > 0):
        return "they are not drawn independently: the code of one image tells that of another"
    if z.shape[1] > 2 and len(z.unique(dim=0)) < len(z):
        return "they are not drawn independently: the same code comes twice"
    return ""


@lab.exercise(
    cases=[
        (30_000, 2),
        (1000, 4),
        case(1, 5, note="a single image"),
        case(8000, 1, note="codes of one number"),
    ],
    hints=r"""
        The encoder is not needed. The prior of the codes is a standard normal distribution in every latent.

        `torch.randn(n, q)` draws the codes; the images are what the decoder makes of them.
    """,
    mistakes={
        "The codes are uniform; the prior is normal: `torch.randn`.": lambda decode, n, q: decode(torch.rand(n, q)),
        "The codes are uniform between -1 and 1; the prior is normal: `torch.randn`.": lambda decode, n, q: decode(
            2 * torch.rand(n, q) - 1
        ),
        "All images get the same code: draw one for each.": lambda decode, n, q: decode(torch.randn(1, q).repeat(n, 1)),
        "All latents of an image are the same number: draw q of them.": lambda decode, n, q: decode(
            torch.randn(n, 1).repeat(1, q)
        ),
        "These are the codes: return what the decoder makes of them.": lambda decode, n, q: (
            decode(z := torch.randn(n, q)),
            z,
        )[1],
        "All codes are 0, the mean of the prior: draw from it.": lambda decode, n, q: decode(torch.zeros(n, q)),
        "The codes are too wide: the prior has standard deviation 1.": lambda decode, n, q: decode(
            3 * torch.randn(n, q)
        ),
    },
    run=drawn,
)
def sample(decode, n, q):
    """n images from codes of q latents, drawn from the prior N(0, I): [n, ...]."""
    return decode(torch.randn(n, q))


# Find the bug


def _vae_loss_given(logits, x, mean, log_variance, beta):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x)
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


def _with_reconstruction(reconstruction, kl_of=gaussian_kl):
    """The loss with another reconstruction(logits, x) or KL."""

    def loss(a, x, m, lv, beta):
        return reconstruction(a, x) + beta * kl_of(m, lv), reconstruction(a, x), kl_of(m, lv)

    return loss


@lab.exercise(
    parts=("loss", "reconstruction", "kl"),
    trained=("logits", "mean", "log_variance"),
    kink=0.0,
    cases=[(tensor([[0.0, 2.0]]), tensor([[1.0, 1.0]]), *ONE, 1.0), (LOGITS, PIXELS, MEAN, LOG_VARIANCE, 4.0)],
    draw=lambda draws: (*_logits_and_pixels(draws), *codes(draws), draws.uniform(1).item()),
    bug=Bug(
        given=_vae_loss_given,
        cause="b",
        causes={
            "a": "The function takes logits: it has the sigmoid in it, and another one would be too much.",
            "b": (
                "The reconstruction was a mean over pixels, KL a sum over latents: the pixels counted 784 times too "
                "little, so the cheapest thing to do was to send no code at all (posterior collapse)."
            ),
            "c": "KL has the right sign: it is 0 where every code is N(0, 1), and positive elsewhere.",
            "d": "`beta` is applied, and to KL; it is 1 in the figure.",
        },
    ),
    hints=r"""
        Every reconstruction is the same image: the code says nothing. Which part of the loss wants that? Print both
        parts for an untrained VAE, and look at their sizes.

        Both parts are to be nats per image: sums over pixels and over latents, means over images. What does
        `F.binary_cross_entropy_with_logits` return when no `reduction` is named?

        `F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)`
    """,
    mistakes={
        "Now both are means, over different numbers of values: what is wanted is two sums, divided by the number of "
        "images.": _with_reconstruction(F.binary_cross_entropy_with_logits, lambda m, lv: _kl_parts(m, lv).mean()),
        "784 is right for MNIST only: add the pixels up, however many there are.": _with_reconstruction(
            lambda a, x: 784 * F.binary_cross_entropy_with_logits(a, x)
        ),
        "The pixels of the whole batch are added up: divide by the number of images.": _with_reconstruction(
            lambda a, x: F.binary_cross_entropy_with_logits(a, x, reduction="sum")
        ),
        "A smaller weight for KL hides the symptom: the loss is no longer -ELBO in nats.": lambda a, x, m, lv, beta: (
            F.binary_cross_entropy_with_logits(a, x) + beta * gaussian_kl(m, lv) / x[0].numel(),
            F.binary_cross_entropy_with_logits(a, x),
            gaussian_kl(m, lv),
        ),
        "The sums are right, but a sigmoid has come in: the function takes logits.": _with_reconstruction(
            lambda a, x: _bce(a.sigmoid(), x)
        ),
    },
)
def vae_loss(logits, x, mean, log_variance, beta):
    """Loss of a VAE and its two parts in nats per image: logits, x [N, ...], mean, log_variance [N, q] -> [] each."""
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum(1).mean()
    return reconstruction + beta * kl, reconstruction, kl


def _counted(costs):
    return costs, (costs > 0.1).sum()


@lab.exercise(
    parts=("costs", "used"),
    cases=[
        ONE,
        (MEAN, LOG_VARIANCE),
        case(0 * MEAN, 0 * LOG_VARIANCE, note="codes that are the prior"),
        case(MEAN, 6 * LOG_VARIANCE, note="narrow and wide Gaussians"),
    ],
    draw=codes,
    bug=Bug(
        given=lambda m, lv: _counted((-0.5 * (1 + lv - m.square()) - lv.exp()).mean(0)),
        cause="d",
        causes={
            "a": "The mean over the images was right: a latent may cost much for one image and little for another.",
            "b": "`log_variance` was used as what it is, the logarithm of the variance.",
            "c": "The threshold was right: the costs themselves were below 0, which no KL divergence can be.",
            "d": (
                "The parenthesis closed too early: the factor -1/2 belongs to sigma^2, too. As it stood, every wide "
                "code was a gain."
            ),
        },
    ),
    hints=r"""
        KL is never negative. Take a latent that sends nothing, $\mu = 0$ and $\sigma = 1$: what must it cost, and what
        does the program say?

        Hold the program against $\frac12 (\mu^2 + \sigma^2 - \ln \sigma^2 - 1)$, term by term: which of them is not
        multiplied by one half?

        `-0.5 * (1 + log_variance - mean.square() - log_variance.exp())`
    """,
    mistakes={
        "Cutting off what is negative hides the symptom: the other numbers are still wrong.": lambda m, lv: _counted(
            (-0.5 * (1 + lv - m.square()) - lv.exp()).mean(0).clamp(min=0)
        ),
        "Leaving out the sign hides the symptom: the numbers are still wrong.": lambda m, lv: _counted(
            (-0.5 * (1 + lv - m.square()) - lv.exp()).mean(0).abs()
        ),
        "sigma^2 has the wrong sign now: a wide code costs, too.": lambda m, lv: _counted(
            (0.5 * (m.square() - lv.exp() - lv - 1)).mean(0)
        ),
        "The factor 1/2 is gone.": lambda m, lv: _counted(2 * _kl_parts(m, lv).mean(0)),
        "sigma^2 is added with its sign mended, but still without the factor 1/2.": lambda m, lv: _counted(
            (-0.5 * (1 + lv - m.square()) + lv.exp()).mean(0)
        ),
    },
)
def latent_costs(mean, log_variance):
    """Nats that each latent costs, mean over images, and how many cost more than 0.1: [N, q] each -> [q], []."""
    kl = -0.5 * (1 + log_variance - mean.square() - log_variance.exp())  # [N, q]
    costs = kl.mean(0)
    return costs, (costs > 0.1).sum()
