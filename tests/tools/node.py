"""Runs the panels' modules in Node, as a browser would."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import aeutils

PANELS = Path(aeutils.__file__).parent / "panels"


def node(*arguments: str, **options) -> str:
    """What Node prints. Where there is none, the test is skipped, or fails if AEUTILS_REQUIRE_BROWSER is 1."""
    if (path := shutil.which("node")) is None:
        reason = "no Node on this machine"
        pytest.fail(reason) if os.environ.get("AEUTILS_REQUIRE_BROWSER") == "1" else pytest.skip(reason)
    done = subprocess.run([path, *arguments], capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def run(script: str, given: object) -> object:
    """What a module's text leaves in `answer` (JSON) for what it is `given`; panels/NAME is imported by "./NAME"."""
    begin = (
        "import { readFileSync } from 'node:fs';\nconst given = JSON.parse(readFileSync(0, 'utf-8'));\nlet answer;\n"
    )
    end = "\nprocess.stdout.write(JSON.stringify(answer));"
    arguments = ("--input-type=module", "--eval", begin + script + end)
    return json.loads(node(*arguments, input=json.dumps(given), cwd=PANELS))
