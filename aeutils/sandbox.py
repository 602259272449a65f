"""A process of its own for code that may loop for ever, crash or eat the memory; kept warm, replaced when it dies.

Requests go to its standard input, pickled; replies come back as lines of JSON, which cannot run anything here.
"""

import atexit
import contextlib
import faulthandler
import io
import json
import marshal
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Any

import cloudpickle

START = 120  # seconds for the process to import PyTorch: usually three, but machines can be busy
MEMORY = 4 * 2**30  # bytes that the process may take, where the system can limit it
LINES, WIDTH = 5, 200  # how much of what was printed is kept


@dataclass(frozen=True)
class Outcome:
    """What became of a call: its value (of JSON's types), or the failure in words; and the first lines it printed."""

    value: Any = None
    failure: str = ""
    printed: str = ""


class Pickler(cloudpickle.Pickler):
    """Sends code with the name of its file, by which a learner's line is found: cloudpickle 3.1.3 leaves it out."""

    def reducer_override(self, thing):
        if isinstance(thing, CodeType):
            return marshal.loads, (marshal.dumps(thing),)  # the other process is of the same version of Python
        return super().reducer_override(thing)


def dumps(thing) -> bytes:
    """Pickled, functions of a notebook included; raises whatever things that cannot be pickled raise."""
    file = io.BytesIO()
    Pickler(file).dump(thing)
    return file.getvalue()


class Sandbox:
    """Calls functions in another process, each with a time limit."""

    def __init__(self):
        self.process: subprocess.Popen | None = None
        self.replies: queue.SimpleQueue = queue.SimpleQueue()
        self.ready = False

    def start(self) -> None:
        """Start the process, unless it runs already, and do not wait for it."""
        if self.process is not None and self.process.poll() is None:
            return
        # A group of its own: the stop button of a notebook interrupts the kernel's group only.
        apart = {"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from aeutils.sandbox import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)},
            **apart,
        )
        self.replies, self.ready = queue.SimpleQueue(), False
        threading.Thread(target=_listen, args=(self.process, self.replies), daemon=True).start()
        atexit.register(self.process.kill)

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            atexit.unregister(self.process.kill)
            self.process = None

    def call(self, function: Callable, *arguments, seconds: float) -> Outcome:
        """`function(*arguments)` in the process; both travel by cloudpickle, which may raise on what cannot."""
        payload = dumps((function, arguments))
        self.start()
        try:
            if not self.ready:
                self.ready = self.replies.get(timeout=START) is not None
            with contextlib.suppress(BrokenPipeError):  # it has died; the reply will be None
                pickle.dump((seconds, payload), self.process.stdin)
                self.process.stdin.flush()
            reply = self.replies.get(timeout=seconds)
        except queue.Empty:
            self._replace()
            return Outcome(failure=f"It was still running after {seconds:g} seconds and was stopped: an endless loop?")
        except KeyboardInterrupt:
            self._replace()
            raise
        if reply is None:
            code = self.process.wait()
            self._replace()
            return Outcome(failure=f"It ended the whole Python process (exit code {code}).")
        return Outcome(**json.loads(reply))

    def _replace(self) -> None:
        self.stop()
        self.start()


def _listen(process: subprocess.Popen, replies: queue.SimpleQueue) -> None:
    """Hand on every line, and None at the end: in a thread, because pipes cannot be waited for with a limit."""
    with process.stdout:
        for line in process.stdout:
            replies.put(line)
    replies.put(None)


# In the other process


class Clipped(io.TextIOBase):
    """Takes any amount of text, keeps the first lines."""

    def __init__(self):
        self.kept, self.left_out = "", False

    def write(self, text: str) -> int:
        room = LINES * WIDTH - len(self.kept)
        self.kept += text[:room]
        self.left_out |= len(text) > room
        return len(text)

    def __str__(self) -> str:
        lines = self.kept.rstrip().splitlines()
        short = [line[:WIDTH] for line in lines[:LINES]]
        return "\n".join(short + ["..."] * (self.left_out or len(lines) > LINES))


def serve() -> None:
    """Answer requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    nothing = open(os.devnull, "r+")  # noqa: SIM115 - stays open as long as the process runs
    for stream in (0, 1, 2):
        os.dup2(nothing.fileno(), stream)
    sys.stdin = nothing
    _limit_memory()
    _one_thread()
    print("ready", file=replies, flush=True)
    while True:
        try:
            seconds, payload = pickle.load(requests)
        except EOFError:
            return
        # Ends this process when nobody is left to do it: a killed kernel, an endless loop.
        faulthandler.dump_traceback_later(seconds + 5, exit=True, file=nothing)
        reply = _answer(payload)
        faulthandler.cancel_dump_traceback_later()
        print(json.dumps(reply), file=replies, flush=True)


def _answer(payload: bytes) -> dict:
    """The call's outcome as what JSON can hold."""
    printed = Clipped()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            function, arguments = pickle.loads(payload)
            return {"value": function(*arguments), "printed": str(printed)}
        except BaseException as error:
            return {"failure": f"{type(error).__name__}: {error}", "printed": str(printed)}


def _limit_memory() -> None:
    """On Linux without a GPU: elsewhere the limit is not enforced, or CUDA needs more address space than memory."""
    from aeutils import environment

    if sys.platform == "linux" and environment.device().type == "cpu":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, resource.getrlimit(resource.RLIMIT_DATA)[1]))


def _one_thread() -> None:
    """Checks are small: more threads would only take turns with the notebook's."""
    import torch

    torch.set_num_threads(1)
