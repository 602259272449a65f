"""Lab 3: penalties for sparse codes, the contractive penalty by hand and by autograd, its spectrum, two bugs."""

import copy
from itertools import pairwise

import torch
from torch import nn, tensor

from aeutils.exercises.answers import GRADIENT, NO_GRADIENT, Facts, Wrong, ask, described
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import Draws, case
from aeutils.exercises.lab import Lab

lab = Lab("Lab 3: sparse and contractive autoencoders", __name__)

GENERATOR = torch.Generator().manual_seed(0)
TINY = tensor([[1.0, 0.0, -2.0], [0.5, 0.0, 1.0]])
SIGNED = torch.randn(5, 8, generator=GENERATOR)
SHARES = tensor([[0.1, 0.9], [0.3, 0.5]])
ACTIVE = torch.rand(6, 7, generator=GENERATOR) * 0.8 + 0.1


@lab.exercise(
    trained=("h",),
    kink=0.0,
    cases=[(TINY,), (SIGNED,)],
    draw=lambda draws: (draws.normal(draws.n, draws.size(), scale=2),),
    hints=r"""
        The absolute values of one image's code are added up; of the images the mean is taken.

        `h.abs()` is [N, q]. `.sum(1)` adds over the units, `.mean()` averages over the images.
    """,
    mistakes={
        "The absolute value is missing: positive and negative activations cancel.": lambda h: h.sum(1).mean(),
        "This is the mean over the units, too: sum over units, mean over images.": lambda h: h.abs().mean(),
        "This is the sum over the whole batch: take the mean over the images.": lambda h: h.abs().sum(),
        "This is the squared L2 norm, which shrinks activations, but makes few of them zero: use |h|.": lambda h: (
            h.square().sum(1).mean()
        ),
        "This is one number per image: take the mean over the batch.": lambda h: h.abs().sum(1),
        "This is the L2 norm: no squares and no root, absolute values.": lambda h: h.norm(dim=1).mean(),
    },
)
def l1_penalty(h):
    """L1 norm of the code, sum over units, mean over images: h [N, q] -> []."""
    return h.abs().sum(1).mean()


def _bernoulli_kl(p, q):
    return p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()


@lab.exercise(
    points=2,
    trained=("h",),
    cases=[
        (SHARES, 0.1),
        (ACTIVE, 0.05),
        (ACTIVE, 0.3),
        case(0.02 * ACTIVE, 0.05, note="units that are hardly ever active"),
        case(1 - 0.02 * ACTIVE, 0.2, note="units that are nearly always active"),
    ],
    draw=lambda draws: (
        draws.uniform(draws.n, draws.size(), low=0.02, high=0.98),
        draws.uniform(1, low=0.02, high=0.5).item(),
    ),
    hints=r"""
        First the mean activation of every unit over the batch, `mean = h.mean(0)`, [q]. Only then the divergence.

        Each unit is a coin: the divergence has a part for "on" and one for "off", $\rho \ln \frac{\rho}{\bar h} +
        (1 - \rho) \ln \frac{1 - \rho}{1 - \bar h}$.

        `rho` is a Python number: use `math.log(rho / ...)` only for numbers, for tensors write `(rho /
        mean).log()`. Add up the units.
    """,
    mistakes={
        "The divergence is taken of every single activation. First average each unit over the batch.": lambda h, rho: (
            _bernoulli_kl(rho, h).sum(1).mean()
        ),
        "The average runs over the units of an image; it must run over the batch, unit by unit.": lambda h, rho: (
            _bernoulli_kl(rho, h.mean(1)).sum()
        ),
        "The two are swapped: KL(rho || mean activation).": lambda h, rho: _bernoulli_kl(h.mean(0), rho).sum(),
        "The second part, for 'off', is missing: (1 - rho) ln((1 - rho) / (1 - mean)).": lambda h, rho: (
            rho * (rho / h.mean(0)).log()
        ).sum(),
        "This is the mean over the units: add them up.": lambda h, rho: _bernoulli_kl(rho, h.mean(0)).mean(),
        "These are bits: use the natural logarithm.": lambda h, rho: _bernoulli_kl(rho, h.mean(0)).sum() * 1.442695,
        "The sign is the other way round: a divergence is never negative.": lambda h, rho: (
            -_bernoulli_kl(rho, h.mean(0)).sum()
        ),
    },
)
def kl_sparsity(h, rho):
    """Sum over units of KL(rho || mean activation) in nats: h [N, q] in (0, 1), rho a number -> []."""
    mean = h.mean(0)
    return (rho * (rho / mean).log() + (1 - rho) * ((1 - rho) / (1 - mean)).log()).sum()


