"""Looking at what a learner has built and trained: weights by their shapes, whatever the layers are called."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import permutations, product

import torch
from torch import Tensor, nn

from aeutils.exercises.answers import Facts, Wrong, ask, described

SCALE = 3  # of weights: so large that every bend of an activation shows in the output


def built(function: Callable, *arguments) -> nn.Module:
    """The module that `function(*arguments)` makes, new at every call. Wrong for anything else."""
    network, another = (ask(function, *arguments) for _ in range(2))
    if not isinstance(network, nn.Module):
        raise Wrong(
            f"Return the network itself, an `nn.Module` such as `nn.Sequential(...)`; got {described(network)}."
        )
    ours = {id(weight) for weight in network.parameters()}
    if any(id(weight) in ours for weight in another.parameters()):
        raise Wrong("Two calls return the same weights: make a new network in every call.")
    return network


def facts(network: nn.Module, x: Tensor, shapes: list[tuple[int, ...]]) -> Facts:
    """The network's weights, which should have these shapes, and what it makes of x once they are set to numbers that
    depend on their shapes only. Weights of the same shape take turns, so that their order does not matter.
    """
    network = network.to(x.device)
    with torch.no_grad():
        ask(network, x)  # some layers make their weights only now
    weights = [*network.parameters()]
    found = Facts(
        {
            "weights": _listed(Counter(tuple(w.shape) for w in weights)),
            "weights that are trained": "all" if all(w.requires_grad for w in weights) else "not all",
            "at the start": "" if all(_varies(w) for w in weights) else "a layer begins with equal weights",
        }
    )
    if Counter(tuple(w.shape) for w in weights) != Counter(shapes):
        return found
    made = {}
    for mode in ("training", "evaluation"):
        network.train(mode == "training")
        made[mode] = torch.stack(sorted((ask(network, x).detach() for _ in _settings(weights)), key=_fingerprint))
    same = torch.allclose(made["training"], made["evaluation"], 1e-3, 1e-5)
    found["output in training and in evaluation mode"] = (
        "the same" if same else "differs, as with dropout or batch norm"
    )
    return found | {"output": made["evaluation"]}


def _varies(weight: Tensor) -> bool:
    return weight.ndim < 2 or bool(weight.min() < weight.max())


def _listed(shapes: Counter) -> str:
    every = sorted(shapes.elements(), key=lambda shape: (-len(shape), shape))
    return ", ".join("x".join(map(str, shape)) for shape in every) or "none"


def _settings(weights: list[nn.Parameter]) -> Iterator[None]:
    """Sets the weights, in turns, in all orders of those of the same shape."""
    groups: dict[tuple, list[nn.Parameter]] = {}
    for weight in weights:
        groups.setdefault(tuple(weight.shape), []).append(weight)
    for orders in product(*(permutations(range(len(group))) for group in groups.values())):
        for group, order in zip(groups.values(), orders, strict=True):
            for weight, number in zip(group, order, strict=True):
                weight.data = _numbers(weight, number)
        yield


def _numbers(weight: Tensor, number: int) -> Tensor:
    drawn = torch.randn(weight.shape, generator=torch.Generator().manual_seed(number))
    inputs = weight[0].numel() if weight.ndim > 1 else 1
    return (drawn * SCALE / inputs**0.5).to(weight)


def _fingerprint(output: Tensor) -> float:
    return (output.flatten() * torch.linspace(0.5, 1.5, output.numel(), device=output.device)).nan_to_num().sum().item()


def weights_of(*modules: nn.Module) -> Tensor:
    """All weights in one vector."""
    return torch.cat([weight.detach().flatten() for module in modules for weight in module.parameters()])
