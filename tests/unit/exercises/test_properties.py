"""What must hold of an answer, beyond the examples: sizes, gradients, state, rules, chance; and what is said of it."""

import random
import re

import numpy as np
import pytest
import torch
from torch import nn, tensor

from aeutils.exercises import chance, networks, state
from aeutils.exercises.answers import OPEN, RIGHT, WRONG, ask, collect
from aeutils.exercises.cases import DRAWN, case, drawn
from aeutils.exercises.judging import decide, judge
from aeutils.exercises.lab import Exercise, Lab
from aeutils.exercises.packing import packed, unpacked

lab = Lab("Lab 0: a test of properties", __name__)
X = tensor([[1.0, -2.0], [3.0, 0.0]])


def exercise(solution, *cases, **options):
    return Exercise(lab, solution, cases=list(cases), **{"hints": "", "mistakes": {}} | options)


def verdict(exercise, answer):
    found = judge(exercise, answer)
    return found["state"], found.get("reason", "")


def spread(x):
    return x.abs().sum() / len(x)


trained = exercise(
    spread, (X,), draw=lambda draws: (draws.normal(draws.n, draws.size()),), trained=("x",), kink=0.0, parts=()
)


def test_cases_are_drawn_in_all_sizes_and_are_the_same_every_time():
    first, second = (drawn(lambda draws: (draws.normal(draws.n, draws.size()),)) for _ in range(2))
    assert len(first) == DRAWN
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, second, strict=True))
    assert len({values[0].shape for values in first}) > DRAWN / 2
    notes = {values.note for values in first}
    assert notes == {"", "a batch of one", "double precision (float64)"}
    assert all(values[0].dtype == torch.float64 for values in first if values.note.startswith("double"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: spread(x).item(), "it is a `float`. Compute with tensors"),
        (lambda x: spread(x.detach()), "it is a tensor that was cut off from its inputs"),
        (lambda x: tensor(np.abs(x.numpy()).sum() / len(x)), "it is made by NumPy, which knows no gradients"),
        (lambda x: spread(x.detach()) + 0 * x.sum(), "The value is right, but no gradient reaches `x`"),
        (lambda x: 0.5 * (spread(x) + spread(x.detach())), "but its gradient for `x` is not: a part of it is detached"),
        (lambda x: x.square().sqrt().sum() / len(x), "its gradient for `x` is not a number everywhere"),
        (lambda x: x.abs().sum() / 2, "with a fixed 2 in its place: it is right for this number only"),
        (lambda x: x.abs().sum(), "times the length of the first axis of `x`: sum or mean?"),
        (lambda x: x.abs().squeeze().sum(0).mean(), ""),
        (
            lambda x: torch.zeros(()).add_(spread(x.float())).float() if x.dtype == torch.float32 else 1 / 0,
            ", for double",
        ),
        (
            lambda x: spread(x.sub_(1).add_(1)) if len(x) < 3 else x.sub_(1).abs().sum() / len(x),
            "changes its input `x`",
        ),
    ],
)
def test_what_an_example_does_not_show(answer, words):
    state, reason = verdict(trained, answer)
    assert state == WRONG
    assert words in reason


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: torch.where(x > 0, x, -x).sum() / len(x),  # another slope at 0
        lambda x: torch.stack([row.abs().sum() for row in x]).mean(),
        lambda x: nn.functional.l1_loss(x, torch.zeros_like(x), reduction="sum") / len(x),
    ],
)
def test_other_right_answers(answer):
    assert verdict(trained, answer) == (RIGHT, "")


def test_what_the_notebook_shares_is_left_alone():
    def seeding(generator):
        def answer(x):
            generator(0)
            return spread(x)

        return answer

    def without_gradients(x):
        torch.set_grad_enabled(False)
        return x.abs().sum() / len(x)

    plain = exercise(spread, (X,))
    for generator in (torch.manual_seed, np.random.seed, random.seed):
        assert "seeds the random numbers" in verdict(plain, seeding(generator))[1]
    assert "turns gradients off" in verdict(plain, without_gradients)[1]
    assert torch.is_grad_enabled()
    assert "default number type" in verdict(plain, lambda x: (torch.set_default_dtype(torch.double), spread(x))[1])[1]
    assert verdict(plain, lambda x: spread(x) + 0 * torch.rand(())) == (RIGHT, "")


