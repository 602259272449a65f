"""Lab 2: an autoencoder with two hidden layers from scratch, its training loop, PCA, a stack of layers, two bugs."""

import math
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from aeutils.exercises import networks
from aeutils.exercises.answers import Facts, Wrong, ask, described
from aeutils.exercises.bugs import Bug
from aeutils.exercises.cases import case
from aeutils.exercises.lab import Lab

lab = Lab("Lab 2: undercomplete autoencoders", __name__)

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(5, 1, 28, 28, generator=GENERATOR)
CODES = torch.randn(5, 8, generator=GENERATOR)


# 1, 2: the network


def a_network(function, q, x):
    """The network that `function(q)` returns: its weights, and what it makes of x."""
    wide = (784, 512, 256, q) if x.ndim == 4 else (q, 256, 512, 784)
    shapes = [shape for n, m in pairwise(wide) for shape in ((m, n), (m,))]
    return networks.facts(networks.built(function, q), x, shapes)


def _network(sizes, *activations, first=(), last=()):
    """Linear layers of these sizes, each followed by the activation at its place (None for none)."""
    layers = [
        layer
        for n, m, activation in zip(sizes[:-1], sizes[1:], activations, strict=True)
        for layer in (nn.Linear(n, m), activation and activation())
        if layer is not None
    ]
    return nn.Sequential(*first, *layers, *last)


def _encoder(*activations, sizes=(784, 512, 256)):
    return lambda q: _network((*sizes, q), *activations, first=[nn.Flatten()])


