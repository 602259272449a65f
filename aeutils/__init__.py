"""The helper package of the autoencoder course. In a notebook: `import aeutils as ae`, then `data = ae.setup()`.

data        load, patches, varied   the data sets, by name
models      Dense, Conv, VAE, ...   the models; `build` makes one by name
training    fit                     the one training loop
weights     pretrained              models that come trained
corruptions corruption              what a denoising autoencoder undoes; `filters` undo it without learning
metrics     evaluate, reconstruct   measures of a trained model
quality     psnr, ssim              how close a picture is to another
probe       linear_probe            is the class still in the code?
jacobian    jacobians, tangents     how the code moves when the input moves a little
sparsity    active_share            which units of a code speak
masks       central, blocks, ...    holes in images
inpainting  in_hole, ...            how well a hole is filled, and baselines
divergence  entropy, kl_divergence  how far one distribution is from another
likelihood  log_likelihood          log p(x) by importance sampling
latent      slerp, nearest          moves in a latent space
plots       image_rows, curves      the figures
widgets     explore, film           what learners drag
"""

from aeutils import corruptions, filters, losses, masks
from aeutils.corruptions import corruption
from aeutils.data import DataSet, Split, as_float, load, patches, varied
from aeutils.divergence import (
    cross_entropy_between,
    entropy,
    kl_diagonal_gaussians,
    kl_divergence,
    kl_gaussians,
    monte_carlo_kl,
)
from aeutils.history import History
from aeutils.inpainting import in_hole, mean_fill, nearest_by_context, sharpness
from aeutils.jacobian import estimated_norm, jacobians, squared_norms, tangents
from aeutils.latent import nearest, precision_at, prior_grid, slerp
from aeutils.likelihood import log_likelihood
from aeutils.measures import measures
from aeutils.metrics import (
    denoise,
    encode,
    error_per_sample,
    evaluate,
    reconstruct,
    reconstruction_error,
    subspace_cosines,
)
from aeutils.models import (
    EDSR,
    IWAE,
    PCA,
    VAE,
    Adversarial,
    Autoencoder,
    ChannelWise,
    Context,
    Contractive,
    Conv,
    Deep,
    DeepContractive,
    Denoising,
    Dense,
    Discriminator,
    Linear,
    LinearGaussian,
    Recirculation,
    Sparse,
    SparseKL,
    Stacked,
    Tied,
    TiedLinear,
    TopK,
    build,
    mlp,
)
from aeutils.plots import (
    CLASS_COLOURS,
    class_map,
    curves,
    history_curves,
    image_grid,
    image_rows,
    latent_scatter,
    show_image,
)
from aeutils.probe import linear_probe
from aeutils.quality import luma, psnr, psnr_y, ssim
from aeutils.recipes import load_model, save_model
from aeutils.run import NonFiniteLoss
from aeutils.session import setup
from aeutils.sparsity import active_share, dead_units
from aeutils.training import fit
from aeutils.weights import pretrained
from aeutils.widgets import explore, film, slider_figure, slider_picture

__all__ = [
    "CLASS_COLOURS",
    "EDSR",
    "IWAE",
    "PCA",
    "VAE",
    "Adversarial",
    "Autoencoder",
    "ChannelWise",
    "Context",
    "Contractive",
    "Conv",
    "DataSet",
    "Deep",
    "DeepContractive",
    "Denoising",
    "Dense",
    "Discriminator",
    "History",
    "Linear",
    "LinearGaussian",
    "NonFiniteLoss",
    "Recirculation",
    "Sparse",
    "SparseKL",
    "Split",
    "Stacked",
    "Tied",
    "TiedLinear",
    "TopK",
    "active_share",
    "as_float",
    "build",
    "class_map",
    "corruption",
    "corruptions",
    "cross_entropy_between",
    "curves",
    "dead_units",
    "denoise",
    "encode",
    "entropy",
    "error_per_sample",
    "estimated_norm",
    "evaluate",
    "explore",
    "film",
    "filters",
    "fit",
    "history_curves",
    "image_grid",
    "image_rows",
    "in_hole",
    "jacobians",
    "kl_diagonal_gaussians",
    "kl_divergence",
    "kl_gaussians",
    "latent_scatter",
    "linear_probe",
    "load",
    "load_model",
    "log_likelihood",
    "losses",
    "luma",
    "masks",
    "mean_fill",
    "measures",
    "mlp",
    "monte_carlo_kl",
    "nearest",
    "nearest_by_context",
    "patches",
    "precision_at",
    "pretrained",
    "prior_grid",
    "psnr",
    "psnr_y",
    "reconstruct",
    "reconstruction_error",
    "save_model",
    "setup",
    "sharpness",
    "show_image",
    "slerp",
    "slider_figure",
    "slider_picture",
    "squared_norms",
    "ssim",
    "subspace_cosines",
    "tangents",
    "varied",
]
