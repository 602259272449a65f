"""Reads the course's Markdown files: their commands, the files they name, their marked blocks.

A block is marked for machines by `<!-- command: test -->` before its fence: `python -m tests.tools.readme test` prints
that one of README.md. It needs nothing but Python, because .ci/run calls it before anything is installed.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
MEASURED = ROOT / "data" / "weights" / "README.md"
LABS = ROOT / "notebooks" / "labs" / "README.md"
PACKAGE = ROOT / "aeutils" / "README.md"
FOLDERS = (".", ".github", "aeutils", "data", "data/weights", "notebooks", "notebooks/labs", "tests")
DOCUMENTS = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
PROGRAMS = {"python", "python3", "pip", "pytest", "jupyter", "nbgrader", "torchrun", "pre-commit"}
VARIABLE = re.compile(r"(AEUTILS_\w+)=")


def commands(text: str) -> dict[str, str]:
    """The marked blocks of a text by name. ValueError when two have the same name."""
    found = re.findall(r"<!-- command: (\w+) -->\s*```\w*\n(.*?)```", text, flags=re.DOTALL)
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        raise ValueError(f"two commands of one name: {names}")
    return {name: block.strip() for name, block in found}


def spans(text: str) -> list[str]:
    """What stands between backticks in running text, each in one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", FENCE.sub("", text))]


def shell(text: str) -> Iterator[list[str]]:
    """Every command, in words: those of fenced bash blocks, and those in running text that begin with a program."""
    for language, block in FENCE.findall(text):
        if language == "bash":
            yield from (words for line in block.splitlines() for words in split(line))
    for span in spans(text):
        first = next((word for word in span.split() if not VARIABLE.match(word)), "")
        if first in PROGRAMS or " && " in span:
            yield from split(span)


def split(line: str) -> Iterator[list[str]]:
    """The commands of one line, without comments and dots for what is left out."""
    words = [word for word in shlex.split(line, comments=True) if word != "..."]
    while words:
        end = words.index("&&") if "&&" in words else len(words)
        yield words[:end]
        words = words[end + 1 :]


if __name__ == "__main__":
    print(commands(README.read_text("utf-8"))[sys.argv[1]])