@lab.exercise(
    cases=[(8, IMAGES[:3]), (2, IMAGES), case(32, IMAGES[:1], note="a batch of one")],
    hints=r"""
        `nn.Sequential` takes layers in order. The first one makes a vector of 784 numbers of each image:
        `nn.Flatten()`.

        Three `nn.Linear(inputs, outputs)`: 784 to 512, 512 to 256, 256 to q, with `nn.ReLU()` after the first two.

        No ReLU after the third: a code may be negative, and a ReLU would throw half of its range away.
    """,
    mistakes={
        "The code may take any value: no ReLU after the last layer.": _encoder(nn.ReLU, nn.ReLU, nn.ReLU),
        "The code may take any value: no sigmoid after the last layer.": _encoder(nn.ReLU, nn.ReLU, nn.Sigmoid),
        "Nothing between the layers: without ReLU three linear layers are no more than one.": _encoder(
            None, None, None
        ),
        "Sigmoids where the exercise asks for ReLU.": _encoder(nn.Sigmoid, nn.Sigmoid, None),
        "Tanh where the exercise asks for ReLU.": _encoder(nn.Tanh, nn.Tanh, None),
        "LeakyReLU where the exercise asks for ReLU.": _encoder(nn.LeakyReLU, nn.LeakyReLU, None),
        "ReLU6 cuts at 6; the exercise asks for ReLU.": _encoder(nn.ReLU6, nn.ReLU6, None),
        "One hidden layer is missing: 784-512-256-q has three linear layers.": (
            lambda q: _network((784, 512, q), nn.ReLU, None, first=[nn.Flatten()])
        ),
        "The hidden layers are in the other order: 512 comes first, then 256.": _encoder(
            nn.ReLU, nn.ReLU, None, sizes=(784, 256, 512)
        ),
        "The code must have q numbers, whatever q is.": lambda q: encoder(32),
    },
    run=a_network,
    otherwise=(
        "The weights have the right shapes, but the network makes something else of them: look at what comes after "
        "each layer, and at their order."
    ),
)
def encoder(q):
    """784-512-256-q: images [N, 1, 28, 28] -> codes [N, q]."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 512),
        nn.ReLU(),
        nn.Linear(512, 256),
        nn.ReLU(),
        nn.Linear(256, q),
    )


def _decoder(*activations, sizes=(256, 512, 784), images=True):
    last = [nn.Unflatten(1, (1, 28, 28))] if images else []
    return lambda q: _network((q, *sizes), *activations, last=last)


@lab.exercise(
    cases=[(8, CODES[:3]), (2, CODES[:, :2]), case(5, CODES[:1, :5], note="a batch of one")],
    hints=r"""
        The encoder backwards: q to 256, 256 to 512, 512 to 784. ReLU after the first two.

        Pixels lie between 0 and 1: `nn.Sigmoid()` after the third. Then `nn.Unflatten(1, (1, 28, 28))` makes images
        of vectors.
    """,
    mistakes={
        "Pixels lie between 0 and 1: the sigmoid at the end is missing.": _decoder(nn.ReLU, nn.ReLU, None),
        "A ReLU at the end lets pixels exceed 1: use a sigmoid.": _decoder(nn.ReLU, nn.ReLU, nn.ReLU),
        "The output is a vector; make an image of it with `nn.Unflatten(1, (1, 28, 28))`.": _decoder(
            nn.ReLU, nn.ReLU, nn.Sigmoid, images=False
        ),
        "The hidden layers are in the encoder's order: a decoder mirrors it, 256 first, then 512.": _decoder(
            nn.ReLU, nn.ReLU, nn.Sigmoid, sizes=(512, 256, 784)
        ),
        "Sigmoids everywhere: between the layers belongs ReLU.": _decoder(nn.Sigmoid, nn.Sigmoid, nn.Sigmoid),
        "Nothing between the layers: ReLU belongs there.": _decoder(None, None, nn.Sigmoid),
        "Tanh between the layers: ReLU belongs there.": _decoder(nn.Tanh, nn.Tanh, nn.Sigmoid),
        "Tanh at the end has values below 0: use a sigmoid.": _decoder(nn.ReLU, nn.ReLU, nn.Tanh),
    },
    run=a_network,
    otherwise=(
        "The weights have the right shapes, but the network makes something else of them: look at what comes after "
        "each layer, and at their order."
    ),
)
def decoder(q):
    """q-256-512-784: codes [N, q] -> images [N, 1, 28, 28] in [0, 1]."""
    return nn.Sequential(
        nn.Linear(q, 256),
        nn.ReLU(),
        nn.Linear(256, 512),
        nn.ReLU(),
        nn.Linear(512, 784),
        nn.Sigmoid(),
        nn.Unflatten(1, (1, 28, 28)),
    )


# 3: the loss


def images_and_others(draws):
    """Two batches of images of all sizes, as [N, C, H, W] and as [N, D]."""
    shape = (draws.n, 1, draws.size(2, 5), draws.size(2, 5)) if draws.size(0, 1) else (draws.n, draws.size())
    return draws.uniform(*shape), draws.uniform(*shape)


@lab.exercise(
    trained=("x_hat",),
    draw=images_and_others,
    cases=[
        (torch.tensor([[1.0, 0.5], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]])),
        (torch.rand(3, 1, 4, 4, generator=GENERATOR), torch.rand(3, 1, 4, 4, generator=GENERATOR)),
    ],
    hints=r"""
        `(x_hat - x).square()` has the shape of the batch. Add all of it up, then divide by the number of images,
        `len(x)`.

        `F.mse_loss(x_hat, x)` is a mean over everything. With `reduction="sum"` it is a sum over everything.
    """,
    mistakes={
        "This is the mean over pixels, too. Sum over the pixels, mean over the images.": F.mse_loss,
        "This is the sum over the whole batch: divide by the number of images.": lambda x_hat, x: (
            (x_hat - x).square().sum()
        ),
        "This is the sum of absolute errors: square them.": lambda x_hat, x: (x_hat - x).abs().sum() / len(x),
        "No root: the squared error is wanted.": lambda x_hat, x: (x_hat - x).square().sum().sqrt(),
        "No root: the squared error is wanted, not the length of the error.": lambda x_hat, x: (
            (x_hat - x).flatten(1).norm(dim=1).mean()
        ),
        "This is one number per image: take the mean over the images.": lambda x_hat, x: (
            (x_hat - x).square().flatten(1).sum(1)
        ),
        "There is a factor 1/2 too much.": lambda x_hat, x: (x_hat - x).square().sum() / (2 * len(x)),
    },
)
def squared_error(x_hat, x):
    """Sum over pixels, mean over images: [N, ...], [N, ...] -> []."""
    return (x_hat - x).square().sum() / len(x)


# 4: one update


def small_pair(shape, device):
    """The same small encoder and decoder for images of this shape every time."""
    pixels = math.prod(shape)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, 3), nn.Tanh(), nn.Linear(3, 2))
        decoder = nn.Sequential(nn.Linear(2, pixels), nn.Sigmoid(), nn.Unflatten(1, shape))
    return encoder.to(device), decoder.to(device)


OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.1),
    "SGD with momentum": lambda weights: torch.optim.SGD(weights, lr=0.05, momentum=0.9),
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.02),
}


def four_steps(function, optimizer, batches):
    """Losses and weights of four updates; the later ones show what the first have left behind."""
    encoder, decoder = small_pair(batches.shape[2:], batches.device)
    optimizer = OPTIMIZERS[optimizer]([*encoder.parameters(), *decoder.parameters()])
    found = Facts()
    for step, x in enumerate((*batches, *batches), 1):
        try:
            loss = ask(function, encoder, decoder, optimizer, x)
        except RuntimeError as error:
            if "modified by an inplace operation" in str(error):
                raise Wrong("`optimizer.step()` changes the weights before `loss.backward()` has used them.") from None
            raise
        if torch.is_tensor(loss) and loss.requires_grad:
            raise Wrong("The loss that it returns keeps its whole graph in memory: return the number, `loss.item()`.")
        found[f"loss of step {step}"] = loss
        found[f"weights after step {step}"] = networks.weights_of(encoder, decoder)
    frozen = not all(weight.requires_grad for part in (encoder, decoder) for weight in part.parameters())
    return found | {"weights that can be trained afterwards": "not all" if frozen else "all"}


def _faulty_step(*parts):
    """`train_step` that does the named parts in their order."""

    def wrong(encoder, decoder, optimizer, x):
        loss = squared_error(decoder(encoder(x)), x)
        todo = {"zero": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
        for part in parts:
            todo[part]()
        return loss.item()

    return wrong


def _loss_afterwards(encoder, decoder, optimizer, x):
    train_step(encoder, decoder, optimizer, x)
    return squared_error(decoder(encoder(x)), x).item()


def _mean_loss(encoder, decoder, optimizer, x):
    loss = F.mse_loss(decoder(encoder(x)), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


@lab.exercise(
    cases=[
        ("SGD", torch.rand(2, 3, 1, 2, 2, generator=GENERATOR)),
        ("SGD with momentum", torch.rand(2, 5, 4, generator=GENERATOR)),
        ("Adam", torch.rand(2, 6, 1, 3, 2, generator=GENERATOR)),
        case("SGD", torch.rand(2, 1, 1, 2, 2, generator=GENERATOR), note="a batch of one"),
    ],
    points=2,
    hints=r"""
        Four things, in order: the loss of the batch, `optimizer.zero_grad()`, `loss.backward()`,
        `optimizer.step()`.

        `zero_grad` is needed because `backward` adds to the gradients that are there already.

        The loss is `squared_error(decoder(encoder(x)), x)`, and `loss.item()` is the number to return. (With
        exercise 3 still open, call `lab.squared_error.best()` instead.)
    """,
    mistakes={
        "Gradients of earlier batches are still there: `optimizer.zero_grad()` before `loss.backward()`.": (
            _faulty_step("backward", "step")
        ),
        "The weights do not change: `loss.backward()`, then `optimizer.step()`, no `zero_grad` between them.": (
            _faulty_step("zero", "backward")
        ),
        "The loss is measured after the update. Return the one that the gradient was taken of.": _loss_afterwards,
        "The loss is a mean over pixels, too. Use the squared error of exercise 3.": _mean_loss,
    },
    run=four_steps,
)
def train_step(encoder, decoder, optimizer, x):
    """One update of all weights on the batch x [B, ...]; returns the loss before the update, a float."""
    loss = squared_error(decoder(encoder(x)), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# 5: the training loop


def some_bytes(n):
    """n images of 2 x 2 pixels; the first pixel tells which image it is."""
    found = torch.randint(0, 256, (n, 1, 2, 2), generator=GENERATOR, dtype=torch.uint8)
    found[:, 0, 0, 0] = torch.arange(n)
    return found


class Watched(nn.Module):
    """A module that keeps what it is given for training, in order."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.given = inner, []

    def forward(self, x):
        if torch.is_grad_enabled() and self.training:
            self.given.append(x.detach().cpu())
        return self.inner(x)


