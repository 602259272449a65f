"""The dense layer of the course's models, and the weights that layers start from."""

from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aeutils.checks import SIZE, Kind, Sizes, checked
from aeutils.checks.kinds import said
from aeutils.private import pytorch

__all__ = ["Linear", "mlp"]

WORTHWHILE = 2**22  # multiplications; a smaller product is over before the detour to oneDNN has paid


class Linear(nn.Linear):
    """`nn.Linear`, computed by oneDNN on a CPU, the same within rounding.

    PyTorch hands float32 products to Intel's MKL, which leaves the widest instructions of some other makers' processors
    unused. oneDNN, which PyTorch carries for convolutions, uses them: a step of `Deep` takes 0.6 to 1 times as long,
    by the processor and its neighbours (AMD EPYC, two of them measured).
    """

    @checked
    def __init__(self, in_features: SIZE, out_features: SIZE, bias: bool = True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias, device, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """[N, in_features] -> [N, out_features]."""
        return linear(x, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """x W^T + b, by oneDNN where that suits and pays: x [N, n], weight [m, n], bias [m] -> [N, m]."""
    if _onednn_suits(x) and len(x) * weight.numel() >= WORTHWHILE:
        return Affine.apply(x, weight, bias)
    return F.linear(x, weight, bias)


class Affine(torch.autograd.Function):
    """a b^T + c by oneDNN: a [N, K], b [M, K], c [M] or None -> [N, M]; any number of derivatives."""

    @staticmethod
    def forward(ctx, a: Tensor, b: Tensor, c: Tensor | None) -> Tensor:
        ctx.save_for_backward(a, b)
        return pytorch.affine(a, b, c)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        a, b = ctx.saved_tensors
        need_a, need_b, need_c = ctx.needs_input_grad
        # Only who asks for a derivative of this derivative needs the slower call that records one.
        product = Affine.apply if torch.is_grad_enabled() else pytorch.affine
        return (
            product(gradient, b.T, None) if need_a else None,
            gradient.T @ a if need_b else None,  # oneDNN would first copy both, turned
            gradient.sum(0) if need_c else None,
        )


def _onednn_suits(x: Tensor) -> bool:
    """True for a float32 matrix on the CPU that is to stay float32, with the operator there and no transform of
    torch.func around it."""
    return (
        pytorch.ONEDNN
        and not torch.is_autocast_enabled("cpu")
        and x.device.type == "cpu"
        and x.ndim == 2
        and x.dtype == torch.float32
        and not pytorch.transformed()
    )


def initialize(layers: nn.Sequential) -> nn.Sequential:
    """The same layers with zero biases and weights that keep the size of signals from layer to layer.

    He et al. (2015) where a ReLU follows, Glorot and Bengio (2010) elsewhere. PyTorch's default is smaller: signals
    fade in a deep stack, and training loses about two epochs until the weights have grown.
    """
    for layer, following in pairwise([*layers, None]):
        if hasattr(layer, "weight"):
            nn.init.zeros_(layer.bias)
            if isinstance(following, nn.ReLU):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            else:
                nn.init.xavier_uniform_(layer.weight)
    return layers


class LayerClass(Kind):
    """What makes layers: a class, as nn.ReLU, or a function; no layer itself. `example`: of such a class."""

    def __init__(self, example: str):
        self.expected = f"the class of a layer, as {example}"

    def __call__(self, name, value, sizes=None):
        other = isinstance(value, nn.Module) or (isinstance(value, type) and not issubclass(value, nn.Module))
        if other or not callable(value):
            raise self.error(name, value)
        return value


ACTIVATION = LayerClass("torch.nn.ReLU")


def made(activation: Callable[[], nn.Module], size: int) -> nn.Module:
    """A new activation of `size` numbers. ValueError unless it is a layer that gives as many as it gets."""
    layer = new_layer("activation", ACTIVATION, activation)
    check_gives("activation", layer, (2, size), (2, size))
    return layer


def new_layer(name: str, kind: Kind, make: Callable[..., nn.Module], *arguments: Any) -> nn.Module:
    """make(*arguments). ValueError, which names the option, where that is no layer."""
    try:
        layer = kind(name, make)(*arguments)
    except TypeError:  # it wants other arguments, as torch.relu does
        layer = None
    if not isinstance(layer, nn.Module):
        raise kind.error(name, make)
    return layer


def check_gives(name: str, layer: nn.Module, taken: tuple[int, ...], given: tuple[int, ...]) -> None:
    """ValueError unless `layer` makes floats [*given] of floats [*taken]; it and the random state stay as they are."""
    like, copy = next(layer.parameters(), torch.empty(0)), deepcopy(layer).eval()
    with torch.random.fork_rng([]), torch.no_grad():
        try:
            got = copy(like.new_zeros(taken))
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            got = error
    if getattr(got, "shape", None) != given:
        what = f"an error ({str(got)[:80]})" if isinstance(got, Exception) else said(got)
        raise ValueError(f"{name} is to make floats {list(given)} of floats {list(taken)}; {said(layer)} gives {what}")


@checked
def mlp(sizes: Sizes(least=2), activation: ACTIVATION = nn.ReLU) -> nn.Sequential:
    """Linear layers sizes[0] -> sizes[1] -> ... with an activation between them, none after the last; `initialize`d."""
    layers = [layer for n, m in pairwise(sizes[:-1]) for layer in (Linear(n, m), made(activation, m))]
    return initialize(nn.Sequential(*layers, Linear(*sizes[-2:])))
