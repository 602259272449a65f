"""Walks in a latent space: ways from one code to another, and a grid that covers the prior."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

from aeutils.checks import Whole, checked
from aeutils.checks.tensors import Codes, Numbers


@checked
def slerp(start: Codes("*shape q"), end: Codes("*shape q"), t: Numbers("...")) -> Tensor:
    """Codes on the arc from `start` to `end` [q] (or [N, q]) at the shares t [T] of its angle -> [T, q] ([T, N, q]).
    A number t is a [1].

    Spherical interpolation (Shoemake 1985; White 2016 for latent codes): the norm does not dip in the middle. Where
    the two point the same way it is the straight line. ValueError for a zero code, or for opposite ones, between which
    no arc is shorter than the others.
    """
    if t.ndim > 1:
        raise ValueError(f"t is of shape {list(t.shape)}; expected shares of the angle, [T], or a number")
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


@checked
def prior_grid(side: Whole(1)) -> Tensor:
    """Codes [side^2, 2] that cut N(0, I) into cells of equal probability, by the inverse normal CDF.

    Row by row as in a picture: z1 rises to the right, z2 upwards. ValueError for a side below 1.
    """
    z = torch.special.ndtri((torch.arange(side) + 0.5) / side)
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], dim=-1).view(-1, 2)