def a_training(function, x, epochs, batch_size, lr):
    """What the encoder was given, and how the weights and losses compare with those of our own steps on just that."""
    encoder, decoder = small_pair((1, 2, 2), x.device)
    ours = small_pair((1, 2, 2), x.device)
    watched = Watched(encoder)
    losses = ask(function, watched, decoder, x, epochs, batch_size, lr)
    given = watched.given
    if not given or any(len(batch) == 0 for batch in given):
        raise Wrong("The encoder never sees an image, or none that it could learn from.")
    low, high = min(batch.min().item() for batch in given), max(batch.max().item() for batch in given)
    if low < -0.01 or high > 1.01 or not given[0].is_floating_point():
        raise Wrong(f"The encoder gets numbers from {low:g} to {high:g}. `ae.as_float(batch)` makes floats in [0, 1].")
    found = _order(given, len(x), epochs)
    optimizer = torch.optim.Adam([*ours[0].parameters(), *ours[1].parameters()], lr=lr)
    expected = [train_step(*ours, optimizer, batch.to(x.device)) for batch in given]
    found["how the weights are reached"] = _reached(networks.weights_of(encoder, decoder), given, lr)
    frozen = not all(weight.requires_grad for part in (encoder, decoder) for weight in part.parameters())
    found["weights that can be trained afterwards"] = "not all" if frozen else "all"
    return found | _losses(losses, expected, len(x), epochs, batch_size)


