"""Answers that do their worst to the process that checks them: nothing of it reaches the next check."""

import builtins
import contextlib
import functools
import mmap
import os
import subprocess
import sys
import threading
import time

import pytest
import torch

from aeutils.exercises import lab as exercises
from aeutils.exercises import server
from aeutils.exercises.lab import OPEN, RIGHT, WRONG, Lab
from aeutils.exercises.packing import unpacked
from aeutils.exercises.sandbox import Sandbox, dumps

lab = Lab("Lab 0: a test of hostile answers", __name__)
X = torch.tensor([[1.0, 2.0], [3.0, 5.0]])

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="calls are forked, and memory limited, on Linux only")


@lab.exercise(cases=[(X,)], draw=lambda draws: (draws.normal(draws.n, 3),), mistakes={}, hints="", seconds=1)
def energy(x):
    """Sum of squares, mean over the batch."""
    return x.square().sum() / len(x)


def right(x):
    return x.square().sum() / len(x)


def leaves_a_child(x):
    if not os.fork():
        os.setsid()
        if not os.fork():  # nobody's child any more
            time.sleep(60)
        os._exit(0)
    return right(x)


def starts_a_program(x):
    subprocess.Popen(["sleep", "60"])


def deletes_a_file(path):
    def answer(x):
        os.remove(path)

    return answer


def writes_a_file(path):
    def answer(x):
        path.write_text("mine")

    return answer


def writes_beside_it(x):
    with open("notes.txt", "w") as file:  # the working folder is the check's own
        file.write("mine")
    return right(x)


def ends_the_server(x):
    os.kill(os.getppid(), 9)


def replaces_functions(x):
    torch.allclose = lambda *given, **named: True
    torch.Tensor.square = lambda tensor: tensor
    return 0 * x.sum()


def replaces_builtins(x):
    builtins.len = lambda things: 1
    return right(x)


def changes_settings(x):
    os.environ["AEUTILS_DEVICE"] = "nowhere"
    torch.set_default_device("meta")
    torch.set_num_threads(2)
    return 0.0


def writes_everywhere(x):
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, b'{"value": {"answers": [], "end": null}}\n')
    return right(x)


def takes_shared_memory(x):
    return torch.zeros(2**31).share_memory_().sum()


def maps_memory(x):
    pages = mmap.mmap(-1, 6 * 2**30)
    return float(len(pages))


def fills_a_file_in_memory(x):
    handle = os.memfd_create("much")
    os.ftruncate(handle, 6 * 2**30)
    return 0.0


def recurses(x):
    sys.setrecursionlimit(10**9)
    return recurses(x)


def calls_the_reference(x):
    return lab.energy.reference(x)


def swallows_that(x):
    try:
        return energy(x)
    except BaseException:
        return right(x)


@pytest.fixture(scope="module", autouse=True)
def _server():
    lab.start()
    yield
    exercises.SANDBOX.stop()


def children() -> str:
    """The processes below the server."""
    number = exercises.SANDBOX.process.pid
    with open(f"/proc/{number}/task/{number}/children") as file:
        return file.read()


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (leaves_a_child, RIGHT, ""),
        (starts_a_program, WRONG, "PermissionError: a check may not start programs"),
        (writes_beside_it, RIGHT, ""),
        (ends_the_server, WRONG, "PermissionError: a check may not end programs"),
        (replaces_functions, WRONG, "yours 0, right 19.5"),
        (replaces_builtins, WRONG, ""),
        (changes_settings, WRONG, "It changes PyTorch's default device"),
        (writes_everywhere, WRONG, "What came back from the check is no answer"),
        (takes_shared_memory, WRONG, "memory"),
        (maps_memory, WRONG, "Cannot allocate memory"),
        (fills_a_file_in_memory, WRONG, "File too large"),
        (recurses, WRONG, ""),
        (calls_the_reference, OPEN, "This calls the reference solution"),
        (swallows_that, OPEN, "This calls the reference solution"),
        (functools.partial(energy), OPEN, "This calls the reference solution"),
        (functools.cache(right), RIGHT, ""),
    ],
)
def test_the_next_check_knows_nothing_of_it(answer, state, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    server = exercises.SANDBOX.process.pid
    found = lab.energy.check(answer)
    assert (found.state, words in found.reason) == (state, True), found.reason
    began = time.perf_counter()
    assert lab.energy.check(right).state == RIGHT
    assert lab.energy.check(lambda x: x.sum()).state == WRONG
    assert time.perf_counter() - began < 2
    assert exercises.SANDBOX.process.pid == server
    assert children() == ""
    assert os.listdir(tmp_path) == []


def test_files_stay_as_they_are(tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text("the learner's")
    for answer in (deletes_a_file(kept), writes_a_file(kept), writes_a_file(tmp_path / "new.txt")):
        assert "PermissionError: a check may not" in lab.energy.check(answer).reason
    assert kept.read_text() == "the learner's"
    assert os.listdir(tmp_path) == ["kept.txt"]


def test_a_busy_machine_makes_nobody_too_slow():
    def waits(x):
        if len(x) == 7:  # once: longer than it may compute
            time.sleep(1.2)
        return x.square().sum() / len(x)

    assert lab.energy.check(waits).state == RIGHT


def test_what_waits_for_ever_is_stopped(monkeypatch):
    monkeypatch.setattr(lab.energy, "seconds", 0.2)
    found = lab.energy.check(lambda x: time.sleep(60))
    assert found.reason.startswith("It had not finished after 1.2 seconds and was stopped")


def test_where_no_process_can_be_forked_one_waits_that_was_started_before():
    """As on macOS, on Windows, and where a GPU is used."""
    caller = server.Spare()
    payload = dumps((exercises.answers_of, ("aeutils.labs.vae", "slerp", dumps(lambda a, b, t: os.getpid()))))
    waiting = caller.process.pid
    outcome = caller.call(10, payload)
    assert unpacked(outcome["value"])["answers"][0][""].item() == waiting
    assert "a check may not start programs" in str(caller.call(10, dumps((os.system, ("true",)))))
    caller.process.kill()
    caller.process.communicate()


def test_a_check_that_is_stopped_leaves_no_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    box = Sandbox()
    box.start()
    waiting = threading.Thread(target=box.call, args=(time.sleep, 60), kwargs={"seconds": 60}, daemon=True)
    waiting.start()
    until = time.monotonic() + 30
    while not list(tmp_path.glob("aeutils-check-*")) and time.monotonic() < until:
        time.sleep(0.02)
    box.process.terminate()
    waiting.join(30)  # it hears that the process has ended, and starts another one
    assert list(tmp_path.glob("aeutils-check-*")) == []
    box.stop()
