"""The process that makes one call, with a learner's code, and ends: what it may take, and what it may not touch."""

import contextlib
import io
import json
import os
import pickle
import signal
import sys
import tempfile
from typing import NoReturn

from aeutils.exercises.sandbox import LINES, WIDTH, in_words

MEMORY = 4 * 2**30  # bytes that a call may take on top of what the process has, where the system can limit it
FILE = 2**30  # bytes of one file, those in memory included
CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}
CHANGES |= {"os.chown", "os.utime", "os.setxattr", "shutil.rmtree", "shutil.move", "shutil.copyfile", "shutil.copytree"}
PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.startfile", "pty.spawn"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def work(writing: int, seconds: float, payload: bytes, folder: str) -> NoReturn:
    """Make the call, write its outcome as JSON to the file `writing`, and end this process. For a forked one."""
    os.setsid()
    _end_with_the_parent()
    limit(seconds)
    confine(folder)
    _send(writing, payload)


def wait() -> NoReturn:
    """As `work`, for a process of its own, which reads seconds, payload and folder from its standard input."""
    import aeutils.exercises.lab  # noqa: F401 - imported before there is a request

    writing = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    given = sys.stdin.buffer.read()
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    if not given:  # nobody needs this process any more
        os._exit(0)
    seconds, payload, folder = pickle.loads(given)
    limit(seconds)
    confine(folder)
    _send(writing, payload)


def _send(writing: int, payload: bytes) -> NoReturn:
    reply = memoryview(json.dumps(answer(payload)).encode())
    while reply:
        reply = reply[os.write(writing, reply) :]
    os._exit(0)


def answer(payload: bytes) -> dict:
    """The call's outcome as what JSON can hold."""
    printed = Clipped()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            function, arguments = pickle.loads(payload)
            return {"value": function(*arguments), "printed": str(printed)}
        except BaseException as error:
            failed = in_words("failed", [f"{type(error).__name__}: {error}"])
            return {"trouble": failed, "printed": str(printed)}


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


def limit(seconds: float) -> None:
    """Computing time, on POSIX; memory of every kind, shared memory and files in memory included, on Linux without a
    GPU: elsewhere that limit is not enforced, or CUDA needs more addresses than memory."""
    try:
        import resource
    except ImportError:  # Windows: the caller's patience is the limit
        return
    from aeutils import environment

    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _lower(resource, resource.RLIMIT_CPU, max(1, round(used + seconds)))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _lower(resource, resource.RLIMIT_CORE, 0)
    if sys.platform == "linux" and environment.device().type == "cpu":
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * resource.getpagesize()
        _lower(resource, resource.RLIMIT_AS, taken + MEMORY)
        _lower(resource, resource.RLIMIT_FSIZE, FILE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # an OSError in place of a crash


def _lower(resource, kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _end_with_the_parent() -> None:
    import ctypes

    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def confine(folder: str) -> None:
    """Files are changed in `folder` only, which is the working folder from now on, and no programs are started."""
    folder = os.path.realpath(folder)
    os.chdir(folder)
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    sys.dont_write_bytecode = True
    inside = (os.path.join(folder, ""), os.path.join("/proc/self", ""))

    def elsewhere(path) -> bool:
        if isinstance(path, int) or path is None:
            return False
        path = os.path.realpath(os.fsdecode(path))
        return path not in (os.devnull, folder) and not path.startswith(inside)

    def refuse(event: str, given: tuple) -> None:
        if event == "open" and given[2] & WRITING and elsewhere(given[0]):
            raise PermissionError(f"a check may not write files ({given[0]})")
        if event in CHANGES and any(
            elsewhere(path) for path in given[:2] if isinstance(path, str | bytes | os.PathLike)
        ):
            raise PermissionError(f"a check may not change files ({given[0]})")
        if event in PROGRAMS:
            raise PermissionError("a check may not start programs")
        if event in ("os.kill", "os.killpg") and not _below_this(given[0]):
            raise PermissionError("a check may not end programs")

    sys.addaudithook(refuse)


def _below_this(process: int) -> bool:
    """True for a process that this one has started."""
    return hasattr(os, "getsid") and os.getsid(process) == os.getsid(0)
