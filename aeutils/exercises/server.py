"""The process behind a `Sandbox`: stays warm, and has every call made in a fresh process that ends with it.

On Linux a call's process is forked from this one, which takes milliseconds; elsewhere, and where a GPU is used, which
does not outlive a fork, one that was started beforehand waits for it. What a call starts, writes or changes is gone
when it has been answered.
"""

import contextlib
import ctypes
import importlib
import json
import os
import pickle
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from aeutils.exercises.sandbox import PATIENCE
from aeutils.exercises.worker import work

LINGERING = 2  # seconds in which what a call has started is looked for and ended
NO_REPLY = "What came back from the check is no answer: does your code write to files that it has not opened?"
COMPUTED = "It was still computing after {:g} seconds and was stopped: an endless loop?"
WAITED = "It had not finished after {:g} seconds and was stopped: does it wait for something?"


def serve() -> None:
    """Answer requests until there are no more."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w")
    nothing = open(os.devnull, "r+")  # noqa: SIM115 - stays open as long as the process runs
    os.dup2(nothing.fileno(), 0)
    sys.stdin = nothing
    caller = Forked(requests, replies) if _can_fork() else Spare()
    _warm()
    for stream in (1, 2):  # only now: what was said until here tells why a start failed
        os.dup2(nothing.fileno(), stream)
    signal.signal(signal.SIGTERM, lambda *_: caller.leave())
    print("\nready", file=replies, flush=True)  # a line of its own, whatever was said before
    while True:
        try:
            seconds, payload, module = pickle.load(requests)
        except EOFError:
            caller.leave()
        print("taken", file=replies, flush=True)
        if module:  # once, so that no call has to do it
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        print(json.dumps(caller.call(seconds, payload)), file=replies, flush=True)


def _can_fork() -> bool:
    from aeutils import environment

    return sys.platform == "linux" and environment.device().type == "cpu"


def _warm() -> None:
    """What would take time in every call. One thread: checks are small, and none may be running at a fork."""
    import torch

    import aeutils.exercises.lab  # noqa: F401

    torch.set_num_threads(1)
    torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1).step()  # PyTorch imports its compiler for this


def understood(reply: bytes, ended: str) -> dict:
    """The outcome that a process sent, or what became of it instead."""
    if not reply.strip():
        return {"failure": ended or "It ended the whole Python process."}
    try:
        outcome = json.loads(reply)
        if not isinstance(outcome, dict) or not outcome.keys() <= {"value", "trouble", "printed"}:
            raise ValueError
    except ValueError:
        return {"failure": NO_REPLY}
    return outcome


def in_end(code: int) -> str:
    """The end of a process in words: `code` as `os.waitstatus_to_exitcode` has it."""
    if code >= 0:
        return f"It ended the whole Python process (exit code {code})."
    return f"It crashed the whole Python process ({signal.Signals(-code).name})."


class Forked:
    """Makes every call in a fork of this process."""

    def __init__(self, requests, replies):
        self.requests, self.replies, self.folder = requests, replies, ""
        libc = ctypes.CDLL(None)
        libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: what a call leaves behind becomes a child of this process

    def call(self, seconds: float, payload: bytes) -> dict:
        """The outcome of one call, as `Sandbox.call` understands it."""
        self.folder = folder = tempfile.mkdtemp(prefix="aeutils-check-")
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.close(reading)
            self.requests.close()
            self.replies.close()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            work(writing, seconds, payload, folder)
        os.close(writing)
        try:
            reply, ended = self._wait(child, reading, seconds)
        finally:
            os.close(reading)
            _end_children()
            shutil.rmtree(folder, ignore_errors=True)
        return understood(reply, ended)

    def _wait(self, child: int, reading: int, seconds: float) -> tuple[bytes, str]:
        """What the child sent, and how it ended, in words."""
        reply, end = b"", time.monotonic() + PATIENCE * seconds
        os.set_blocking(reading, False)
        while True:
            readable, _, _ = select.select([reading, self.requests], [], [], 0.02)
            if self.requests in readable and not self.requests.peek(1):  # nobody is left to reply to
                self.leave()
            done, status = os.waitpid(child, os.WNOHANG)
            with contextlib.suppress(BlockingIOError):
                while part := os.read(reading, 2**20):
                    reply += part
            if done:
                code = os.waitstatus_to_exitcode(status)
                if code == -signal.SIGXCPU:
                    return b"", COMPUTED.format(seconds)
                return reply, in_end(code)
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return b"", WAITED.format(PATIENCE * seconds)

    def leave(self) -> None:
        """End this process and all that it has started."""
        _end_children()
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)


def _end_children() -> None:
    """Kill the children of this process, and theirs, which become its own when their parents are gone."""
    end = time.monotonic() + LINGERING
    while time.monotonic() < end and (children := _children()):
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.002)


def _children() -> list[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(number) for number in file.read().split()]
    except OSError:  # a kernel without that list
        return []


class Spare:
    """Makes every call in a process that was started before it was needed."""

    def __init__(self):
        self.process, self.folder = self._start(), ""

    def _start(self) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", "from aeutils.exercises.worker import wait; wait()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def call(self, seconds: float, payload: bytes) -> dict:
        """The outcome of one call, as `Sandbox.call` understands it."""
        self.folder = folder = tempfile.mkdtemp(prefix="aeutils-check-")
        process = self.process
        try:
            reply, _ = process.communicate(pickle.dumps((seconds, payload, folder)), timeout=PATIENCE * seconds + 30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return {"failure": WAITED.format(PATIENCE * seconds)}
        finally:
            self.process = self._start()
            shutil.rmtree(folder, ignore_errors=True)
        computed = hasattr(signal, "SIGXCPU") and process.returncode == -signal.SIGXCPU
        return understood(reply, COMPUTED.format(seconds) if computed else in_end(process.returncode))

    def leave(self) -> None:
        """End this process and the one that waits."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        os._exit(0)
