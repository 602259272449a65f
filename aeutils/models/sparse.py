"""Sparse autoencoders: a large code of which few units speak at a time. Three ways to ask for it."""

from collections.abc import Iterable
from functools import partial
from math import log
from typing import ClassVar

import torch
from torch import Tensor, nn

from aeutils.checks import SIZE, Number, Sizes, Whole
from aeutils.models.layers import ACTIVATION
from aeutils.models.tied import Penalized, Tied

__all__ = ["Sparse", "SparseKL", "TopK"]


class Sparse(Penalized, name="sparse"):
    """ReLU units and the L1 norm of the code as a penalty: loss = reconstruction + strength * sum_j |h_j|.

    strength: what a unit of activation costs, in the unit of the criterion; 0: no penalty. ValueError below 0.
    """

    penalty = "sparsity"
    fit_defaults: ClassVar[dict] = {"lr": 3e-3, "optimizer": "adam"}

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 1024,
        strength: Number(0) = 0.1,
        activation: ACTIVATION = nn.ReLU,
        output: str = "linear",
        **options,
    ):
        super().__init__(shape, latent_dim, strength, activation=activation, output=output, **options)
        start_short(self)

    def code_and_penalty(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The code [N, q] and its `sparsity`."""
        h = self.encode(x)
        return h, self.sparsity(h)

    def sparsity(self, h: Tensor) -> Tensor:
        """L1 norm of the codes h [N, q]: sum over units, mean over images."""
        return h.abs().sum() / len(h)


class SparseKL(Sparse, name="sparse-kl"):
    """Sigmoid units, each to be active a share `rho` of the time: penalty sum_j KL(rho || mean activation of j), nats.

    The mean is over the batch (Ng 2011, CS294A lecture notes on sparse autoencoders). ValueError unless 0 < rho < 1.
    """

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 1024,
        strength: Number(0) = 1.0,
        rho: Number(above=0, below=1) = 0.05,
        **options,
    ):
        super().__init__(shape, latent_dim, strength, nn.Sigmoid, **options)
        self.rho = rho
        # Units start at rho. From one half, all of them at once would have to fall, and take the whole image with them.
        nn.init.constant_(self.encoder[1].bias, log(rho / (1 - rho)))

    def mean_loss(self, batches: Iterable[tuple[Tensor, dict[str, Tensor]]]) -> dict[str, Tensor]:
        """The penalty is that of the mean activations over all samples, which is no mean of the batches' penalties."""
        error, active, count = 0, 0, 0
        for x, _ in batches:
            h = self.encode(x)
            error = error + self.reconstruction_loss(h, x) * len(x)
            active, count = active + h.sum(0), count + len(x)
        reconstruction, sparsity = error / count, self.sparsity((active / count)[None])
        loss = reconstruction + self.strength * sparsity
        return {"loss": loss, "reconstruction": reconstruction, self.penalty: sparsity}

    def sparsity(self, h: Tensor) -> Tensor:
        """Sum over units of KL(rho || mean activation) between two coins, in nats: codes [N, q] in [0, 1] -> scalar."""
        mean = h.mean(0).clamp(1e-6, 1 - 1e-6)  # a unit that is never or always on would make it infinite
        on = self.rho * (self.rho / mean).log()
        off = (1 - self.rho) * ((1 - self.rho) / (1 - mean)).log()
        return (on + off).sum()


class KeepLargest(nn.Module):
    """Keeps the `keep` largest of every code [N, q] and sets all others to 0."""

    def __init__(self, keep: int):
        super().__init__()
        self.keep = keep

    def forward(self, h: Tensor) -> Tensor:
        """[N, q] -> [N, q] with at most `keep` numbers that are not 0."""
        values, units = h.topk(self.keep, dim=-1)
        return torch.zeros_like(h).scatter(-1, units, values)


class TopK(Tied, name="top-k"):
    """No penalty: linear units, of which the `keep` largest stay and all others are 0 (Makhzani and Frey 2013).

    keep: default a sixteenth of the units, at least one. ValueError unless 1 <= keep <= latent_dim.
    """

    fit_defaults: ClassVar[dict] = Sparse.fit_defaults

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 1024,
        keep: SIZE | None = None,
        output: str = "linear",
        **options,
    ):
        keep = max(1, latent_dim // 16) if keep is None else Whole(1, latent_dim)("keep", keep)
        super().__init__(shape, latent_dim, activation=partial(KeepLargest, keep), output=output, **options)
        start_short(self)
        self.keep = keep


def start_short(model: Tied) -> None:
    """Filters that start at random with a length of one half: what is seen in them later, they have learned."""
    nn.init.normal_(model.weight, std=0.5 / model.weight.shape[1] ** 0.5)
