"""Every exercise of every lab: the stub is open, the reference and other answers are right, mistakes are named."""

import math
import re

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


def kl_table_by_hand(ink):
    p = F.normalize(ink + 1e-3, p=1, dim=1)
    return torch.stack([torch.stack([(a * (a / b).log()).sum() for b in p]) for a in p])


def fit_image_by_probabilities(images, steps):
    a = nn.Parameter(torch.zeros_like(images[0]))
    optimizer, losses = torch.optim.Adam([a], lr=0.3), []
    for _ in range(steps):
        a.grad = None
        losses.append(F.binary_cross_entropy(a.sigmoid().expand_as(images), images, reduction="sum") / len(images))
        losses[-1].backward()
        optimizer.step()
    return a.detach().sigmoid(), [loss.item() for loss in losses]


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


def pca_errors_by_values(train, test, q):
    return tuple((x - pca_by_eigh(train, x, q)).pow(2).sum() / len(x) for x in (train, test))


@torch.no_grad()
def evaluate_and_go_on(model, x, batch_size):
    model.train(False)
    made = [model(x[k : k + batch_size]) for k in range(0, len(x), batch_size)]
    model.train()
    return [F.mse_loss(torch.cat(made), x).item() * x[0].numel(), torch.cat(made)]


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


def sparse_loss_by_torch(x_hat, x, h, rho, weight):
    share = h.mean(0).clamp(1e-6, 1 - 1e-6)
    penalty = td.kl_divergence(td.Bernoulli(torch.full_like(share, rho)), td.Bernoulli(share)).sum()
    error = F.mse_loss(x_hat, x, reduction="sum") / len(x)
    return error + weight * penalty, error, penalty


def contractive_loss_by_matrices(encoder, decoder, x, weight):
    h = F.linear(x, encoder.weight, encoder.bias).sigmoid()
    error = F.mse_loss(decoder(h).sigmoid(), x, reduction="sum") / len(x)
    penalty = contraction_by_matrices(h, encoder.weight)
    return [error + weight * penalty, error.item(), penalty.item()]


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


def psnr_report_in_decibels(noisy, denoised, clean):
    before, after = (-10 * math.log10(F.mse_loss(images, clean)) for images in (noisy, denoised))
    return [before, after, after - before]


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


def encoder_loss_by_lerp(x_hat, x, mask, fake, weight):
    parts = (mask * (x_hat - x).pow(2)).sum() / len(x), -F.logsigmoid(fake).mean()
    return [torch.lerp(*parts, weight), *parts]


def hole_report_by_indexing(x_hat, x, mask):
    hole = mask.expand_as(x) > 0
    return -10 * math.log10(F.mse_loss(x_hat[hole], x[hole])), torch.where(hole, x_hat, x)


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


def vae_loss_pixel_by_pixel(logits, x, mean, log_variance, beta):
    pixels = -(x * F.logsigmoid(logits) + (1 - x) * F.logsigmoid(-logits)).flatten(1).sum(1)
    kl = gaussian_kl_latents(mean, log_variance)
    return pixels.mean() + beta * kl, pixels.mean(), kl


