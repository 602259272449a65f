"""The exercise engine: the three outcomes, the reasons, and code that does its worst."""

import functools
import linecache
import os
import signal
import site
import sys
import textwrap
import threading
import time
from types import CodeType

import cloudpickle
import pytest
import torch
from torch import tensor

import aeutils
from aeutils.exercises import lab as exercises
from aeutils.exercises import sandbox
from aeutils.exercises.answers import NOT_THE_LEARNERS, Facts, Wrong, ask, is_stub
from aeutils.exercises.cases import text
from aeutils.exercises.comparison import close
from aeutils.exercises.judging import judge
from aeutils.exercises.lab import OPEN, RIGHT, WRONG, Exercise, Lab
from aeutils.exercises.verdict import UNCHECKED, Verdict

lab = Lab("Lab 0: a test", __name__)
X = tensor([[1.0, 2.0], [3.0, 5.0]])


@lab.exercise(
    points=3,
    cases=[(tensor([[1.0, 2.0]]),), (X,), (torch.arange(60.0).view(3, 20),)],
    hints="Think.\n\nThink harder:\nsquare.\n\nIt is `x.square().sum() / len(x)`.",
    mistakes={"You forgot the batch mean.": lambda x: x.square().sum(), "Breaks on every case.": lambda x: x.missing},
    seconds=1,
)
def energy(x):
    """Sum of squares, mean over the batch."""
    return x.square().sum() / len(x)


def row(x):
    return x.square().mean(0)


lab.exercise(cases=[(X,), (3 * X,)], hints="One.\n\nTwo.", mistakes={})(row)


def verdict(function, exercise=lab.energy):
    found = judge(exercise, function)
    return found["state"], found.get("reason", "")


def test_the_reference_and_a_loop_are_right():
    def looped(x):
        total = 0.0
        for image in x:
            for value in image:
                total += float(value) ** 2
        return total / len(x)

    assert verdict(energy) == (RIGHT, "")
    assert verdict(looped) == (RIGHT, "")
    assert verdict(lambda x: x.double().numpy() ** 2, lab.energy)[0] == WRONG
    assert verdict(lambda x: (x.double().numpy() ** 2).sum() / len(x)) == (RIGHT, "")


def bare(x): ...


def documented(x):
    """What it is to do."""
    # your code here


def raising(x):
    raise NotImplementedError


@pytest.mark.parametrize("stub", [bare, documented, raising, lambda x: ..., lambda x: (..., 1)])
def test_a_stub_is_not_attempted(stub):
    assert verdict(stub) == (OPEN, "")


def test_a_forgotten_return_is_no_stub():
    def forgot(x):
        x.square().sum() / len(x)

    assert not is_stub(forgot)
    assert verdict(forgot) == (WRONG, "It returns `None`. Is the `return` missing?")


def test_a_typical_mistake_is_named_with_an_example():
    state, reason = verdict(lambda x: (x**2).sum())
    assert state == WRONG
    assert reason == "You forgot the batch mean.\nExample: x = [[1, 2], [3, 5]]\nyours 39, right 19.5"


def test_tolerance_is_a_thousandth():
    assert verdict(lambda x: energy(x) * 1.0009)[0] == RIGHT
    assert verdict(lambda x: energy(x) * 1.0012)[0] == WRONG
    assert close(tensor(float("inf")), tensor(float("inf")))
    assert not close(tensor(1.0), tensor([1.0]))
    assert not close("a", tensor(1.0))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: -energy(x), "The sign is the other way round"),
        (lambda x: energy(x) * 2, "All values are 2 times the right ones: is a factor 1/2 missing?"),
        (lambda x: energy(x) * 0.6931472, "look at the base of the logarithm"),
        (lambda x: energy(x) + 0.25, "All values are off by the same number, +0.25"),
        (lambda x: energy(x) * float("nan"), "NaN (not a number) comes out"),
        (lambda x: energy(x) / 0, "Infinity comes out"),
        (lambda x: x.square().sum(1), "The shape is [1]; expected []. Its mean is right: average over the batch"),
        (lambda x: x.square().sum(1, keepdim=True).expand(-1, 3), "Its mean is right: average over the batch"),
        (lambda x: x.square() / len(x), "Its sum is right: add the values up"),
        (lambda x: x[:, :1].expand(-1, 4), "The shape is [1, 4]; expected []"),
        (lambda x: x.sum(), "Example: x = [[1, 2]]\nyours 3, right 5"),
        (lambda x: "five", "It returns a `str`; expected a tensor, or a number where one number is wanted."),
        (lambda x: [object()], "It returns a list of 1 value; expected a tensor"),
        (lambda x: (x.sum(), x.sum()), "It returns a tuple of 2 values; expected a tensor"),
        (lambda x: x.nothing, "It raises `AttributeError: 'Tensor' object has no attribute 'nothing'`"),
        (lambda x: x.mul_(2).sum(), "It changes its input `x` in place"),
        (lambda x: sys.exit(), "It raises `SystemExit:`"),
        (lambda x: 0 * x.sum(), "Example: x = [[1, 2]]\nyours 0, right 5"),
    ],
)
def test_reasons(function, words):
    state, reason = verdict(function)
    assert state == WRONG
    assert words in reason


