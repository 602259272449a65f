"""How close a picture is to another: PSNR and SSIM, in the pixels' own range [0, 1].

Images are floats in [0, 1], or uint8. ValueError for other values (0..255 as floats is the usual cause), two shapes, or
no pixels.
"""

import torch
from torch import Tensor

from aeutils.checks import Whole, checked
from aeutils.checks.tensors import Images


@checked
def psnr(x_hat: Images("*shape"), x: Images("*shape")) -> float:
    """Peak signal-to-noise ratio in dB, 10 log10(1 / mean squared error), of all values of x and x_hat together.

    x, x_hat: of the same shape, [N, C, H, W] or a selection of pixels [M]; infinite when they are equal.
    """
    return -10 * (x_hat.double() - x.double()).square().mean().log10().item()


@checked
def ssim(x_hat: Images("N C H W"), x: Images("N C H W")) -> float:
    """Structural similarity, mean over images [N, C, H, W]; 1 for equal images (Wang et al. 2004).

    Gaussian window of 11 x 11 pixels. ValueError for images that are smaller than it.
    """
    # Here, because importing it takes longer than the rest of the package.
    from torchmetrics.functional.image import structural_similarity_index_measure

    if min(x.shape[2:]) < 11:
        raise ValueError(f"SSIM's window is 11 x 11 pixels; got images of {x.shape[2]} x {x.shape[3]}")
    with torch.no_grad():
        return structural_similarity_index_measure(x_hat.float(), x.float(), data_range=1.0).item()


@checked
def luma(x: Images("N 3 H W")) -> Tensor:
    """The Y channel, on which super-resolution is measured (ITU-R BT.601): red, green and blue as the eye weighs them.

    RGB [N, 3, H, W] in [0, 1] -> [N, 1, H, W] in [16 / 255, 235 / 255].
    """
    red, green, blue = x.split(1, dim=1)
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255


@checked
def psnr_y(x_hat: Images("N 3 H W"), x: Images("N 3 H W"), border: Whole(1)) -> float:
    """PSNR in dB of the Y channel of RGB images [N, 3, H, W] without their border, as papers on super-resolution give
    it; border: pixels on every side, there as many as the scale, with pixels left between them."""
    border = Whole(1, (min(x.shape[-2:]) - 1) // 2)("border", border)
    inner = (..., slice(border, -border), slice(border, -border))
    return psnr(luma(x_hat)[inner], luma(x)[inner])
