"""Lab 2: an autoencoder with two hidden layers from scratch, its training loop, PCA, and a stack of layers."""

import torch
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from aeutils.exercises.judging import Wrong, ask
from aeutils.exercises.lab import Lab

lab = Lab("Lab 2: undercomplete autoencoders", __name__)

GENERATOR = torch.Generator().manual_seed(0)
IMAGES = torch.rand(5, 1, 28, 28, generator=GENERATOR)
CODES = torch.randn(5, 8, generator=GENERATOR)


# 1, 2: the network


def described(function, q, x):
    """The layers of the network that `function(q)` returns, as they are met by x: sizes, and what is between them."""
    network = ask(function, q)
    if not isinstance(network, nn.Module):
        raise Wrong(
            f"Return the network itself, an `nn.Module` such as `nn.Sequential(...)`; got {type(network).__name__}."
        )
    network, met = network.to(x.device), []
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda layer, given, out: met.append((layer, given[0], out)))
    y = network(x)
    if not met:
        raise Wrong("There is no `nn.Linear` in the network.")
    sizes = "-".join(str(size) for size in (met[0][0].in_features, *(layer.out_features for layer, _, _ in met)))
    followers = [given for _, given, _ in met[1:]] + [y]
    between = {
        f"after layer {k}": _activation(out, then)
        for k, ((_, _, out), then) in enumerate(zip(met, followers, strict=True), 1)
    }
    return {"layer sizes": sizes} | between | {"shape of the output for 5 inputs": str(list(y.shape))}


def _activation(before, after):
    """The name of what turned one tensor into the other."""
    if before.numel() != after.numel():
        return "something that changes the size"
    known = {"nothing": before, "ReLU": before.relu(), "sigmoid": before.sigmoid(), "tanh": before.tanh()}
    found = [name for name, value in known.items() if torch.allclose(value.flatten(), after.flatten(), atol=1e-6)]
    return found[0] if found else "something else"


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
    cases=[(8, IMAGES), (2, IMAGES)],
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
        "One hidden layer is missing: 784-512-256-q has three linear layers.": (
            lambda q: _network((784, 512, q), nn.ReLU, None, first=[nn.Flatten()])
        ),
        "The hidden layers are in the other order: 512 comes first, then 256.": _encoder(
            nn.ReLU, nn.ReLU, None, sizes=(784, 256, 512)
        ),
        "The code must have q numbers, whatever q is.": lambda q: encoder(32),
    },
    run=described,
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
    cases=[(8, CODES), (2, CODES[:, :2])],
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
    },
    run=described,
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


def loss_and_gradient(function, x_hat, x):
    """The loss and its gradient for x_hat."""
    x_hat = x_hat.clone().requires_grad_()
    value = ask(function, x_hat, x)
    if not torch.is_tensor(value) or not value.requires_grad:
        raise Wrong(
            "The loss has no gradient. Compute it with tensors, without `.item()`, `float()`, `.detach()` or NumPy."
        )
    (gradient,) = torch.autograd.grad(value.sum(), x_hat)
    return {"loss": value, "gradient": gradient}


@lab.exercise(
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
    run=loss_and_gradient,
)
def squared_error(x_hat, x):
    """Sum over pixels, mean over images: [N, ...], [N, ...] -> []."""
    return (x_hat - x).square().sum() / len(x)


# 4: one update


SMALL = torch.rand(2, 6, 4, generator=GENERATOR)  # two batches of six samples


def small_pair(device):
    """The same small encoder and decoder every time."""
    torch.manual_seed(1)
    return nn.Linear(4, 2).to(device), nn.Linear(2, 4).to(device)


