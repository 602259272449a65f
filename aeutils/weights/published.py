"""The course's trained weights beside published numbers: `python -m aeutils weights --table` prints README's table."""

from pathlib import Path
from typing import NamedTuple

from aeutils.weights.places import recipe_file
from aeutils.weights.recipes import read_recipe
from aeutils.weights.sets import WEIGHTS, file


class Row(NamedTuple):
    """One set of weights: what it is, with its unit; the keys of its measure and of a baseline's; what others found."""

    what: str
    name: str
    measure: str
    baseline: str = ""
    baseline_name: str = ""
    published: str = ""


ERROR = ("squared_error", "squared_error_pca", "PCA")
HINTON, BURDA, LIM = "Hinton and Salakhutdinov 2006", "Burda et al. 2016", "Lim et al. 2017"
ROWS = (
    Row("784-512-256-2, squared error", "ae-2", *ERROR),
    Row("784-512-256-32, squared error", "ae-32", *ERROR),
    Row("784-1000-500-250-30, squared error", "deep-30", *ERROR, f"3.00, PCA 13.87 ({HINTON})"),
    Row("convolutions, 32 numbers, squared error", "conv-32", *ERROR),
    Row("denoising, Gaussian 0.5, dB", "denoiser", "psnr_denoised", "psnr_gaussian_filter", "filter"),
    Row("hole of 14x14 filled, dB", "context", "psnr_hole", "psnr_hole_nearest", "nearest image"),
    Row(
        "photographs enlarged x2, PSNR of Y in dB",
        "edsr-photos",
        "psnr_photographs",
        "psnr_photographs_bicubic",
        "bicubic",
        f"32.42 (SRCNN), 33.92 (EDSR, 43 million weights), on Set14 ({LIM})",
    ),
    Row(
        "VAE 784-400-20, -ELBO in nats",
        "vae-20",
        "negative_elbo",
        "floor",
        "floor",
        "105.6 after 10 epochs (usual example)",
    ),
    Row(
        "search in Fashion-MNIST, precision@4 in %",
        "vae-fashion",
        "precision_codes",
        "precision_pixels",
        "pixels",
    ),
    Row("VAE 784-200-200-50, -log p(x) in nats", "vae-50", "nll", published=f"86.76 ({BURDA})"),
    Row("the same by the bound of 50 draws", "iwae-50", "nll", published=f"84.78 ({BURDA})"),
)


def table(folder: Path = WEIGHTS) -> str:
    """README's table in Markdown, from the recipes in `folder`; sets that are not there are left out. ValueError
    where none is there."""
    lines = ["| test images | ours | baseline | published | budget of ours |", "|---|---|---|---|---|"]
    for row in ROWS:
        if recipe_file(file(row.name, folder)).exists():
            recipe = read_recipe(file(row.name, folder))
            measures = recipe["measures"]
            baseline = f"{measures[row.baseline]:.2f} ({row.baseline_name})" if row.baseline else ""
            after = f" after {recipe['start']}'s" if "start" in recipe else ""
            budget = f"{sum(recipe['epochs'])} epochs{after}, {recipe['seconds'] / 60:.1f} min, {recipe['device']}"
            cells = (f"{row.what} (`{row.name}`)", f"{measures[row.measure]:.2f}", baseline, row.published, budget)
            lines.append(f"| {' | '.join(cells)} |")
    if len(lines) == 2:
        raise ValueError(f"{folder} holds none of the course's weights; `python -m aeutils weights` makes them")
    return "\n".join(lines)
