"""Contractive autoencoders: a code that hardly moves when the input moves a little (Rifai et al. 2011)."""

from typing import ClassVar

from torch import Tensor

from aeutils.checks import SIZE, Number, Sizes, Whole
from aeutils.codes.jacobian import estimated_norm
from aeutils.models.tied import Penalized

__all__ = ["Contractive", "DeepContractive"]


class Contractive(Penalized, name="contractive"):
    """One layer of sigmoid units with tied weights; loss = reconstruction + strength * ||dh/dx||_F^2.

    strength: price of the squared Jacobian norm, in the unit of the criterion; 0: no penalty. ValueError below 0.
    """

    penalty = "contraction"
    fit_defaults: ClassVar[dict] = {"lr": 0.02, "optimizer": "adam"}

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 256,
        strength: Number(0) = 0.2,
        output: str = "sigmoid",
        criterion: str = "cross-entropy",
    ):
        super().__init__(shape, latent_dim, strength, output=output, criterion=criterion)

    def code_and_penalty(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The code [N, q] and the squared Jacobian norm, mean over images.

        In closed form: dh_j/dx_i = h_j (1 - h_j) W_ji, so that the norm is sum_j (h_j (1 - h_j))^2 sum_i W_ji^2.
        """
        h = self.encode(x)
        slope = (h * (1 - h)).square()  # [N, q]
        return h, (slope @ self.weight.square().sum(1)).mean()


class DeepContractive(Penalized, name="deep-contractive"):
    """The same for an encoder of several layers, tied one by one: 784-512-q. The norm is estimated, not computed.

    probes: random directions per image and step; more of them, less noise in the gradient, more time.
    """

    penalty = "contraction"
    fit_defaults: ClassVar[dict] = Contractive.fit_defaults

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 256,
        strength: Number(0) = 0.2,
        hidden: Sizes(least=0) = (512,),
        probes: Whole() = 1,
        criterion: str = "cross-entropy",
        **options,
    ):
        super().__init__(shape, latent_dim, strength, hidden=hidden, criterion=criterion, **options)
        self.probes = probes

    def code_and_penalty(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The code [N, q] and an unbiased estimate of the squared Jacobian norm, mean over images."""
        h, norms = estimated_norm.inside(self.encode, x, self.probes)
        return h, norms.mean()
