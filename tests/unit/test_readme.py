"""README.md: its commands are there, .ci/run runs them, its links lead somewhere."""

import os
import subprocess
import sys

import pytest

from aeutils.__main__ import main
from tests.tools.notebook_rules import links
from tests.tools.notebooks import ROOT
from tests.tools.readme import README, commands

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


def test_marked_commands_are_found():
    assert commands(EXAMPLE) == {"start": "python -m aeutils lab", "test": "first &&\npython -m pytest"}
    assert commands(EXAMPLE.replace("```bash", "No fence")) == {"test": "first &&\npython -m pytest"}
    with pytest.raises(ValueError, match="two commands"):
        commands(EXAMPLE + EXAMPLE)


def test_the_readme_says_how_to_start_and_how_to_test():
    found = commands(README.read_text("utf-8"))
    assert "aeutils lab" in found["start"]
    assert found["test"].endswith("python -m pytest")


def test_ci_runs_the_readmes_test_command():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "python3 -m tests.tools.readme test" in script.read_text()
    printed = subprocess.run(
        [sys.executable, "-S", "-m", "tests.tools.readme", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )  # -S: without installed packages
    assert printed.stdout.strip() == commands(README.read_text("utf-8"))["test"]


def test_the_table_of_weights_is_what_the_command_prints(capsys):
    main(["weights", "--table"])
    table = capsys.readouterr().out
    assert len(table.splitlines()) == 13, "a line for every row, and two above them"
    assert f"\n\n{table}\n" in README.read_text("utf-8")


def test_links_of_the_readme_resolve():
    assert [target for target in links(README.read_text("utf-8")) if not (ROOT / target).exists()] == []
