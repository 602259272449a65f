"""Search by codes: the nearest neighbours, and how many of them are of the query's class."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from aeutils.checks import check_whole

ROWS = 500  # queries compared at once: bounds the memory


def nearest(queries: Tensor, gallery: Tensor, count: int) -> Tensor:
    """Indices [M, count] of the gallery's rows nearest to each query by cosine, nearest first.

    queries [M, ...] and gallery [N, ...]: codes or images, flattened. ValueError for different widths, values that are
    not finite, zero rows (they have no direction), or a count that is not from 1 to N.
    """
    queries, gallery = (_unit_rows(name, rows) for name, rows in (("queries", queries), ("gallery", gallery)))
    if queries.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"queries have {queries.shape[1]} numbers each, the gallery {gallery.shape[1]}; expected equal"
        )
    check_whole("count", count, most=len(gallery))
    return torch.cat([(rows @ gallery.T).topk(count).indices for rows in queries.split(ROWS)])


def precision_at(found: Tensor, query_labels: Tensor, gallery_labels: Tensor) -> float:
    """Share of the found neighbours, indices [M, k], that have their query's label; labels [M] and [N]; in [0, 1]."""
    if len(found) != len(query_labels):
        raise ValueError(f"neighbours of {len(found)} queries, but {len(query_labels)} labels of queries")
    return (gallery_labels[found] == query_labels[:, None]).float().mean().item()


def _unit_rows(name: str, rows: Tensor) -> Tensor:
    rows = rows.detach().flatten(1).float()
    if not rows.isfinite().all():
        raise ValueError(f"{name}: expected finite values; did the encoder diverge?")
    if (rows == 0).all(1).any():
        raise ValueError(f"{name}: a row of zeros has no direction, so no cosine")
    return normalize(rows, dim=1)
