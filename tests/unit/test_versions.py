"""The record of the versions that the tests passed with, and the module that writes it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.tools import versions
from tests.tools.notebooks import ROOT

FILE = ROOT / "aeutils" / "tested_versions.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DIRECT = [Requirement(text) for text in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]]


def read(text: str) -> dict[str, Requirement]:
    """The constraints of a file by name."""
    lines = [Requirement(line) for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len({line.name for line in lines}), "a package has two lines"
    return {line.name: line for line in lines}


@pytest.fixture(scope="module", params=["stored", "written now"])
def text(request):
    return FILE.read_text("utf-8") if request.param == "stored" else versions.constraints()


def exact(requirement: Requirement) -> Version:
    """The one version that a constraint allows."""
    (one,) = requirement.specifier
    assert (one.operator, requirement.extras, requirement.url) == ("==", set(), None)
    return Version(one.version)


def test_every_line_is_a_constraint_that_pip_reads_on_any_system(text):
    found = read(text)
    assert [*found] == sorted(found)
    assert all(name == canonicalize_name(name) for name in found)
    assert all(exact(one).local is None for one in found.values()), "a local version binds to one build"
    assert all("python_full_version" in str(one.marker) for one in found.values() if one.marker)


def test_the_versions_keep_our_own_bounds(text):
    found = read(text)
    for needed in DIRECT:
        version = exact(found[canonicalize_name(needed.name)])
        assert needed.specifier.contains(version, prereleases=True), f"{needed} and {version}"


def test_neither_the_course_nor_gpu_libraries_nor_strangers_are_in_it(text):
    assert read(text).keys().isdisjoint({"aeutils", "triton", "pip", "uv", "nbgrader"})
    assert not re.search("(?m)^(nvidia|cuda)", text)


def test_the_head_says_when_and_where_and_how_to_use_it(text):
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert text.startswith("\n".join(head))
    assert re.search(r"Python 3\.\d+\.\d+\S* on \w+ \S+, \d{4}-\d\d-\d\d\.", head[0])
    command = head[-1].removeprefix("# ")
    assert command in (ROOT / "README.md").read_text("utf-8")
    assert str(FILE.relative_to(ROOT)) in command


def test_what_is_written_is_what_is_installed():
    lines = subprocess.run(
        [sys.executable, "-m", "tests.tools.versions"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = read(lines)
    assert len(found) > 50
    assert all(exact(one) == Version(Version(version(name)).public) for name, one in found.items())
    assert {"numpy", "jinja2", "traitlets"} < found.keys(), "what is needed indirectly is there, too"


def test_a_version_for_newer_pythons_binds_only_there():
    oldest = versions.oldest_python(PROJECT["requires-python"])
    assert str(oldest) == "3.11"
    assert versions.pin("a", "1.2+cpu", None, oldest) == "a==1.2"
    assert versions.pin("a", "1.2", "!=3.14.1,>=3.9", oldest) == "a==1.2"
    for bound in ("3.11.5", "3.12"):
        line = Requirement(versions.pin("a", "1.2", f">={bound},<4", oldest))
        assert not line.marker.evaluate({"python_full_version": "3.11.2"})
        assert line.marker.evaluate({"python_full_version": "3.13.0"})


def test_an_extra_is_followed_and_torchs_gpu_libraries_are_not(monkeypatch):
    installed = {
        "course": ['torch>=2; extra == "test"', "b-lib[fast]"],
        "torch": ['nvidia-x==1; platform_system == "Linux"', 'c<3; python_version > "3"', 'c; extra == "z"'],
        "b-lib": ['D.e; extra == "fast"', 'unheard-of; extra == "slow"', 'unheard-of; sys_platform == "nowhere"'],
        "c": ["course"],
        "d-e": ["c"],
    }

    class Installed:
        def __init__(self, name):
            self.name, self.requires = name, installed[name]

    monkeypatch.setattr(versions, "distribution", Installed)
    assert [*versions.closure("course", "test")] == ["b-lib", "c", "d-e", "torch"]
    assert [*versions.closure("course", "")] == ["b-lib", "c", "d-e"]


def test_it_comes_with_the_package_and_ci_writes_it_last():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "*.txt" in settings["tool"]["setuptools"]["package-data"]["aeutils"]
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert script.index("-m tests.tools.versions") > script.index("tests.tools.readme test")
    assert script.index(f"{FILE.relative_to(ROOT)}") > script.rindex("pytest")


def test_the_oldest_python_is_a_clear_bound():
    assert [one.operator for one in SpecifierSet(PROJECT["requires-python"])] == [">="]


def imported(folder: str) -> set[str]:
    """Top names of the modules of other people that the files of a folder import."""
    names = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"aeutils", "tests"}


@pytest.mark.parametrize(("folder", "extras"), [("aeutils", ("site",)), ("tests", ("test", "grading", "site"))])
def test_what_is_imported_is_declared(folder, extras):
    declared = [*PROJECT["dependencies"], *(line for name in extras for line in PROJECT["optional-dependencies"][name])]
    names = {canonicalize_name(Requirement(line).name) for line in declared}
    optional = {"psutil", "playwright"}  # the package does without them
    sources = packages_distributions()
    strangers = {
        module
        for module in imported(folder) - optional
        if not names & {canonicalize_name(name) for name in sources.get(module, (module,))}
    }
    assert not strangers
