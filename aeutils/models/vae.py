"""The variational autoencoder (Kingma and Welling 2014)."""

import torch
from torch import Tensor

from aeutils.losses import gaussian_kl
from aeutils.models.dense import Dense
from aeutils.models.layers import Linear


class VAE(Dense):
    """784-400-20 by default: q(z|x) = N(mean, diag exp(log_variance)), p(z) = N(0, I), Bernoulli pixels."""

    def __init__(
        self,
        shape: tuple[int, ...] = (1, 28, 28),
        latent_dim: int = 20,
        hidden: tuple[int, ...] = (400,),
        criterion: str = "cross-entropy",
        **options,
    ):
        super().__init__(shape, latent_dim, hidden, criterion=criterion, **options)
        self.encoder[-1] = Linear(hidden[-1], 2 * latent_dim)  # mean and log variance

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x): [N, *shape] -> two [N, latent_dim]."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def encode(self, x: Tensor) -> Tensor:
        """The mean of q(z|x): [N, *shape] -> [N, latent_dim]."""
        return self.posterior(x)[0]

    def reparameterize(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """z = mean + std * epsilon, epsilon ~ N(0, I): a sample of q(z|x) with a gradient, [N, latent_dim]."""
        return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """-ELBO in nats per image as "loss", and its two parts "reconstruction" and "kl"."""
        mean, log_variance = self.posterior(x)
        z = self.reparameterize(mean, log_variance)
        reconstruction = self.reconstruction_loss(z, x if target is None else target)
        kl = gaussian_kl(mean, log_variance)
        return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}
