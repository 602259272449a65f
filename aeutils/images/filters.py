"""Denoising without learning: the filters that a denoising autoencoder has to beat (scipy.ndimage)."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from aeutils.checks import Number, Whole, checked
from aeutils.checks.tensors import Images
from aeutils.images.quality import psnr

WIDTHS = tuple(0.5 + 0.1 * k for k in range(16))  # of a Gaussian filter, in pixels
SIZES = (3, 5, 7)  # of a median filter, in pixels


@checked
def gaussian_filter(x: Images("N C H W", noisy=True), sigma: Number(0, 100)) -> Tensor:
    """Images [N, C, H, W] blurred by a Gaussian window of standard deviation `sigma` in pixels, cut to [0, 1]."""
    return _filtered(x, lambda pixels: ndimage.gaussian_filter(pixels, sigma, axes=(2, 3)))


@checked
def median_filter(x: Images("N C H W", noisy=True), size: Whole(1, 100)) -> Tensor:
    """Images [N, C, H, W], every pixel the median of the `size` x `size` pixels around it, cut to [0, 1]."""
    return _filtered(x, lambda pixels: ndimage.median_filter(pixels, size, axes=(2, 3)))


@checked
def best_strength(
    method: Callable[[Tensor, float], Tensor],
    strengths: Sequence[Number()],
    noisy: Images("N C H W", noisy=True),
    clean: Images("N C H W"),
) -> float:
    """The strength with which `method` brings the noisy images [N, C, H, W] closest to the clean ones, by PSNR."""
    if not strengths:
        raise ValueError("strengths is empty; expected the numbers to choose from")
    return max(strengths, key=lambda strength: psnr(method(noisy, strength), clean))


def _filtered(x: Tensor, function: Callable[[np.ndarray], np.ndarray]) -> Tensor:
    """What a function of arrays makes of images, cut to [0, 1]."""
    return torch.from_numpy(function(x.detach().float().cpu().numpy())).to(x).clamp(0, 1)
