"""The convolutional autoencoder: the same code, far fewer weights."""

from torch import nn

from aeutils.checks import SIZE, Sizes
from aeutils.models.base import Autoencoder, check_quarters
from aeutils.models.layers import Linear, initialize

__all__ = ["Conv"]


class Conv(Autoencoder, name="conv"):
    """Two strided convolutions, one linear layer to the code, and the way back, for images [N, C, H, W].

    channels: of the two convolutions. ValueError when H or W is not a multiple of 4, or for other than two channels.
    """

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 32,
        channels: Sizes(2) = (16, 32),
        **options,
    ):
        check_quarters("Conv", shape)
        (c, h, w), (c1, c2) = shape, channels
        inner = (c2, h // 4, w // 4)
        flat = inner[0] * inner[1] * inner[2]
        encoder = nn.Sequential(
            nn.Conv2d(c, c1, 3, stride=2, padding=1),  # [N, c1, H/2, W/2]
            nn.ReLU(),
            nn.Conv2d(c1, c2, 3, stride=2, padding=1),  # [N, c2, H/4, W/4]
            nn.ReLU(),
            nn.Flatten(),
            Linear(flat, latent_dim),
        )
        decoder = nn.Sequential(
            Linear(latent_dim, flat),
            nn.ReLU(),
            nn.Unflatten(1, inner),
            nn.ConvTranspose2d(c2, c1, 4, stride=2, padding=1),  # [N, c1, H/2, W/2]
            nn.ReLU(),
            nn.ConvTranspose2d(c1, c, 4, stride=2, padding=1),  # [N, C, H, W]
        )
        super().__init__(initialize(encoder), initialize(decoder), shape, latent_dim, **options)
