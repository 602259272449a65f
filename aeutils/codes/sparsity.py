"""How sparse a code is: which of its units speak, and which never do."""

from torch import Tensor


def active_share(codes: Tensor, above: float = 0.0) -> float:
    """Share of all activations in codes [N, q] whose size is larger than `above`, in [0, 1].

    Sigmoid units never reach 0: give them a threshold such as 0.1. ValueError for codes that are no matrix, or empty.
    """
    return _active(codes, above).float().mean().item()


def dead_units(codes: Tensor, above: float = 0.0) -> int:
    """Number of units that are active (see `active_share`) on none of the samples of codes [N, q]."""
    return int((~_active(codes, above).any(0)).sum())


def _active(codes: Tensor, above: float) -> Tensor:
    if codes.ndim != 2 or codes.numel() == 0:
        raise ValueError(f"expected codes [N, q] of at least one sample; got {list(codes.shape)}")
    return codes.abs() > above