def _order(given, n, epochs):
    """In which order the images came: the same for every right loop."""
    seen = torch.cat(given).flatten(1)[:, 0].mul(255).round().long()
    facts = Facts({"sizes of the batches": str(sorted({len(batch) for batch in given})), "batches": str(len(given))})
    facts["images that the encoder is given"] = f"{len(seen)}"
    if len(seen) != n * epochs:
        return facts
    rounds = seen.view(epochs, n)
    complete = all(sorted(order.tolist()) == list(range(n)) for order in rounds)
    facts["every image once an epoch"] = "yes" if complete else "no"
    stored = torch.arange(n)
    facts["order of the images"] = (
        "as they are stored" if any((order == stored).all() for order in rounds) else "a random one"
    )
    facts["order in the next epoch"] = "the same" if (rounds[0] == rounds[1]).all() else "another one"
    if n < 20:  # among few images many keep their neighbours by chance
        return facts
    kept = ((rounds[:, 1:] - rounds[:, :-1]).abs() == 1).sum().item()
    facts["images that follow their neighbour"] = "most" if kept > n * epochs / 2 else "few"
    return facts


def _reached(weights, given, lr):
    """By which steps on the given batches these weights are reached: an Adam moves a weight by about lr a step."""
    for words, steps in STEPS.items():
        ours = small_pair((1, 2, 2), weights.device)
        steps(*ours, [batch.to(weights.device) for batch in given], lr)
        if (networks.weights_of(*ours) - weights).abs().max() < 0.02 * lr * len(given):
            return words
    return "by none that are known here"


ALL = slice(None)  # of the modules


