"""Moves in a latent space: ways from one code to another, a grid that covers the prior, nearest neighbours."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from aeutils.data.base import check_whole

ROWS = 500  # queries compared at once: bounds the memory


def slerp(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Codes on the arc from `start` to `end` [q] (or [N, q]) at the shares t [T] of its angle -> [T, q] ([T, N, q]).

    Spherical interpolation (Shoemake 1985; White 2016 for latent codes): the norm does not dip in the middle. Where
    the two point the same way it is the straight line. ValueError for a zero code, or for opposite ones, between which
    no arc is shorter than the others.
    """
    _check_codes(start, end)
    cosine = (normalize(start, dim=-1) * normalize(end, dim=-1)).sum(-1, keepdim=True)
    if (start.norm(dim=-1) == 0).any() or (end.norm(dim=-1) == 0).any():
        raise ValueError("a zero code has no direction; interpolate straight, or start elsewhere")
    if (cosine < -1 + 1e-6).any():
        raise ValueError(
            "the two codes are opposite: all arcs between them are equally long; go by way of a third code"
        )
    angle = cosine.clamp(-1, 1).acos()
    t = t.to(start).view(-1, *[1] * start.ndim)
    # sin(t angle) / sin(angle), which tends to t as the angle tends to 0.
    share = torch.where(angle < 1e-3, t, (t * angle).sin() / angle.sin().clamp(min=1e-9))
    rest = torch.where(angle < 1e-3, 1 - t, ((1 - t) * angle).sin() / angle.sin().clamp(min=1e-9))
    return rest * start + share * end


def prior_grid(side: int) -> Tensor:
    """Codes [side^2, 2] that cut N(0, I) into cells of equal probability, by the inverse normal CDF.

    Row by row as in a picture: z1 rises to the right, z2 upwards. ValueError for a side below 1.
    """
    check_whole("side", side)
    z = torch.special.ndtri((torch.arange(side) + 0.5) / side)
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], dim=-1).view(-1, 2)


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


def _check_codes(start: Tensor, end: Tensor) -> None:
    if start.shape != end.shape or start.ndim == 0:
        raise ValueError(f"expected two codes of the same shape; got {list(start.shape)} and {list(end.shape)}")
    if not (start.isfinite().all() and end.isfinite().all()):
        raise ValueError("expected finite codes; did the encoder diverge?")