def codes_and_k(draws):
    """Activations [N, q], and how many of each image are to be kept."""
    q = draws.size(1, 9)
    return draws.normal(draws.n, q), draws.size(1, q)


def _kept(h, places):
    return torch.zeros_like(h).scatter(1, places, h.gather(1, places))


@lab.exercise(
    points=2,
    trained=("h",),
    kink=0.0,
    cases=[
        (tensor([[3.0, 1.0, -5.0, 2.0]]), 2),
        (SIGNED, 3),
        (SIGNED, 1),
        case(SIGNED, 8, note="k = q, which keeps all units"),
        case(SIGNED.abs().neg(), 2, note="activations that are all negative"),
        case(SIGNED.relu(), 6, note="activations of a ReLU, of which many are 0"),
    ],
    draw=codes_and_k,
    hints=r"""
        `h.topk(k)` works along the last axis, image by image. It returns the k largest values and their places.

        Start from zeros, `torch.zeros_like(h)`, and put the values back to their places: `.scatter(1, places,
        values)`.
    """,
    mistakes={
        "These are the k largest of the whole batch: keep k of every image.": lambda h, k: torch.where(
            h >= h.flatten().topk(k).values[-1], h, 0.0
        ),
        "These are the k smallest: keep the largest.": lambda h, k: _kept(h, h.topk(k, largest=False).indices),
        "These are the largest absolute values: -5 is not large.": lambda h, k: _kept(h, h.abs().topk(k).indices),
        "This is the mask of what is kept; the values themselves are wanted.": lambda h, k: torch.zeros_like(h).scatter(
            1, h.topk(k).indices, 1.0
        ),
        "Only the k values are returned. The result has the shape of h, with zeros elsewhere.": lambda h, k: (
            h.topk(k).values
        ),
        "The k largest are set to zero, and the others kept: the other way round.": lambda h, k: h.scatter(
            1, h.topk(k).indices, 0.0
        ),
        "The k largest along the other axis: keep k units of every image.": lambda h, k: (
            _kept(h.T, h.T.topk(min(k, len(h))).indices).T
        ),
    },
)
def top_k(h, k):
    """Keeps the k largest activations of every image, the others become 0: h [N, q] -> [N, q]."""
    values, places = h.topk(k)
    return torch.zeros_like(h).scatter(1, places, values)


GAPS = tensor([[0.5, 0.0, 0.0, 2.0], [1.0, 0.0, 0.0, 0.0]])
MANY_GAPS = SIGNED.relu() * tensor([1, 1, 0, 1, 0, 1, 1, 1])


@lab.exercise(
    parts=("share", "dead"),
    cases=[
        (GAPS,),
        (MANY_GAPS,),
        case(-MANY_GAPS.abs(), note="units that are never above 0"),
        case(0.001 * MANY_GAPS, note="small activations"),
        case(1e-7 * MANY_GAPS, note="tiny activations"),
    ],
    draw=lambda draws: ((draws.normal(draws.n, draws.size()) - 0.3) * draws.size(0, 1),),
    hints=r"""
        `h > 0` is true where a unit is active. The mean of truths needs numbers: `(h > 0).double().mean()`.

        A unit is dead when it is active for no image at all: `(h > 0).any(0)` has one truth per unit.
    """,
    mistakes={
        "The first value is the mean activation. The share of activations above 0 is wanted.": lambda h: (
            h.mean(),
            (~(h > 0).any(0)).sum(),
        ),
        "The first value counts; divide by the number of all activations.": lambda h: (
            (h > 0).sum(),
            (~(h > 0).any(0)).sum(),
        ),
        "The first value is the share of zeros; the share of active ones is wanted.": lambda h: (
            (h <= 0).double().mean(),
            (~(h > 0).any(0)).sum(),
        ),
        "The second value counts the units that live.": lambda h: ((h > 0).double().mean(), (h > 0).any(0).sum()),
        "The second value counts images without activity; count units, along the other axis.": lambda h: (
            (h > 0).double().mean(),
            (~(h > 0).any(1)).sum(),
        ),
        "The second value is a share of the units: count them.": lambda h: (
            (h > 0).double().mean(),
            (~(h > 0).any(0)).double().mean(),
        ),
    },
)
def activity(h):
    """Share of activations above 0, and number of units that are 0 for every image: h [N, q] -> [], []."""
    on = h > 0
    return on.double().mean(), (~on.any(0)).sum()


