"""What `python -m aeutils train` reports of a model: its own measure, and the baseline beside it."""

from functools import singledispatch
from math import prod

import torch

from aeutils.checks import checked
from aeutils.checks.measuring import measuring
from aeutils.codes.jacobian import squared_norms
from aeutils.codes.sparsity import active_share, dead_units
from aeutils.data import DataSet, as_float, load
from aeutils.data.samples import check_samples
from aeutils.images.corruptions import corruption
from aeutils.images.inpainting import in_hole, mean_fill, nearest_by_context
from aeutils.images.quality import psnr
from aeutils.measures.denoising import denoising
from aeutils.measures.evaluate import encode, evaluate, reconstruct, reconstruction_error
from aeutils.measures.measure import DRAWS
from aeutils.measures.photographs import of_photographs
from aeutils.measures.retrieval import retrieval
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
from aeutils.probability.likelihood import log_likelihood


@checked
def report(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """Measures on the test images by their keys in `MEASURES`, which has text and unit; a model with others registers
    them below. The model stays as it is, and the random state, too."""
    check_samples(data.train, model)
    check_samples(data.test, model)
    with measuring(model):
        return of_kind(model, data)


@singledispatch
def of_kind(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """What a kind of model reports.

    By default the squared error, and that of PCA with as many components as the code has numbers.
    """
    most = min(len(data.train), prod(model.shape))
    pca = PCA.fit(data.train, min(prod(model.code_shape), most))
    return {
        "squared_error": reconstruction_error(model, data.test),
        "squared_error_pca": reconstruction_error(pca, data.test),
    }


report.register = of_kind.register


@of_kind.register
def _(model: Denoising, data: DataSet) -> dict[str, float]:
    return denoising(model, data, corruption(model.fit_defaults["corrupt"]))


@of_kind.register
def _(model: EDSR, data: DataSet) -> dict[str, float]:
    """PSNR in dB of the test images; of patches of photographs also that of the whole photographs."""
    x = as_float(data.test.x)
    patches = {
        "psnr_enlarged": psnr(reconstruct(model, data.test), x),
        "psnr_bicubic": psnr(resize(resize(x, 1 / model.scale), model.scale), x),
    }
    return patches | (of_photographs(model, load("photos").test) if data.name.startswith("patches") else {})


@of_kind.register
def _(model: VAE, data: DataSet) -> dict[str, float]:
    """-ELBO and its parts; the floor below which no model of grey pixels gets with the cross-entropy; how well its
    codes find images of the same class; the default."""
    parts = evaluate(model, data.test)
    measures = {
        "negative_elbo": parts["reconstruction"] + parts["kl"],
        "reconstruction": parts["reconstruction"],
        "kl": parts["kl"],
    }
    if model.criterion == "cross-entropy":
        x = as_float(data.test.x)
        entropy = torch.special.entr(x) + torch.special.entr(1 - x)
        measures["floor"] = entropy.sum().item() / len(x)
    if len(data.classes) > 1 and data.test.labels.ndim == 1:
        measures |= retrieval(model, data)
    return measures | of_kind.dispatch(Autoencoder)(model, data)


@of_kind.register
def _(model: IWAE, data: DataSet) -> dict[str, float]:
    """-log p(x) of black and white test images, the better estimated the more draws: 5,000 are the paper's."""
    x = as_float(data.test.x)
    binary = torch.bernoulli(x)
    return {
        key: -log_likelihood(model, binary, draws).mean().item()
        for key, draws in {"nll_one_draw": 1, "nll": DRAWS}.items()
    }


@of_kind.register
def _(model: Context, data: DataSet) -> dict[str, float]:
    """PSNR in dB over the pixels of the model's holes: its own, the mean image's, the nearest training image's."""
    x = as_float(data.test.x)
    hole = model.drawn(x)["hole"]
    filled = torch.cat([model(*batch) for batch in zip(x.split(1000), hole.split(1000), strict=True)])
    return {
        "psnr_hole": in_hole(filled, x, hole)["psnr"],
        "psnr_hole_mean": in_hole(mean_fill(data.train, x, hole), x, hole)["psnr"],
        "psnr_hole_nearest": in_hole(nearest_by_context(data.train, x, hole), x, hole)["psnr"],
    }


@of_kind.register(Sparse)
@of_kind.register(TopK)
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
        "squared_error": reconstruction_error(model, data.test),
        "squared_error_pca": reconstruction_error(pca, data.test),
        "active_share": share,
        "dead_units": dead_units(codes, above),
    }


@of_kind.register(Contractive)
@of_kind.register(DeepContractive)
def _(model: Contractive | DeepContractive, data: DataSet) -> dict[str, float]:
    """The default, and the squared Jacobian norm of the code, exact, beside that of PCA, whose rows have length 1."""
    norm = squared_norms(model.encode, as_float(data.test.x[:500])).mean().item()
    return of_kind.dispatch(Autoencoder)(model, data) | {
        "squared_jacobian": norm,
        "squared_jacobian_pca": float(min(model.latent_dim, prod(model.shape))),
    }
