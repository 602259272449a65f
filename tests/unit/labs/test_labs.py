"""Every exercise of every lab: the stub is open, the reference and other answers are right, mistakes are named."""

import math

import nbformat
import pytest
import torch
from torch import distributions as td
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from aeutils.exercises.answers import OPEN, RIGHT, WRONG
from aeutils.exercises.judging import judge
from aeutils.exercises.lab import Lab
from tests.tools import labs
from tests.tools.notebooks import read


def ids(exercise) -> str:
    return f"{exercise.lab.title[4]}-{exercise.name}"


every_exercise = pytest.mark.parametrize("exercise", labs.EXERCISES, ids=ids)
pairs = [pytest.param(path, labs.lab_of(path), id=path.stem) for path in labs.NOTEBOOKS]
every_lab = pytest.mark.parametrize(("path", "lab"), pairs)


@every_exercise
def test_the_stub_is_not_attempted(exercise):
    assert judge(exercise, labs.stub(exercise)) == {"state": OPEN}


@every_exercise
def test_the_reference_is_right(exercise):
    assert judge(exercise, exercise.reference) == {"state": RIGHT}


@every_exercise
def test_every_typical_mistake_has_its_own_reason(exercise):
    assert len(exercise.mistakes) >= 3
    for reason, mistake in exercise.mistakes.items():
        found = judge(exercise, mistake)
        assert found["state"] == WRONG
        assert found["reason"].partition("\n")[0] == reason


@every_exercise
def test_hints_come_in_steps(exercise):
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert exercise.points >= 1
    assert exercise.reference.__doc__


# Other correct answers: loops, other library functions, other ways to compute the same.


def entropy(p):
    return sum(-float(value) * math.log2(value) for value in p if value > 0)


def kl(p, q):
    total = 0.0
    for a, b in zip(p.tolist(), q.tolist(), strict=True):
        if a > 0:
            total += a * math.log2(a / b) if b > 0 else math.inf
    return total


def gaussian_kl_by_torch(m1, s1, m2, s2):
    return td.kl_divergence(td.Normal(m1, s1), td.Normal(m2, s2)).sum()


def bernoulli_loop(a, x):
    losses = [-(v * F.logsigmoid(b) + (1 - v) * F.logsigmoid(-b)).sum() for b, v in zip(a, x, strict=True)]
    return torch.stack(losses).mean()


class Encoder(nn.Module):
    """The encoder of lab 2 as a class of its own."""

    def __init__(self, q):
        super().__init__()
        self.code, self.first, self.second = nn.Linear(256, q), nn.Linear(784, 512), nn.Linear(512, 256)

    def forward(self, x):
        return self.code(F.relu(self.second(F.relu(self.first(x.view(len(x), 784))))))


class Decoder(nn.Module):
    """The decoder of lab 2 as a class of its own."""

    def __init__(self, q):
        super().__init__()
        self.first, self.second, self.last = nn.Linear(q, 256), nn.Linear(256, 512), nn.Linear(512, 784)

    def forward(self, h):
        return torch.sigmoid(self.last(self.second(self.first(h).relu()).relu())).view(-1, 1, 28, 28)


def step_zeroing_last(encoder, decoder, optimizer, x):
    loss = (decoder(encoder(x)) - x).pow(2).flatten(1).sum(1).mean()
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.detach()


def train_by_loader(encoder, decoder, x, epochs, batch_size, lr):
    loader = torch.utils.data.DataLoader(x, batch_size=batch_size, shuffle=True)
    optimizer = torch.optim.Adam(list(encoder.parameters()) + list(decoder.parameters()), lr=lr)
    return [
        torch.tensor(
            [step_zeroing_last_images(encoder, decoder, optimizer, ae.as_float(batch)) for batch in loader]
        ).mean()
        for _ in range(epochs)
    ]


def step_zeroing_last_images(encoder, decoder, optimizer, x):
    optimizer.zero_grad()
    loss = (decoder(encoder(x)) - x).pow(2).flatten(1).sum(1).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def pca_by_eigh(train, test, q):
    mean = train.mean(0)
    _, vectors = torch.linalg.eigh((train - mean).T @ (train - mean))
    axes = vectors[:, -q:]
    return mean + (test - mean) @ (axes @ axes.T)