WEIGHT, BIAS = torch.randn(3, 4, generator=GENERATOR), torch.randn(3, generator=GENERATOR)
INPUTS = torch.randn(5, 4, generator=GENERATOR)
LAYER_OUT = (INPUTS @ WEIGHT.T + BIAS).sigmoid()


def layer_and_code(draws):
    """What a sigmoid layer answers, [N, q], and its weights [q, n]."""
    q = draws.size()
    return draws.uniform(draws.n, q, low=0.02, high=0.98), draws.normal(q, draws.size())


@lab.exercise(
    points=2,
    trained=("h", "W"),
    cases=[(tensor([[0.5]]), tensor([[2.0, 1.0]])), (LAYER_OUT, WEIGHT), (LAYER_OUT[:1], WEIGHT)],
    draw=layer_and_code,
    looped="The numbers are right, but it loops over the images: the statement asks for none.",
    forbidden=dict.fromkeys(
        ("autograd", "jacobian", "jacrev", "jacfwd", "vjp", "jvp", "backward"),
        "The numbers are right, but autograd does the work: write the formula by hand here.",
    ),
    hints=r"""
        The derivative of a sigmoid is $h (1 - h)$, so the Jacobian of one image has the entries $h_j (1 - h_j)
        W_{ji}$.

        Its squared norm splits: for every unit, the squared slope times the squared norm of the unit's weights,
        `W.square().sum(1)`, [q].

        `((h * (1 - h)).square() * W.square().sum(1)).sum(1).mean()`
    """,
    mistakes={
        "The slope h (1 - h) is to be squared.": lambda h, W: ((h * (1 - h)) * W.square().sum(1)).sum(1).mean(),
        "The slope of the sigmoid, h (1 - h), is missing.": lambda h, W: W.square().sum() + 0 * h.sum(),
        "This is the sum over the batch: take the mean over the images.": lambda h, W: (
            (h * (1 - h)).square() * W.square().sum(1)
        ).sum(),
        "This is the norm; the penalty is its square, without a root.": lambda h, W: (
            ((h * (1 - h)).square() * W.square().sum(1)).sum(1).sqrt().mean()
        ),
        "This is the mean over the units, too: add them up.": lambda h, W: (
            (h * (1 - h)).square() * W.square().sum(1)
        ).mean(),
        "The weights are to be squared before they are added up.": lambda h, W: (
            ((h * (1 - h)).square() * W.sum(1).square()).sum(1).mean()
        ),
        "That is the slope of tanh. For a sigmoid it is h (1 - h).": lambda h, W: (
            ((1 - h.square()).square() * W.square().sum(1)).sum(1).mean()
        ),
    },
)
def contraction(h, W):
    """Squared norm of the Jacobian of h = sigmoid(W x + b), mean over images: h [N, q], W [q, n] -> []."""
    slope = h * (1 - h)
    return (slope.square() * W.square().sum(1)).sum(1).mean()


def small_encoder(*sizes, activation=nn.Sigmoid):
    """A small network, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        layers = [part for n, m in pairwise(sizes) for part in (nn.Linear(n, m), activation())]
    for layer in layers[::2]:
        nn.init.normal_(layer.weight, std=0.8, generator=torch.Generator().manual_seed(4))
    return nn.Sequential(*layers)


SHALLOW, DEEP = small_encoder(4, 3), small_encoder(4, 6, 3, activation=nn.Tanh)
WIDE, NARROW = small_encoder(4, 7), small_encoder(4, 1)  # more units than inputs; one unit
ENCODERS = [
    (SHALLOW, INPUTS[:1]),
    (SHALLOW, INPUTS),
    (DEEP, INPUTS),
    case(WIDE, INPUTS, note="more units than inputs"),
    case(NARROW, INPUTS, note="a code of one number"),
    case(copy.deepcopy(DEEP).double(), INPUTS.double(), note="double precision (float64)"),
    case(small_encoder(1, 3), INPUTS[:, :1], note="inputs of one number"),
]


def trainable(function, encode, x):
    """The penalty and its gradient for the encoder's weights."""
    value = ask(function, lambda v: encode(v), x)
    found = Facts({"penalty": value})
    if not torch.is_tensor(value) or not value.requires_grad:
        kind = "a tensor that was cut off from the weights" if torch.is_tensor(value) else described(value)
        return found | {"gradient for weights": f"{NO_GRADIENT.format(kind)} {KEPT}"}
    gradients = torch.autograd.grad(value.sum(), [*encode.parameters()], allow_unused=True)
    if all(gradient is None for gradient in gradients):
        return found | {
            "gradient for weights": f"The penalty cannot be trained: no gradient reaches the weights. {KEPT}"
        }
    pairs = zip(gradients, encode.parameters(), strict=True)
    return found | {"gradient for weights": torch.cat([(0 * w if g is None else g).flatten() for g, w in pairs])}


