"""The helper package of the autoencoder course. In a notebook: `import aeutils as ae`, then `data = ae.setup()`.

Importing it is cheap: a name's module is looked up and imported when the name is first used (PEP 562), so that nobody
waits for scikit-learn or for figures that are not asked for.
"""

import importlib as _importlib
from functools import cache as _cache

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
    "models": "build",
    "measures.evaluate": "denoise encode error_per_sample evaluate reconstruct reconstruction_error",
    "measures.report": "report",
    "training.fit": "fit",
    "training.run": "NonFiniteLoss",
    "training.history": "History",
    "weights.recipes": "load_model save_model",
    "weights.sets": "pretrained recipe",
    "plots.images": "image_grid image_rows show_image",
    "plots.curves": "curves history_curves",
    "plots.drawings": "drawing",
    "plots.maps": "CLASS_COLOURS class_map latent_scatter",
    "plots.describe": "describe",
    "exercises.trials": "Trials",
    "labs": "lab",
}
ROOMS = ("models", "panels")  # each of their files says in its `__all__` what is public: a new one is named there alone
MODULES = {  # public as modules: `ae.masks.central(...)`
    "losses": "probability.losses",
    "corruptions": "images.corruptions",
    "filters": "images.filters",
    "masks": "images.masks",
    "measures": "measures",  # until version 0.2, see there
}


@_cache
def _homes() -> dict[str, str]:
    """Public name -> its module. The files of `ROOMS` are read, not imported."""
    import ast
    from pathlib import Path

    homes = {name: module for module, names in HOMES.items() for name in names.split()}
    for file in (file for room in ROOMS for file in sorted(Path(__file__).with_name(room).glob("[!_]*.py"))):
        for line in ast.parse(file.read_text("utf-8")).body:
            if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "__all__":
                homes |= dict.fromkeys(ast.literal_eval(line.value), f"{file.parent.name}.{file.stem}")
    return homes


def __getattr__(name: str):
    """The public `name`, from its module. AttributeError, as for any module, when there is none."""
    if name == "__all__":
        value = sorted(_homes())
    elif name in MODULES:
        value = _importlib.import_module(f"{__name__}.{MODULES[name]}")
    elif name in _homes():
        value = getattr(_importlib.import_module(f"{__name__}.{_homes()[name]}"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value  # looked up once
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_homes()})