def test_reasons_of_larger_answers():
    tilted = Exercise(lab, lambda x: x.T, cases=[(torch.rand(2, 3),)], **NO_HELP)
    assert "but transposed" in verdict(lambda x: x, tilted)[1]
    big = Exercise(lab, lambda x: x + 0, cases=[(torch.zeros(5, 5),)], **NO_HELP)
    reason = verdict(lambda x: x + (torch.arange(25).view(5, 5) == 13), big)[1]
    assert reason == "Example: x = a tensor of shape [5, 5]\nyours 1 at [2, 3], right 0"


NO_HELP = {"hints": "", "mistakes": {}}


def test_labelled_answers():
    def pair(function, x):
        low, high = ask(function, x)
        if low > high:
            raise Wrong("The smaller one first.")
        return Facts(lowest=low, highest=high)

    both = Exercise(lab, lambda x: (x.min(), x.max()), cases=[(X,)], run=pair, **NO_HELP)
    assert verdict(lambda x: (1.0, 5.0), both) == (RIGHT, "")
    assert verdict(lambda x: (x.max(), x.min()), both) == (WRONG, "The smaller one first.")
    assert "highest: yours 7, right 5" in verdict(lambda x: (1.0, 7.0), both)[1]


def test_text_of_values():
    assert text(tensor([[1.0, -0.5], [1 / 3, 1e-9]])) == "[[1, -0.5], [0.3333, 1e-09]]"
    assert text(torch.zeros(13)) == "a tensor of shape [13]"
    assert text(0.12344) == "0.1234"
    assert text(torch.nn.Linear(2, 2)) == "Linear"
    assert text(energy) == "energy"


def test_the_seed_and_the_number_type_are_the_same_for_everyone():
    def spoilt(x):
        torch.manual_seed(7)
        torch.set_default_dtype(torch.float64)
        return 0.0

    drawn = Exercise(lab, lambda x: torch.rand(2, dtype=torch.get_default_dtype()), cases=[(X,), (X,)], **NO_HELP)
    assert verdict(spoilt, drawn)[0] == WRONG
    assert verdict(lambda x: torch.rand(2, dtype=torch.float32), drawn) == (RIGHT, "")


# In the process of its own


@pytest.fixture(scope="module", autouse=True)
def _stop():
    yield
    exercises.SANDBOX.stop()


def endless(x):
    while True:
        pass


def chatty(x):
    for _ in range(20_000):
        print("all work and no play" * 50)
    return x.square().sum() / len(x)


def loud(x):
    os.write(1, b"noise" * 100_000)
    os.write(2, b"noise" * 100_000)
    return x.square().sum() / len(x)


def asking(x):
    return float(input("a number? "))


def fatal(x):
    os._exit(0)


def crashing(x):
    import ctypes

    ctypes.string_at(0)


def greedy(x):
    return torch.zeros(2**32).sum()


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (endless, "It was still computing after 1 seconds and was stopped: an endless loop?"),
        (fatal, "It ended the whole Python process (exit code 0)."),
        (crashing, "It crashed the whole Python process (SIGSEGV)."),
        (asking, "It raises `EOFError: "),
        (lambda x: x.lgo(), "in the line\n`(lambda x: x.lgo(), "),
    ],
)
def test_the_worst_is_reported_and_the_next_check_works(function, words):
    found = lab.energy.check(function)
    assert found.state == WRONG
    assert words in found.reason
    assert lab.energy.check(lambda x: x.square().sum() / len(x)).state == RIGHT


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
@pytest.mark.skipif(torch.cuda.is_available(), reason="memory is limited without a GPU only")
def test_memory_is_limited():
    found = lab.energy.check(greedy)
    assert found.state == WRONG
    assert "memory" in found.reason