KEPT = "`torch.autograd.grad(..., create_graph=True)` keeps its own gradient."


def _jacobians(encode, x):
    """[N, q, n], with gradients for the weights."""
    return torch.stack(
        [torch.autograd.functional.jacobian(lambda v: encode(v[None])[0], image, create_graph=True) for image in x]
    )


def _gradient_of_sum(encode, x):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(encode(x).sum(), x, create_graph=True)
    return gradient.square().sum() / len(x)


@lab.exercise(
    points=2,
    cases=ENCODERS,
    hints=r"""
        `torch.autograd.grad` gives the gradient of **one** number. Ask once for every unit j: `h[:, j].sum()` is a
        sum over images, but each image's activation depends on that image alone, so the rows of the gradient [N, n]
        do not mix.

        `x = x.clone().requires_grad_()`, `h = encode(x)`, and in a loop over j `(gradient,) =
        torch.autograd.grad(h[:, j].sum(), x, create_graph=True)`.

        Add `gradient.square().sum()` for all j and divide by `len(x)`. `create_graph=True` makes the result
        differentiable.
    """,
    mistakes={
        "The units are added up before the gradient, so they cancel: one unit at a time.": _gradient_of_sum,
        "This is the sum over the batch: divide by the number of images.": lambda encode, x: (
            _jacobians(encode, x).square().sum()
        ),
        "This is the norm; the penalty is its square, without a root.": lambda encode, x: (
            _jacobians(encode, x).square().sum((1, 2)).sqrt().mean()
        ),
        "The derivatives are not squared.": lambda encode, x: _jacobians(encode, x).sum((1, 2)).mean(),
        "This is the mean over the Jacobian's entries: add them up, average over the images.": lambda encode, x: (
            _jacobians(encode, x).square().mean()
        ),
        "Only the first unit counts: add up all of them.": lambda encode, x: (
            _jacobians(encode, x)[:, :1].square().sum((1, 2)).mean()
        ),
    },
    run=trainable,
)
def contraction_auto(encode, x):
    """Squared norm of the Jacobian of any encoder, mean over images, differentiable: x [N, n] -> []."""
    x = x.clone().requires_grad_()
    h, total = encode(x), 0.0
    for j in range(h.shape[1]):
        (gradient,) = torch.autograd.grad(h[:, j].sum(), x, create_graph=True)
        total = total + gradient.square().sum()
    return total / len(x)


@lab.exercise(
    cases=ENCODERS,
    run=lambda function, encode, x: ask(function, lambda v: encode(v), x),
    hints=r"""
        One Jacobian: `torch.autograd.functional.jacobian(encode, image)` for an image [n] is [q, n].

        `torch.linalg.svdvals` gives the singular values, largest first, of one matrix or of a whole stack [N, q,
        n].

        `torch.stack([torch.autograd.functional.jacobian(encode, image) for image in x])`
    """,
    mistakes={
        "These are squares of singular values (eigenvalues of J J^T): take the root.": lambda encode, x: (
            torch.linalg.svdvals(_jacobians(encode, x)).square()
        ),
        "This is the spectrum of the mean Jacobian. First the spectrum of every image.": lambda encode, x: (
            torch.linalg.svdvals(_jacobians(encode, x).mean(0))
        ),
        "The order is the other way round: largest first.": lambda encode, x: torch.linalg.svdvals(
            _jacobians(encode, x)
        ).flip(1),
        "Only the largest singular value: all of them are wanted.": lambda encode, x: torch.linalg.svdvals(
            _jacobians(encode, x)
        )[:, :1],
        "These are the norms of the Jacobian's rows, one per unit, not its singular values.": lambda encode, x: (
            _jacobians(encode, x).norm(dim=2)
        ),
        "These are the singular values of the codes. Take the Jacobian of every image first.": lambda encode, x: (
            torch.linalg.svdvals(encode(x))
        ),
    },
)
def spectrum(encode, x):
    """Singular values of every image's Jacobian, largest first: x [N, n] -> [N, min(q, n)]."""
    jacobians = torch.stack([torch.autograd.functional.jacobian(encode, image) for image in x])  # [N, q, n]
    return torch.linalg.svdvals(jacobians)