def codes_detached(layers, x):
    for f, _ in layers:
        x = f(x).sigmoid().detach()
    return x


class Chain(nn.Module):
    """Layers with a sigmoid after each."""

    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x).sigmoid()
        return x


def stack_of_chains(layers):
    return Chain(f for f, _ in layers), Chain(g for _, g in reversed(layers))


def kl_sparsity_by_torch(h, rho):
    return td.kl_divergence(td.Bernoulli(torch.full_like(h[0], rho)), td.Bernoulli(h.mean(0))).sum()


def top_k_by_sorting(h, k):
    threshold = h.sort(dim=1, descending=True).values[:, k - 1 : k]
    return torch.where(h >= threshold, h, torch.zeros_like(h))


def activity_loop(h):
    alive = sum(any(value > 0 for value in unit) for unit in h.T.tolist())
    return float((h > 0).float().mean()), h.shape[1] - alive


def contraction_by_matrices(h, W):
    return torch.diag_embed(h * (1 - h)).matmul(W).pow(2).sum((1, 2)).mean()


def contraction_by_vmap(encode, x):
    return torch.func.vmap(torch.func.jacrev(encode))(x).pow(2).sum((1, 2)).mean()


def spectrum_by_vmap(encode, x):
    return torch.linalg.svd(torch.func.vmap(torch.func.jacfwd(encode))(x))[1]


def masked_by_indexing(x, v):
    y = x.clone()
    y[torch.rand(x.shape, device=x.device) < v] = 0
    return y


def salted_by_indexing(x, v):
    hit = torch.bernoulli(torch.full_like(x, v)).bool()
    return torch.where(hit, torch.randint_like(x, 2), x)


def score_loop(reconstruct, x, sigma):
    return torch.stack([(reconstruct(point[None])[0] - point) / sigma / sigma for point in x])


class OtherBlock(nn.Module):
    """The residual block, its convolutions registered in the other order, in one Sequential."""

    def __init__(self, channels):
        super().__init__()
        second = nn.Conv2d(channels, channels, (3, 3), padding="same")
        self.path = nn.Sequential(nn.Conv2d(channels, channels, (3, 3), padding="same"), nn.ReLU(), second)

    def forward(self, x):
        return self.path(x) + x


def shuffle_by_writing(x, r):
    n, c, h, w = x.shape
    y = x.new_zeros(n, c // r**2, h * r, w * r)
    for i in range(r):
        for j in range(r):
            y[:, :, i::r, j::r] = x[:, i * r + j :: r**2]
    return y


def central_by_padding(height, width, size):
    rows, columns = (height - size) // 2, (width - size) // 2
    return F.pad(torch.ones(1, 1, size, size), (columns, columns, rows, rows))


def blocks_loop(n, size):
    masks = torch.zeros(n, 1, 28, 28)
    for mask in masks:
        i, j = torch.randint(0, 28 - size + 1, (2,)).tolist()
        mask[0, i : i + size, j : j + size] = 1
    return masks


def channel_loop(x, weight, bias):
    maps = [x[:, c].flatten(1) @ weight[c].T + bias[c] for c in range(x.shape[1])]
    return torch.stack(maps, 1).reshape(x.shape)


def discriminator_by_bce(real, fake):
    one, zero = torch.ones_like(real), torch.zeros_like(fake)
    return F.binary_cross_entropy_with_logits(real, one) + F.binary_cross_entropy_with_logits(fake, zero)


def gaussian_kl_latents(mean, log_variance):
    q = td.Normal(mean, (log_variance / 2).exp())
    return td.kl_divergence(q, td.Normal(0.0, 1.0)).sum(1).mean()


def elbo_by_torch(logits, x, mean, log_variance):
    log_p = (x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).flatten(1).sum(1).mean()
    kl = gaussian_kl_latents(mean, log_variance)
    return log_p - kl, log_p, kl


def log_weight_by_torch(log_px, z, mean, log_variance):
    prior, q = td.Normal(0.0, 1.0), td.Normal(mean, log_variance.exp().sqrt())
    return log_px + prior.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)