def three_steps(function):
    """Losses and weights of three updates; the third shows what the second has left behind."""
    batches = SMALL.to(ae.environment.device())
    f, g = small_pair(batches.device)
    optimizer = torch.optim.SGD([*f.parameters(), *g.parameters()], lr=0.05)
    found, start = {}, f.weight.detach().clone()
    for step, x in enumerate((batches[0], batches[1], batches[0]), 1):
        try:
            found[f"loss of step {step}"] = ask(function, f, g, optimizer, x)
        except RuntimeError as error:
            if "modified by an inplace operation" in str(error):
                raise Wrong("`optimizer.step()` changes the weights before `loss.backward()` has used them.") from None
            raise
        found[f"change of a weight by step {step}"] = (f.weight - start)[0, 0]
    return found


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
    cases=[()],
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
    run=three_steps,
)
def train_step(encoder, decoder, optimizer, x):
    """One update of all weights on the batch x [B, ...]; returns the loss before the update, a float."""
    loss = squared_error(decoder(encoder(x)), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# 5: the training loop


BYTES = torch.randint(0, 256, (12, 1, 2, 2), generator=GENERATOR, dtype=torch.uint8)
BYTES[:, 0, 0, 0] = torch.arange(12) * 20 + 5  # tells which image it is


def watched(function):
    """Three epochs on twelve tiny images in batches of four, with a look at every batch that the encoder gets."""
    x = BYTES.to(ae.environment.device())
    f, g = (layer.to(x.device) for layer in (nn.Linear(4, 2), nn.Linear(2, 4)))
    encoder, decoder = nn.Sequential(nn.Flatten(), f), nn.Sequential(g, nn.Sigmoid(), nn.Unflatten(1, (1, 2, 2)))
    batches, errors, start = [], [], f.weight.detach().clone()
    encoder.register_forward_hook(lambda _, given, out: batches.append(given[0].detach().cpu()))
    decoder.register_forward_hook(
        lambda _, given, out: errors.append(squared_error(out.detach().cpu(), batches[-1]).item())
    )
    losses = ask(function, encoder, decoder, x, 3, 4, 0.01)
    return _story(losses, batches, errors) | {
        "the weights": "change" if (f.weight - start).abs().max() > 0.01 else "stay"
    }


def _story(losses, batches, errors):
    """What happened, in words and numbers: the same for every correct loop."""
    if not batches or any(len(batch) == 0 for batch in batches):
        raise Wrong("The encoder never sees an image.")
    if batches[0].max() > 1.5 or not batches[0].is_floating_point():
        raise Wrong("The encoder gets bytes from 0 to 255. `ae.as_float(batch)` makes floats in [0, 1] of them.")
    seen = [(batch[:, 0, 0, 0] * 255 / 20).long() for batch in batches]
    epochs = [torch.cat(seen[k : k + 3]) for k in range(0, len(seen), 3)]
    whole = all(sorted(epoch.tolist()) == list(range(12)) for epoch in epochs)
    orders = {tuple(epoch.tolist()) for epoch in epochs}
    order = "as they are stored" if tuple(range(12)) in orders else "shuffled"
    found = {
        "sizes of the batches": str(sorted({len(batch) for batch in batches})),
        "number of batches in 3 epochs": len(batches),
        "every image once an epoch": "yes" if whole else "no",
        "order of the images": f"{order}, {'another one every epoch' if len(orders) > 1 else 'always the same'}",
    }
    if not isinstance(losses, list | tuple) or len(losses) != 3:
        raise Wrong("Return a list with one number per epoch: the mean of the losses of its batches.")
    means = torch.tensor(errors).view(-1, 3).mean(1) if len(errors) == 9 else torch.full((3,), float("nan"))
    ratios = torch.as_tensor([float(loss) for loss in losses]) / means
    return found | {"returned losses, divided by the mean losses of the epochs": ratios}


def _faulty_loop(order=None, epochs=None, mean=True, batches=None, step=None):
    """`train` with one thing done differently."""

    def wrong(encoder, decoder, x, epoch_count, batch_size, lr):
        optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=lr)
        history, once = [], torch.randperm(len(x), device=x.device)
        for _epoch in range(epoch_count if epochs is None else epochs):
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
    cases=[()],
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
        "The weights stay as they are: is `train_step` called on every batch?": _faulty_loop(step=_no_update),
    },
    run=watched,
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


def _pca(train, test, q, centre=True, back=True, own=False, smallest=False, whiten=False):
    mean = (test if own else train).mean(0) if centre else torch.zeros_like(train[0])
    _, s, axes = torch.linalg.svd(train - mean, full_matrices=False)
    axes = axes[-q:] if smallest else axes[:q]
    codes = (test - mean) @ axes.T
    return (codes / s[:q] if whiten else codes) @ axes + (mean if back else 0)


@lab.exercise(
    points=2,
    cases=[(CROSS, torch.tensor([[3.0, 3.0]]), 1), (TILTED, OTHERS, 2), (TILTED, OTHERS, 4)],
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


def square_layers(device):
    """Three trained layers, here with the same size, so that a wrong order is computed as well."""
    torch.manual_seed(2)
    layers = [(nn.Linear(4, 4), nn.Linear(4, 4)) for _ in range(3)]
    for layer in (layer for pair in layers for layer in pair):
        nn.init.normal_(layer.weight, std=2)
    return [(f.to(device), g.to(device)) for f, g in layers]


def coded(function, x):
    """Codes of one, two and three layers, and whether they would send gradients back."""
    layers = square_layers(x.device)
    found = {f"code after layer {k}": ask(function, layers[:k], x) for k in (1, 2, 3)}
    gradient = any(torch.is_tensor(code) and code.requires_grad for code in found.values())
    return found | {"gradients": "recorded" if gradient else "not recorded"}


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
    cases=[(SMALL[0, :1],), (SMALL[1],)],
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


def stacked(function, x):
    """Code and reconstruction of the stack, and whether fine-tuning it would train the given layers themselves."""
    layers = square_layers(x.device)
    pair = ask(function, layers)
    if not isinstance(pair, tuple) or len(pair) != 2 or not all(isinstance(part, nn.Module) for part in pair):
        raise Wrong("Return two modules, `encoder, decoder`, such as `nn.Sequential(...)`.")
    encoder, decoder = pair
    given = {id(weight) for layer in (layer for pair in layers for layer in pair) for weight in layer.parameters()}
    used = {id(weight) for part in pair for weight in part.parameters()}
    code = encoder(x)
    return {
        "code": code,
        "reconstruction": decoder(code),
        "the layers": "are those given" if given == used else "are not all and only those given",
    }


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
    cases=[(SMALL[0, :1],), (SMALL[1],)],
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
