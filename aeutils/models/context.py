"""The context encoder: fill a hole in an image from what surrounds it (Pathak et al. 2016)."""

from typing import ClassVar

import torch
from torch import Tensor, nn

from aeutils.checks import SIZE, OneOf, Sizes, checked
from aeutils.checks.contract import Either, Function
from aeutils.data.base import as_float
from aeutils.images.masks import KINDS, check_hole
from aeutils.models.base import Autoencoder, check_quarters
from aeutils.models.layers import initialize
from aeutils.probability.losses import squared_error

__all__ = ["ChannelWise", "Context"]

MASK = Either(OneOf(among=KINDS), Function("of images that draws masks"))
AT_ONCE = 2_000  # holes drawn at a time for a measure: bounds the memory


class ChannelWise(nn.Module):
    """Fully connected within each channel: [N, C, H, W] -> [N, C, H, W], one HW x HW matrix for every channel.

    Every place of the output sees every place of its own channel. C (HW)^2 weights, where a dense layer has (CHW)^2;
    a 1x1 convolution behind it lets the channels talk.
    """

    @checked
    def __init__(self, channels: SIZE, height: SIZE, width: SIZE):
        super().__init__()
        places = height * width
        self.weight = nn.Parameter(torch.randn(channels, places, places) / places**0.5)  # [C, to, from]
        self.bias = nn.Parameter(torch.zeros(channels, places, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, H, W]."""
        places = x.flatten(2).permute(1, 2, 0)  # [C, HW, N]
        return torch.baddbmm(self.bias, self.weight, places).permute(2, 0, 1).reshape(x.shape)


class Context(Autoencoder, name="context"):
    """Strided convolutions, a channel-wise fully connected layer, and the way back; its loss is the error in the hole.

    latent_dim        channels of the code [N, latent_dim, H/4, W/4]
    channels          of the first convolution, and of the last but one
    mask              "central", "block", "region", or a function of images [N, C, H, W] that draws bool [N, 1, H, W]
    fully_connected   False leaves the channel-wise layer out: the ablation

    The model takes whole images and makes the holes itself. What is in a hole never reaches the encoder: it is painted
    black, and one more channel says where it is. ValueError when H or W is not a multiple of 4.
    """

    fit_defaults: ClassVar[dict] = {"lr": 1e-2, "optimizer": "adam"}

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 32,
        channels: SIZE = 16,
        mask: MASK = "central",
        fully_connected: bool = True,
    ):
        check_quarters("Context", shape)
        draw_holes = KINDS[mask] if isinstance(mask, str) else mask
        if draw_holes is mask:  # no step of a training looks at what a function draws
            with torch.random.fork_rng([]):
                blank = torch.zeros(2, *shape)
                check_hole(draw_holes(blank), blank)
        (c, h, w), q = shape, latent_dim
        encoder = nn.Sequential(
            nn.Conv2d(c + 1, channels, 3, stride=2, padding=1),  # [N, channels, H/2, W/2]
            nn.ReLU(),
            nn.Conv2d(channels, q, 3, stride=2, padding=1),  # [N, q, H/4, W/4]
            nn.ReLU(),
        )
        decoder = nn.Sequential(
            nn.ConvTranspose2d(q, channels, 4, stride=2, padding=1),  # [N, channels, H/2, W/2]
            nn.ReLU(),
            nn.ConvTranspose2d(channels, c, 4, stride=2, padding=1),  # [N, C, H, W]
        )
        super().__init__(initialize(encoder), initialize(decoder), shape, q, code_shape=(q, h // 4, w // 4))
        across = ChannelWise(q, h // 4, w // 4) if fully_connected else nn.Identity()
        self.across = nn.Sequential(across, *initialize(nn.Sequential(nn.Conv2d(q, q, 1), nn.ReLU())))
        self.draw_holes = draw_holes

    def encode(self, x: Tensor, hole: Tensor | None = None) -> Tensor:
        """The code of what surrounds the hole (default: one that the model draws): -> [N, latent_dim, H/4, W/4]."""
        hole = self._hole(x, hole)
        return self.across(self.encoder(torch.cat([x.masked_fill(hole, 0), hole.expand(len(x), -1, -1, -1)], 1)))

    def forward(self, x: Tensor, hole: Tensor | None = None) -> Tensor:
        """The image with its hole filled, and unchanged elsewhere: [N, *shape] -> [N, *shape].

        hole: bool [N, 1, H, W], or [1, 1, H, W] for all images; by default one that the model draws. ValueError for
        images or a hole of another shape.
        """
        hole = self._hole(x, hole)
        return torch.where(hole, self.decode(self.encode(x, hole)), x)

    def loss(self, x: Tensor, target: Tensor | None = None, hole: Tensor | None = None) -> dict[str, Tensor]:
        """Squared error summed over the pixels of the hole, mean over images."""
        target = x if target is None else target
        hole = self._hole(x, hole)
        return {"loss": squared_error.inside(torch.where(hole, self.decode(self.encode(x, hole)), target), target)}

    def drawn(self, x: Tensor) -> dict[str, Tensor]:
        """Holes for all images, bool [N, 1, H, W]."""
        return {"hole": torch.cat([self.draw_holes(as_float(part)) for part in x.split(AT_ONCE)])}

    def _hole(self, x: Tensor, hole: Tensor | None) -> Tensor:
        """The given hole, checked against the images, or a drawn one."""
        if tuple(x.shape[1:]) != self.shape:
            expected = ", ".join(map(str, self.shape))
            raise ValueError(f"this model takes images [N, {expected}]; got {list(x.shape)}. Convert or reshape them")
        if hole is None:
            return self.draw_holes(x)
        check_hole(hole, x)
        return hole
