"""Kinds of values that are no tensors. `Whole(1, 10)("count", value)` gives the value, or refuses it by name."""

import math
import numbers
import os
import reprlib
import sys
from operator import index
from pathlib import Path
from typing import Any

LARGEST = sys.float_info.max  # an int may be larger, and NaN and infinity are not in reach of it
LARGEST_SIZE = 10**12  # of a layer: more than any memory, and still a number of bytes
LONGEST_NAME = 255  # bytes of a file's name on every usual system
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80
_PLAIN = (type(None), bool, int, float, complex, str, bytes, list, tuple, dict, set, Path)


class Kind:
    """What a parameter may be. `expected` says it in words; called, it gives the value as a function wants it.

    `Whole(1) | None` takes None as well.
    """

    expected = "anything"

    def __call__(self, name: str, value: Any, sizes: dict | None = None) -> Any:
        """The value, converted. ValueError unless it is of this kind. sizes: those that the call has bound so far."""
        return value

    def __or__(self, _none: None) -> "Kind":
        return Maybe(self)

    def __repr__(self) -> str:
        return self.expected

    def error(self, name: str, value: Any, advice: str = "") -> ValueError:
        """The error that says what came, what was expected and, with `advice`, what to do."""
        return ValueError(f"{name} is {said(value)}; expected {self.expected}{'. ' * bool(advice)}{advice}")


class Maybe(Kind):
    """A value of the kind, or None."""

    def __init__(self, kind: Kind):
        self.kind, self.expected = kind, f"{kind.expected}, or None"

    def __call__(self, name, value, sizes=None):
        return None if value is None else self.kind(name, value, sizes)


class Whole(Kind):
    """A whole number from `least` to `most`, of Python, NumPy or PyTorch -> int."""

    def __init__(self, least: int | None = 1, most: int | None = None):
        self.least, self.most = -math.inf if least is None else least, math.inf if most is None else most
        limits = f", {least} or above" if most is None else f", from {least} to {most}"
        self.expected = "a whole number" + limits * (least is not None)

    def __call__(self, name, value, sizes=None):
        plain = plain_number(value)
        if not isinstance(plain, int) or not self.least <= plain <= self.most:
            raise self.error(name, value)
        return plain


SEED = Whole(0, 2**32 - 1)  # what every generator takes, NumPy's, too
SIZE = Whole(1, LARGEST_SIZE)


class Number(Kind):
    """A finite number from `low` to `high`, or `above` a number and `below` another -> int or float."""

    def __init__(self, low: float = -math.inf, high: float = math.inf, *, above: float | None = None, below=math.inf):
        self.low, self.high, self.above, self.below = low, high, above, below
        if above is not None:
            limits = f" above {above:g}" if below == math.inf else f" between {above:g} and {below:g}"
        elif high < math.inf:
            limits = f" from {low:g} to {high:g}"
        elif below < math.inf:
            limits = f" from {low:g} to less than {below:g}"
        else:
            limits = f", {low:g} or above" if low > -math.inf else ""
        self.expected = ("a number" if limits else "a finite number") + limits

    def __call__(self, name, value, sizes=None):
        plain = plain_number(value)
        if plain is None or not (abs(plain) <= LARGEST and self.low <= plain <= self.high):
            raise self.error(name, value)
        if plain >= self.below or (self.above is not None and plain <= self.above):
            raise self.error(name, value)
        return plain


class Flag(Kind):
    """True or False, of NumPy too -> bool."""

    expected = "True or False"

    def __call__(self, name, value, sizes=None):
        if isinstance(value, bool) or type(value).__name__ == "bool":  # numpy.bool, without importing NumPy
            return bool(value)
        raise self.error(name, value)


class Text(Kind):
    """A string. `filled`: with more in it than blanks; `meaning`: what it says, "that says what is shown"."""

    def __init__(self, filled: bool = False, meaning: str = ""):
        self.filled = filled
        self.expected = f"a text {meaning or 'that is not empty' * filled}".rstrip()

    def __call__(self, name, value, sizes=None):
        if not isinstance(value, str) or (self.filled and not value.strip()):
            raise self.error(name, value)
        return value


