"""What `python -m aeutils train` reports of a model: its own measure, and the baseline beside it."""

from functools import singledispatch
from math import prod

import torch

from aeutils.codes.jacobian import squared_norms
from aeutils.codes.sparsity import active_share, dead_units
from aeutils.data import DataSet, as_float, load
from aeutils.images.corruptions import corruption
from aeutils.images.inpainting import in_hole, mean_fill, nearest_by_context
from aeutils.images.quality import psnr
from aeutils.measures.denoising import denoising
from aeutils.measures.evaluate import encode, evaluate, reconstruct, reconstruction_error
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

DRAWS = (1, 5_000)  # of the estimates of log p(x): the ELBO, and the paper's


@singledispatch
def report(model: Autoencoder, data: DataSet) -> dict[str, float]:
    """Measures on the test images by name, the name with its unit; a model with others registers them here.

    By default the squared error, and that of PCA with as many components as the code has numbers.
    """
    most = min(len(data.train), prod(model.shape))
    pca = PCA.fit(data.train, min(prod(model.code_shape), most))
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
