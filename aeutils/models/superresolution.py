"""Super-resolution: an autoencoder whose encoder sees a small picture and whose decoder draws a large one."""

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aeutils.checks import SIZE, Number, Sizes, Whole, check_divides, checked
from aeutils.checks.measuring import measuring
from aeutils.checks.tensors import Batch, Images
from aeutils.models.base import Autoencoder
from aeutils.models.layers import LayerClass, check_gives, new_layer

__all__ = ["EDSR"]


@checked
def resize(x: Batch("N C H W"), factor: Number(above=0)) -> Tensor:
    """Images [N, C, H, W] enlarged or shrunk by bicubic interpolation, cut to [0, 1].

    Shrinking smooths first (antialias), as every published comparison does: without it, fine lines would vanish or
    stay by chance.
    """
    return F.interpolate(x, scale_factor=float(factor), mode="bicubic", antialias=True).clamp(0, 1)


def conv(inputs: int, outputs: int) -> nn.Conv2d:
    """3x3 convolution that keeps height and width."""
    layer = nn.Conv2d(inputs, outputs, 3, padding=1)
    nn.init.zeros_(layer.bias)
    return layer


class ResNetBlock(nn.Module):
    """relu(x + F(x)), batch normalisation after both convolutions (He et al. 2016)."""

    def __init__(self, channels: int):
        super().__init__()
        self.residual = nn.Sequential(
            conv(channels, channels),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            conv(channels, channels),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, h, w] -> the same."""
        return torch.relu(x + self.residual(x))


class SRResNetBlock(nn.Module):
    """x + F(x): the last ReLU is gone, so that a signal passes many blocks unchanged (Ledig et al. 2017)."""

    def __init__(self, channels: int):
        super().__init__()
        self.residual = nn.Sequential(
            conv(channels, channels),
            nn.BatchNorm2d(channels),
            nn.PReLU(),
            conv(channels, channels),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, h, w] -> the same."""
        return x + self.residual(x)


class EDSRBlock(nn.Module):
    """x + 0.3 F(x): no normalisation, which would take away an image's contrast (Lim et al. 2017).

    The factor keeps many blocks from adding up to large numbers; they take 0.1 with 256 channels.
    """

    def __init__(self, channels: int, scaling: float = 0.3):
        super().__init__()
        self.residual = nn.Sequential(
            conv(channels, channels),
            nn.ReLU(),
            conv(channels, channels),
        )
        self.scaling = scaling

    def forward(self, x: Tensor) -> Tensor:
        """[N, channels, h, w] -> the same."""
        return x + self.scaling * self.residual(x)


BLOCK = LayerClass("EDSRBlock")


class Features(nn.Module):
    """Small image -> feature maps: a convolution, the blocks, another convolution, and a skip over both."""

    def __init__(self, image_channels: int, channels: int, blocks: int, block: type[nn.Module]):
        super().__init__()
        self.head = conv(image_channels, channels)
        inner = [new_layer("block", BLOCK, block, channels) for _ in range(blocks)]
        check_gives("block", inner[0], (2, channels, 4, 4), (2, channels, 4, 4))
        self.body = nn.Sequential(*inner, conv(channels, channels))

    def forward(self, small: Tensor) -> Tensor:
        """[N, C, h, w] -> [N, channels, h, w]."""
        h = self.head(small)
        return h + self.body(h)


def absolute_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Absolute difference, sum over pixels, mean over images: its pictures are sharper than squared error's."""
    return F.l1_loss(x_hat, x, reduction="sum") / len(x)


class EDSR(Autoencoder, name="edsr"):
    """Enhanced deep super-resolution (Lim et al. 2017), for images [N, C, H, W].

    Trained on large images: they are shrunk by `scale`, the encoder turns the small image into `latent_dim` feature
    maps, the decoder turns these into the large one. All work is done at the small size; at the very end the decoder
    has scale * scale values a pixel and lays them out beside each other (pixel shuffle, Shi et al. 2016).

    block: ResNetBlock, SRResNetBlock or EDSRBlock, `blocks` times. ValueError when `scale` does not divide H and W, or
    when there are fewer feature maps than C.
    """

    fit_defaults: ClassVar[dict] = {"lr": 1e-2, "optimizer": "adam"}
    criteria: ClassVar[dict] = {"absolute error": absolute_error}

    def __init__(
        self,
        shape: Sizes() = (1, 28, 28),
        latent_dim: SIZE = 16,
        scale: Whole(2) = 2,
        blocks: SIZE = 4,
        block: BLOCK = EDSRBlock,
    ):
        if len(shape) != 3 or not shape[0] <= latent_dim:
            raise ValueError(
                f"EDSR takes images [C, H, W] and at least C feature maps; got shape {tuple(shape)} and {latent_dim}"
            )
        check_divides(scale, shape)
        decoder = nn.Sequential(conv(latent_dim, shape[0] * scale**2), nn.PixelShuffle(scale))
        super().__init__(
            Features(shape[0], latent_dim, blocks, block),
            decoder,
            shape,
            latent_dim,
            output="linear",
            criterion="absolute error",
            code_shape=(latent_dim, shape[1] // scale, shape[2] // scale),
        )
        self.scale = scale
        self._start_as_interpolation()

    @torch.no_grad()
    def _start_as_interpolation(self) -> None:
        """Before any training the model interpolates, about as well as bicubic does: it can only learn to do better.

        The first maps copy the image, nothing is added to them, and the decoder lays a parabola through every three
        neighbours along each side.
        """
        place = (torch.arange(self.scale) + 0.5) / self.scale - 0.5  # of the large pixels within a small one
        along = torch.stack([place * (place - 1) / 2, 1 - place**2, place * (place + 1) / 2], 1)  # [scale, 3]
        across = torch.einsum("iu,jv->ijuv", along, along).flatten(0, 1)  # [scale * scale, 3, 3]
        head, last, tail = self.encoder.head, self.encoder.body[-1], self.decoder[0]
        last.weight.zero_()
        tail.weight.zero_()
        for c in range(self.shape[0]):
            head.weight[c] = 0
            head.weight[c, c, 1, 1] = 1
            tail.weight[c * self.scale**2 : (c + 1) * self.scale**2, c] = across

    def encode(self, x: Tensor) -> Tensor:
        """Feature maps of the shrunk image: [N, C, H, W] -> [N, latent_dim, H/scale, W/scale]."""
        return self.encoder(resize.inside(x, 1 / self.scale))

    def decode(self, h: Tensor) -> Tensor:
        """Large image, cut to [0, 1]: [N, latent_dim, h, w] -> [N, C, scale h, scale w]."""
        return super().decode(h).clamp(0, 1)

    @checked
    def upscale(self, small: Images("N C h w")) -> Tensor:
        """What all this is for: [N, C, h, w] of any size -> [N, C, scale h, scale w]. ValueError for another C."""
        if small.shape[1] != self.shape[0]:
            raise ValueError(f"this model enlarges images [N, {self.shape[0]}, h, w]; got {list(small.shape)}")
        with measuring(self):
            return self.decoder(self.encoder(small.to(next(self.parameters())))).clamp(0, 1)

    def reconstruction_loss(self, h: Tensor, target: Tensor) -> Tensor:
        """Of what the decoder says before it is cut to [0, 1], which has no gradient outside."""
        return absolute_error(self.decoder(h), target)
