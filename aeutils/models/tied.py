"""Tied weights: the decoder's matrices are the encoder's, transposed. The linear autoencoder, which finds the subspace
of PCA; dense ones; and losses that put a price on something."""

from itertools import pairwise
from math import prod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aeutils.checks import SIZE, Number, Sizes
from aeutils.models.base import Autoencoder
from aeutils.models.layers import ACTIVATION, Linear, initialize, linear, made

__all__ = ["Tied", "TiedLinear"]


class TiedLinear(Autoencoder, name="linear"):
    """x_hat = W^T W (x - b) + b with W [q, n]: one matrix encodes, its transpose decodes (Baldi and Hornik 1989)."""

    # Plain gradient steps turn the weak directions faster than Adam, whose per-weight scaling mixes them.
    fit_defaults: ClassVar[dict] = {"lr": 0.01, "optimizer": "sgd"}

    def __init__(self, shape: Sizes() = (1, 28, 28), latent_dim: SIZE = 32):
        super().__init__(nn.Flatten(), nn.Unflatten(1, shape), shape, latent_dim, output="linear")
        # Orthonormal rows: W^T W starts as a projection, so the first steps turn the subspace instead of its scale.
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(latent_dim, prod(shape))))
        self.bias = nn.Parameter(torch.zeros(prod(shape)))

    def encode(self, x: Tensor) -> Tensor:
        """h = W (x - b): [N, *shape] -> [N, latent_dim]."""
        return F.linear(self.encoder(x) - self.bias, self.weight)

    def decode(self, h: Tensor) -> Tensor:
        """x_hat = W^T h + b: [N, latent_dim] -> [N, *shape]."""
        return self.decoder(h @ self.weight + self.bias)


class Transposed(nn.Module):
    """The layer h -> W^T h + c, which borrows W [q, n] from an encoder's layer: only c [n] is its own."""

    def __init__(self, layer: Linear):
        super().__init__()
        self.in_features, self.out_features = layer.out_features, layer.in_features
        self.lender = (layer,)  # in a tuple, which hides it: W is trained and saved once, as the encoder's
        self.bias = nn.Parameter(torch.zeros(layer.in_features))

    @property
    def weight(self) -> Tensor:
        """W^T, [n, q]."""
        return self.lender[0].weight.T

    def forward(self, h: Tensor) -> Tensor:
        """[N, q] -> [N, n]."""
        return linear(h, self.weight, self.bias)

    def owned(self) -> Linear:
        """The same layer with a copy of W^T of its own."""
        layer = nn.utils.skip_init(Linear, self.in_features, self.out_features)  # draws no numbers
        layer.weight, layer.bias = (nn.Parameter(each.detach().clone()) for each in (self.weight, self.bias))
        return layer


class Tied(Autoencoder):
    """n-q-n, or deeper with `hidden` sizes: h = s(W x + b), x_hat = g(W^T h + c).

    Tying holds the scale of the code. With a decoder of its own, a network escapes any penalty on the size or on the
    slope of h: it divides the encoder's weights by a million and multiplies the decoder's by as much. (Deep sigmoids
    still have a way, by saturating: compare a Jacobian with the spread of the codes.)

    activation: the class of the layer s behind every encoder layer, and between decoder layers.
    """

    def __init__(
        self,
        shape: Sizes(),
        latent_dim: SIZE,
        hidden: Sizes(least=0) = (),
        activation: ACTIVATION = nn.Sigmoid,
        **options,
    ):
        layers = [Linear(*pair) for pair in pairwise((prod(shape), *hidden, latent_dim))]
        encoder, inner = [], []
        for layer in layers:
            encoder += [layer, made(activation, layer.out_features)]
        for layer in layers[:0:-1]:
            inner += [Transposed(layer), made(activation, layer.in_features)]
        super().__init__(
            nn.Sequential(nn.Flatten(), *initialize(nn.Sequential(*encoder))),
            nn.Sequential(*inner, Transposed(layers[0]), nn.Unflatten(1, shape)),
            shape,
            latent_dim,
            **options,
        )

    @property
    def weight(self) -> Tensor:
        """W of the first layer, [q, n]: a unit's row is its filter, the image it answers to most."""
        return self.encoder[1].weight


class Penalized(Tied):
    """loss = reconstruction + strength * penalty, where a subclass says what is to be small.

    strength: the penalty's price in the unit of the criterion; 0: none. ValueError below 0.
    """

    penalty: ClassVar[str]  # its name among the loss parts

    def __init__(self, shape: Sizes(), latent_dim: SIZE, strength: Number(0), **options):
        super().__init__(shape, latent_dim, **options)
        self.strength = strength

    def code_and_penalty(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The code [N, q] and the penalty, a scalar: mean over images."""
        raise NotImplementedError

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """ "loss", "reconstruction" and the penalty by its name; the parts are reported before weighing."""
        h, penalty = self.code_and_penalty(x)
        reconstruction = self.reconstruction_loss(h, x if target is None else target)
        loss = reconstruction + self.strength * penalty
        return {"loss": loss, "reconstruction": reconstruction, self.penalty: penalty}