def test_lists_and_modules_are_inputs_too():
    layers = [nn.Linear(2, 2), nn.Linear(2, 2)]
    through = exercise(lambda layers, x: layers[1](layers[0](x)).detach(), (layers, X))

    def frozen(layers, x):
        for layer in layers:
            layer.requires_grad_(False)
        return layers[1](layers[0](x))

    assert (
        "the list `layers` that it is given: 2 elements before, 0"
        in verdict(through, lambda layers, x: (layers[1](layers[0](x)), layers.clear())[0])[1]
    )
    assert "sets `requires_grad` of weights in `layers`" in verdict(through, frozen)[1]
    with torch.no_grad():
        assert state.change("f", layers[0], layers[0]) == ""
        assert "weights" in state.change("f", layers[0], layers[1])


def test_what_is_said_holds_for_all_wrong_cases():
    halves = exercise(lambda x: x / 2, (tensor(2.0),), (tensor(4.0),), case(tensor(0.0), note="a zero"))
    assert verdict(halves, lambda x: x)[1].startswith("All values are 2 times the right ones")
    assert "times" not in verdict(halves, lambda x: x if x < 3 else 3 * x)[1]
    reason = verdict(halves, lambda x: x / 2 + (x == 0))[1]
    assert reason == "Right for other inputs, but not for a zero.\nExample: x = 0\nyours 1, right 0"
    logs = exercise(lambda x: x.log(), (tensor([1.0, 0.0]),), (tensor([2.0, 3.0]),))
    assert "All values are 1 times" not in verdict(logs, lambda x: x.clamp(1e-6).log())[1]
    assert verdict(logs, lambda x: x.clamp(1e-6).log())[1].startswith("Infinity is right here")


def test_a_mistake_is_named_only_if_it_agrees_on_all_cases():
    named = exercise(spread, (X,), (2 * X,), mistakes={"The mean is missing.": lambda x: x.abs().sum()})
    assert verdict(named, lambda x: x.abs().sum())[1].startswith("The mean is missing.")
    assert "mean is missing" not in verdict(named, lambda x: x.abs().sum() if x.max() < 4 else 0 * x.sum())[1]


def test_several_values_have_their_names():
    both = exercise(lambda x: (x.min(), x.max()), (X,), parts=("low", "high"))
    for answer in (lambda x: [x.min(), x.max()], lambda x: torch.stack([x.min(), x.max()]), lambda x: (-2, 3)):
        assert verdict(both, answer) == (RIGHT, "")
    assert verdict(both, lambda x: {"low": -2, "high": 3})[1].startswith("It returns a `dict`; expected 2 values")
    assert verdict(both, lambda x: (-2, 3, 4))[1].startswith("It returns a tuple of 3 values; expected 2 values")
    assert "high: yours 9, right 3" in verdict(both, lambda x: (-2, 9))[1]
    assert verdict(both, lambda x: (-2, [3]))[1].startswith("It returns a list of 1 value")


def test_a_real_attempt_that_pytorch_does_not_implement_is_one():
    class Misspelt(nn.Module):
        def foward(self, x):
            return x

    plain = exercise(spread, (X,))
    for answer in (Misspelt(), lambda x: (x ^ 2).sum()):
        found, reason = verdict(plain, answer)
        assert found == WRONG
        assert re.search("It raises `(NotImplementedError|RuntimeError)", reason)  # PyTorch 2.4 has the second for ^

    def stub(x):
        raise NotImplementedError("your turn")

    assert verdict(plain, stub)[0] == OPEN


def test_rules_of_a_statement():
    ruled = exercise(
        lambda x: x.sort().values, (X,), forbidden={"msort": "Sort it yourself."}, looped="No loop over the rows."
    )
    assert verdict(ruled, lambda x: torch.msort(x.T).T) == (WRONG, "Sort it yourself.")
    helper = lambda x: torch.msort(x.T).T  # noqa: E731
    assert verdict(ruled, lambda x: helper(x)) == (WRONG, "Sort it yourself.")
    assert verdict(ruled, lambda x: torch.stack([row.sort().values for row in x])) == (WRONG, "No loop over the rows.")
    assert verdict(ruled, lambda x: x.sort(1).values) == (RIGHT, "")


