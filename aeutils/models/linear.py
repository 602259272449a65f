"""The linear autoencoder with tied weights: it finds the subspace of PCA."""

from math import prod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aeutils.models.base import Autoencoder


class TiedLinear(Autoencoder):
    """x_hat = W^T W (x - b) + b with W [q, n]: one matrix encodes, its transpose decodes (Baldi and Hornik 1989)."""

    # Plain gradient steps turn the weak directions faster than Adam, whose per-weight scaling mixes them.
    fit_defaults: ClassVar[dict] = {"lr": 0.01, "optimizer": "sgd"}

    def __init__(self, shape: tuple[int, ...] = (1, 28, 28), latent_dim: int = 32):
        super().__init__(nn.Flatten(), nn.Unflatten(1, tuple(shape)), shape, latent_dim, output="linear")
        # Orthonormal rows: W^T W starts as a projection, so the first steps turn the subspace instead of its scale.
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(latent_dim, prod(shape))))
        self.bias = nn.Parameter(torch.zeros(prod(shape)))

    def encode(self, x: Tensor) -> Tensor:
        """h = W (x - b): [N, *shape] -> [N, latent_dim]."""
        return F.linear(self.encoder(x) - self.bias, self.weight)

    def decode(self, h: Tensor) -> Tensor:
        """x_hat = W^T h + b: [N, latent_dim] -> [N, *shape]."""
        return self.decoder(h @ self.weight + self.bias)
