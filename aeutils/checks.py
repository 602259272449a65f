"""What a number, a size, a shape is: the checks that stand before everything public."""

import math


def check_whole(name: str, value: object, least: int = 1, most: int | None = None) -> None:
    """ValueError unless `value` is a whole number from `least` to `most`; `name` says which option it is."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        limits = f"{least} or above" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} is {value!r}; expected a whole number, {limits}")


def check_number(name: str, value: object, least: float = 0.0) -> None:
    """ValueError unless `value` is a finite number, `least` or above; `name` says which option it is."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not least <= value < float("inf"):
        raise ValueError(f"{name} is {value!r}; expected a number, {least:g} or above")


def check_range(name: str, value: object, low: float, high: float) -> None:
    """ValueError unless `value` is a finite number from `low` to `high`; `name` says which parameter it is."""
    if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
        limits = f"{low:g} or above" if high == math.inf else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} is {value!r}; expected a number {limits}")


def check_divides(scale: int, shape: tuple[int, ...]) -> None:
    """ValueError unless `scale` divides height and width of images of `shape` [..., H, W]."""
    if shape[-2] % scale or shape[-1] % scale:
        raise ValueError(
            f"a scale of {scale} does not divide images of {shape[-2]} x {shape[-1]} pixels; "
            "crop them or choose another scale"
        )


def check_sizes(shape: tuple[int, ...], *sizes: int, hidden: tuple[int, ...] = ()) -> None:
    """ValueError unless a shape, the `hidden` layers' sizes and all further sizes are positive whole numbers."""
    tuples = all(isinstance(several, tuple | list) for several in (shape, hidden))
    if not tuples or not shape or not all(_is_size(size) for size in (*shape, *hidden, *sizes)):
        raise ValueError(
            "sizes are whole numbers above 0, and shape and hidden tuples of them; "
            f"got shape {shape!r}, hidden {hidden!r} and sizes {sizes}"
        )


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