def bound_shifted(log_w):
    top = log_w.max(0).values
    return (top + (log_w - top).exp().mean(0).log()).mean()


def slerp_by_rotation(a, b, t):
    u, v = a / a.norm(), b / b.norm()
    angle = math.acos(float(u @ v))
    return a * math.sin(angle - t * angle) / math.sin(angle) + b * math.sin(t * angle) / math.sin(angle)


def sample_by_distribution(decode, n, q):
    return torch.cat([decode(td.Normal(0.0, 1.0).sample((n, q)))])


CORRECT = {
    1: {
        "entropy": entropy,
        "kl": kl,
        "jensen": lambda p, q: (kl(p, q), -math.log2(sum((p * (q / p)).tolist()))),
        "gaussian_kl": gaussian_kl_by_torch,
        "monte_carlo": lambda log_p, log_q: (
            (log_p - log_q).mean().item(),
            (log_p - log_q).numpy().std() / len(log_p) ** 0.5,
        ),
        "reverse_kl": lambda mean, log_std, x, p: F.kl_div(
            p.log(), td.Normal(mean, log_std.exp()).log_prob(x).log_softmax(0), reduction="sum", log_target=True
        ),
        "bernoulli_loss": bernoulli_loop,
    },
    2: {
        "encoder": Encoder,
        "decoder": Decoder,
        "squared_error": lambda x_hat, x: sum((a - b).pow(2).sum() for a, b in zip(x_hat, x, strict=True)) / len(x),
        "train_step": step_zeroing_last,
        "train": train_by_loader,
        "pca_reconstruct": pca_by_eigh,
        "codes_of": codes_detached,
        "stack": stack_of_chains,
    },
    3: {
        "l1_penalty": lambda h: sum(row.abs().sum() for row in h) / len(h),
        "kl_sparsity": kl_sparsity_by_torch,
        "top_k": top_k_by_sorting,
        "activity": activity_loop,
        "contraction": contraction_by_matrices,
        "contraction_auto": contraction_by_vmap,
        "spectrum": spectrum_by_vmap,
    },
    4: {
        "mask": masked_by_indexing,
        "salt_and_pepper": salted_by_indexing,
        "psnr": lambda x_hat, x: 20 * math.log10(1 / F.mse_loss(x_hat, x).sqrt().item()),
        "dae_loss": lambda model, corrupt, x: F.mse_loss(model(corrupt(x)), x) * x[0].numel(),
        "score_field": score_loop,
        "ResidualBlock": OtherBlock,
        "pixel_shuffle": shuffle_by_writing,
    },
    5: {
        "central_mask": central_by_padding,
        "random_blocks": blocks_loop,
        "fill": lambda x, x_hat, mask: torch.where(mask.bool(), x_hat, x),
        "masked_loss": lambda x_hat, x, mask: (mask * x_hat - mask * x).pow(2).flatten(1).sum(1).mean(),
        "channel_wise": channel_loop,
        "discriminator_loss": discriminator_by_bce,
        "joint_loss": lambda reconstruction, fake: 0.999 * reconstruction + 0.001 * F.softplus(-fake).mean(),
    },
    6: {
        "reparameterise": lambda mean, log_variance, noise: noise * log_variance.exp().sqrt() + mean,
        "gaussian_kl": gaussian_kl_latents,
        "elbo": elbo_by_torch,
        "log_weight": log_weight_by_torch,
        "importance_bound": bound_shifted,
        "slerp": slerp_by_rotation,
        "sample": sample_by_distribution,
    },
}


@every_exercise
def test_another_correct_answer_is_right(exercise):
    answer = CORRECT[int(exercise.lab.title[4])][exercise.name]
    assert judge(exercise, answer) == {"state": RIGHT}


# Mistakes that no list foresees are told apart by what they do.


