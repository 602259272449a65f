"""What `python -m aeutils train` reports of a model: its own measure, and the baseline beside it."""

import sys
import warnings
from collections.abc import Callable, Sequence
from functools import singledispatch
from math import prod
from statistics import mean
from types import ModuleType

import torch
from torch import Tensor

from aeutils import filters
from aeutils.corruptions import corruption
from aeutils.data import DataSet, as_float, load
from aeutils.inpainting import in_hole, mean_fill, nearest_by_context
from aeutils.jacobian import squared_norms
from aeutils.latent import nearest, precision_at
from aeutils.likelihood import log_likelihood
from aeutils.metrics import denoise, encode, evaluate, reconstruct, reconstruction_error
from aeutils.models import (
    EDSR,
    IWAE,
    PCA,
    VAE,
    Autoencoder,
    Context,
    Contractive,
    DeepContractive,
    Denoising,
    Sparse,
    SparseKL,
    TopK,
)
from aeutils.models.superresolution import resize
from aeutils.quality import psnr, psnr_y
from aeutils.sparsity import active_share, dead_units

QUERIES = 5_000  # of a search by codes
DRAWS = (1, 5_000)  # of the estimates of log p(x): the ELBO, and the paper's


@singledispatch
def report(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """Measures on the test images by name, the name with its unit; a model with others registers them here.

    By default the squared error, and that of PCA with as many components as the code has numbers.
    """
    most = min(len(data.train), prod(model.shape))
    pca = PCA.fit(data.train, min(model.latent_dim, most))
    return {
        "squared error per test image": reconstruction_error(model, data.test),
        f"squared error per test image, PCA with {pca.latent_dim} components": reconstruction_error(pca, data.test),
    }


@report.register
def _(model: Denoising, data: DataSet) -> dict[str, float]:
    return denoising(model, data, corruption(model.fit_defaults["corrupt"]))


@report.register
def _(model: EDSR, data: DataSet) -> dict[str, float]:
    """PSNR in dB of the test images; of patches of photographs also that of the whole photographs."""
    x = as_float(data.test.x)
    found = {
        f"PSNR of test images enlarged {model.scale} times in dB": psnr(reconstruct(model, data.test), x),
        "PSNR by bicubic interpolation in dB": psnr(resize(resize(x, 1 / model.scale), model.scale), x),
    }
    return found | (of_photographs(model, load("photos").test) if data.name.startswith("patches") else {})


@report.register
def _(model: VAE, data: DataSet) -> dict[str, float]:
    """-ELBO and its parts; the floor below which no model of grey pixels gets with the cross-entropy; how well its
    codes find images of the same class; the default."""
    parts = evaluate(model, data.test)
    found = {
        "-ELBO in nats per test image": parts["reconstruction"] + parts["kl"],
        "reconstruction in nats per test image": parts["reconstruction"],
        "KL to the prior in nats per test image": parts["kl"],
    }
    if model.criterion == "cross-entropy":
        x = as_float(data.test.x)
        entropy = torch.special.entr(x) + torch.special.entr(1 - x)
        found["entropy of the grey levels, the floor of the -ELBO, in nats"] = entropy.sum().item() / len(x)
    if len(data.classes) > 1 and data.test.labels.ndim == 1:
        found |= retrieval(model, data)
    return found | report.dispatch(Autoencoder)(model, data)


@report.register
def _(model: IWAE, data: DataSet) -> dict[str, float]:
    """-log p(x) of black and white test images, the better estimated the more draws: 5,000 are the paper's."""
    x = as_float(data.test.x)
    with torch.random.fork_rng([x.device] if x.is_cuda else []):
        torch.manual_seed(0)
        binary = torch.bernoulli(x)
    return {
        f"-log p(x) in nats per test image, {draws:,} draw{'s' * (draws > 1)}": -log_likelihood(model, binary, draws)
        .mean()
        .item()
        for draws in DRAWS
    }


@report.register
def _(model: Context, data: DataSet) -> dict[str, float]:
    """PSNR in dB over the pixels of the model's holes: its own, the mean image's, the nearest training image's."""
    x = as_float(data.test.x)
    with torch.random.fork_rng([x.device] if x.is_cuda else []), torch.no_grad():
        torch.manual_seed(0)
        hole = model.draw_holes(x)
    filled = torch.cat([model(*batch) for batch in zip(x.split(1000), hole.split(1000), strict=True)])
    return {
        "PSNR in the hole in dB": in_hole(filled, x, hole)["psnr"],
        "PSNR in the hole in dB, mean training image": in_hole(mean_fill(data.train, x, hole), x, hole)["psnr"],
        "PSNR in the hole in dB, nearest training image by context": in_hole(
            nearest_by_context(data.train, x, hole), x, hole
        )["psnr"],
    }


@report.register(Sparse)
@report.register(TopK)
def _(model: Sparse | TopK, data: DataSet) -> dict[str, float]:
    """Error, active share, dead units, and the error of PCA with as many components as units are active on average.

    Sigmoid units never reach 0: there, active means above 0.1.
    """
    above = 0.1 if isinstance(model, SparseKL) else 0.0
    codes = encode(model, data.test)
    share = active_share(codes, above)
    most = min(len(data.train), prod(model.shape))
    pca = PCA.fit(data.train, max(1, min(round(share * model.latent_dim), most)))
    return {
        "squared error per test image": reconstruction_error(model, data.test),
        f"squared error per test image, PCA with {pca.latent_dim} components": reconstruction_error(pca, data.test),
        f"active share of {model.latent_dim} units": share,
        "dead units": dead_units(codes, above),
    }


@report.register(Contractive)
@report.register(DeepContractive)
def _(model: Contractive | DeepContractive, data: DataSet) -> dict[str, float]:
    """The default, and the squared Jacobian norm of the code, exact, beside that of PCA, whose rows have length 1."""
    x = as_float(data.test.x[:500])
    with torch.no_grad():
        norm = squared_norms(model.encode, x).mean().item()
    return report.dispatch(Autoencoder)(model, data) | {
        "squared Jacobian norm of the code, mean of 500 test images": norm,
        "squared Jacobian norm of the code, PCA": float(min(model.latent_dim, prod(model.shape))),
    }


def retrieval(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """How many of the four training images nearest to a test image by cosine are of its class, in %, for the first
    5,000 test images: by the model's codes, and by the pixels."""
    queries, found = data.test.take(QUERIES), {}
    for name, features in {
        "codes": lambda split: encode(model, split),
        "pixels": lambda split: as_float(split.x),
    }.items():
        neighbours = nearest(features(queries), features(data.train), 4)
        found[f"precision@4 by {name} in %"] = 100 * precision_at(neighbours, queries.labels, data.train.labels)
    return found


def of_photographs(model: EDSR, photos: Sequence[Tensor]) -> dict[str, float]:
    """PSNR in dB of Y of whole photographs uint8 [3, H, W], mean over photographs; the rows and columns that a multiple
    of the scale leaves over are cut off, and a border of the scale, as in published comparisons."""
    ours, bicubic, scale = [], [], model.scale
    for photo in photos:
        height, width = (side // scale * scale for side in photo.shape[1:])
        x = as_float(photo[None, :, :height, :width])
        small = resize(x, 1 / scale)
        ours.append(psnr_y(model.upscale(small), x, scale))
        bicubic.append(psnr_y(resize(small, scale), x, scale))
    return {
        "PSNR of Y of test photographs in dB": mean(ours),
        "PSNR of Y of test photographs by bicubic interpolation in dB": mean(bicubic),
    }


def denoising(model: Autoencoder, data: DataSet, corrupt: Callable[[Tensor], Tensor]) -> dict[str, float]:
    """PSNR in dB of the corrupted test images, of what `model` makes of them, and of the best filters.

    "Best" is a filter of the width that suits 1,000 training images best. Random draws are the same every time.
    """
    clean, known = as_float(data.test.x), as_float(data.train.x[:1000])
    with torch.random.fork_rng([clean.device] if clean.is_cuda else []):
        torch.manual_seed(0)
        noisy, known_noisy = corrupt(clean), corrupt(known)
    found = {
        "PSNR of the corrupted test images in dB": psnr(noisy.clamp(0, 1), clean),
        "PSNR after the model in dB": psnr(denoise(model, noisy), clean),
    }
    for name, method, strengths in (
        ("Gaussian", filters.gaussian_filter, filters.WIDTHS),
        ("median", filters.median_filter, filters.SIZES),
    ):
        best = filters.best_strength(method, strengths, known_noisy, known)
        found[f"PSNR after the best {name} filter in dB"] = psnr(method(noisy, best), clean)
    return found


class _Callable(ModuleType):
    """`ae.measures(model, data)` was `ae.report`'s name until version 0.2: for one release it works and says so."""

    def __call__(self, model: Autoencoder, data: DataSet) -> dict[str, float]:
        warnings.warn("ae.measures is now called ae.report", DeprecationWarning, stacklevel=2)
        return report(model, data)


sys.modules[__name__].__class__ = _Callable
