"""Reads README.md: the commands that it marks for machines, as `<!-- command: test -->` before a fenced block.

`python -m tests.tools.readme test` prints one. It needs nothing but Python, because .ci/run calls it before anything is
installed.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def commands(text: str) -> dict[str, str]:
    """The marked blocks of a README by name. ValueError when two have the same name."""
    found = re.findall(r"<!-- command: (\w+) -->\s*```\w*\n(.*?)```", text, flags=re.DOTALL)
    names = [name for name, _ in found]
    if len(names) != len(set(names)):
        raise ValueError(f"two commands of one name in the README: {names}")
    return {name: block.strip() for name, block in found}


if __name__ == "__main__":
    print(commands(README.read_text("utf-8"))[sys.argv[1]])