class OneOf(Kind):
    """One of several strings, as the keys of a dictionary that may still grow.

    none: how an error begins: "there is no data set"; else with the parameter's name
    """

    def __init__(self, *choices: str, among=(), none: str = ""):
        self.choices, self.none = among or choices, none

    @property
    def expected(self) -> str:
        return f"one of {', '.join(self.choices)}"

    def __call__(self, name, value, sizes=None):
        if not isinstance(value, str) or value not in self.choices:
            raise self.error(name, value)
        return value

    def error(self, name, value, advice=""):
        if not self.none:
            return super().error(name, value, advice)
        return ValueError(f"{self.none} {said(value)}; expected {self.expected}")


class Sizes(Kind):
    """Sizes, whole numbers from 1 to `most`, as many as `count` says, `least` or more -> tuple of int."""

    def __init__(self, count: int | None = None, least: int = 1, most: int = LARGEST_SIZE):
        self.count, self.least, self.most = count, least, most
        many, more = (f"{count} ", "") if count else ("", f", {least} or more of them" * (least > 1))
        limit = f" from 1 to {most}" if most < LARGEST_SIZE else " above 0"
        self.expected = f"a tuple of {many}sizes, whole numbers{limit}{more}"

    def __call__(self, name, value, sizes=None):
        if not isinstance(value, tuple | list) or len(value) < self.least or self.count not in (None, len(value)):
            raise self.error(name, value)
        plain = tuple(map(plain_number, value))
        if not all(isinstance(one, int) and one > 0 for one in plain):
            raise self.error(name, value)
        if max(plain, default=0) > self.most:
            raise self.error(name, value, f"The largest is {self.most}")
        return plain


class File(Kind):
    """A path, str or Path; "~" is the home folder -> Path."""

    expected = "a path, a text or a pathlib.Path"

    def __call__(self, name, value, sizes=None):
        if not isinstance(value, str | Path) or "\0" in str(value) or not str(value).strip():
            raise self.error(name, value)
        longest = max(len(os.fsencode(part)) for part in (*Path(value).parts, ""))
        if longest > LONGEST_NAME:
            raise self.error(name, value, f"A name in it has {longest} bytes, and {LONGEST_NAME} is the most")
        try:
            return Path(value).expanduser()
        except RuntimeError:
            raise self.error(name, value, "There is no home folder of that name") from None


class Instance(Kind):
    """An object of one of these classes, as it is."""

    def __init__(self, *classes: type):
        self.classes = classes
        self.expected = " or ".join(("an " if c.__name__[0] in "AEIOUaeiou" else "a ") + c.__name__ for c in classes)

    def __call__(self, name, value, sizes=None):
        if isinstance(value, self.classes):
            return value
        made = isinstance(value, type) and issubclass(value, self.classes)
        raise self.error(name, value, f"Make one: {value.__name__}(...)" if made else "")


def plain_number(value: Any) -> int | float | None:
    """A number of Python, NumPy or PyTorch as an int or a float; None for anything else, truth values too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value.real if type(value) not in (int, float) else value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):  # a scalar of NumPy or PyTorch
        plain = value.item()
        return plain if isinstance(plain, int | float) and not isinstance(plain, bool) else None
    if isinstance(value, numbers.Integral):
        return index(value)
    return float(value) if isinstance(value, numbers.Real) else None


def said(value: Any) -> str:
    """How a message speaks of a value: an array by its type and shape, a plain value as Python writes it, cut short."""
    if getattr(value, "shape", ()) and hasattr(value, "dtype"):
        return f"{str(value.dtype).removeprefix('torch.')} {list(value.shape)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, _PLAIN):
        return _SHORT.repr(value)
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return repr(value.item())
    name = getattr(value, "__name__", None)
    return f"the function {name}" if callable(value) and name else f"of type {type(value).__name__}"


def check_whole(name: str, value: object, least: int = 1, most: int | None = None) -> int:
    """`value`, a whole number from `least` to `most`; else ValueError. `name` says which option it is."""
    return Whole(least, most)(name, value)


def check_divides(scale: int, shape: tuple[int, ...]) -> None:
    """ValueError unless `scale` divides height and width of images of `shape` [..., H, W]."""
    if shape[-2] % scale or shape[-1] % scale:
        raise ValueError(
            f"a scale of {scale} does not divide images of {shape[-2]} x {shape[-1]} pixels; "
            "crop them or choose another scale"
        )
