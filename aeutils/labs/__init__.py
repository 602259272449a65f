"""The exercises of the labs, one file a lab, named after its subject: `ae.lab(2)`.

Each file has them as `lab = Lab("Lab 2: ...", __name__)`; the number in the title is the lab's.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from aeutils.checks import checked


@cache
def _labs() -> dict[int, object]:
    """The labs (`exercises.lab.Lab`) by their numbers."""
    labs = (import_module(f"{__name__}.{file.name}").lab for file in iter_modules(__path__))
    return dict(sorted((int(lab.title.split(":")[0].removeprefix("Lab ")), lab) for lab in labs))


def every_lab() -> list:
    """All labs (`exercises.lab.Lab`), by their numbers."""
    return [*_labs().values()]


@checked
def lab(number: int):
    """The exercises of a lab (`exercises.lab.Lab`), by its number. ValueError for a number that no lab has."""
    if number not in _labs():
        raise ValueError(f"there is no lab {number!r}; expected one of {', '.join(map(str, _labs()))}")
    return _labs()[number]