def test_what_is_printed_is_cut():
    found = lab.energy.check(lambda x: chatty(x))
    assert found.state == RIGHT
    assert 100 < len(found.printed) < sandbox.LINES * sandbox.WIDTH + 20
    assert found.printed.endswith("...")
    assert lab.energy.check(lambda x: loud(x)).state == RIGHT


def test_a_warm_check_takes_less_than_a_second():
    lab.start()
    lab.energy.check(lambda x: x)
    began = time.perf_counter()
    lab.energy.check(lambda x: x)
    assert time.perf_counter() - began < 1


@pytest.mark.skipif(os.name == "nt", reason="no signal can be sent to the own process alone")
def test_the_stop_button_stops_the_check():
    # As in a kernel; where the tests run in the background, the shell has told them to ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    lab.energy.check(lambda x: x)  # the process is ready
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            lab.energy.check(endless)
    finally:
        signal.signal(signal.SIGINT, before)
    assert lab.energy.check(lambda x: x.square().sum() / len(x)).state == RIGHT


def test_a_kernel_that_is_gone_leaves_no_process():
    box = sandbox.Sandbox()
    assert box.call(os.getppid, seconds=5).value == box.process.pid
    box.process.stdin.close()  # as when the kernel was killed
    assert box.process.wait(timeout=10) == 0
    box.process = None


# The line of the learner's that raised


@pytest.fixture(params=["kept", "left out"])
def _file_names(request, monkeypatch):
    """Pickling that keeps the name of a function's file, and one that leaves it out, as cloudpickle 3.1.3 does."""
    table = cloudpickle.Pickler.dispatch_table
    reduce = table[CodeType]
    if request.param == "left out":
        monkeypatch.setitem(table, CodeType, lambda code: reduce(code.replace(co_filename="<dynamic-code>")))


def cell(source, name, namespace=None):
    """Runs source as a notebook does: as a part of `__main__`, under a name of its own, its lines known."""
    source = textwrap.dedent(source)
    linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
    namespace = {"__name__": "__main__"} if namespace is None else namespace
    exec(compile(source, name, "exec"), namespace)
    return namespace


NOTEBOOK = """
    import torch
    from torch import nn

    def simple(x):
        y = x + 1
        return y.simpel()

    def nested(x):
        def inner(y):
            return y.inmost()
        return inner(x)

    def helped(x):
        return helper(x) + 1

    def helper(x):
        return x.helped_out()

    def recursive(x, depth=3):
        return recursive(x, depth - 1) if depth else x.deepest()

    def in_a_library(x):
        y = x + 1
        return nn.Linear(2, 1)("text")

    def sorting(x):
        return sorted([1, 2], key=lambda value: value.key)

    class Model(nn.Module):
        def forward(self, x):
            return self.layer(x)

    class Calculator:
        def method(self, x):
            return x.calculated()

    nameless = lambda x: x.nameless()
    exec("def sourceless(x): return x.nothing()")

    def calls_it(x):
        return sourceless(x)
"""


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("simple", "return y.simpel()"),
        ("nested", "return y.inmost()"),
        ("helped", "return x.helped_out()"),
        ("recursive", "return recursive(x, depth - 1) if depth else x.deepest()"),
        ("in_a_library", 'return nn.Linear(2, 1)("text")'),
        ("sorting", "return sorted([1, 2], key=lambda value: value.key)"),
        ("Model()", "return self.layer(x)"),
        ("Calculator().method", "return x.calculated()"),
        ("partial(recursive, depth=1)", "return recursive(x, depth - 1) if depth else x.deepest()"),
        ("nameless", "nameless = lambda x: x.nameless()"),
        ("calls_it", "return sourceless(x)"),
    ],
)
@pytest.mark.usefixtures("_file_names")
def test_the_line_that_raised_is_shown(answer, line):
    notebook = cell(NOTEBOOK, "/tmp/ipykernel_1/1.py") | {"partial": functools.partial}
    found = lab.energy.check(eval(answer, notebook))
    assert found.state == WRONG
    assert found.reason.partition(" in the line\n")[2] == f"`{line}`"


def test_a_line_that_is_not_at_hand_is_not_announced():
    found = lab.energy.check(eval("sourceless", cell(NOTEBOOK, "/tmp/ipykernel_1/1.py")))
    assert found.reason == "It raises `AttributeError: 'Tensor' object has no attribute 'nothing'`"


