"""The exact versions of everything that the course and its tests need, as they are installed: constraints for pip.

`python -m tests.tools.versions > aeutils/tested_versions.txt`: .ci/run does so when every test has passed, so that
there is a way back when something newer breaks. Other systems and Pythons shall be able to use it, too:

- packages that one of them does not install do no harm, and those that only others install stay free;
- what torch brings for its GPUs is left out, because a build of torch names that itself, and each other ones;
- a version that needs a newer Python than the course binds only where there is one.
"""

import datetime
import platform
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

COURSE, EXTRA = "aeutils", "test"
HEADER = """\
# Everything below passed the whole test run together: Python {python} on {system}, {date}.
# Written by .ci/run. The way back when something newer breaks:
# pip install -r requirements.txt -c aeutils/tested_versions.txt
"""


def needs(package: Distribution, extra: str) -> Iterator[Requirement]:
    """What an installed package needs here, with one of its extras ("" for none)."""
    for requirement in map(Requirement, package.requires or []):
        marker = requirement.marker
        for_a_gpu = package.name == "torch" and marker is not None and "platform_" in str(marker)
        if not for_a_gpu and (marker is None or marker.evaluate({"extra": extra})):
            yield requirement


def closure(course: str = COURSE, extra: str = EXTRA) -> dict[str, Distribution]:
    """What the course needs, directly or not, without itself: by canonical name, in alphabetical order."""
    found, seen, waiting = {}, set(), [(course, ""), (course, extra)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found[name] = distribution(name)
        for requirement in needs(found[name], extra):
            name = canonicalize_name(requirement.name)
            waiting += [(name, ""), *((name, extra) for extra in requirement.extras)]
    return {name: found[name] for name in sorted(found.keys() - {course})}


def pin(name: str, version: str, requires_python: str | None, oldest: Version) -> str:
    """The line for one package: torch 2.14.1+cpu is torch 2.14.1. `oldest` is the oldest Python of the course."""
    bounds = [Version(one.version) for one in SpecifierSet(requires_python or "") if one.operator == ">="]
    newer = [bound for bound in bounds if bound > oldest]
    return f"{name}=={Version(version).public}" + (f'; python_full_version >= "{max(newer)}"' if newer else "")


def oldest_python(requires_python: str) -> Version:
    """3.11 of ">=3.11"."""
    return min(Version(one.version) for one in SpecifierSet(requires_python) if one.operator == ">=")


def constraints() -> str:
    """The whole file."""
    oldest = oldest_python(distribution(COURSE).metadata["Requires-Python"])
    pins = [
        pin(name, package.version, package.metadata.get("Requires-Python"), oldest)
        for name, package in closure().items()
    ]
    system = f"{platform.system()} {platform.machine()}"
    header = HEADER.format(python=platform.python_version(), system=system, date=datetime.date.today())
    return header + "\n".join(pins) + "\n"


if __name__ == "__main__":
    print(constraints(), end="")
