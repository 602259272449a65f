"""Recirculation: learning an autoencoder without back-propagation, by comparing activations on x and on x_hat."""

from math import prod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aeutils.checks import SIZE, Number, Sizes
from aeutils.models.base import Autoencoder
from aeutils.models.layers import Linear
from aeutils.probability.losses import squared_error

__all__ = ["Recirculation"]


class Recirculation(Autoencoder, name="recirculation"):
    """One sigmoid layer n-q-n trained by recirculation (Hinton and McClelland 1988).

    The image x gives the code h; the decoder's picture of h, kept close to x by `regression`, is x1; x1 gives h1.
    Each weight changes by what its two ends see: decoder by h (x - x1), encoder by (h - h1) x1. With a target y other
    than x, x1 is as far from x as the picture is from y: both changes still point to where the error falls.
    """

    def __init__(self, shape: Sizes() = (1, 28, 28), latent_dim: SIZE = 32, regression: Number(0, below=1) = 0.75):
        super().__init__(
            nn.Sequential(nn.Flatten(), Linear(prod(shape), latent_dim), nn.Sigmoid()),
            nn.Sequential(Linear(latent_dim, prod(shape)), nn.Unflatten(1, shape)),
            shape,
            latent_dim,
            output="linear",
        )
        self.regression = regression  # the share of x that is kept in x1

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """Squared error per image as its value; recirculation's changes (no derivative of it) as its gradient."""
        linear = self.encoder[1]
        with torch.no_grad():
            x_hat = self(x)
            target = x if target is None else target
            x1 = x + (1 - self.regression) * (x_hat - target)
            h, h1 = self.encode(x), self.encode(x1)
        decoder = ((x1 - x) * self.decoder(h)).sum()  # gradient of the decoder: -(x - x1) h
        encoder = ((h1 - h) * F.linear(x1.flatten(1), linear.weight, linear.bias)).sum()  # gradient: -(h - h1) x1
        rule = (decoder + encoder) / len(x)
        error = squared_error.inside(x_hat, target)
        return {"loss": error + (rule - rule.detach())}
