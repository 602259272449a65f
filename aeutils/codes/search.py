"""Search by codes: the nearest neighbours, and how many of them are of the query's class."""

import torch
from torch import Tensor

from aeutils.checks import Whole, checked
from aeutils.checks.tensors import Codes, Labels

ROWS = 200  # queries compared at once: bounds the memory
SHORTEST = 1e-12  # what a shorter row counts as: its cosines are 0, not infinite


@checked
def nearest(queries: Codes("M D ..."), gallery: Codes("N D ..."), count: Whole(1)) -> Tensor:
    """Indices [M, count] of the gallery's rows nearest to each query by cosine, nearest first.

    queries [M, ...] and gallery [N, ...]: codes or images, flattened. ValueError for different widths, values that are
    not finite, zero rows (they have no direction), or a count that is not from 1 to N.
    """
    queries, gallery = (_directions(name, rows) for name, rows in (("queries", queries), ("gallery", gallery)))
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries have {queries.shape[1]} numbers each, the gallery {gallery.shape[1]}; expected equal"
        )
    Whole(1, len(gallery))("count", count)
    # The gallery's lengths divide the products: rows of length one would be a second gallery in memory. Those of the
    # queries do not change an order.
    lengths = gallery.norm(dim=1).clamp(min=SHORTEST)
    return torch.cat([(rows @ gallery.T).div_(lengths).topk(count).indices for rows in queries.split(ROWS)])


@checked
def precision_at(found: Labels("M k"), query_labels: Labels("M"), gallery_labels: Labels("N")) -> float:
    """Share of the found neighbours, indices [M, k], that have their query's label; labels [M] and [N]; in [0, 1]."""
    if found.max() >= len(gallery_labels):
        raise ValueError(f"found names row {found.max().item()} of a gallery that has {len(gallery_labels)} labels")
    return (gallery_labels[found] == query_labels[:, None]).float().mean().item()


def _directions(name: str, rows: Tensor) -> Tensor:
    rows = rows.detach().flatten(1).float()
    if not rows.any(1).all():
        raise ValueError(f"{name}: a row of zeros has no direction, so no cosine")
    return rows
