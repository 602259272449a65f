"""`@checked`: a function's annotations are its contract, kept at the border, before its first line runs."""

import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from functools import wraps
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from aeutils.checks.kinds import Flag, Instance, Kind, Number, Text, Whole

PLAIN = {str: Text(), bool: Flag(), int: Whole(None), float: Number()}


def checked(function: Callable) -> Callable:
    """`function`, given only what its annotations say, converted; else ValueError. Of a class: its constructor.

    An annotation is a `Kind`, or a type: str, bool, int, float (finite), a class, a Callable, and a Mapping, a dict
    (which may be empty), a Sequence, a list, a tuple[..., ...] or a union of these. What is not annotated, and a
    parameter that has its default, passes as it is.

    Of a method: what the object has bound stands in its `border`, sizes with their owners, and under "like" a tensor
    whose precision and device the others take: {"n": (784, "the weight"), "like": weight}.

    `.inside` is the function itself, for those within the border: a training step calls it, whose batches are known.
    """
    if isinstance(function, type):
        function.__init__ = checked(function.__init__)
        return function
    signature = inspect.signature(function)
    kinds = {name: kind for name, one in signature.parameters.items() if (kind := parameter_kind(one)) is not None}
    defaults = {name: one.default for name, one in signature.parameters.items()}

    @wraps(function)
    def border(*args, **kwargs):
        try:
            given = signature.bind(*args, **kwargs)
        except TypeError:
            return function(*args, **kwargs)  # Python's own message, which names the function
        arguments = given.arguments
        sizes = dict(getattr(arguments.get("self"), "border", ()))
        for name, value in arguments.items():
            if name in kinds and value is not defaults[name]:
                arguments[name] = kinds[name](name, value, sizes)
        return function(*given.args, **given.kwargs)

    border.inside = function
    return border


def parameter_kind(parameter: inspect.Parameter) -> Kind | None:
    """The kind of a parameter; of `*names`, that of each."""
    kind = kind_of(parameter.annotation)
    return Several(kind) if kind and parameter.kind is parameter.VAR_POSITIONAL else kind


def kind_of(annotation: Any) -> Kind | None:
    """What an annotation asks for; None where it asks for nothing."""
    if isinstance(annotation, Kind):
        return annotation
    if annotation in PLAIN:
        return PLAIN[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        kinds = [kind_of(one) or Kind() for one in inner if one is not NoneType]
        kind = Either(*kinds) if len(kinds) > 1 else kinds[0]
        return kind | None if NoneType in inner else kind
    if annotation is Callable or origin is Callable:
        return Function()
    if origin in (Mapping, dict):
        return Named(kind_of(inner[1]) or Kind(), least=int(origin is Mapping))
    if origin in (Sequence, list):
        return Several(kind_of(inner[0]) or Kind())
    if origin is tuple and inner[-1] is ...:
        return Several(kind_of(inner[0]) or Kind(), tuple)
    known = isinstance(annotation, type) and annotation not in (object, Any, inspect.Parameter.empty)
    # A bare Tensor says too little: where it is meant, a Kind says the shape, or the function checks.
    return Instance(annotation) if known and annotation.__module__ != "torch" else None


class Either(Kind):
    """A value of one of several kinds: the first that takes it."""

    def __init__(self, *kinds: Kind):
        self.kinds, self.expected = kinds, " or ".join(kind.expected for kind in kinds)

    def __call__(self, name, value, sizes=None):
        for kind in self.kinds:
            try:
                return kind(name, value, sizes)
            except ValueError:
                continue
        raise self.error(name, value)


class Function(Kind):
    """Whatever can be called, except a class: of a corruption, the object is the function. `meaning`: "of images"."""

    def __init__(self, meaning: str = ""):
        self.expected = f"a function {meaning}".rstrip()

    def __call__(self, name, value, sizes=None):
        if isinstance(value, type):
            raise self.error(name, value, f"Make one: {value.__name__}(...)")
        if not callable(value):
            raise self.error(name, value)
        return value


class Several(Kind):
    """A list, a tuple or another sequence of values of a kind, no string and no set -> list, or a `made` tuple."""

    def __init__(self, kind: Kind, made: type = list):
        self.kind, self.made, self.expected = kind, made, f"a list, every one of it {kind.expected}"

    def __call__(self, name, value, sizes=None):
        ordered = not isinstance(value, str | bytes | Mapping | Set | type)
        # A tensor or array of no dimension has __len__, too, and no length.
        if not ordered or not hasattr(value, "__len__") or not hasattr(value, "__iter__") or _is_scalar(value):
            raise self.error(name, value)
        return self.made(self.kind(f"{name}[{k}]", one, sizes) for k, one in enumerate(value))


def _is_scalar(value: Any) -> bool:
    return getattr(value, "shape", None) == ()


class Named(Kind):
    """A dictionary of values of a kind by name, `least` or more -> dict."""

    def __init__(self, kind: Kind, least: int = 1):
        self.kind, self.least, self.expected = kind, least, f"a dictionary, by name: {kind.expected}"

    def __call__(self, name, value, sizes=None):
        right = isinstance(value, Mapping) and len(value) >= self.least and all(isinstance(key, str) for key in value)
        if not right:
            raise self.error(name, value)
        return {key: self.kind(f"{name}[{key!r}]", one, sizes) for key, one in value.items()}
