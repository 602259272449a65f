"""Corruptions: what a denoising autoencoder is to undo. `fit(model, images, corrupt=Gaussian(0.5))`.

A corruption is called with float images [B, C, H, W] in [0, 1] and returns as many, of the same shape, on the same
device. Random draws come from PyTorch's global generator, anew for every image; no value is read back from the device.
`Gaussian(0.3) | Hole(7, 7, 14, 14)` corrupts twice. `str()` of one, "gaussian=0.3", is what `corruption` reads.
"""

import math
from dataclasses import astuple, dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from aeutils.checks import Number, Whole, check_divides, checked
from aeutils.checks.kinds import said
from aeutils.checks.tensors import Images

CORRUPTIONS: dict[str, type["Corruption"]] = {}


class Corruption:
    """Changes images. ValueError when made with a strength out of range, or called with anything but images."""

    name: ClassVar[str]

    def __init_subclass__(cls, name: str = "", **options):
        super().__init_subclass__(**options)
        if name:
            cls.name = name
            CORRUPTIONS[name] = cls

    @checked
    def __call__(self, x: Images("B C H W", noisy=True)) -> Tensor:
        """Images [B, C, H, W], floats in [0, 1] or uint8 -> corrupted, of the same shape; in [0, 1] but for Gaussian
        noise."""
        return self.apply(x)

    def inside(self, x: Tensor) -> Tensor:
        """The same within a training step, which has no time to look at values."""
        if x.ndim != 4 or not x.is_floating_point():
            raise ValueError(f"corruptions take float images [B, C, H, W]; got {said(x)}; see as_float")
        return self.apply(x)

    def apply(self, x: Tensor) -> Tensor:
        """What the corruption does, once it is known that x are images."""
        raise NotImplementedError

    def __or__(self, other: "Corruption") -> "Compose":
        return Compose(self, other)

    def __str__(self) -> str:
        return f"{self.name}={','.join(map(str, astuple(self)))}"


class Compose(Corruption):
    """One corruption after the other, from left to right."""

    @checked
    def __init__(self, *parts: Corruption):
        if not parts:
            raise ValueError("Compose() has nothing to compose; expected one corruption or more")
        self.parts = parts

    def apply(self, x: Tensor) -> Tensor:
        """All parts in turn."""
        for part in self.parts:
            x = part.apply(x)
        return x

    def __repr__(self) -> str:
        return " | ".join(map(repr, self.parts))

    def __str__(self) -> str:
        return "|".join(map(str, self.parts))


@checked
@dataclass(frozen=True)
class Masking(Corruption, name="masking"):
    """Every pixel turns black with probability `share` (Vincent et al. 2008)."""

    share: Number(0, 1)

    def apply(self, x: Tensor) -> Tensor:
        """All channels of a pixel turn black together."""
        return x * (torch.rand_like(x[:, :1]) >= self.share)


@checked
@dataclass(frozen=True)
class SaltAndPepper(Corruption, name="salt-and-pepper"):
    """Every pixel turns white or black, as a coin falls, with probability `share`."""

    share: Number(0, 1)

    def apply(self, x: Tensor) -> Tensor:
        """One draw u a pixel: below share / 2 white, from there to share black."""
        u = torch.rand_like(x[:, :1])
        return torch.where(u < self.share, (u < self.share / 2).to(x.dtype), x)


@checked
@dataclass(frozen=True)
class Gaussian(Corruption, name="gaussian"):
    """Adds normal noise of standard deviation `sigma` to every value, which may leave [0, 1].

    Cutting it off would shift the mean of black and of white pixels, so that no linear filter could undo it.
    """

    sigma: Number(0)

    def apply(self, x: Tensor) -> Tensor:
        """x + sigma * epsilon, epsilon ~ N(0, I)."""
        return x + self.sigma * torch.randn_like(x)


@checked
@dataclass(frozen=True)
class Rescale(Corruption, name="rescale"):
    """Zooms every image about its centre by a random factor between 1 / `factor` and `factor`; black comes in."""

    factor: Number(1)

    def apply(self, x: Tensor) -> Tensor:
        """Log-uniform, so that growing and shrinking are equally likely."""
        shrink = self.factor ** _symmetric(x)
        return warp(x, shrink, torch.zeros_like(shrink))


