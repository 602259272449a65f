"""The helper package of the autoencoder course. In a notebook: `import aeutils as ae`, then `data = ae.setup()`.

data        load, patches           the data sets, by name
models      Dense, Conv, VAE, ...   the models; `build` makes one by name
training    fit                     the one training loop
metrics     evaluate, reconstruct   measures of a trained model
divergence  entropy, kl_divergence  how far one distribution is from another
plots       image_rows, curves      the figures
widgets     explore_map             what learners drag
"""

from aeutils import losses
from aeutils.data import DataSet, Split, as_float, load, patches
from aeutils.divergence import (
    cross_entropy_between,
    entropy,
    kl_diagonal_gaussians,
    kl_divergence,
    kl_gaussians,
    monte_carlo_kl,
)
from aeutils.history import History
from aeutils.metrics import (
    encode,
    error_per_sample,
    evaluate,
    reconstruct,
    reconstruction_error,
    subspace_cosines,
)
from aeutils.models import (
    PCA,
    VAE,
    Autoencoder,
    Conv,
    Deep,
    Dense,
    Linear,
    Recirculation,
    Stacked,
    TiedLinear,
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
from aeutils.recipes import load_model, save_model
from aeutils.session import setup
from aeutils.training import NonFiniteLoss, fit
from aeutils.widgets import explore_map, slider_figure, slider_picture

__all__ = [
    "CLASS_COLOURS",
    "PCA",
    "VAE",
    "Autoencoder",
    "Conv",
    "DataSet",
    "Deep",
    "Dense",
    "History",
    "Linear",
    "NonFiniteLoss",
    "Recirculation",
    "Split",
    "Stacked",
    "TiedLinear",
    "as_float",
    "build",
    "class_map",
    "cross_entropy_between",
    "curves",
    "encode",
    "entropy",
    "error_per_sample",
    "evaluate",
    "explore_map",
    "fit",
    "history_curves",
    "image_grid",
    "image_rows",
    "kl_diagonal_gaussians",
    "kl_divergence",
    "kl_gaussians",
    "latent_scatter",
    "load",
    "load_model",
    "losses",
    "mlp",
    "monte_carlo_kl",
    "patches",
    "reconstruct",
    "reconstruction_error",
    "save_model",
    "setup",
    "show_image",
    "slider_figure",
    "slider_picture",
    "subspace_cosines",
]
