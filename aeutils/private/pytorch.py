"""Private names of PyTorch."""

import torch
from torch import Tensor

# torch.ops.mkldnn._linear_pointwise: a dense layer by oneDNN. Known in PyTorch 2.4 to 2.14, for its compiler.
# Without it: the layers are computed as nn.Linear computes them.
ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def affine(a: Tensor, b: Tensor, c: Tensor | None) -> Tensor:
    """a b^T + c by oneDNN, where ONEDNN says there is one: float32 a [N, K], b [M, K], c [M] or None -> [N, M]."""
    return torch.ops.mkldnn._linear_pointwise(a, b, c, "none", [], "")


def transformed() -> bool:
    """Whether a transform of torch.func (vmap, grad, ...) is at work, which an autograd.Function may not know.

    torch._C._are_functorch_transforms_active: known in PyTorch 2.4 to 2.14, whose autograd.Function asks the
    same. Without it: True, that is, no Function of ours is used.
    """
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    return True if active is None else active()


def total_norm(tensors: list[Tensor]) -> Tensor:
    """Sum of the tensors' Euclidean norms, a scalar; not finite where any of their values is not.

    torch._foreach_norm: known in PyTorch 2.4 to 2.14, for clip_grad_norm_. Without it: a norm at a time.
    """
    norms = getattr(torch, "_foreach_norm", lambda each: [one.norm() for one in each])
    return torch.stack(norms([one.detach() for one in tensors])).sum()


def copy_all(targets: list[Tensor], sources: list[Tensor]) -> None:
    """Copies each source into its target, all at once.

    torch._foreach_copy_: known in PyTorch 2.4 to 2.14. Without it: a copy at a time.
    """
    together = getattr(torch, "_foreach_copy_", None)
    if together is not None:
        together(targets, sources)
        return
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)
