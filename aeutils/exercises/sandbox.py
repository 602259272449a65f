"""A process of its own for code that may loop for ever, crash or eat the memory; kept warm, replaced when it dies.

Requests go to its standard input, pickled; replies come back as lines of JSON, which cannot run anything here. The
process says "ready" once and "taken" to every request: what goes wrong before that is no fault of the code to run.
"""

import atexit
import collections
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
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import CodeType
from typing import Any, BinaryIO

import cloudpickle

START = 120  # seconds for the process to import PyTorch: usually three, but machines can be busy
MEMORY = 4 * 2**30  # bytes that the process may take, where the system can limit it
LINES, WIDTH = 5, 200  # how much of what was printed is kept


@dataclass(frozen=True)
class Outcome:
    """What became of a call: its value (of JSON's types), or the failure in words; and the first lines it printed.

    `trouble` in place of both: the call could not be made, and what can be done about it.
    """

    value: Any = None
    failure: str = ""
    trouble: str = ""
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
        """Start the process, unless it runs already, and do not wait for it: `call` says when that went wrong."""
        if self.process is not None and self.process.poll() is None:
            return
        self.stop()
        self.replies, self.ready = queue.SimpleQueue(), False
        # A group of its own: the stop button of a notebook interrupts the kernel's group only.
        apart = {"creationflags": 0x200} if os.name == "nt" else {"start_new_session": True}
        try:
            self.process = subprocess.Popen(
                [sys.executable or "", "-c", "from aeutils.exercises.sandbox import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,  # why it could not start; closed once it is ready
                env=os.environ | {"PYTHONPATH": os.pathsep.join(str(path or os.getcwd()) for path in sys.path)},
                **apart,
            )
        except OSError as error:
            self.replies.put(str(error).encode())
            self.replies.put(None)
            return
        threading.Thread(target=_listen, args=(self.process, self.replies), daemon=True).start()
        atexit.register(self.process.kill)

    def stop(self, patience: float = 0) -> int | None:
        """End the process, whatever it is doing, after `patience` seconds. Returns its exit code."""
        if self.process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.process.kill()
        code = self.process.wait()
        with contextlib.suppress(OSError):  # a request that it has not taken cannot be written any more
            self.process.stdin.close()
        atexit.unregister(self.process.kill)
        self.process = None
        return code

    def call(self, function: Callable, *arguments, seconds: float) -> Outcome:
        """`function(*arguments)` in the process; both travel by cloudpickle, which may raise on what cannot."""
        payload = dumps((function, arguments))
        self.start()
        try:
            if trouble := self._hand_over((seconds, payload)):
                self.stop()
                return Outcome(trouble=trouble)
            reply = self.replies.get(timeout=seconds)
        except queue.Empty:
            self._replace()
            return Outcome(failure=f"It was still running after {seconds:g} seconds and was stopped: an endless loop?")
        except KeyboardInterrupt:
            self._replace()
            raise
        if reply is None:
            return Outcome(failure=f"It ended the whole Python process (exit code {self._replace(patience=5)}).")
        try:
            outcome = Outcome(**json.loads(reply))
        except (ValueError, TypeError):
            outcome = Outcome(trouble=in_words("replied what cannot be read", [_text(reply)]))
        if outcome.trouble:
            self._replace()
        return outcome

    def _hand_over(self, request: tuple) -> str:
        """Give the process a request as soon as it is ready. Returns the trouble with that, in words, or ""."""
        if not self.ready and (trouble := self._hear("ready", "could not start")):
            return trouble
        self.ready = True
        # In a thread, because writing to a pipe has no limit; it ends with the process at the latest.
        threading.Thread(target=_send, args=(self.process.stdin, request), daemon=True).start()
        return self._hear("taken", "did not take the answer")

    def _hear(self, word: str, failed: str) -> str:
        """Wait until the process says `word`. Returns the trouble with that, and what it said instead; or ""."""
        said, end = collections.deque(maxlen=LINES), time.monotonic() + START
        try:
            while (line := self.replies.get(timeout=max(0, end - time.monotonic()))) is not None:
                if (text := _text(line)) == word:
                    return ""
                if text:
                    said.append(text)
        except queue.Empty:
            return in_words(f"{failed} within {START} seconds (is the machine very busy?)", said)
        code = self.stop(patience=5)
        return in_words(failed if code is None else f"{failed} (exit code {code})", said)

    def _replace(self, patience: float = 0) -> int | None:
        code = self.stop(patience)
        self.start()
        return code


def in_words(trouble: str, said: Collection[str]) -> str:
    """What is the matter with the process, for a learner, and what to do."""
    advice = "Run the check again. If it says the same, restart the kernel, or install the course anew (README, Start)."
    return "\n".join([f"The process that checks answers {trouble}{':' if said else '.'}", *said, advice])


def _text(line: bytes) -> str:
    return line.decode(errors="replace").strip()[:WIDTH]


def _send(requests: BinaryIO, request: tuple) -> None:
    with contextlib.suppress(OSError, ValueError):  # the process has ended, or was stopped: `call` hears of it
        pickle.dump(request, requests)
        requests.flush()


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
    os.dup2(nothing.fileno(), 0)
    sys.stdin = nothing
    _limit_memory()
    _one_thread()
    for stream in (1, 2):  # only now: what was said until here tells why a start failed
        os.dup2(nothing.fileno(), stream)
    print("\nready", file=replies, flush=True)  # a line of its own, whatever was said before
    while True:
        try:
            seconds, payload = pickle.load(requests)
        except EOFError:
            return
        print("taken", file=replies, flush=True)
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
            failed = in_words("failed", [f"{type(error).__name__}: {error}"])
            return {"trouble": failed, "printed": str(printed)}


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