@checked
@dataclass(frozen=True)
class Rotate(Corruption, name="rotate"):
    """Turns every image about its centre by a random angle of at most `degrees` to either side; black comes in."""

    degrees: Number(0, 180)

    def apply(self, x: Tensor) -> Tensor:
        """The angle is uniform."""
        angle = math.radians(self.degrees) * _symmetric(x)
        return warp(x, angle.cos(), angle.sin())


@checked
@dataclass(frozen=True)
class Shift(Corruption, name="shift"):
    """Moves every image by at most `pixels` to the side and as many up or down, whole pixels; black comes in."""

    pixels: Whole(0)

    def apply(self, x: Tensor) -> Tensor:
        """ValueError when the images are not larger than the shift."""
        height, width = x.shape[2:]
        if self.pixels >= min(height, width):
            raise ValueError(f"a shift by {self.pixels} pixels moves images of {height} x {width} out of sight")
        offset = torch.randint(-self.pixels, self.pixels + 1, (2, len(x), 1), device=x.device)
        rows, columns = (
            torch.arange(size, device=x.device) + d for size, d in zip((height, width), offset, strict=True)
        )
        inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None]
        each = torch.arange(len(x), device=x.device)[:, None, None]
        rows, columns = rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None]
        return x[each, :, rows, columns].permute(0, 3, 1, 2) * inside  # the advanced indices come first: [B, H, W, C]


@checked
@dataclass(frozen=True)
class Downsample(Corruption, name="downsample"):
    """Replaces every square of `scale` x `scale` pixels by its mean."""

    scale: Whole(1)

    def apply(self, x: Tensor) -> Tensor:
        """ValueError when the scale does not divide the images' height and width."""
        check_divides(self.scale, x.shape)
        return F.interpolate(F.avg_pool2d(x, self.scale), scale_factor=float(self.scale), mode="nearest")


@checked
@dataclass(frozen=True)
class Hole(Corruption, name="hole"):
    """Sets a rectangle of pixels, the same in every image, to the grey level `fill` in [0, 1]."""

    top: Whole(0)
    left: Whole(0)
    height: Whole(1)
    width: Whole(1)
    fill: Number(0, 1) = 0.0

    def apply(self, x: Tensor) -> Tensor:
        """ValueError when the rectangle reaches beyond the images."""
        bottom, right = self.top + self.height, self.left + self.width
        if bottom > x.shape[2] or right > x.shape[3]:
            raise ValueError(
                f"the hole covers rows {self.top} to {bottom} and columns {self.left} to {right}, beyond images of "
                f"{x.shape[2]} x {x.shape[3]}; make it smaller or move it"
            )
        x = x.clone()
        x[:, :, self.top : bottom, self.left : right] = self.fill
        return x


@checked
def corruption(text: str) -> Corruption:
    """The corruption that `text` describes: "gaussian=0.5", "hole=7,7,14,14", in turn "rotate=20|masking=0.3".

    ValueError, saying what there is, when it describes none.
    """
    parts = [_one(part.strip()) for part in text.split("|")]
    return parts[0] if len(parts) == 1 else Compose(*parts)


def _one(text: str) -> Corruption:
    name, _, values = text.partition("=")
    if name not in CORRUPTIONS:
        raise ValueError(f"there is no corruption {name!r}; expected one of {', '.join(CORRUPTIONS)}")
    kind = CORRUPTIONS[name]
    try:
        return kind(*map(_number, values.split(",")))
    except TypeError:
        wanted = ",".join(kind.__dataclass_fields__).upper()
        raise ValueError(f"{text!r} has the wrong count of numbers; expected {name}={wanted}") from None


def _number(text: str) -> float:
    """A whole number as int, any other as float."""
    try:
        return int(text) if text.strip("+- ").isdecimal() else float(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number; a corruption is written as in gaussian=0.5") from None


def warp(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Images [B, C, H, W] whose pixels are looked up at [[cosine, -sine], [sine, cosine]] times their place, [B] each.

    Places are counted in pixels from the centre; between pixels the image is interpolated, beyond its rim it is black.
    """
    ratio = x.shape[2] / x.shape[3]  # grid_sample counts in half heights and half widths
    zero = torch.zeros_like(cosine)
    rows = [torch.stack([cosine, -sine * ratio, zero], 1), torch.stack([sine / ratio, cosine, zero], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def _symmetric(x: Tensor) -> Tensor:
    """A number an image, uniform between -1 and 1, [B]."""
    return 2 * torch.rand(len(x), device=x.device) - 1
