"""All code, notebooks included, is as ruff wants it (settings in pyproject.toml)."""

import subprocess
import sys

import pytest

from tests.tools.notebooks import ROOT


@pytest.mark.parametrize("check", [["check"], ["format", "--check", "--diff"]], ids=["lint", "format"])
def test_ruff(check):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *check, "--no-cache", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
