"""Starts the course's JupyterLab for a test, exactly as a learner does, and stops it again."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

LAUNCH = [sys.executable, "-m", "aeutils", "lab"]
TOKEN = "a-token-for-tests"
START_SECONDS = 120  # 4 s on two idle cores


@dataclass(frozen=True)
class Server:
    """A running JupyterLab; its log is a file that grows."""

    port: int
    log: Path

    def url(self, path: str) -> str:
        """The address of a page, token included."""
        return f"http://127.0.0.1:{self.port}{path}?token={TOKEN}"

    def get(self, path: str) -> str:
        """The text of a page."""
        with urllib.request.urlopen(self.url(path), timeout=30) as answer:
            return answer.read().decode()

    def post(self, path: str) -> dict:
        """What Jupyter's REST interface answers to an empty request."""
        with urllib.request.urlopen(urllib.request.Request(self.url(path), data=b"{}"), timeout=60) as answer:
            return json.load(answer)

    def end_kernels(self) -> None:
        """Ends every kernel: each holds PyTorch and a notebook's data in memory."""
        for kernel in json.loads(self.get("/api/kernels")):
            request = urllib.request.Request(self.url(f"/api/kernels/{kernel['id']}"), method="DELETE")
            urllib.request.urlopen(request, timeout=60).close()


@contextmanager
def lab_server(
    folder: Path,
    scratch: Path,
    *options: str,
    launch: Sequence[str] = LAUNCH,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    """A server on `folder` with the course's settings and `options`; `scratch` takes its log.

    variables: of the environment, for the server and its kernels alone
    """
    server = Server(free_port(), scratch / "jupyterlab.log")
    own = ["--no-browser", f"--port={server.port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    with server.log.open("w") as log:
        process = subprocess.Popen(
            [*launch, *own, f"--IdentityProvider.token={TOKEN}", *options],
            cwd=scratch,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until_it_answers(server, process)
        yield server
    finally:
        process.terminate()  # shuts its kernels down, too
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_it_answers(server: Server, process: subprocess.Popen) -> None:
    """Returns once the server answers. RuntimeError with its log when it has ended or START_SECONDS have passed."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            server.get("/api")
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{server.log.read_text()[-4000:]}")
