"""How sparse a code is: which of its units speak, and which never do."""

from aeutils.checks import Number, checked
from aeutils.checks.tensors import Codes


@checked
def active_share(codes: Codes("N q"), above: Number(0) = 0.0) -> float:
    """Share of all activations in codes [N, q] whose size is larger than `above`, in [0, 1].

    Sigmoid units never reach 0: give them a threshold such as 0.1. ValueError for codes that are no matrix, or empty.
    """
    return (codes.abs() > above).float().mean().item()


@checked
def dead_units(codes: Codes("N q"), above: Number(0) = 0.0) -> int:
    """Number of units that are active (see `active_share`) on none of the samples of codes [N, q]."""
    return int((codes.abs() <= above).all(0).sum())
