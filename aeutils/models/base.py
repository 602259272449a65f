"""What every model of the course is: an encoder f, a decoder g, and the loss that trains them."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from aeutils.checks import check_sizes
from aeutils.probability.losses import RECONSTRUCTION

OUTPUTS = {"sigmoid": torch.sigmoid, "linear": torch.nn.Identity()}


class Autoencoder(nn.Module):
    """Encoder f: x -> h and decoder g: h -> x_hat, trained to reconstruct.

    encoder    module, [N, *shape] -> [N, latent_dim]
    decoder    module, [N, latent_dim] -> [N, *shape], before the output function
    output     "sigmoid" (images in [0, 1]) or "linear" (any values)
    criterion  "squared error" or "cross-entropy" (needs the sigmoid)

    ValueError for an unknown output or criterion.
    """

    stages: tuple[str, ...] = ("end to end",)  # a model trained in rounds names them; `stage` is the current one
    stage: int = 0
    fit_defaults: ClassVar[dict] = {"lr": 1e-3, "optimizer": "adam"}  # what suits the model, unless `fit` is told

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        shape: tuple[int, ...],
        latent_dim: int,
        output: str = "sigmoid",
        criterion: str = "squared error",
    ):
        super().__init__()
        check_sizes(shape, latent_dim)
        if output not in OUTPUTS or criterion not in RECONSTRUCTION:
            raise ValueError(
                f"output is one of {', '.join(OUTPUTS)}, criterion one of {', '.join(RECONSTRUCTION)}; "
                f"got {output!r} and {criterion!r}"
            )
        if criterion == "cross-entropy" and output != "sigmoid":
            raise ValueError("cross-entropy compares probabilities: use output='sigmoid' with it")
        self.encoder, self.decoder = encoder, decoder
        self.shape, self.latent_dim = tuple(shape), latent_dim
        self.output, self.criterion = output, criterion

    def encode(self, x: Tensor) -> Tensor:
        """The code h = f(x): [N, *shape] -> [N, latent_dim]."""
        return self.encoder(x)

    def decode(self, h: Tensor) -> Tensor:
        """The reconstruction x_hat = g(h): [N, latent_dim] -> [N, *shape], in [0, 1] when the output is a sigmoid."""
        return OUTPUTS[self.output](self.decoder(h))

    def forward(self, x: Tensor) -> Tensor:
        """x_hat = g(f(x)): [N, *shape] -> [N, *shape]."""
        return self.decode(self.encode(x))

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """Loss parts by name; "loss" is what is minimised. `target` (default x) is what should come out."""
        return {"loss": self.reconstruction_loss(self.encode(x), x if target is None else target)}

    def reconstruction_loss(self, h: Tensor, target: Tensor) -> Tensor:
        """The criterion between g(h) and `target`: sum over pixels, mean over images."""
        # Cross-entropy takes the decoder's logits: the log of a sigmoid that has rounded to 0 or 1 has no gradient.
        x_hat = self.decoder(h) if self.criterion == "cross-entropy" else self.decode(h)
        return RECONSTRUCTION[self.criterion](x_hat, target)
