"""A second network as part of the loss: reconstruction and adversarial training in one (Goodfellow et al. 2014)."""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from aeutils.checks import SIZE, Number, Sizes, checked
from aeutils.models.base import Autoencoder
from aeutils.models.layers import check_gives
from aeutils.probability.losses import bernoulli, squared_error

__all__ = ["Adversarial", "Discriminator"]


class Discriminator(nn.Sequential):
    """Two strided convolutions and a linear layer: images [N, C, H, W] -> logits [N], above 0 for "real".

    ValueError for a shape that is no image's.
    """

    @checked
    def __init__(self, shape: Sizes() = (1, 28, 28), channels: SIZE = 16):
        if len(shape) != 3:
            raise ValueError(f"a discriminator judges images [C, H, W]; got shape {tuple(shape)}")
        c, h, w = shape
        super().__init__(
            nn.Conv2d(c, channels, 3, stride=2, padding=1),  # [N, channels, H/2, W/2]
            nn.LeakyReLU(0.2),
            nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),  # [N, 2 channels, H/4, W/4]
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(2 * channels * -(-h // 4) * -(-w // 4), 1),
            nn.Flatten(0),
        )


class Adversarial(Autoencoder):
    """Any model of the course, trained to reconstruct and to deceive a discriminator that learns at the same time.

    model          an `Autoencoder` with squared error; `forward` makes the images that are judged
    discriminator  module, images [N, *shape] -> logits [N]; no batch normalisation, which would mix the two players
    weight         of the adversarial loss. Pathak et al. weigh 0.999 : 0.001 with the *mean* squared error of the n
                   pixels of a hole, which lie in [-1, 1]; beside our sum over pixels in [0, 1] that is a weight of
                   n / 4 * 0.001 / 0.999.

    The losses of both players are one sum, so one optimiser and the usual `fit` serve. The paths of the gradients keep
    the players apart: where the model is to deceive, the discriminator's weights are constants; where the discriminator
    is to judge, the images are. ValueError for another criterion, or a weight that is not above 0.
    """

    # Without a weight, the model alone is to be trained.
    def __init__(self, model: Autoencoder, discriminator: nn.Module, weight: Number(above=0)):
        if model.criterion != "squared error":
            raise ValueError(f"the weight is against a squared error; got a model with {model.criterion}")
        check_gives("discriminator", discriminator, (2, *model.shape), (2,))
        # Encoder and decoder stay the model's own, so that they are saved once.
        own = nn.Identity(), nn.Identity()
        super().__init__(*own, model.shape, model.latent_dim, model.output, model.criterion, model.code_shape)
        self.model, self.discriminator, self.weight = model, discriminator, weight
        self.fit_defaults = model.fit_defaults

    def encode(self, x: Tensor) -> Tensor:
        """The model's code."""
        return self.model.encode(x)

    def decode(self, h: Tensor) -> Tensor:
        """The model's decoding."""
        return self.model.decode(h)

    def forward(self, x: Tensor) -> Tensor:
        """The model's images: [N, *shape] -> [N, *shape]."""
        return self.model(x)

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """The sum that is minimised, and its parts: "reconstruction", "adversarial" (unweighted) and "discriminator".

        Reconstruction: sum over pixels. The other two are cross-entropies in nats. All are means over images.
        """
        real, fake = x if target is None else target, self.model(x)
        reconstruction = squared_error.inside(fake, real)
        adversarial = surprise(self._with_constant_weights(fake), real=True)  # non-saturating: it wants "real"
        judgement = surprise(self.discriminator(real), real=True)
        judgement = judgement + surprise(self.discriminator(fake.detach()), real=False)
        return {
            "loss": reconstruction + self.weight * adversarial + judgement,
            "reconstruction": reconstruction,
            "adversarial": adversarial,
            "discriminator": judgement,
        }

    def reconstruction_loss(self, h: Tensor, target: Tensor) -> Tensor:
        """The model's."""
        return self.model.reconstruction_loss(h, target)

    def _with_constant_weights(self, images: Tensor) -> Tensor:
        """The discriminator's logits [N], through which gradients reach the images but not its weights."""
        constants = {name: weight.detach() for name, weight in self.discriminator.named_parameters()}
        return functional_call(self.discriminator, constants, (images,))


def surprise(logits: Tensor, real: bool) -> Tensor:
    """Mean of -log p(real) or of -log p(fake) in nats, with p(real) = sigmoid(logits [N])."""
    return bernoulli.inside(logits, torch.full_like(logits, float(real))).mean()
