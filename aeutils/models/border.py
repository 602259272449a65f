"""The border of every model: its constructor keeps what its signature says, and a batch of another shape or type is
refused before a layer sees it.

Of a batch only shape and type are compared, in less than a microsecond, because a training step calls these methods.
The values are what `fit` and the measures look at, once.
"""

import inspect
from collections.abc import Callable
from functools import wraps

import torch
from torch import Tensor

from aeutils.checks import checked
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
    """Puts the check before the constructor and the methods in TAKES that the class itself defines, also one that a
    learner writes."""
    if "__init__" in vars(cls):
        cls.__init__ = checked(cls.__init__)
    for name in TAKES.keys() & vars(cls).keys():
        setattr(cls, name, _guarded(vars(cls)[name], TAKES[name]))


def _guarded(method: Callable, attribute: str) -> Callable:
    own = [*inspect.signature(method).parameters][1:2]
    second = {"loss": "target", "log_p_x_given_z": "z"}.get(method.__name__)

    @wraps(method)
    def border(self, *args, **kwargs):
        if not args and own and own[0] in kwargs:
            args = (kwargs.pop(own[0]),)
        if not args:
            return method(self, **kwargs)  # Python's own message
        x, *further = args
        x = _fitting(self, "h" if attribute == "code_shape" else "x", x, getattr(self, attribute))
        if second and further:
            further[0] = _second(self, second, further[0], x)
        elif second in kwargs:
            kwargs[second] = _second(self, second, kwargs[second], x)
        return method(self, x, *further, **kwargs)

    return border


def _fitting(model, name: str, x: object, shape: tuple[int, ...]) -> Tensor:
    """x, where it is a float batch of the shape; else made one: of arrays, lists, uint8. ValueError where it cannot."""
    if isinstance(x, Tensor) and x.shape[1:] == shape and x.is_floating_point():
        return x
    like = next(model.parameters(), torch.empty(0))
    return Batch(f"N {' '.join(map(str, shape))}")(name, x, {"like": like})


def _second(model, name: str, value: object, x: Tensor) -> object:
    """A loss's target, which has the shape of x or is None, or codes z, one for each of x; converted as x is."""
    if name == "target":
        if value is None:
            return None
        if isinstance(value, Tensor) and value.shape != x.shape:
            raise ValueError(f"target is {list(value.shape)}; expected the shape of x, {list(x.shape)}")
        return _fitting(model, name, value, x.shape[1:])
    value = _fitting(model, name, value, model.code_shape)
    if len(value) != len(x):
        raise ValueError(f"{len(x)} samples and {len(value)} codes; expected as many of each")
    return value
