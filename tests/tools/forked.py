"""Processes of their own, forked from one that has imported the course: a fresh Python would take seconds to do so."""

import multiprocessing
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"  # Windows has only that
CONTEXT = multiprocessing.get_context(METHOD)
CONTEXT.set_forkserver_preload(["torch", "aeutils.__main__", "aeutils.training.fit", "aeutils.measures.report"])


class Forked:
    """`function(*arguments)` in a process of its own, in this environment and `variables`; `file` gets its prints."""

    def __init__(self, file: Path, function: Callable, *arguments, **variables: str):
        self.file, environment = file, dict(os.environ) | variables
        self.process = CONTEXT.Process(target=work, args=(file, environment, function, arguments))
        self.process.start()

    def lines(self, seconds: float) -> list[str]:
        """What it printed, when it is done. AssertionError if it fails or takes longer."""
        self.process.join(seconds)
        assert self.process.exitcode == 0, f"exit code {self.process.exitcode}"
        return self.file.read_text().splitlines()

    def kill(self) -> None:
        """SIGKILL; returns when it is gone."""
        self.process.kill()
        self.process.join()


def work(file: Path, environment: dict[str, str], function: Callable, arguments: tuple) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with file.open("w") as printed, redirect_stdout(printed):
        function(*arguments)
