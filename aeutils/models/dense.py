"""Autoencoders of fully connected layers: the lab's network, and the deep one of Hinton and Salakhutdinov."""

from math import prod

from torch import nn

from aeutils.checks import SIZE, Sizes
from aeutils.models.base import Autoencoder
from aeutils.models.layers import ACTIVATION, mlp

__all__ = ["Deep", "Dense"]


class Dense(Autoencoder, name="ae"):
    """n-512-256-q-256-512-n with ReLU (n = 784 for 28x28 images): the network of the lab.

    shape: of one sample, (1, 28, 28) for images, (2,) for points; hidden: sizes between input and code. ValueError for
    sizes that are none.
    """

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 32,
        hidden: Sizes(least=0) = (512, 256),
        activation: ACTIVATION = nn.ReLU,
        **options,
    ):
        sizes = (prod(shape), *hidden, latent_dim)
        encoder = nn.Sequential(nn.Flatten(), *mlp(sizes, activation))
        decoder = nn.Sequential(*mlp(sizes[::-1], activation), nn.Unflatten(1, shape))
        super().__init__(encoder, decoder, shape, latent_dim, **options)


class Deep(Dense, name="deep"):
    """784-1000-500-250-q and back (Hinton and Salakhutdinov 2006, there q = 30), ReLU in place of their sigmoids."""

    def __init__(self, shape: Sizes() = (1, 28, 28), latent_dim: SIZE = 30, **options):
        super().__init__(shape, latent_dim, hidden=(1000, 500, 250), **options)
