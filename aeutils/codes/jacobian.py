"""The Jacobian dh/dx of an encoder: how the code moves when the input moves a little.

An encoder here is any function [N, *shape] -> [N, q] that treats samples one by one (no batch normalisation).
All functions have derivatives with respect to the encoder's weights; under `torch.no_grad()` they save the memory.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import jacrev, vjp, vmap

from aeutils.checks import Whole, checked
from aeutils.checks.kinds import said
from aeutils.checks.tensors import Numbers

Encoder = Callable[[Tensor], Tensor]
SAMPLES = Numbers("N D ...")

LARGEST = 2**24  # numbers of all Jacobians at a time: 64 MB, and about three times as much to compute them


@checked
def jacobians(encode: Encoder, x: SAMPLES) -> Tensor:
    """dh/dx at every sample, exactly: x [N, *shape] -> [N, q, n], n the values of a sample, q those of its code.

    ValueError where the encoder gives another number of codes than of samples.
    """
    _check_codes(encode, x)

    def code(sample: Tensor) -> Tensor:
        return encode(sample[None])[0].flatten()

    return vmap(jacrev(code))(x).flatten(2)


@checked
def squared_norms(encode: Encoder, x: SAMPLES) -> Tensor:
    """||dh/dx||_F^2 at every sample, exactly: x float [N, *shape] -> [N]. Needs q passes back through the encoder."""
    _check_codes(encode, x)
    size = encode(x[:1]).numel() * x[0].numel()
    batches = x.split(max(1, LARGEST // size))
    return torch.cat([jacobians.inside(encode, batch).square().sum((1, 2)) for batch in batches])


@checked
def estimated_norm(encode: Encoder, x: SAMPLES, probes: Whole(1) = 1) -> tuple[Tensor, Tensor]:
    """The code [N, q], and an unbiased estimate [N] of ||dh/dx||_F^2 from one pass back for each probe.

    ||J||_F^2 = trace(J J^T) = E ||v^T J||^2 for random v [q] with E[v v^T] = I; signs +1 and -1 have the least variance
    among such v (Hutchinson 1989).
    """
    h, pull_back = vjp(encode, x)
    total = torch.zeros(len(x), device=x.device)
    for _ in range(probes):
        v = torch.randint_like(h, 2) * 2 - 1
        total = total + pull_back(v)[0].flatten(1).square().sum(1)
    return h, total / probes


@checked
def tangents(encode: Encoder, x: SAMPLES) -> tuple[Tensor, Tensor]:
    """Singular values [N, r] of the Jacobians, falling, and right singular vectors [N, r, *shape]; r = min(q, n).

    The k-th vector, of length 1, is a direction in the space of inputs along which the code moves by the k-th singular
    value per unit of input. Large values: directions that the encoder follows; values near 0: it does not notice.
    """
    _, values, vectors = torch.linalg.svd(jacobians(encode, x), full_matrices=False)
    return values, vectors.unflatten(2, x.shape[1:])


def _check_codes(encode: Encoder, x: Tensor) -> None:
    """ValueError unless the encoder gives a code for a sample."""
    with torch.no_grad():
        h = encode(x[:1])
    if not isinstance(h, Tensor) or h.ndim < 2 or len(h) != 1:
        raise ValueError(f"encode gives {said(h)} for one sample; expected its code, [1, q]")
