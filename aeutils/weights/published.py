"""The course's trained weights beside published numbers: `python -m aeutils weights --table` prints README's table."""

from pathlib import Path
from typing import NamedTuple

from aeutils.weights.recipes import read_recipe
from aeutils.weights.sets import WEIGHTS, file


class Row(NamedTuple):
    """One set of weights: what it is, with its unit; its measure and a baseline's in the recipe; what others found."""

    what: str
    name: str
    measure: str
    baseline: str = ""
    baseline_name: str = ""
    published: str = ""


ERROR, HOLE, AFTER = "squared error per test image", "PSNR in the hole in dB", "PSNR after the"
ELBO, FLOOR = "-ELBO in nats per test image", "entropy of the grey levels, the floor of the -ELBO, in nats"
DRAWS = "-log p(x) in nats per test image, 5,000 draws"
PHOTOS = "PSNR of Y of test photographs"
HINTON, BURDA, LIM = "Hinton and Salakhutdinov 2006", "Burda et al. 2016", "Lim et al. 2017"


def pca(q: int) -> tuple[str, str]:
    """Name in the recipe and in the table of PCA's error with q components."""
    return f"{ERROR}, PCA with {q} components", "PCA"


ROWS = (
    Row("784-512-256-2, squared error", "ae-2", ERROR, *pca(2)),
    Row("784-512-256-32, squared error", "ae-32", ERROR, *pca(32)),
    Row("784-1000-500-250-30, squared error", "deep-30", ERROR, *pca(30), f"3.00, PCA 13.87 ({HINTON})"),
    Row("convolutions, 32 numbers, squared error", "conv-32", ERROR, *pca(32)),
    Row(
        "denoising, Gaussian 0.5, dB",
        "denoiser",
        f"{AFTER} model in dB",
        f"{AFTER} best Gaussian filter in dB",
        "filter",
    ),
    Row("hole of 14x14 filled, dB", "context", HOLE, f"{HOLE}, nearest training image by context", "nearest image"),
    Row(
        "photographs enlarged x2, PSNR of Y in dB",
        "edsr-photos",
        f"{PHOTOS} in dB",
        f"{PHOTOS} by bicubic interpolation in dB",
        "bicubic",
        f"32.42 (SRCNN), 33.92 (EDSR, 43 million weights), on Set14 ({LIM})",
    ),
    Row("VAE 784-400-20, -ELBO in nats", "vae-20", ELBO, FLOOR, "floor", "105.6 after 10 epochs (usual example)"),
    Row(
        "search in Fashion-MNIST, precision@4 in %",
        "vae-fashion",
        "precision@4 by codes in %",
        "precision@4 by pixels in %",
        "pixels",
    ),
    Row("VAE 784-200-200-50, -log p(x) in nats", "vae-50", DRAWS, published=f"86.76 ({BURDA})"),
    Row("the same by the bound of 50 draws", "iwae-50", DRAWS, published=f"84.78 ({BURDA})"),
)


def table(folder: Path = WEIGHTS) -> str:
    """README's table in Markdown, from the recipes in `folder`; sets that are not there are left out."""
    lines = ["| test images | ours | baseline | published | budget of ours |", "|---|---|---|---|---|"]
    for row in ROWS:
        if file(row.name, folder).with_suffix(".json").exists():
            recipe = read_recipe(file(row.name, folder))
            found = recipe["measures"]
            baseline = f"{found[row.baseline]:.2f} ({row.baseline_name})" if row.baseline else ""
            after = f" after {recipe['start']}'s" if "start" in recipe else ""
            budget = f"{sum(recipe['epochs'])} epochs{after}, {recipe['seconds'] / 60:.1f} min, {recipe['device']}"
            cells = (f"{row.what} (`{row.name}`)", f"{found[row.measure]:.2f}", baseline, row.published, budget)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