# Find the bug


def _sparse_loss(penalty_of, low=1e-6):
    """The loss with another penalty(rho, rho_hat [q])."""

    def loss(x_hat, x, h, rho, weight):
        rho_hat = h.mean(0).clamp(low, 1 - low)
        error, penalty = (x_hat - x).square().sum(1).mean(), penalty_of(rho, rho_hat).sum()
        return error + weight * penalty, error, penalty

    return loss


def _bernoulli_kl(a, b):
    return a * (a / b).log() + (1 - a) * ((1 - a) / (1 - b)).log()


def _images_and_code(draws):
    shape = draws.n, draws.size()
    code = draws.uniform(draws.n, draws.size(), low=0.02, high=0.98)
    return draws.uniform(*shape), draws.uniform(*shape), code, draws.uniform(1, low=0.02, high=0.5).item(), 0.3


@lab.exercise(
    parts=("loss", "error", "penalty"),
    trained=("x_hat", "h"),
    cases=[
        (tensor([[0.5]]), tensor([[1.0]]), tensor([[0.4, 0.1]]), 0.1, 0.5),
        (ACTIVE, ACTIVE.flip(0), ACTIVE, 0.05, 2.0),
        case(
            *(ACTIVE.double(), ACTIVE.double().flip(0), (ACTIVE > 0.5).double()[:1], 0.1, 1.0),
            note="units that are always on or off",
        ),
    ],
    draw=_images_and_code,
    bug=Bug(
        given=_sparse_loss(
            lambda rho, rho_hat: rho * (rho / rho_hat).log() + (1 - rho) * (1 - rho / (1 - rho_hat)).log()
        ),
        cause="b",
        causes={
            "a": "KL is taken from the wanted share to that of the units, as in exercise 2.",
            "b": (
                "A division comes before a subtraction: `1 - rho / (1 - rho_hat)` is not (1 - rho) / (1 - rho_hat). "
                "The penalty was no KL divergence, and paid for units that are always on."
            ),
            "c": "A unit's share is its mean over the images, `h.mean(0)`.",
            "d": "The bounds only keep the logarithm finite for units that are always on or off.",
        },
    ),
    hints=r"""
        A KL divergence is 0 where both shares are equal, and nowhere below. Compute the two terms by hand for
        $\rho = \hat\rho = 0.5$.

        The second term is to be $(1 - \rho) \ln \frac{1 - \rho}{1 - \hat\rho}$. What does Python divide by what?

        `(1 - rho) * ((1 - rho) / (1 - rho_hat)).log()`
    """,
    mistakes={
        "Cutting the penalty off at 0 hides the symptom: its lowest place is still not at rho.": _sparse_loss(
            lambda rho, rho_hat: (rho * (rho / rho_hat).log() + (1 - rho) * (1 - rho / (1 - rho_hat)).log()).clamp(
                min=0
            )
        ),
        "The second term is gone: a unit that is always on then costs nothing.": _sparse_loss(
            lambda rho, rho_hat: rho * (rho / rho_hat).log()
        ),
        "rho and rho_hat are swapped now: the other direction of KL.": _sparse_loss(
            lambda rho, rho_hat: _bernoulli_kl(rho_hat, rho)
        ),
        "The fraction of the second term is upside down now.": _sparse_loss(
            lambda rho, rho_hat: rho * (rho / rho_hat).log() + (1 - rho) * ((1 - rho_hat) / (1 - rho)).log()
        ),
        "The KL is right, but the bounds of rho_hat have changed.": _sparse_loss(_bernoulli_kl, low=1e-3),
    },
)
def sparse_loss(x_hat, x, h, rho, weight):
    """Squared error + weight * KL sparsity, and both parts: x_hat, x [N, D], h [N, q] in (0, 1) -> [] each."""
    rho_hat = h.mean(0).clamp(1e-6, 1 - 1e-6)  # [q]
    error = (x_hat - x).square().sum(1).mean()
    penalty = (rho * (rho / rho_hat).log() + (1 - rho) * ((1 - rho) / (1 - rho_hat)).log()).sum()
    return error + weight * penalty, error, penalty


