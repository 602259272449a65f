"""Denoising without learning: the filters that a denoising autoencoder has to beat (scipy.ndimage)."""

from collections.abc import Callable, Iterable

import torch
from scipy import ndimage
from torch import Tensor

from aeutils.images.quality import psnr

WIDTHS = tuple(0.5 + 0.1 * k for k in range(16))  # of a Gaussian filter, in pixels
SIZES = (3, 5, 7)  # of a median filter, in pixels


def gaussian_filter(x: Tensor, sigma: float) -> Tensor:
    """Images [N, C, H, W] blurred by a Gaussian window of standard deviation `sigma` in pixels, cut to [0, 1]."""
    return torch.from_numpy(ndimage.gaussian_filter(x.cpu().numpy(), sigma, axes=(2, 3))).to(x.device).clamp(0, 1)


def median_filter(x: Tensor, size: int) -> Tensor:
    """Images [N, C, H, W], every pixel the median of the `size` x `size` pixels around it, cut to [0, 1]."""
    return torch.from_numpy(ndimage.median_filter(x.cpu().numpy(), size, axes=(2, 3))).to(x.device).clamp(0, 1)


def best_strength(
    method: Callable[[Tensor, float], Tensor], strengths: Iterable[float], noisy: Tensor, clean: Tensor
) -> float:
    """The strength with which `method` brings the noisy images [N, C, H, W] closest to the clean ones, by PSNR."""
    return max(strengths, key=lambda strength: psnr(method(noisy, strength), clean))
