"""The stacked autoencoder: one layer is trained after the other, each to reconstruct the code below it."""

from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn

from aeutils.checks import SIZE, Sizes
from aeutils.models.base import Autoencoder
from aeutils.models.layers import Linear
from aeutils.probability.losses import cross_entropy

__all__ = ["Stacked"]


class Stacked(Autoencoder, name="stacked"):
    """784-128-64-q of sigmoid layers, pretrained greedily (Bengio et al. 2007), then fine-tuned end to end.

    `stage` k < len(sizes) trains only the k-th encoder layer and its decoder layer, on the code of the layers
    below; the last stage trains all of them. Every code is in [0, 1], so cross-entropy serves on every level.
    """

    def __init__(self, shape: Sizes() = (1, 28, 28), latent_dim: SIZE = 32, hidden: Sizes(least=0) = (128, 64)):
        sizes = (prod(shape), *hidden, latent_dim)
        ups = [nn.Sequential(Linear(n, m), nn.Sigmoid()) for n, m in pairwise(sizes)]
        downs = [Linear(m, n) for n, m in pairwise(sizes)]  # downs[k] undoes ups[k]; logits
        decoder = [layer for down in downs[:0:-1] for layer in (down, nn.Sigmoid())] + [downs[0]]
        super().__init__(
            nn.Sequential(nn.Flatten(), *ups),
            nn.Sequential(*decoder, nn.Unflatten(1, shape)),
            shape,
            latent_dim,
            criterion="cross-entropy",
        )
        self.levels = list(zip(ups, downs, strict=True))
        self.stages = (*(f"layer {k + 1}" for k in range(len(ups))), "end to end")
        self.stage = len(ups)

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """The current stage's loss: one layer's reconstruction of the code below it, or the whole stack's of x.

        With a target, the layer sees the code of x and is to give that of the target (Vincent et al. 2010).
        """
        if self.stage == len(self.levels):
            return super().loss(x, target)
        seen = self._below(x)
        clean = seen if target is None or target is x else self._below(target)
        up, down = self.levels[self.stage]
        return {"loss": cross_entropy.inside(down(up(seen)), clean)}

    @torch.no_grad()  # greedy: what is below is finished
    def _below(self, x: Tensor) -> Tensor:
        """The code that the current stage's layer sees: [N, *shape] -> [N, size]."""
        below = x.flatten(1)
        for up, _ in self.levels[: self.stage]:
            below = up(below)
        return below
