"""The helper package of the autoencoder course. In a notebook: `import aeutils as ae`, then `data = ae.setup()`.

Importing it is cheap: a name is looked up in `HOMES` and its module imported when it is first used (PEP 562), so that
nobody waits for scikit-learn or for figures that are not asked for.
"""

import importlib

# Module -> the public names that live in it.
HOMES: dict[str, str] = {
    "jupyter.setup_cell": "setup",
    "data": "DataSet Split as_float load patches varied",
    "images.corruptions": "corruption",
    "images.inpainting": "in_hole mean_fill nearest_by_context sharpness",
    "images.quality": "luma psnr psnr_y ssim",
    "probability.divergence": """cross_entropy_between entropy kl_diagonal_gaussians kl_divergence kl_gaussians
        monte_carlo_kl""",
    "probability.likelihood": "log_likelihood",
    "probability.linear_gaussian": "LinearGaussian",
    "codes.walks": "prior_grid slerp",
    "codes.search": "nearest precision_at",
    "codes.jacobian": "estimated_norm jacobians squared_norms tangents",
    "codes.sparsity": "active_share dead_units",
    "codes.probe": "linear_probe",
    "models": """EDSR IWAE PCA VAE Adversarial Autoencoder ChannelWise Context Contractive Conv Deep DeepContractive
        Denoising Dense Discriminator Linear Recirculation Sparse SparseKL Stacked Tied TiedLinear TopK build mlp""",
    "models.pca": "subspace_cosines",
    "measures.evaluate": "denoise encode error_per_sample evaluate reconstruct reconstruction_error",
    "measures.report": "report",
    "training.fit": "fit",
    "training.run": "NonFiniteLoss",
    "training.history": "History",
    "weights.recipes": "load_model save_model",
    "weights.sets": "pretrained",
    "plots.images": "image_grid image_rows show_image",
    "plots.curves": "curves history_curves",
    "plots.maps": "CLASS_COLOURS class_map latent_scatter",
    "labs": "lab",
    "panels": "explore film slider_figure slider_picture",
}
MODULES = {  # public as modules: `ae.masks.central(...)`
    "losses": "probability.losses",
    "corruptions": "images.corruptions",
    "filters": "images.filters",
    "masks": "images.masks",
    "measures": "measures",  # until version 0.2, see there
}
HOME = {name: module for module, names in HOMES.items() for name in names.split()}

__all__ = sorted(HOME)


def __getattr__(name: str):
    """The public `name`, from its module. AttributeError, as for any module, when there is none."""
    if name in MODULES:
        value = importlib.import_module(f"{__name__}.{MODULES[name]}")
    elif name in HOME:
        value = getattr(importlib.import_module(f"{__name__}.{HOME[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # looked up once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
