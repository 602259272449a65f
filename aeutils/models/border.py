"""The border of every model's methods: a batch of another shape or type is refused before a layer sees it.

Only shape and type are compared, in less than a microsecond, because a training step calls these methods. The values
are what `fit` and the measures look at, once.
"""

from collections.abc import Callable
from functools import wraps

import torch
from torch import Tensor

from aeutils.checks.tensors import Batch

TAKES = {  # method -> what its batch is shaped as
    "encode": "shape",
    "posterior": "shape",
    "forward": "shape",
    "loss": "shape",
    "decode": "code_shape",
    "log_p_x_given_z": "shape",
}


def guard(cls: type) -> None:
    """Puts the check before the methods in TAKES that the class itself defines, also one that a learner writes."""
    for name in TAKES.keys() & vars(cls).keys():
        setattr(cls, name, _guarded(vars(cls)[name], TAKES[name]))


def _guarded(method: Callable, attribute: str) -> Callable:
    @wraps(method)
    def border(self, x, *args, **kwargs):
        shape = getattr(self, attribute)
        x = _fitting(self, "h" if attribute == "code_shape" else "x", x, shape)
        further = args[0] if args else kwargs.get("target", kwargs.get("z"))
        if isinstance(further, Tensor) and (len(further) != len(x) or method.__name__ == "loss"):
            _check_second(method.__name__, further, x)
        return method(self, x, *args, **kwargs)

    return border


def _fitting(model, name: str, x: object, shape: tuple[int, ...]) -> Tensor:
    """x, where it is a float batch of the shape; else made one: of arrays, lists, uint8. ValueError where it cannot."""
    if isinstance(x, Tensor) and x.shape[1:] == shape and x.is_floating_point():
        return x
    like = next(model.parameters(), torch.empty(0))
    return Batch(f"N {' '.join(map(str, shape))}")(name, x, {"like": like})


def _check_second(method: str, second: Tensor, x: Tensor) -> None:
    """ValueError unless a loss's target has the shape of x, and there is one code, or one hole, for each of x."""
    if method == "loss" and second.shape != x.shape:
        raise ValueError(f"target is {list(second.shape)}; expected the shape of x, {list(x.shape)}")
    if method == "log_p_x_given_z":
        raise ValueError(f"{len(x)} samples and {len(second)} codes; expected as many of each")