def latent_costs_by_torch(mean, log_variance):
    costs = td.kl_divergence(td.Normal(mean, (log_variance / 2).exp()), td.Normal(0.0, 1.0)).mean(0)
    return costs, sum(cost > 0.1 for cost in costs.tolist())


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
        "kl_table": kl_table_by_hand,
        "fit_image": fit_image_by_probabilities,
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
        "pca_errors": pca_errors_by_values,
        "evaluate": evaluate_and_go_on,
    },
    3: {
        "l1_penalty": lambda h: sum(row.abs().sum() for row in h) / len(h),
        "kl_sparsity": kl_sparsity_by_torch,
        "top_k": top_k_by_sorting,
        "activity": activity_loop,
        "contraction": contraction_by_matrices,
        "contraction_auto": contraction_by_vmap,
        "spectrum": spectrum_by_vmap,
        "sparse_loss": sparse_loss_by_torch,
        "contractive_loss": contractive_loss_by_matrices,
    },
    4: {
        "mask": masked_by_indexing,
        "salt_and_pepper": salted_by_indexing,
        "psnr": lambda x_hat, x: 20 * math.log10(1 / F.mse_loss(x_hat, x).sqrt().item()),
        "dae_loss": lambda model, corrupt, x: F.mse_loss(model(corrupt(x)), x) * x[0].numel(),
        "score_field": score_loop,
        "ResidualBlock": OtherBlock,
        "pixel_shuffle": shuffle_by_writing,
        "denoising_loss": lambda model, x, hit: F.mse_loss(model(x * ~hit), x, reduction="sum") / len(x),
        "psnr_report": psnr_report_in_decibels,
    },
    5: {
        "central_mask": central_by_padding,
        "random_blocks": blocks_loop,
        "fill": lambda x, x_hat, mask: torch.where(mask.bool(), x_hat, x),
        "masked_loss": lambda x_hat, x, mask: (mask * x_hat - mask * x).pow(2).flatten(1).sum(1).mean(),
        "channel_wise": channel_loop,
        "discriminator_loss": discriminator_by_bce,
        "joint_loss": lambda reconstruction, fake: 0.999 * reconstruction + 0.001 * F.softplus(-fake).mean(),
        "encoder_loss": encoder_loss_by_lerp,
        "hole_report": hole_report_by_indexing,
    },
    6: {
        "reparameterise": lambda mean, log_variance, noise: noise * log_variance.exp().sqrt() + mean,
        "gaussian_kl": gaussian_kl_latents,
        "elbo": elbo_by_torch,
        "log_weight": log_weight_by_torch,
        "importance_bound": bound_shifted,
        "slerp": slerp_by_rotation,
        "sample": sample_by_distribution,
        "vae_loss": vae_loss_pixel_by_pixel,
        "latent_costs": latent_costs_by_torch,
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
        (1, "fit_image", lambda images, steps: images.mean(0), "expected 2 values, `return image, losses`"),
        (2, "evaluate", lambda model, x, batch_size: 0.0, "expected 2 values, `return error, x_hat`"),
        (2, "evaluate", lambda model, x, batch_size: (0.0, x), "as it was given: sizes of the batches."),
        (3, "contractive_loss", lambda encoder, decoder, x, weight: 0.0, "expected 3 values"),
        (
            4,
            "denoising_loss",
            lambda model, x, hit: F.mse_loss(model(x.mul_(~hit)), x),
            "changes its input `x` in place",
        ),
        (4, "psnr_report", lambda noisy, denoised, clean: (1.0, 2.0, 1.0), "as it was given: gain."),
        (5, "hole_report", lambda x_hat, x, mask: (20.0, x_hat), "as it was given: filled."),
        (6, "vae_loss", lambda a, x, m, lv, beta: (m.sum() + lv.sum() + a.sum(), a.sum(), 0.0), "as it was given: kl."),
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
        assert check.source == f"lab.{name}.check({name}{f', {name}_bug' if exercise.bug else ''})"
        assert check.metadata.nbgrader.points == exercise.points
        assert check.metadata.nbgrader.locked
        assert f"({exercise.points} point{'s' * (exercise.points != 1)})" in read(path).text
    assert 5 <= len([exercise for exercise in lab.exercises.values() if not exercise.bug]) <= 8
    total = sum(exercise.points for exercise in lab.exercises.values())
    assert f"{len(lab.exercises)} exercises, {total} points" in read(path).text
    assert lab.title.startswith(f"Lab {int(path.name[:2])}: ")


@every_lab
def test_a_bug_is_to_be_seen_and_named(path, lab: Lab):
    """A figure between the program and its check shows the symptom; the causes to choose from stand above."""
    cells = read(path).node.cells
    places = {cell.metadata.nbgrader.grade_id: k for k, cell in enumerate(cells) if "nbgrader" in cell.metadata}
    bugs = {name: exercise.bug for name, exercise in lab.exercises.items() if exercise.bug}
    for name, bug in bugs.items():
        stub = places[name]
        letters = list(bug.causes)
        assert bug.cause in letters
        assert re.findall(r"^- \*\*(\w)\*\* ", cells[stub - 1].source, re.MULTILINE) == letters
        *letters, last = map('"{}"'.format, letters)
        assert cells[stub].source.endswith(f"\n\n\n{name}_bug = ...  # {', '.join(letters)} or {last}")
        (figure,) = [output for output in cells[stub + 1].outputs if "image/png" in output.get("data", {})]
        assert "as it is given" in figure.metadata["image/png"]["alt"].lower()
        assert places[f"{name}-check"] == stub + 2


@every_lab
def test_a_lab_ends_with_an_experiment_that_a_lecturer_grades(path, lab: Lab):
    node = read(path).node
    ((name, answer),) = labs.read_by_lecturers(node).items()
    settings = answer.metadata.nbgrader
    assert (name, settings.grade, settings.solution, settings.locked) == ("experiment", True, True, False)
    assert f"and an experiment for {settings.points} more" in node.cells[0].source
    place = node.cells.index(answer)
    rubric, experiment = node.cells[place - 2 : place]
    assert f"({settings.points} points" in rubric.source
    assert len(re.findall(r"^\| (?!one point)\w.* \|$", rubric.source, re.MULTILINE)) == settings.points
    assert "ae.Trials(experiment)" in experiment.source
    assert experiment.outputs[-1].data["text/html"].count("<tr>") == 2  # names, and one row to begin from


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
