"""How close a picture is to another: PSNR and SSIM, in the pixels' own range [0, 1]."""

import torch
from torch import Tensor

from aeutils.checks import check_whole


def psnr(x_hat: Tensor, x: Tensor) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(1 / mean squared error), of all values of x and x_hat together.

    x, x_hat: floats in [0, 1] of the same shape, [N, C, H, W] or a selection of pixels [M]; infinite when they are
    equal. ValueError for different shapes, no pixels, or values outside [0, 1] (0..255 is the usual cause).
    """
    _check(x_hat, x)
    return -10 * (x_hat.double() - x.double()).square().mean().log10().item()


def ssim(x_hat: Tensor, x: Tensor) -> float:
    """Structural similarity, mean over images [N, C, H, W] in [0, 1]; 1 for equal images (Wang et al. 2004).

    Gaussian window of 11 x 11 pixels. ValueError as for `psnr`, and unless both are images.
    """
    # Here, because importing it takes longer than the rest of the package.
    from torchmetrics.functional.image import structural_similarity_index_measure

    _check(x_hat, x)
    if x.ndim != 4:
        raise ValueError(f"SSIM compares images [N, C, H, W]; got shape {tuple(x.shape)}")
    with torch.no_grad():
        return structural_similarity_index_measure(x_hat.float(), x.float(), data_range=1.0).item()


def luma(x: Tensor) -> Tensor:
    """The Y channel, on which super-resolution is measured (ITU-R BT.601): red, green and blue as the eye weighs them.

    RGB [N, 3, H, W] in [0, 1] -> [N, 1, H, W] in [16 / 255, 235 / 255]. ValueError unless there are 3 channels.
    """
    if x.ndim != 4 or x.shape[1] != 3:
        raise ValueError(f"luma is of colour images [N, 3, H, W]; got shape {tuple(x.shape)}")
    red, green, blue = x.split(1, dim=1)
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255


def psnr_y(x_hat: Tensor, x: Tensor, border: int) -> float:
    """PSNR in dB of the Y channel of RGB images [N, 3, H, W] in [0, 1] without their border, as papers on
    super-resolution give it; border: pixels on every side, above 0, there as many as the scale. ValueError as for
    `psnr` and `luma`."""
    check_whole("border", border, most=(min(x.shape[-2:]) - 1) // 2)
    inner = (..., slice(border, -border), slice(border, -border))
    return psnr(luma(x_hat)[inner], luma(x)[inner])


def _check(x_hat: Tensor, x: Tensor) -> None:
    if x_hat.shape != x.shape:
        raise ValueError(f"the two have different shapes: {tuple(x_hat.shape)} and {tuple(x.shape)}")
    if x.numel() == 0:
        raise ValueError("there is no pixel to compare")
    for name, value in (("x_hat", x_hat), ("x", x)):
        if not value.is_floating_point() or not (value.min() >= -1e-4 and value.max() <= 1 + 1e-4):
            raise ValueError(
                f"{name} is to be float in [0, 1]; got {value.dtype} from {value.min().item():g} to "
                f"{value.max().item():g}. `as_float` converts uint8; a prediction may need .clamp(0, 1)"
            )
