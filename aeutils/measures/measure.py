"""What a report says: every measure by its short key, with what it is and its unit.

Code, recipes and tests know a measure by its key alone. A new one is a line here and a value of that key in what a
model's report returns (report.py).
"""

from dataclasses import dataclass

DRAWS = 5_000  # of the estimate of log p(x), as in Burda et al. (2016)


@dataclass(frozen=True)
class Measure:
    """A number that says how good a model is, as a mean over test images. unit: "" of a count or a plain number."""

    key: str
    text: str
    unit: str = ""


_ALL = (
    Measure("squared_error", "squared error per test image"),
    Measure("squared_error_pca", "squared error per test image, PCA with as many numbers"),
    Measure("active_share", "share of the units that are active"),
    Measure("dead_units", "dead units"),
    Measure("squared_jacobian", "squared Jacobian norm of the code, mean of 500 test images"),
    Measure("squared_jacobian_pca", "squared Jacobian norm of the code, PCA"),
    Measure("negative_elbo", "-ELBO per test image", "nats"),
    Measure("reconstruction", "reconstruction per test image", "nats"),
    Measure("kl", "KL to the prior per test image", "nats"),
    Measure("floor", "entropy of the grey levels, the floor of the -ELBO", "nats"),
    Measure("nll_one_draw", "-log p(x) per test image, 1 draw", "nats"),
    Measure("nll", f"-log p(x) per test image, {DRAWS:,} draws", "nats"),
    Measure("precision_codes", "precision@4 by codes", "%"),
    Measure("precision_pixels", "precision@4 by pixels", "%"),
    Measure("psnr_corrupted", "PSNR of the corrupted test images", "dB"),
    Measure("psnr_denoised", "PSNR after the model", "dB"),
    Measure("psnr_gaussian_filter", "PSNR after the best Gaussian filter", "dB"),
    Measure("psnr_median_filter", "PSNR after the best median filter", "dB"),
    Measure("psnr_hole", "PSNR in the hole", "dB"),
    Measure("psnr_hole_mean", "PSNR in the hole, mean training image", "dB"),
    Measure("psnr_hole_nearest", "PSNR in the hole, nearest training image by context", "dB"),
    Measure("psnr_enlarged", "PSNR of enlarged test images", "dB"),
    Measure("psnr_bicubic", "PSNR by bicubic interpolation", "dB"),
    Measure("psnr_photographs", "PSNR of Y of test photographs", "dB"),
    Measure("psnr_photographs_bicubic", "PSNR of Y of test photographs by bicubic interpolation", "dB"),
)
MEASURES: dict[str, Measure] = {measure.key: measure for measure in _ALL}


def line(key: str, value: float) -> str:
    """One measure in words: "PSNR in the hole: 11.92 dB". A key that is not in MEASURES speaks for itself."""
    measure = MEASURES.get(key, Measure(key, key))
    return f"{measure.text}: {value:.2f} {measure.unit}".rstrip()
