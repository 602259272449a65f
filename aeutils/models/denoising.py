"""A small convolutional autoencoder to undo corruptions with; any other model can be trained to, too."""

from typing import ClassVar

from torch import nn

from aeutils.checks import SIZE, Sizes
from aeutils.models.base import Autoencoder, check_quarters
from aeutils.models.layers import initialize

__all__ = ["Denoising"]


class Denoising(Autoencoder, name="denoising"):
    """Convolutions only: image [N, C, H, W] -> code [N, latent_dim, H/4, W/4] -> image.

    With 32 maps the code of a 28x28 image has 1,568 numbers, twice as many as pixels. It could copy; what keeps it
    from copying is the corruption (Vincent et al. 2008): `fit(model, images, corrupt=Gaussian(0.5))`.

    channels: of the layer between image and code. ValueError when H or W is not a multiple of 4.
    """

    # Cross-entropy has its minimum at the same mean image as squared error, but never stalls at an all-black one.
    fit_defaults: ClassVar[dict] = {"lr": 7e-3, "optimizer": "adam", "corrupt": "gaussian=0.5"}  # the last for `train`

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 32,
        channels: SIZE = 16,
        criterion: str = "cross-entropy",
        **options,
    ):
        check_quarters("Denoising", shape)
        encoder = nn.Sequential(
            nn.Conv2d(shape[0], channels, 5, stride=2, padding=2),  # [N, channels, H/2, W/2]
            nn.ReLU(),
            nn.Conv2d(channels, latent_dim, 3, stride=2, padding=1),  # [N, latent_dim, H/4, W/4]
            nn.ReLU(),
            nn.Conv2d(latent_dim, latent_dim, 3, padding=1),
            nn.ReLU(),
        )
        decoder = nn.Sequential(
            nn.Conv2d(latent_dim, latent_dim, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(latent_dim, channels, 4, stride=2, padding=1),  # [N, channels, H/2, W/2]
            nn.ReLU(),
            nn.ConvTranspose2d(channels, shape[0], 4, stride=2, padding=1),  # [N, C, H, W]
        )
        super().__init__(
            initialize(encoder),
            initialize(decoder),
            shape,
            latent_dim,
            criterion=criterion,
            code_shape=(latent_dim, shape[1] // 4, shape[2] // 4),
            **options,
        )