def test_networks_are_known_by_their_weights():
    class Mine(nn.Module):
        def __init__(self, bend=torch.relu, norm=nn.Identity()):  # noqa: B008
            super().__init__()
            self.bend, self.norm = bend, norm
            self.second, self.first = nn.Linear(5, 2), nn.Linear(3, 5)

        def forward(self, x):
            return self.second(self.norm(self.bend(self.first(x))))

    shapes = [(5, 3), (5,), (2, 5), (2,)]
    usual = exercise(
        lambda: nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)),
        (torch.rand(4, 3),),
        run=lambda function, x: networks.facts(networks.built(function), x, shapes),
    )
    assert verdict(usual, Mine) == (RIGHT, "")
    assert verdict(usual, lambda: nn.Sequential(nn.Linear(3, 5), nn.ReLU(True), nn.Linear(5, 2))) == (RIGHT, "")
    assert "output" in verdict(usual, lambda: Mine(torch.nn.functional.leaky_relu))[1]
    assert "as with dropout" in verdict(usual, lambda: Mine(norm=nn.Dropout()))[1]
    assert "weights that are trained: not all" in verdict(usual, lambda: Mine().requires_grad_(False))[1]
    assert (
        "weights: 2x5, 5x3, 5 (right: 2x5, 5x3, 2, 5)"
        in verdict(usual, lambda: nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2, bias=False)))[1]
    )
    one = Mine()
    assert "Two calls return the same weights" in verdict(usual, lambda: one)[1]


def test_what_comes_back_is_checked():
    plain = exercise(spread, (X,), (2 * X,))
    found = packed(collect(plain, spread))
    assert decide(plain, unpacked(found)) == {"state": RIGHT}
    assert decide(plain, {"answers": [], "end": None})["state"] == WRONG
    for nonsense in (None, 1, [], {}, {"answers": [{"": [[2], "AAAA"]}], "end": None}, {"answers": [], "end": {}}):
        with pytest.raises((TypeError, ValueError, KeyError, AttributeError)):
            unpacked(nonsense)


# Chance: a right draw passes for any seed, and what is wrong with another one is said


def bits(p=0.3, rows=300, columns=80, seed=0):
    return torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) < p


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9])
def test_independent_draws_pass(p):
    assert [fault for seed in range(5) if (fault := chance.fault(bits(p, seed=seed), p, "image", "pixel"))] == []


@pytest.mark.parametrize(
    ("hits", "words"),
    [
        (bits(0.4), "a share of 39"),
        (bits(0.6) & (torch.arange(80) % 2 == 0), "not the same for every pixel"),
        (bits(0.6) & (torch.arange(300) % 2 == 0)[:, None], "not the same for every image"),
        (bits(rows=150).repeat(2, 1), "one image depends on another"),
        (bits(columns=40).repeat(1, 2), "one pixel depends on another"),
        (torch.rand(300, 80).argsort(1) < 24, "nearly the same in every image"),
    ],
)
def test_dependent_draws_are_told_apart(hits, words):
    assert words in chance.fault(hits, 0.3, "image", "pixel")


def test_normal_and_uniform_numbers():
    generator = torch.Generator().manual_seed(1)
    normal = torch.randn(60_000, generator=generator)
    laplace = torch.distributions.Laplace(0.0, 0.5**0.5).sample((60_000,))
    assert not chance.not_normal(normal)
    assert all(map(chance.not_normal, (laplace, normal.clamp(-2, 2), normal.clamp(-3, 3), 1.05 * normal)))
    dice = torch.randint(25, (600,), generator=generator)
    assert not chance.not_uniform(dice, 25)
    assert not chance.repeating(dice, 25)
    assert chance.not_uniform(dice % 24, 25)
    assert chance.repeating(dice[:300].repeat(2), 25)
    signs = normal[:4000].view(1000, 4) > 0
    assert not chance.echoing(signs)
    assert chance.echoing(torch.cat([signs[:500], ~signs[:500]]))


def test_ask_passes_arguments_on():
    assert ask(lambda a, b: a + b, 1, 2) == 3