@pytest.mark.parametrize(
    ("number", "name", "answer", "words"),
    [
        (1, "monte_carlo", lambda log_p, log_q: log_p.mean(), "expected 2 values, `return estimate, error`"),
        (1, "reverse_kl", lambda mean, log_std, x, p: 0.1, "The result has no gradient"),
        (2, "encoder", lambda q: nn.Linear(784, q).weight, "Return the network itself"),
        (2, "encoder", lambda q: nn.Flatten(), "weights: none (right: 8x256, 256x512, 512x784, 8, 256, 512)"),
        (2, "squared_error", lambda x_hat, x: (x_hat - x).square().sum().item() / len(x), "it is a `float`"),
        (
            2,
            "train",
            lambda f, g, x, epochs, size, lr: [f(x.float()), 1.0, 1.0],
            "The encoder gets numbers from 0 to 253. `ae.as_float(batch)`",
        ),
        (2, "train", lambda f, g, x, epochs, size, lr: 0.0, "never sees an image"),
        (2, "stack", lambda layers: nn.Sequential(), "Return two modules"),
        (3, "l1_penalty", lambda h: h.detach().abs().sum(1).mean(), "it is a tensor that was cut off from its inputs"),
        (
            3,
            "contraction_auto",
            lambda encode, x: contraction_by_vmap(encode, x).detach(),
            "nothing can be trained with it",
        ),
        (3, "top_k", lambda h, k: h.masked_fill_(h < h.sort(1).values[:, -k:][:, :1], 0), "changes its input `h`"),
        (4, "mask", lambda x, v: x[:1], "same shape as x"),
        (4, "mask", lambda x, v: x.mul_(torch.rand_like(x) >= v), "changes its input `x`"),
        (4, "ResidualBlock", lambda channels: channels, "Return the network itself, an `nn.Module`"),
        (
            5,
            "random_blocks",
            lambda n, size: torch.zeros(n, 28, 28),
            "Return masks of shape [200, 1, 28, 28]; got a tensor of shape [200, 28, 28]",
        ),
        (6, "reparameterise", lambda mean, log_variance, noise: noise, "The result has no gradient"),
        (6, "sample", lambda decode, n, q: torch.randn(n, q), "The decoder is never called"),
        (
            6,
            "sample",
            lambda decode, n, q: decode(torch.randn(q, n)),
            "codes of shape [2, 30000]; expected 2 latents each",
        ),
    ],
)
def test_other_faults_have_their_reasons(number, name, answer, words):
    found = judge(labs.LABS[number - 1].exercises[name], answer)
    assert found["state"] == WRONG
    assert words in found["reason"]


# Notebook and module belong together.


@every_lab
def test_a_notebook_holds_the_exercises_of_its_lab(path, lab: Lab):
    node = read(path).node
    stubs, checks = labs.marked(node, "solution"), labs.marked(node, "grade")
    assert list(stubs) == list(lab.exercises)
    assert list(checks) == [f"{name}-check" for name in lab.exercises]
    for name, exercise in lab.exercises.items():
        check = checks[f"{name}-check"]
        assert check.source == f"lab.{name}.check({name})"
        assert check.metadata.nbgrader.points == exercise.points
        assert check.metadata.nbgrader.locked
        assert f"({exercise.points} point{'s' * (exercise.points != 1)})" in read(path).text
    assert 5 <= len(lab.exercises) <= 8
    total = sum(exercise.points for exercise in lab.exercises.values())
    assert f"{len(lab.exercises)} exercises, {total} points" in read(path).text
    assert lab.title.startswith(f"Lab {int(path.name[:2])}: ")


@every_lab
def test_a_filled_lab_gets_the_full_score(path, lab: Lab, monkeypatch):
    """The references are pasted into the stubs, as a learner would do it; only the cells of the exercises run."""
    for exercise in lab.exercises.values():
        monkeypatch.setattr(exercise, "verdict", exercise.verdict)  # to be put back, as what was solved
        monkeypatch.setattr(exercise, "solved", None)
    node, notebook = labs.filled(read(path).node, labs.solutions(lab)), {"__name__": "__main__"}
    for cell in node.cells:
        if "nbgrader" in cell.metadata and cell.cell_type == "code":
            exec(cell.source, notebook)
    points = sum(exercise.points for exercise in lab.exercises.values())
    assert f"{len(lab.exercises)} right, 0 wrong, 0 open; {points} of {points} points" in repr(lab.score())
    nbformat.validate(node)
