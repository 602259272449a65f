"""The importance-weighted autoencoder (Burda, Grosse and Salakhutdinov 2016): a VAE with a tighter bound to climb."""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from aeutils.checks import SIZE, Sizes, Whole
from aeutils.models.layers import ACTIVATION
from aeutils.models.vae import VAE
from aeutils.probability.likelihood import log_weight

__all__ = ["IWAE"]


class IWAE(VAE, name="iwae"):
    """784-200-200-50 with tanh, as in the paper with one stochastic layer. Its pixels are black or white: at every step
    each becomes 1 with its grey level as probability.

    draws: how many codes of an image share one bound; 1 makes it the ELBO. ValueError below 1, and for a beta: the
    bound has no KL part of its own that it could weigh.
    """

    fit_defaults: ClassVar[dict] = {"lr": 2e-3, "optimizer": "adam"}

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 50,
        hidden: Sizes(least=0) = (200, 200),
        draws: Whole() = 50,
        activation: ACTIVATION = nn.Tanh,
        **options,
    ):
        super().__init__(shape, latent_dim, hidden, activation=activation, **options)
        if self.beta != 1:
            raise ValueError(f"beta is {self.beta}; IWAE has no KL part to weigh. Take VAE, or leave beta out")
        self.draws = draws

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """-bound in nats per image: -log 1/k sum_i p(y|z_i) p(z_i) / q(z_i|x), mean over images; x [N, *shape].

        y is the target in black and white. Without one the encoder sees the same black and white pixels.
        """
        if target is None or target is x:
            x = target = torch.bernoulli(x)
        else:
            target = torch.bernoulli(target)
        mean, log_variance = self.posterior(x)
        epsilon = torch.randn(self.draws, *mean.shape, dtype=mean.dtype, device=mean.device)  # [k, N, q]
        bound = log_weight(self, target, mean, log_variance, epsilon).logsumexp(0) - math.log(self.draws)
        return {"loss": -bound.mean()}
