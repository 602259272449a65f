"""The Markdown files: short where they are to be, and every command, link, file and name in them is there."""

import io
import os
import re
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from functools import cache
from importlib.util import find_spec
from inspect import isfunction
from itertools import pairwise

import pytest
import yaml

import aeutils as ae
from aeutils.__main__ import main
from tests.tools import readme
from tests.tools.notebook_rules import links
from tests.tools.notebooks import LECTURES, ROOT
from tests.tools.readme import DOCUMENTS, LABS, MEASURED, PACKAGE, README, commands
from tests.unit import test_rooms

MOST = 6_000  # bytes of README.md: a page
MADE_LATER = {"runs", "reports", ".venv", "drawn", "photos", "MNIST", "FashionMNIST"}
MADE_LATER |= {"grading", "release", "submitted", "feedback", "grades.csv"}
ENDINGS = ("py", "md", "toml", "txt", "ipynb", "json", "safetensors", "js", "css", "cff", "yaml", "csv", "mplstyle")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

EXAMPLE = """
<!-- command: start -->
```bash
python -m aeutils lab
```
Then
<!-- command: test -->

```
first &&
python -m pytest
```
"""

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=[str(path.relative_to(ROOT)) for path in DOCUMENTS])


def text_of(path) -> str:
    return path.read_text("utf-8")


def test_marked_commands_are_found():
    assert commands(EXAMPLE) == {"start": "python -m aeutils lab", "test": "first &&\npython -m pytest"}
    assert commands(EXAMPLE.replace("```bash", "No fence")) == {"test": "first &&\npython -m pytest"}
    with pytest.raises(ValueError, match="two commands"):
        commands(EXAMPLE + EXAMPLE)


# README.md


def test_the_readme_is_a_page():
    assert README.stat().st_size <= MOST


def test_the_readme_says_how_to_start_and_how_to_test():
    found = commands(text_of(README))
    assert "aeutils lab" in found["start"]
    assert found["test"].endswith("python -m pytest")
    assert all("\n" not in command for command in found.values())


