"""What makes a model this one and no other, in plain values that JSON can hold: its class and all its options.

A checkpoint knows its run by it, a recipe rebuilds the model from it. It is read off the constructor's signature, so
that a new option is in it as soon as it is a parameter.
"""

import hashlib
import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from aeutils.checks.kinds import plain_number
from aeutils.files import fingerprint

SHORT = 16  # digits of a hash: enough to tell two apart
DEEPEST = 6  # how far an object's attributes are followed


def describe(value: Any, depth: int = 0) -> Any:
    """`value` in plain values, equal for what does the same. A class is told by its name, a function by what it does:
    its code and what it holds of its surroundings; a tensor by a hash, a network by its layers."""
    number = plain_number(value)
    if number is not None:
        return number if math.isfinite(number) else repr(number)
    if value is None or isinstance(value, str | bool):
        return value
    if depth > DEEPEST:
        return type(value).__qualname__

    def deeper(each: Any) -> Any:
        return describe(each, depth + 1)

    if isinstance(value, tuple | list):
        return [deeper(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): deeper(each) for key, each in value.items()}
    if isinstance(value, type):
        return {"class": class_name(value)}
    if hasattr(value, "description"):
        return value.description()
    if isinstance(value, Tensor | np.ndarray):
        return {"tensor": fingerprint({"": torch.as_tensor(value)})[:SHORT]}
    if isinstance(value, nn.Module):
        return {"network": repr(value)}
    if isinstance(value, partial):
        return {"function": deeper(value.func), "given": deeper([value.args, value.keywords])}
    if isinstance(value, MethodType):
        return {"function": deeper(value.__func__), "of": deeper(value.__self__)}
    if isinstance(value, FunctionType):
        if getattr(value, "inside", None) is getattr(value, "__wrapped__", value):  # `@checked`: the same for what fits
            return deeper(value.inside)
        code, defaults = _digest(value.__code__), [value.__defaults__, value.__kwdefaults__]
        return {"function": value.__qualname__, "code": code, "given": deeper(defaults), "held": deeper(_held(value))}
    if isinstance(value, BuiltinFunctionType):
        return {"function": value.__name__}
    held = deeper(getattr(value, "__dict__", {}))
    return {"object": class_name(type(value)), **(held if isinstance(held, dict) else {"of": held})}


def restored(name: str, value: Any) -> Any:
    """The option `name` that `describe` made `value` of. ValueError for what plain values cannot hold."""
    if isinstance(value, list):
        return tuple(restored(name, each) for each in value)
    if not isinstance(value, dict):
        return value
    home, _, title = str(value.get("class", "")).rpartition(".")
    # No other place: a file that is loaded does not choose what code runs.
    if home == "torch.nn" or home.startswith("aeutils.models."):
        with suppress(ImportError, AttributeError):
            found = getattr(import_module(home), title)
            if isinstance(found, type) and issubclass(found, nn.Module):
                return found
    raise ValueError(
        f"{name} is {value}; a recipe holds numbers, texts, and layers of torch.nn and aeutils.models by name"
    )


def arguments(function: Callable, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Every argument of a call of the method `function` by its name, described, defaults included."""
    signature = inspect.signature(function)
    try:
        bound = signature.bind_partial(None, *args, **kwargs)
    except TypeError:  # the call itself will say it better
        return {}
    bound.apply_defaults()
    found: dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[1:]:
        found |= value if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD else {name: value}
    return {name: describe(value) for name, value in found.items()}


def class_name(cls: type) -> str:
    """Where a class is found: "torch.nn.Tanh", "aeutils.models.dense.Dense"."""
    public = getattr(nn, cls.__name__, None) is cls
    return f"torch.nn.{cls.__name__}" if public else f"{cls.__module__}.{cls.__qualname__}"


def differences(there: Any, now: Any, name: str = "") -> Iterator[str]:
    """What differs between two descriptions, each as "beta 1.0 there, 50.0 now"."""
    if isinstance(there, dict) and isinstance(now, dict):
        for key in [*now, *(key for key in there if key not in now)]:
            whole = key if name in ("", "options") else f"{name}.{key}"
            yield from differences(there.get(key), now.get(key), whole)
    elif there != now:
        yield f"{name} {there!r} there, {now!r} now"


def _held(function: FunctionType) -> dict[str, Any]:
    """What a function takes from around it, by name: values, and the functions of its own file or notebook."""
    around = inspect.getclosurevars(function)
    foreign = (ModuleType, type, FunctionType, BuiltinFunctionType)
    return {
        name: each
        for name, each in {**around.globals, **around.nonlocals}.items()
        if not isinstance(each, foreign) or getattr(each, "__module__", None) == function.__module__
    }


def _digest(code: CodeType) -> str:
    """The beginning of a hash of what compiled code does."""
    digest = hashlib.sha256(code.co_code)
    for constant in code.co_consts:
        digest.update((_digest(constant) if isinstance(constant, CodeType) else repr(constant)).encode())
    digest.update(" ".join(code.co_names).encode())
    return digest.hexdigest()[:SHORT]
