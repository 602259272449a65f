"""Calls functions that may loop for ever, crash or eat the memory, each in a fresh process (`server`).

The server is kept warm and never runs a learner's code itself. Requests go to its standard input, pickled; replies come
back as lines of JSON, which cannot run anything here. It says "ready" once and "taken" to every request: what goes
wrong before that is no fault of the code to run.
"""

import atexit
import collections
import contextlib
import functools
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

PATIENCE = 6  # times as long as it may compute, a call may take: other programs want the machine, too
START = 120  # seconds for the process to import PyTorch: usually three, but machines can be busy
LINES, WIDTH = 5, 200  # how much of what the process said is kept


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
    """Sends code with the name of its file, by which a learner's line is found: cloudpickle 3.1.3 leaves it out.

    Of a cached function it sends the function and how it is cached: the cache itself stays here.
    """

    def reducer_override(self, thing):
        if isinstance(thing, CACHED):
            return _cached, (thing.__wrapped__, thing.cache_parameters())
        if isinstance(thing, CodeType):
            return marshal.loads, (marshal.dumps(thing),)  # the other process is of the same version of Python
        return super().reducer_override(thing)


CACHED = type(functools.cache(len))


def _cached(function: Callable, parameters: dict) -> Callable:
    return functools.lru_cache(**parameters)(function)


def dumps(thing) -> bytes:
    """Pickled, functions of a notebook included; raises whatever things that cannot be pickled raise."""
    file = io.BytesIO()
    Pickler(file).dump(thing)
    return file.getvalue()


class Sandbox:
    """Calls functions in processes of their own, each with a limit to its computing."""

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
                [sys.executable or "", "-c", "from aeutils.exercises.server import serve; serve()"],
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
        self.process.terminate()  # so that it ends what it has started
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2)
        self.process.kill()
        code = self.process.wait()
        with contextlib.suppress(OSError):  # a request that it has not taken cannot be written any more
            self.process.stdin.close()
        atexit.unregister(self.process.kill)
        self.process = None
        return code

    def call(self, function: Callable, *arguments, seconds: float, module: str = "") -> Outcome:
        """`function(*arguments)` in a fresh process; both travel by cloudpickle, which may raise on what cannot.

        `module`, a trusted one, is imported by the server beforehand: then no call has to do that.
        """
        payload = dumps((function, arguments))
        self.start()
        try:
            if trouble := self._hand_over((seconds, payload, module)):
                self.stop()
                return Outcome(trouble=trouble)
            reply = self.replies.get(timeout=PATIENCE * seconds + START)  # the server itself ends what takes too long
        except queue.Empty:
            self._replace()
            return Outcome(trouble=in_words("does not reply", ()))
        except KeyboardInterrupt:
            self._replace()
            raise
        if reply is None:
            code = self._replace(patience=5)
            return Outcome(trouble=in_words(f"has ended (exit code {code})", ()))
        try:
            return Outcome(**json.loads(reply))
        except (ValueError, TypeError):
            self._replace()
            return Outcome(trouble=in_words("replied what cannot be read", [_text(reply)]))

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