def test_ci_runs_the_readmes_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "python3 -m tests.tools.readme test" in script.read_text()
    printed = subprocess.run(
        [sys.executable, "-S", "-m", "tests.tools.readme", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )  # -S: without installed packages
    assert printed.stdout.strip() == commands(text_of(README))["test"]


def test_the_readme_leads_to_every_other_document():
    seen, todo = set(), [README]
    while todo:
        path = todo.pop()
        seen.add(path)
        targets = [(path.parent / target).resolve() for target in links(text_of(path))]
        todo += [target for target in targets if target in DOCUMENTS and target not in seen]
    assert set(DOCUMENTS) - seen == set()


# The others


def test_the_table_of_weights_is_what_the_command_prints(capsys):
    main(["weights", "--table"])
    table = capsys.readouterr().out
    assert len(table.splitlines()) == 13, "a line for every row, and two above them"
    assert f"\n\n{table}\n" in text_of(MEASURED)


def test_the_package_names_its_rooms_in_their_order():
    rooms = re.findall(r"^\| `(\w+?)(?:/|\.py)` \|", text_of(PACKAGE), flags=re.MULTILINE)
    there = {test_rooms.room(module) for module in test_rooms.MODULES}
    assert rooms == [room for room in test_rooms.ORDER if room in there]


def test_every_lab_is_named():
    assert set(links(text_of(LABS))) >= {path.name for path in LABS.parent.glob("[0-9]*.ipynb")}


def test_the_citation_is_of_this_version():
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (found["version"], found["license"]) == (PROJECT["version"], "MIT")


def test_text_and_figures_have_the_licence_that_the_readme_names():
    licence = "https://creativecommons.org/licenses/by/4.0/"
    assert licence in text_of(README)
    assert licence in (ROOT / "LICENSE").read_text("utf-8")


def test_what_runs_before_a_commit_is_there():
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    hooks = {hook["id"]: hook["entry"] for hook in local["hooks"]}
    assert {"ruff-check", "ruff-format", "notebook-rules"} == hooks.keys()
    assert [fault for entry in hooks.values() for fault in faults(next(readme.split(entry)))] == []


def widgets() -> list[str]:
    """The public functions of the panels' files."""
    return [name for name in ae.__all__ if isfunction(one := getattr(ae, name)) and "panels" in one.__module__]


def test_there_are_widgets():
    assert {"explore", "film", "slider_figure"} <= {*widgets()}


@pytest.mark.parametrize("name", widgets())
def test_every_widget_is_tested_and_used(name):
    """As CONTRIBUTING says."""
    tests = (ROOT / "tests" / "unit" / "panels").glob("test_*.py")
    assert any(f"ae.{name}(" in text_of(path) for path in tests)
    assert any(f"ae.{name}(" in text_of(path) for path in LECTURES)


# All of them


@every_document
def test_links_resolve(path):
    assert [target for target in links(text_of(path)) if not (path.parent / target).exists()] == []


@every_document
def test_named_files_are_there(path):
    named = [span for span in readme.spans(text_of(path)) if is_path(span)]
    assert [name for name in named if not exists(name, path.parent)] == []


@every_document
def test_commands_can_be_run(path):
    """The two of the README are, by .ci/run; those of grading by tests/notebooks/test_grading.py."""
    assert [f"{' '.join(words)}: {fault}" for words in readme.shell(text_of(path)) for fault in faults(words)] == []


@every_document
def test_named_options_and_variables_are_there(path):
    spans = readme.spans(text_of(path))
    options = {
        word.partition("=")[0] for span in spans if span.startswith("--") for word in span.split() if "--" in word
    }
    assert options - set().union(*map(options_of, ours())) - jupyters_options() == set()
    assert {name for span in spans for name in re.findall(r"AEUTILS_\w+", span)} - variables() == set()


@every_document
def test_named_functions_are_there(path):
    code = [*readme.spans(text_of(path)), *(block for _, block in readme.FENCE.findall(text_of(path)))]
    assert {name for text in code for name in re.findall(r"\bae\.(\w+)", text)} - {*ae.__all__} == set()


@pytest.mark.parametrize(
    "line",
    [
        "python -m aeutils train --speed 9",
        "python -m aeutils fly",
        "python -m aeutils weights --corrupt gaussian=0.5",
        "python -m tests.tools.none",
        "python -m pytest tests/none.py",
        "pytest --quickly",
        "pip install -r none.txt",
        "pip install -e '.[none]'",
        "jupyter nbconvert --to paper notebooks/06*.ipynb",
        "jupyter nbconvert --to html notebooks/66*.ipynb",
        "cp notebooks/none.ipynb grading/",
        "AEUTILS_NONE=1 pytest",
        "fly me",
    ],
)
def test_a_wrong_command_is_noticed(line):
    assert faults(next(readme.split(line))) != []


def test_a_wrong_file_is_noticed():
    assert not exists("aeutils/none.py", ROOT)
    assert not exists("aeutils/none/NAME.py", ROOT)
    assert exists("aeutils/models/NAME.py", ROOT)


def is_path(span: str) -> bool:
    """Is it the name of a file or folder: with a slash, or an ending of the course's files?"""
    return bool(re.fullmatch(r"[\w.*/-]+", span)) and ("/" in span or span.rpartition(".")[2] in ENDINGS)


def exists(name: str, folder) -> bool:
    """Is there a file of this name, seen from `folder` or from the root? NAME, N and * stand for anything."""
    pattern = re.sub(r"\b(NAME|SUBJECT|N)\b", "*", name).rstrip("/")
    first = pattern.removeprefix("./").partition("/")[0]
    return first in MADE_LATER or any(True for base in (folder, ROOT) for _ in base.glob(pattern))


def faults(words: list[str]) -> list[str]:
    """What a command names that is not there: options, modules, files, extras, variables."""
    found = []
    while match := readme.VARIABLE.match(words[0]):
        found += [f"no variable {match[1]}"] * (match[1] not in variables())
        words = words[1:]
    files = [word for word in words[1:] if re.fullmatch(r"[\w.*-]+/[\w.*/-]*", word)]
    found += [f"no {name}" for name in files if not exists(name, ROOT)]
    if "-m" in words[:5] and words[0] in ("python", "python3", "torchrun"):
        words = words[words.index("-m") + 1 :]
    return found + of_program(*words)


def of_program(program: str, *arguments: str) -> list[str]:
    """The same for one program or module without its files."""
    match program:
        case "aeutils":
            return of_ours(arguments)
        case "pytest":
            return [f"no {word}" for word in arguments if word[0] == "-" and word[:2] not in pytests_options(word)]
        case "ruff" | "venv" | "pip" if program != "pip":
            return [] if find_spec(program) else [f"no module {program}"]
        case "pip":
            return of_pip(*arguments)
        case "jupyter":
            known = {"html"} if arguments[:2] == ("nbconvert", "--to") else set()
            return [] if arguments[2] in known else [f"unknown: {arguments}"]
        case "nbgrader":
            known = commands(text_of(LABS))["grading"]  # test_grading.py runs them
            return [] if f"nbgrader {' '.join(arguments)}" in known else ["not run by test_grading.py"]
        case "pre-commit" | "cd" | "mkdir" | "cp" | ".":
            return []
        case _ if program.startswith(("tests.", "aeutils.")):
            return [] if find_spec(program) else [f"no module {program}"]
    return [f"unknown program {program}"]


def of_ours(arguments) -> list[str]:
    """The course's own command line has the command and its options."""
    options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    name = next((word for word in arguments if not word.startswith("--")), "")
    if name and name not in ours():
        return [f"no command {name}"]
    return sorted(options - {"--help"} - (jupyters_options() if name == "lab" else options_of(name)))


def of_pip(*arguments: str) -> list[str]:
    """Files of requirements, extras of this project, or packages by name."""
    assert arguments[0] == "install"
    found = []
    for option, value in pairwise(arguments):
        if option in ("-r", "-c"):
            found += [f"no file {value}"] * (not (ROOT / value).exists())
        elif option == "-e" and value != ".":
            found += [f"no extra {value}"] * (value[2:-1] not in PROJECT["optional-dependencies"])
    return found


def help_of(*arguments: str) -> str:
    """What `python -m aeutils ... --help` prints."""
    with redirect_stdout(io.StringIO()) as text, pytest.raises(SystemExit):
        main([*arguments, "--help"])
    return text.getvalue()


@cache
def ours() -> set[str]:
    """The commands of `python -m aeutils`."""
    return set(re.findall(r"^ +([a-z]+) {2,}\w", help_of(), flags=re.MULTILINE))


@cache
def options_of(*command: str) -> set[str]:
    return set(re.findall(r"--[a-z][a-z0-9-]+", help_of(*filter(None, command))))


@cache
def jupyters_options() -> set[str]:
    from jupyterlab.labapp import LabApp

    return {f"--{name}" for name in {*LabApp.flags, *LabApp.aliases}}


@cache
def pytests_help() -> str:
    return subprocess.run([sys.executable, "-m", "pytest", "--help"], cwd=ROOT, capture_output=True, text=True).stdout


def pytests_options(word: str) -> set[str]:
    """The option that a word is, in the two letters that tell, if pytest has it."""
    name = word.partition("=")[0] if word.startswith("--") else word[:2]
    return {word[:2]} if re.search(rf"(^|[\s,]){re.escape(name)}\b", pytests_help()) else set()


@cache
def variables() -> set[str]:
    """The environment variables that the code reads."""
    files = [*ROOT.glob("aeutils/**/*.py"), *ROOT.glob("tests/**/*.py"), ROOT / "conftest.py"]
    return {
        name
        for path in files
        if path.name != "test_readme.py"
        for name in re.findall(r"AEUTILS_[A-Z_]+", text_of(path))
    }
