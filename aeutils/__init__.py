"""The helper package of the autoencoder course. In a notebook: `import aeutils as ae`, then `data = ae.setup()`.

Importing it is cheap: a name is looked up in `HOMES` and its module imported when it is first used (PEP 562), so that
nobody waits for scikit-learn or for figures that are not asked for.
"""

import importlib

# Module -> the public names that live in it; the module's own name is public where notebooks use it as such.
HOMES: dict[str, str] = {
    "session": "setup",
    "data": "DataSet Split as_float load patches varied",
    "models": """EDSR IWAE PCA VAE Adversarial Autoencoder ChannelWise Context Contractive Conv Deep DeepContractive
        Denoising Dense Discriminator Linear LinearGaussian Recirculation Sparse SparseKL Stacked Tied TiedLinear TopK
        build mlp""",
    "training": "fit",
    "run": "NonFiniteLoss",
    "history": "History",
    "recipes": "load_model save_model",
    "weights": "pretrained",
    "losses": "losses",
    "corruptions": "corruptions corruption",
    "filters": "filters",
    "masks": "masks",
    "inpainting": "in_hole mean_fill nearest_by_context sharpness",
    "quality": "luma psnr psnr_y ssim",
    "metrics": "denoise encode error_per_sample evaluate reconstruct reconstruction_error subspace_cosines",
    "measures": "report measures",
    "probe": "linear_probe",
    "jacobian": "estimated_norm jacobians squared_norms tangents",
    "sparsity": "active_share dead_units",
    "divergence": """cross_entropy_between entropy kl_diagonal_gaussians kl_divergence kl_gaussians
        monte_carlo_kl""",
    "likelihood": "log_likelihood",
    "latent": "nearest precision_at prior_grid slerp",
    "plots": "CLASS_COLOURS class_map curves history_curves image_grid image_rows latent_scatter show_image",
    "widgets": "explore film slider_figure slider_picture",
}
HOME = {name: module for module, names in HOMES.items() for name in names.split()}

__all__ = sorted(HOME)


def __getattr__(name: str):
    """The public `name`, from its module. AttributeError, as for any module, when there is none."""
    if name not in HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{HOME[name]}")
    value = module if name == HOME[name] else getattr(module, name)
    globals()[name] = value  # looked up once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