@pytest.mark.usefixtures("_file_names")
def test_every_version_of_an_edited_cell_has_its_own_lines():
    notebook = cell("def f(x):\n    return x.first_try()", "/tmp/ipykernel_1/2.py")
    first = notebook["f"]
    cell("\n\ndef f(x):\n    return x.second_try()", "/tmp/ipykernel_1/3.py", notebook)
    assert "`return x.first_try()`" in lab.energy.check(first).reason
    assert "`return x.second_try()`" in lab.energy.check(notebook["f"]).reason


def test_whose_file_is_it(tmp_path):
    for name in [
        torch.__file__,
        functools.__file__,
        exercises.__file__,
        os.path.join(site.getusersitepackages(), "torch", "nn.py"),
        "<frozen importlib._bootstrap>",
        "<string>",  # what dataclasses and named tuples are made of
    ]:
        assert name.startswith(NOT_THE_LEARNERS)
    beside = os.path.dirname(aeutils.__file__) + "_of_mine.py"
    for name in [__file__, str(tmp_path / "answers.py"), "/tmp/ipykernel_1/1.py", "<ipython-input-1-0>", beside]:
        assert not name.startswith(NOT_THE_LEARNERS)


# A process that cannot check


def pretend(monkeypatch, folder, program):
    """In place of `aeutils.exercises.server`, the process that checks runs another program."""
    room = folder / "aeutils" / "exercises"
    room.mkdir(parents=True)
    for package in (room, room.parent):
        (package / "__init__.py").touch()
    (room / "server.py").write_text(textwrap.dedent(program))
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder)


def left_over():
    """Threads, and on Linux open files and child processes."""
    children = f"/proc/self/task/{threading.get_native_id()}/children"
    if not os.path.exists(children):
        return threading.active_count()
    with open(children) as file:
        return threading.active_count(), len(os.listdir("/proc/self/fd")), file.read()


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import a_library_that_is_missing", "could not start (exit code 1):\n"),
        ("import a_library_that_is_missing", "\nModuleNotFoundError: No module named 'a_library_that_is_missing'\n"),
        ("import os; os._exit(3)", "could not start (exit code 3).\n"),
        ("import time; time.sleep(60)", "could not start within 1 seconds (is the machine very busy?).\n"),
        ("def serve(): print('ready', flush=True)", "did not take the answer (exit code 0)"),
        (
            "def serve():\n    print('ready', flush=True)\n    __import__('time').sleep(60)",
            "did not take the answer within 1 seconds (is",
        ),
        ("def serve(): print('ready\\ntaken\\n{]', flush=True); input()", "replied what cannot be read"),
        ("def serve(): print('ready\\ntaken\\n[1]', flush=True); input()", "replied what cannot be read"),
    ],
)
def test_a_process_that_cannot_check_says_so_and_leaves_nothing_behind(monkeypatch, tmp_path, program, words):
    pretend(monkeypatch, tmp_path, program)
    monkeypatch.setattr(sandbox, "START", 1 if "sleep" in program else 60)
    box, before = sandbox.Sandbox(), left_over()
    outcome = box.call(len, b"much" * 10**6, seconds=10)  # more than a pipe holds
    box.stop()
    assert words in outcome.trouble
    assert "Run the check again" in outcome.trouble
    assert not outcome.failure
    until = time.monotonic() + 5  # threads end a moment after the process
    while left_over() != before and time.monotonic() < until:
        time.sleep(0.05)
    assert left_over() == before


def test_the_next_check_tries_again(monkeypatch):
    box = sandbox.Sandbox()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/gone/python")
        box.start()  # as lab.start() in the first cell: the check says what is the matter
        said = box.call(len, "four", seconds=10).trouble
    assert said.startswith("The process that checks answers could not start:\n")
    assert "No such file or directory: '/gone/python'" in said
    assert box.call(len, "four", seconds=10).value == 4
    box.stop()


def test_what_is_said_at_the_start_does_no_harm(monkeypatch, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import os; os.write(1, b'{} ready'); os.write(2, b'a warning')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, tmp_path])  # a path that is no text: import passes over it
    box = sandbox.Sandbox()
    assert box.call(len, "four", seconds=10).value == 4
    box.stop()


def unpacked_badly():
    raise OSError("no such thing")


class Unpackable:
    def __call__(self, x):
        return energy(x)

    def __reduce__(self):
        return unpacked_badly, ()


