"""How well noise is undone, beside the best classical filters."""

from collections.abc import Callable

from torch import Tensor

from aeutils.checks import checked
from aeutils.checks.measuring import measuring
from aeutils.data.base import DataSet, as_float
from aeutils.images import filters
from aeutils.images.quality import psnr
from aeutils.measures.evaluate import denoise
from aeutils.models import Autoencoder


@checked
def denoising(model: Autoencoder, data: DataSet, corrupt: Callable[[Tensor], Tensor]) -> dict[str, float]:
    """PSNR in dB of the corrupted test images, of what `model` makes of them, and of the best filters.

    "Best" is a filter of the width that suits 1,000 training images best. Random draws are the same every time.
    """
    clean, known = as_float(data.test.x), as_float(data.train.x[:1000])
    with measuring(model):
        noisy, known_noisy = corrupt(clean), corrupt(known)
    measures = {
        "psnr_corrupted": psnr(noisy.clamp(0, 1), clean),
        "psnr_denoised": psnr(denoise(model, noisy), clean),
    }
    for key, method, strengths in (
        ("psnr_gaussian_filter", filters.gaussian_filter, filters.WIDTHS),
        ("psnr_median_filter", filters.median_filter, filters.SIZES),
    ):
        best = filters.best_strength(method, strengths, known_noisy, known)
        measures[key] = psnr(method(noisy, best), clean)
    return measures
