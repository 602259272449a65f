"""`@checked`: a function's annotations are its contract, kept at the border, before its first line runs."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from aeutils.checks.kinds import Flag, Instance, Kind, Number, Text, Whole

PLAIN = {str: Text(), bool: Flag(), int: Whole(None), float: Number()}


def checked(function: Callable) -> Callable:
    """`function`, given only what its annotations say, converted; else ValueError. Of a class: its constructor.

    An annotation is a `Kind`, or a type: str, bool, int, float (finite), a class, a Callable, and a Mapping, a Sequence
    or a union of these. What is not annotated, and a parameter that has its default, passes as it is.

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
    if origin is Mapping:
        return Named(kind_of(inner[1]) or Kind())
    if origin is Sequence:
        return Several(kind_of(inner[0]) or Kind())
    known = isinstance(annotation, type) and annotation not in (object, inspect.Parameter.empty)
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
    """Whatever can be called."""

    expected = "a function"

    def __call__(self, name, value, sizes=None):
        if not callable(value):
            raise self.error(name, value)
        return value


class Several(Kind):
    """A list, a tuple or another sequence of values of a kind, no string -> list."""

    def __init__(self, kind: Kind):
        self.kind, self.expected = kind, f"a list, every one of it {kind.expected}"

    def __call__(self, name, value, sizes=None):
        if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__") or not hasattr(value, "__iter__"):
            raise self.error(name, value)
        return [self.kind(f"{name}[{k}]", one, sizes) for k, one in enumerate(value)]


class Named(Kind):
    """A dictionary of values of a kind by name, one or more -> dict."""

    def __init__(self, kind: Kind):
        self.kind, self.expected = kind, f"a dictionary, by name: {kind.expected}"

    def __call__(self, name, value, sizes=None):
        if not isinstance(value, Mapping) or not value or not all(isinstance(key, str) for key in value):
            raise self.error(name, value)
        return {key: self.kind(f"{name}[{key!r}]", one, sizes) for key, one in value.items()}