def test_a_check_that_could_not_be_made_leaves_the_exercise_as_it_was(monkeypatch):
    right = lambda x: x.square().sum() / len(x)  # noqa: E731
    assert lab.energy.check(right).state == RIGHT
    found = lab.energy.check(Unpackable())
    assert (found.state, found.earned) == (UNCHECKED, 0)
    assert "? energy: Could not be checked (3 points)\n" in str(found)
    assert "OSError: no such thing" in found.reason
    assert "hint" not in str(found)
    assert "Could not be checked" in found._repr_html_()
    assert lab.energy.verdict.state == RIGHT
    assert lab.energy.best() is right
    # To nbgrader an error: it gives no points and stands in the notebook for the lecturer to see.
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    with pytest.raises(RuntimeError, match="OSError: no such thing"):
        lab.energy.check(Unpackable())


def test_what_cannot_be_sent_is_said():
    with open(os.devnull, "wb") as file:
        found = lab.energy.check(lambda x: file.write(b"x"))
    assert found.state == WRONG
    assert "cannot be copied" in found.reason
    assert "`lab.energy.check(energy)`" in lab.energy.check(X).reason


def test_the_reference_is_not_the_learners_answer():
    found = lab.energy.check(energy)
    assert found.state == OPEN
    assert "reference solution" in found.reason


# What a learner sees


def test_best_is_the_learners_function_once_it_is_right(capsys):
    fresh = Exercise(lab, row, cases=[(X,)], **NO_HELP)
    assert fresh.best() is row
    assert "row: not attempted yet, so the reference solution is used here." in capsys.readouterr().out
    mine = lambda x: (x * x).mean(0)  # noqa: E731
    assert fresh.check(mine).state == RIGHT
    assert fresh.best() is mine
    assert capsys.readouterr().out == ""


def test_hints_come_one_by_one():
    exercise = Exercise(lab, energy, cases=[], hints=lab_hints(), mistakes={})
    told = [str(exercise.hint()) for _ in range(4)]
    assert "Hint 1 of 3" in told[0]
    assert "lab.energy.hint()" in told[0]
    assert "Think harder:\nsquare." in told[1]
    assert told[2] == told[3]
    assert "lab.energy.solution()" in told[3]
    assert "return x.square().sum() / len(x)" in exercise.solution()
    assert "lab.exercise" not in exercise.solution()
    assert exercise.solution()._repr_markdown_().startswith("```python\ndef energy(x):")


def lab_hints():
    return "Think.\n\nThink harder:\nsquare.\n\nIt is `x.square().sum() / len(x)`."


def test_a_verdict_has_words_and_an_icon_besides_colour():
    shown = Verdict("energy", WRONG, 2, "Use `x` <once>.\nExample", "hello")
    assert repr(shown) == (
        "✗ energy: Not right yet (2 points)\nUse `x` <once>.\nExample\n"
        "Your code printed:\nhello\nStuck? `lab.energy.hint()`"
    )
    page = shown._repr_html_()
    assert "✗ energy: Not right yet (2 points)" in page
    assert "Use <code>x</code> &lt;once&gt;.<br>Example" in page
    assert "✓" in str(Verdict("energy", RIGHT, 1))
    assert "○" in str(Verdict("energy", OPEN, 1))


@pytest.mark.parametrize(("state", "points"), [(RIGHT, "2"), (WRONG, "0"), (OPEN, "0")])
def test_nbgrader_reads_the_points(monkeypatch, state, points):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert repr(Verdict("energy", state, 2, "because")) == points


def test_score_board():
    board = Lab("Lab 0", __name__)
    for name, verdict in {"a": Verdict("a", RIGHT, 2), "b": Verdict("b", WRONG, 1, "no")}.items():
        board.exercises[name] = Exercise(board, energy, cases=[], **NO_HELP)
        board.exercises[name].verdict = verdict
    board.exercises["c"] = Exercise(board, energy, cases=[], **NO_HELP)
    assert board.score().summary == "Lab 0: 1 right, 1 wrong, 1 open; 2 of 4 points"
    page = board.score()._repr_html_()
    assert "<td>a</td><td>✓ Right</td><td>2 of 2</td>" in page
    assert "Not attempted yet" in repr(board.score())


def test_an_unknown_exercise_is_named():
    with pytest.raises(AttributeError, match="no exercise 'entopy'; it has energy, row"):
        _ = lab.entopy