def trained_with(function, encoder, decoder, x, weight):
    """The loss, its parts, and the gradients of the loss for both layers."""
    value = ask(function, encoder, decoder, x, weight)
    if not isinstance(value, tuple | list) or len(value) != 3:
        raise Wrong(f"It returns {described(value)}; expected 3 values, `return loss, error, penalty`.")
    loss, error, penalty = value
    found = Facts({"loss": loss, "error": error, "penalty": penalty})
    layers = {f"{GRADIENT}{name}": layer for name, layer in (("encoder", encoder), ("decoder", decoder))}
    if not torch.is_tensor(loss) or not loss.requires_grad:
        kind = "a tensor that was cut off from the weights" if torch.is_tensor(loss) else described(loss)
        return found | dict.fromkeys(layers, NO_GRADIENT.format(kind))
    for label, layer in layers.items():
        gradients = torch.autograd.grad(
            loss, [*layer.parameters()], retain_graph=True, allow_unused=True, materialize_grads=True
        )
        found[label] = torch.cat([gradient.flatten() for gradient in gradients])
    return found


def _contractive_loss(penalty_of):
    """The loss with another penalty(h [N, q], W [q, D])."""

    def loss(encoder, decoder, x, weight):
        h = encoder(x).sigmoid()
        error = (decoder(h).sigmoid() - x).square().sum(1).mean()
        penalty = penalty_of(h, encoder.weight)
        return error + weight * penalty, error, penalty

    return loss


def _two_layers(draws):
    d, q = draws.size(2, 6), draws.size(1, 5)
    layers = nn.Linear(d, q), nn.Linear(q, d)
    for layer in layers:
        for weight in layer.parameters():
            weight.data = draws.normal(*weight.shape)
    return (*layers, draws.uniform(draws.n, d), draws.uniform(1, low=0.1, high=2).item())


@lab.exercise(
    cases=[_two_layers(Draws(number)) for number in (100, 101)],
    draw=_two_layers,
    bug=Bug(
        given=_contractive_loss(lambda h, W: contraction(h, W.detach())),
        cause="d",
        causes={
            "a": "The squared slope, h^2 (1 - h)^2, is right for a sigmoid.",
            "b": "`W.square().sum(1)` adds over the pixels, so that each unit has its own number: that was right.",
            "c": "`weight` is applied, to the penalty, once.",
            "d": (
                "What `state_dict()` returns is cut off from the graph. The penalty had the right value, but no "
                "gradient for W: only the slopes could become smaller, with units that are always on or off."
            ),
        },
    ),
    hints=r"""
        All printed values are right, so look at what is trained with: `torch.autograd.grad` of the penalty for
        `encoder.weight`, beside what autograd finds for `lab.contraction.best()`.

        Print `W.requires_grad`.

        `W = encoder.weight`
    """,
    mistakes={
        "W has its gradient now, but h has lost its own: both are trained.": _contractive_loss(
            lambda h, W: contraction(h.detach(), W)
        ),
        "No gradient comes out of the penalty at all now: then it changes nothing.": _contractive_loss(
            lambda h, W: contraction(h, W).detach()
        ),
        "The gradient is there, but the slope is not squared any more.": _contractive_loss(
            lambda h, W: ((h * (1 - h)) @ W.square().sum(1)).mean()
        ),
        "A penalty on W alone is weight decay: the slopes belong to it.": _contractive_loss(
            lambda h, W: W.square().sum()
        ),
    },
    run=trained_with,
)
def contractive_loss(encoder, decoder, x, weight):
    """Squared error + weight * contractive penalty, and both parts, of sigmoid layers: x [N, D] -> [] each."""
    W = encoder.weight  # [q, D]
    h = encoder(x).sigmoid()  # [N, q]
    error = (decoder(h).sigmoid() - x).square().sum(1).mean()
    penalty = ((h * (1 - h)).square() @ W.square().sum(1)).mean()
    return error + weight * penalty, error, penalty