def _steps(rate=1, modules=ALL, fresh=False, zero=True, optimizer=torch.optim.Adam, parts=1):
    """Training on batches, with one thing done differently; `parts`: so many times a new optimiser."""

    def run(encoder, decoder, batches, lr):
        chosen = [weight for part in (encoder, decoder)[modules] for weight in part.parameters()]
        length = 1 if fresh else -(-len(batches) // parts)
        for number, x in enumerate(batches):
            if number % length == 0:
                adam = optimizer(chosen, lr=rate * lr)
            loss = squared_error(decoder(encoder(x)), x)
            if zero:
                adam.zero_grad()
            loss.backward()
            adam.step()

    return run


STEPS = {
    "by one Adam on all weights": _steps(),
    "by none: they stay": lambda *_: None,
    "by an Adam that has the encoder's weights only": _steps(modules=slice(0, 1)),
    "by an Adam that has the decoder's weights only": _steps(modules=slice(1, 2)),
    "by a new Adam for every batch, which forgets what the last one knew": _steps(fresh=True),
    "by a new Adam for every epoch, which forgets what the last one knew": _steps(parts=2),
    "by a new Adam for each of 3 epochs, which forgets what the last one knew": _steps(parts=3),
    "by an Adam whose gradients are never set to zero": _steps(zero=False),
    "by SGD, not Adam": _steps(optimizer=torch.optim.SGD),
    "by an Adam whose rate is not `lr` but PyTorch's own 0.001": lambda f, g, batches, lr: _steps(1e-3 / lr)(
        f, g, batches, lr
    ),
    "by an Adam with ten times the learning rate": _steps(rate=10),
    "by an Adam with a tenth of the learning rate": _steps(rate=0.1),
}


def _losses(losses, expected, n, epochs, batch_size):
    """The returned losses, as factors to the means of the epochs. Batches may count equally, or by their sizes."""
    if not isinstance(losses, list | tuple | torch.Tensor) or len(losses) != epochs:
        raise Wrong(f"Return a list with one number per epoch, the mean of its losses; got {described(losses)}.")
    if any(torch.is_tensor(loss) and loss.requires_grad for loss in losses):
        raise Wrong("The losses that it returns keep their graphs in memory: collect numbers, `loss.item()`.")
    per_epoch = math.ceil(n / batch_size)
    if len(expected) != per_epoch * epochs:
        return {}
    sizes = torch.tensor([min(batch_size, n - k) for k in range(0, n, batch_size)], dtype=torch.float64)
    steps = torch.tensor(expected, dtype=torch.float64).view(epochs, per_epoch)
    mine = torch.tensor([float(loss) for loss in losses], dtype=torch.float64)
    equally, by_size = mine / steps.mean(1), mine / ((steps * sizes).sum(1) / n)
    ratios = by_size if (by_size - 1).abs().max() < 1e-3 else equally
    return {"returned losses, divided by the mean losses of the epochs": ratios}


def _faulty_loop(order=None, epochs=None, mean=True, batches=None, step=None, rate=1, modules=ALL, fresh=False):
    """`train` with one thing done differently."""

    def wrong(encoder, decoder, x, epoch_count, batch_size, lr):
        def adam():
            return torch.optim.Adam(
                [w for part in (encoder, decoder)[modules] for w in part.parameters()], lr=rate * lr
            )

        optimizer, history, once = adam(), [], torch.randperm(len(x), device=x.device)
        for _epoch in range(epoch_count if epochs is None else epochs):
            optimizer = adam() if fresh else optimizer
            index = torch.randperm(len(x), device=x.device) if order is None else order(x, once)
            losses = [
                (step or train_step)(encoder, decoder, optimizer, ae.as_float(x[part]))
                for part in index.split(batch_size)[:batches]
            ]
            history.append(sum(losses) / (len(losses) if mean else 1) if mean is not None else losses[-1])
        return history * (epoch_count // len(history))

    return wrong


def _no_update(encoder, decoder, optimizer, x):
    return squared_error(decoder(encoder(x)), x).item()


@lab.exercise(
    cases=[
        (some_bytes(22), 2, 4, 0.01),
        (some_bytes(30), 3, 10, 0.03),
        case(some_bytes(12), 2, 20, 0.01, note="a batch size larger than the number of images"),
    ],
    points=3,
    hints=r"""
        Outside: `optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)`, once. Then
        two loops, over epochs and over batches.

        Every epoch draws a new order, `order = torch.randperm(len(x), device=x.device)`, and
        `order.split(batch_size)` gives the indices of one batch after the other.

        A batch is `ae.as_float(x[index])`; `train_step` of exercise 4 does the update (or `lab.train_step.best()`
        if that is still open). Collect its losses and append their mean at the end of the epoch.
    """,
    mistakes={
        "The images come in the same order as they are stored: shuffle them anew in every epoch.": _faulty_loop(
            lambda x, once: torch.arange(len(x), device=x.device)
        ),
        "The images are shuffled once. Draw a new order in every epoch, inside the loop.": _faulty_loop(
            lambda x, once: once
        ),
        "Images are drawn with replacement, so some are missing in an epoch: use `torch.randperm`.": _faulty_loop(
            lambda x, once: torch.randint(len(x), (len(x),), device=x.device)
        ),
        "Only one epoch is trained.": _faulty_loop(epochs=1),
        "Only the first batch of every epoch is used.": _faulty_loop(batches=1),
        "The losses of an epoch are added up: return their mean.": _faulty_loop(mean=False),
        "This is the loss of an epoch's last batch: return the mean over its batches.": _faulty_loop(mean=None),
        "The weights stay as they are: no update is made.": _faulty_loop(step=_no_update),
    },
    run=a_training,
    seconds=20,
)
def train(encoder, decoder, x, epochs, batch_size, lr):
    """Trains on the bytes x [N, 1, 28, 28] with Adam; returns the mean loss of every epoch, a list."""
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
    history = []
    for _epoch in range(epochs):
        losses = []
        for index in torch.randperm(len(x), device=x.device).split(batch_size):
            losses.append(train_step(encoder, decoder, optimizer, ae.as_float(x[index])))
        history.append(sum(losses) / len(losses))
    return history


# 6: PCA


TILTED = torch.randn(40, 5, generator=GENERATOR) @ torch.randn(5, 5, generator=GENERATOR) + 3
OTHERS = torch.randn(4, 5, generator=GENERATOR) + 2
CROSS = torch.tensor([[0.0, 1.0], [2.0, 1.0], [1.0, 1.5], [1.0, 0.5]])


def samples_and_axes(draws):
    """Tilted training samples, test samples, and a number of axes."""
    d = draws.size(2, 6)
    train = draws.normal(draws.size(10, 40), d) @ draws.normal(d, d) + draws.normal(d, scale=3)
    return train, draws.normal(draws.n, d) + 1, draws.size(1, d)


def _pca(train, test, q, centre=True, back=True, own=False, smallest=False, whiten=False):
    mean = (test if own else train).mean(0) if centre else torch.zeros_like(train[0])
    _, s, axes = torch.linalg.svd(train - mean, full_matrices=False)
    axes = axes[-q:] if smallest else axes[:q]
    codes = (test - mean) @ axes.T
    return (codes / s[:q] if whiten else codes) @ axes + (mean if back else 0)


@lab.exercise(
    points=2,
    cases=[
        (CROSS, torch.tensor([[3.0, 3.0]]), 1),
        (TILTED, OTHERS, 2),
        (TILTED, OTHERS, 4),
        case(TILTED, OTHERS, 5, note="as many axes as dimensions"),
        case(TILTED[:4], OTHERS[:, :5], 2, note="fewer samples than dimensions"),
        case(TILTED, OTHERS[:1], 3, note="a batch of one"),
    ],
    draw=samples_and_axes,
    forbidden=dict.fromkeys(
        ("PCA", "pca_lowrank", "svd_lowrank", "TruncatedSVD", "IncrementalPCA", "KernelPCA"),
        "The numbers are right, but a library's PCA does the work. Write it with `torch.linalg.svd` or `eigh`.",
    ),
    hints=r"""
        Subtract the mean of the **training** samples from both. `torch.linalg.svd(centred, full_matrices=False)`
        returns three things; the rows of the third are the principal axes, the most important first.

        With `axes = Vh[:q]`, the code is `(test - mean) @ axes.T`, [M, q], and the reconstruction `code @ axes +
        mean`.

        With `torch.linalg.eigh` on the covariance: its eigenvalues rise, so the axes are the **last** q columns.
    """,
    mistakes={
        "The data are not centred: subtract the mean of the training samples first.": lambda train, test, q: _pca(
            train, test, q, centre=False
        ),
        "The mean is missing in the reconstruction: add it back.": lambda train, test, q: _pca(
            train, test, q, back=False
        ),
        "These are the axes of the smallest variance (`eigh` sorts upwards): take those of the largest.": (
            lambda train, test, q: _pca(train, test, q, smallest=True)
        ),
        "The test samples are centred with their own mean: use that of the training samples.": lambda train, test, q: (
            (test - test.mean(0)) @ (axes := torch.linalg.svd(train - train.mean(0))[2][:q]).T @ axes + test.mean(0)
        ),
        "One axis too few: keep q of them.": lambda train, test, q: _pca(train, test, q - 1),
        "The code is divided by the singular values, but not multiplied again.": lambda train, test, q: _pca(
            train, test, q, whiten=True
        ),
        "This is the code; project it back to the samples' space.": lambda train, test, q: (
            (test - train.mean(0)) @ torch.linalg.svd(train - train.mean(0))[2][:q].T
        ),
    },
)
def pca_reconstruct(train, test, q):
    """The test samples from their q principal components: train [N, D], test [M, D] -> [M, D]."""
    mean = train.mean(0)
    axes = torch.linalg.svd(train - mean, full_matrices=False)[2][:q]
    return (test - mean) @ axes.T @ axes + mean


# 7, 8: the stack


def trained_layers(*sizes):
    """Trained layers, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        layers = [(nn.Linear(n, m), nn.Linear(m, n)) for n, m in pairwise(sizes)]
        for layer in (layer for pair in layers for layer in pair):
            nn.init.normal_(layer.weight, std=2)
    return layers


# Some have equal sizes, so that a wrong order is computed as well.
SQUARE, TAPERED = trained_layers(4, 4, 4, 4), trained_layers(6, 5, 3)
FEW, MORE = torch.rand(1, 4, generator=GENERATOR), torch.rand(7, 6, generator=GENERATOR)


def coded(function, layers, x):
    """The code, and whether it would send gradients back."""
    code = ask(function, layers, x)
    recorded = torch.is_tensor(code) and code.requires_grad
    return Facts({"code": code, "gradients": "recorded" if recorded else "not recorded"})


def _through(layers, x, start=0, active=True, decode=False):
    with torch.no_grad():
        for f, g in layers[start:]:
            x = torch.sigmoid(f(x)) if active else f(x)
            x = torch.sigmoid(g(x)) if decode else x
    return x


def _recorded(layers, x):
    for f, _ in layers:
        x = torch.sigmoid(f(x))
    return x


@lab.exercise(
    cases=[
        (SQUARE[:1], FEW),
        (SQUARE, FEW.repeat(3, 1) * torch.rand(3, 4, generator=GENERATOR)),
        (SQUARE[:2], FEW),
        (TAPERED, MORE),
        case([], MORE, note="no layer yet"),
    ],
    hints=r"""
        Each element of `layers` is a pair `(f, g)` of linear layers, encoder and decoder. Only the encoders are
        needed here: `x = torch.sigmoid(f(x))`, one after the other.

        The layers are finished: nothing is to be trained through them. Work inside `with torch.no_grad():`, or
        return `x.detach()`.
    """,
    mistakes={
        "The sigmoid after each layer is missing.": lambda layers, x: _through(layers, x, active=False),
        "Gradients are recorded: finished layers are frozen, so use `torch.no_grad()` or `.detach()`.": _recorded,
        "Only the last layer is applied. Its input is the code of the layer before.": lambda layers, x: _through(
            layers[-1:], x
        ),
        "After each encoder the decoder is applied as well. The next layer reads the code, not the reconstruction.": (
            lambda layers, x: _through(layers, x, decode=True)
        ),
        "The layers are applied in the other order.": lambda layers, x: _through(layers[::-1], x),
    },
    run=coded,
)
def codes_of(layers, x):
    """The code of x [N, D] after all trained layers, without gradients: layers [(encoder, decoder), ...] -> [N, q]."""
    with torch.no_grad():
        for f, _ in layers:
            x = torch.sigmoid(f(x))
    return x


def stacked(function, layers, x):
    """Code and reconstruction of the stack, and whether fine-tuning it would train the given layers themselves."""
    pair = ask(function, layers)
    if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(isinstance(part, nn.Module) for part in pair):
        raise Wrong(f"Return two modules, `encoder, decoder`, such as `nn.Sequential(...)`; got {described(pair)}.")
    encoder, decoder = pair
    given = {id(weight) for layer in (layer for pair in layers for layer in pair) for weight in layer.parameters()}
    used = {id(weight) for part in pair for weight in part.parameters()}
    code = encoder(x)
    return Facts(
        {
            "code": code,
            "reconstruction": decoder(code),
            "the layers": "are those given" if given == used else "are not all and only those given",
        }
    )


def _stack(layers, order=-1, inner=True, outer=True):
    """`stack` with another order of the decoders, or without some sigmoids."""
    encoder = [part for f, _ in layers for part in (f, nn.Sigmoid() if inner else nn.Identity())]
    decoder = [part for _, g in layers[::order] for part in (g, nn.Sigmoid() if inner else nn.Identity())]
    return nn.Sequential(*encoder), nn.Sequential(*(decoder if outer else decoder[:-1]))


def _fresh(layers):
    return _stack(
        [(nn.Linear(f.in_features, f.out_features), nn.Linear(g.in_features, g.out_features)) for f, g in layers]
    )


@lab.exercise(
    points=2,
    cases=[(SQUARE, FEW), (SQUARE[:1], FEW), (SQUARE[:2], FEW), (TAPERED, MORE)],
    hints=r"""
        The encoder is f1, sigmoid, f2, sigmoid, f3, sigmoid. The decoder undoes the last step first: g3, sigmoid,
        g2, sigmoid, g1, sigmoid.

        Collect the parts in lists, `parts += [f, nn.Sigmoid()]` in a loop, and unpack them:
        `nn.Sequential(*parts)`. `layers[::-1]` is the list backwards.
    """,
    mistakes={
        "The decoders are in the encoders' order: undo the last layer first, `layers[::-1]`.": lambda layers: _stack(
            layers, 1
        ),
        "The sigmoids are missing: the layers were trained with one after each.": lambda layers: _stack(
            layers, inner=False
        ),
        "The sigmoid after the last decoder is missing: pixels lie between 0 and 1.": lambda layers: _stack(
            layers, outer=False
        ),
        "Encoder and decoder are in the other order: return `encoder, decoder`.": lambda layers: _stack(layers)[::-1],
        "The trained layers are replaced by new ones: put the given modules into `nn.Sequential`.": _fresh,
    },
    run=stacked,
)
def stack(layers):
    """Trained layers [(encoder, decoder), ...] as one deep autoencoder: encoder, decoder, sigmoids after all layers."""
    encoder, decoder = [], []
    for f, _ in layers:
        encoder += [f, nn.Sigmoid()]
    for _, g in layers[::-1]:
        decoder += [g, nn.Sigmoid()]
    return nn.Sequential(*encoder), nn.Sequential(*decoder)


# Find the bug


def _pca_errors(fitted, centred=None, own=False):
    """The program with what PCA is fitted to, fitted(train, test), and, where that is something else, its mean."""

    def errors(train, test, q):
        images = fitted(train, test)
        mean = images.mean(0)
        axes = torch.linalg.svd(images - mean, full_matrices=False).Vh[:q]
        mean = centred(train, test).mean(0) if centred else mean
        found = []
        for x in (train, test):
            centre = x - (x.mean(0) if own else mean)
            found.append((centre - centre @ axes.T @ axes).square().sum(1).mean())
        return tuple(found)

    return errors


def _train(train, test):
    return train


def _both(train, test):
    return torch.cat([train, test])


def _more_samples(draws):
    """Training and test samples, and fewer axes than samples or dimensions."""
    d = draws.size(3, 6)
    mixed, shift = draws.normal(d, d), draws.normal(d, scale=3)
    return draws.normal(10, d) @ mixed + shift, draws.normal(draws.n, d) @ mixed + shift + 1, draws.size(1, d - 1)


@lab.exercise(
    parts=("train_error", "test_error"),
    cases=[(CROSS, torch.tensor([[3.0, 3.0]]), 1), (TILTED, OTHERS, 2), (TILTED, OTHERS, 4)],
    draw=_more_samples,
    bug=Bug(
        given=_pca_errors(_both),
        cause="c",
        causes={
            "a": "PCA's error is the squared distance to the subspace; the mean cancels in it, and was right.",
            "b": "The rows of `Vh` are the principal axes.",
            "c": (
                "The test images took part in the fit: the axes were made for them, too. What a method does with "
                "images that it has never seen, such a test cannot say."
            ),
            "d": "The error is summed over pixels and averaged over images, for both sets: that was right.",
        },
    ),
    hints=r"""
        With 100 training images PCA can have 99 axes that fit them exactly. Should images that it has never seen come
        out just as well?

        Mean and axes are what is learned. From which images may they be?

        `mean = train.mean(0)`, and the axes from `train - mean`.
    """,
    mistakes={
        "The test images still have a part in the mean.": _pca_errors(_train, centred=_both),
        "The test images still have a part in the axes.": _pca_errors(_both, centred=_train),
        "Now it is fitted to the test images alone: the training images are to be used.": _pca_errors(
            lambda train, test: test
        ),
        "The test images are centred with their own mean: that is a use of the test images, too.": _pca_errors(
            _train, own=True
        ),
    },
)
def pca_errors(train, test, q):
    """Squared error per image of PCA with q axes, on training and test images: [N, D], [M, D] -> [], []."""
    mean = train.mean(0)
    axes = torch.linalg.svd(train - mean, full_matrices=False).Vh[:q]  # [q, D]
    train_error, test_error = (((x - mean) - (x - mean) @ axes.T @ axes).square().sum(1).mean() for x in (train, test))
    return train_error, test_error


class Wavering(nn.Module):
    """A model that does in training something else than in evaluation, and keeps a record of how it is called."""

    def __init__(self):
        super().__init__()
        self.scale, self.calls = nn.Parameter(torch.tensor(0.8)), []

    def forward(self, x):
        self.calls.append((len(x), self.training, torch.is_grad_enabled()))
        return self.scale * x * (0.5 if self.training else 1.0)


def an_evaluation(function, x, batch_size):
    """What is measured of a model in training mode, and how the model is called."""
    model = Wavering().to(x.device).train()
    value = ask(function, model, x, batch_size)
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise Wrong(f"It returns {described(value)}; expected 2 values, `return error, x_hat`.")
    sizes, modes, gradients = zip(*model.calls, strict=True) if model.calls else ((), (), ())
    return Facts(
        {
            "error": value[0],
            "x_hat": value[1],
            "sizes of the batches": ", ".join(map(str, sizes)),
            "mode of the model": "training" if any(modes) else "evaluation",
            "gradients": "are computed" if any(gradients) else "are not computed",
        }
    )


def _evaluation(switch=True, batch_error=False, whole=False, gradients=False):
    def evaluation(model, x, batch_size):
        model.train(not switch)
        with torch.set_grad_enabled(gradients):
            x_hat = model(x) if whole else torch.cat([model(batch) for batch in x.split(batch_size)])
        if batch_error:
            pairs = zip(x_hat.split(batch_size), x.split(batch_size), strict=True)
            errors = [(a - b).square().flatten(1).sum(1).mean() for a, b in pairs]
            return sum(errors) / len(errors), x_hat
        return (x_hat - x).square().sum() / len(x), x_hat

    return evaluation


@lab.exercise(
    cases=[(torch.tensor([[1.0, 0.0], [0.5, 1.0], [1.0, 1.0]]), 2), (IMAGES, 2), (IMAGES, 5)],
    draw=lambda draws: (draws.uniform(draws.n, 1, draws.size(2, 5), draws.size(2, 5)), draws.size(1, 4)),
    bug=Bug(
        given=_evaluation(switch=False),
        cause="a",
        causes={
            "a": (
                "The network was measured in training mode: dropout went on erasing units, others in every call. "
                "`model.eval()` turns it off; batch normalisation needs it, too."
            ),
            "b": "Without gradients is right: nothing is trained here.",
            "c": "The last batch counts as much as it has images: the sum over all of them is divided by their number.",
            "d": "The images come in the same order every time, and the order would not matter.",
        },
    ),
    hints=r"""
        The same network and the same images give another error in every call. What in this network is random?

        Dropout erases units in training, and is to do nothing afterwards. Who tells it which of the two it is?

        `model.eval()` before the images go through it.
    """,
    mistakes={
        "Mended, but the batches are gone: all images go through the network at once.": _evaluation(whole=True),
        "Mended, but now a last, smaller batch counts as much as a full one: divide the sum by the number of images.": (
            _evaluation(batch_error=True)
        ),
        "Mended, but gradients are computed now: keep `torch.no_grad()`.": _evaluation(gradients=True),
    },
    run=an_evaluation,
)
def evaluate(model, x, batch_size):
    """Squared error per image of what a model makes of x [N, ...], and that itself, [N, ...]."""
    model.eval()
    with torch.no_grad():
        x_hat = torch.cat([model(batch) for batch in x.split(batch_size)])
    return (x_hat - x).square().sum() / len(x), x_hat
