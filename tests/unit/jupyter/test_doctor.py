"""`python -m aeutils doctor`: every check where all is well and where it is not, and the whole from end to end."""

import os
import subprocess
import sys
import tomllib
from collections import namedtuple
from pathlib import Path

import pytest

from aeutils.__main__ import main
from aeutils.bench import latency
from aeutils.data.mnist import mirrors, sources
from aeutils.jupyter import doctor
from aeutils.jupyter import launch as lab
from tests.tools import fake_mnist
from tests.tools.notebooks import ROOT

NAMES = [check.name for check in (*doctor.CHECKS, *doctor.TORCH_CHECKS)]
Usage = namedtuple("Usage", "total used free")
GIGABYTE = 10**9


def found(name):
    """The finding of the check of that name, made as the command makes it."""
    return doctor.examine(next(check for check in (*doctor.CHECKS, *doctor.TORCH_CHECKS) if check.name == name))


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    """The search path is in `tmp_path`, MNIST is a small fake, and there is no network."""
    monkeypatch.setenv("AEUTILS_OFFLINE", "1")
    monkeypatch.setattr(sources, "MNIST", fake_mnist.source())
    return fake_mnist.own_folders(monkeypatch, tmp_path)


def test_python(monkeypatch, tmp_path):
    assert found("Python").state == "ok"
    monkeypatch.setattr(doctor, "ROOT", tmp_path)
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    assert found("Python").state == "note"
    assert found("Python").text.endswith("the course's own is not active: . .venv/bin/activate")
    monkeypatch.setattr(doctor, "PYTHON", (99, 1))
    assert found("Python").state == "fails"


def test_the_python_that_is_asked_for_is_that_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, doctor.PYTHON))


def test_an_old_python_is_all_that_is_looked_at(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "PYTHON", (99, 1))
    assert doctor.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("fails  Python")
    assert lines[-1] == "1 of these will stop you; what to do stands there."


def test_packages(monkeypatch):
    assert found("packages").state == "ok"
    wants = ["numpy>=999", "torch", "no-such-thing>=1", 'also-none; extra == "test"', 'neither; python_version < "3"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: wants)
    state, text = found("packages")
    assert state == "fails"
    assert text.startswith("no-such-thing is missing, numpy ")
    assert text.endswith(" is not >=999: pip install -r requirements.txt")


def test_a_package_that_is_not_installed_itself(monkeypatch):
    def requires(name):
        raise doctor.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", requires)
    assert found("packages") == ("fails", "aeutils is not installed: pip install -r requirements.txt")


@pytest.fixture
def tested(monkeypatch, tmp_path):
    """A function that writes the file of tested versions; what is installed is made up."""
    there = {"torch": "2.15.0+cu130", "scipy": "1.13", "numpy": "2.0", "psutil": "5.9"}
    monkeypatch.setattr(doctor, "installed", there.get)
    monkeypatch.setattr(doctor, "TESTED", tmp_path / "tested_versions.txt")
    return (tmp_path / "tested_versions.txt").write_text


def test_versions(tested):
    assert found("versions").state == "note", "no such file"
    tested("# all of it\nTorch==2.15.0 # the CPU's\nscipy==1.13 ; python_version > '3'\nstrange==3\ntqdm==4.67\n")
    assert found("versions") == ("ok", "all 2 as tested")
    tested("torch==2.14.1\nscipy==1.14\nnumpy==2.0\npsutil==6.0\n")
    assert found("versions") == (
        "note",
        "1 of 4 newer than tested: torch 2.15.0 (2.14.1); 2 of 4 older than tested: psutil 5.9 (6.0), scipy 1.13 (1.14)"
        "; should something break: pip install -r requirements.txt -c aeutils/tested_versions.txt",
    )
    tested("torch==two\n")
    assert found("versions").state == "fails"
    assert "Invalid version: 'two'" in found("versions").text


def test_a_long_list_is_cut():
    assert doctor.few(["a", "b", "c"]) == "a, b, c"
    assert doctor.few([*"abcde"]) == "a, b, c and 2 more"


def test_course(monkeypatch, tmp_path):
    assert found("course") == ("ok", str(lab.NOTEBOOKS))
    monkeypatch.setattr(doctor.subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, 1))
    assert "notebooks cannot import aeutils: run pip install" in found("course").text
    monkeypatch.setattr(lab, "NOTEBOOKS", tmp_path / "none")
    assert found("course").state == "fails"
    assert "no notebooks at" in found("course").text


def test_jupyterlab():
    state, text = found("JupyterLab")
    assert state == "ok"
    assert text.endswith(" active")


def test_jupyterlab_without_its_extensions(monkeypatch):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda *parts: [])
    state, text = found("JupyterLab")
    assert state == "fails"
    assert "without anywidget and @jupyter-widgets/jupyterlab-manager: pip install" in text
    assert text.endswith("anywidget jupyterlab-widgets")


def test_jupyterlab_with_an_extension_disabled(monkeypatch, tmp_path):
    (tmp_path / "labconfig").mkdir()
    (tmp_path / "labconfig" / "page_config.json").write_text('{"disabledExtensions": {"anywidget": true}}')
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    state, text = found("JupyterLab")
    assert state == "fails"
    assert text.endswith("where anywidget is disabled: jupyter labextension enable anywidget")


def test_jupyterlab_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", None)
    assert found("JupyterLab") == ("fails", "jupyterlab.labapp is not installed: pip install -r requirements.txt")


def test_saving(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "NOTEBOOKS", tmp_path / "notebooks")
    assert found("saving").state == "ok"
    assert not list(tmp_path.iterdir()), "looking changes nothing"
    (tmp_path / "runs").touch()
    assert "train cannot write to" in found("saving").text
    (tmp_path / "notebooks").touch()
    assert found("saving").state == "fails"
    assert "notebooks cannot be saved in" in found("saving").text


@pytest.mark.parametrize(("free", "state"), [(GIGABYTE, "ok"), (GIGABYTE / 2, "note"), (GIGABYTE / 100, "fails")])
def test_disk(monkeypatch, free, state):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: Usage(9 * GIGABYTE, 0, free))
    assert found("disk").state == state


@pytest.mark.parametrize(
    ("total", "available", "limits", "state"),
    [(8, 6, [], "ok"), (8, 6, [4], "ok"), (8, 1, [], "note"), (8, 6, [1], "fails"), (1, 1, [9000], "fails")],
)
def test_memory(monkeypatch, total, available, limits, state):
    monkeypatch.setattr(doctor, "machine_memory", lambda: (total * GIGABYTE, available * GIGABYTE))
    monkeypatch.setattr(doctor, "container_limits", lambda: [limit * GIGABYTE for limit in limits])
    assert found("memory").state == state
    assert found("memory").text.startswith(f"{min(available, *limits, 99):.1f} GB of {min(total, *limits, 99):.1f} GB")


def test_memory_that_nothing_tells_of(monkeypatch):
    monkeypatch.setattr(doctor, "machine_memory", lambda: os.no_such_function())
    assert found("memory").state == "note"


def test_memory_without_psutil(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "psutil", None)
    table = tmp_path / "meminfo"
    table.write_text("MemTotal:  2000 kB\nMemFree:  100 kB\nMemAvailable:  1000 kB\nHugePages_Total:  0\n")
    assert doctor.machine_memory(table) == (2_048_000, 1_024_000)
    monkeypatch.setattr(doctor.os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10}.get, raising=False)
    assert doctor.machine_memory(tmp_path / "none") == (40_960, 40_960)


def test_the_limits_of_a_container(tmp_path):
    listing, root = tmp_path / "listing", tmp_path / "root"
    assert doctor.container_limits(listing, root) == []
    listing.write_text("5:cpu:/\n4:cpuset,memory:/outer/inner\n0::/a/b\n")
    limits = {
        "a/b/memory.max": "max",
        "a/memory.max": "3000",
        "memory/outer/memory.limit_in_bytes": "2000",
        "memory/memory.limit_in_bytes": "9000",
        "memory.limit_in_bytes": "1",  # above the memory groups
    }
    for name, text in limits.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    assert sorted(doctor.container_limits(listing, root)) == [2000, 3000, 9000]


def test_torch(monkeypatch):
    assert found("torch").state == "ok"
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert found("torch").state == "fails"


def test_device(monkeypatch):
    monkeypatch.setenv("AEUTILS_DEVICE", "cpu")
    assert found("device").state == "ok"
    assert doctor.difference("cpu") < 1e-5
    monkeypatch.setattr(doctor, "difference", lambda device: float("nan"))
    assert "computes wrongly (relative error nan)" in found("device").text
    monkeypatch.setenv("AEUTILS_DEVICE", "toaster")
    state, text = found("device")
    assert state == "fails"
    assert text.startswith("AEUTILS_DEVICE is 'toaster'; expected cpu, cuda")


def test_a_gpu_that_is_not_used(monkeypatch):
    import torch

    def unavailable():
        doctor.warnings.warn("The driver is too old.", stacklevel=1)
        return False

    monkeypatch.delenv("AEUTILS_DEVICE", raising=False)
    monkeypatch.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(torch.cuda, "is_available", unavailable)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert found("device").state == "note"
    assert "torch sees no GPU (The driver is too old.): see pytorch.org" in found("device").text
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "torch was built without support for the GPU" in found("device").text


def test_variables(monkeypatch):
    assert found("variables").state == "ok"
    monkeypatch.setenv("AEUTILS_BUDGET", "huge")
    assert found("variables").state == "fails"
    assert found("variables").text.startswith("AEUTILS_BUDGET is 'huge'; expected one of look, quick, normal, full")


def test_the_data_folder(data_folder, monkeypatch):
    data_folder.rmdir()
    assert found("data folder").state == "fails"
    assert found("data folder").text.startswith(f"AEUTILS_DATA is '{data_folder}', where no folder is; correct it")
    data_folder.mkdir()
    assert found("data folder").state == "ok"
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: Usage(GIGABYTE, GIGABYTE, 0))
    assert found("data folder").state == "note"
    assert "0.0 GB free; a download takes 0.2 GB" in found("data folder").text
    monkeypatch.setattr(doctor, "writable", lambda path: False)
    assert found("data folder").text.startswith("none can be written to")


def test_a_whole_image_set(data_folder):
    fake_mnist.write_into(data_folder)
    assert found("mnist") == ("ok", f"whole in AEUTILS_DATA ({data_folder})")


def test_a_damaged_image_set(data_folder, tmp_path):
    (fake_mnist.write_into(data_folder) / sources.FILES[0]).write_bytes(b"torn")
    state, text = found("mnist")
    assert state == "note"
    assert text.startswith("AEUTILS_DATA is passed over, because MNIST/raw/train-images-idx3-ubyte is damaged")
    assert "no download now (AEUTILS_OFFLINE is set), so 'glyphs' stands in" in text
    fake_mnist.write_into(tmp_path / "checkout" / "data")
    assert found("mnist").state == "note"
    assert "whole in data/" in found("mnist").text


def test_a_missing_image_set(data_folder, monkeypatch):
    monkeypatch.delenv("AEUTILS_OFFLINE")
    monkeypatch.setattr(mirrors, "_no_network", (float("-inf"), ""))
    with fake_mnist.server() as mirror:
        fake_mnist.mirrors(monkeypatch, mirror.url)
        state, text = found("mnist")
        assert state == "note"
        assert text.startswith("not here; 127.0.0.1:")
        assert text.endswith("has it: python -m aeutils data fake")
        assert {kind for kind, _ in mirror.seen} == {"probe"}, "nothing is downloaded"
    assert "so 'glyphs' stands in" in found("mnist").text


def test_the_browser(monkeypatch):
    monkeypatch.setattr(latency, "CHROMIUM", "/usr/bin/chromium")
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: "there")
    assert found("browser").state == "ok"
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert "no playwright" in found("browser").text
    monkeypatch.setattr(latency, "CHROMIUM", None)
    assert found("browser").state == "note"


@pytest.mark.parametrize("error", [ZeroDivisionError(), SystemExit("two\nlines"), ImportError("x" * 9999)])
def test_a_check_that_raises_has_found_something(error):
    def find():
        raise error

    state, text = doctor.examine(doctor.Check("it", find, "mend it"))
    assert state == "fails"
    assert text.endswith(": mend it")
    assert "\n" not in text
    assert len(text) < 300


def ended(monkeypatch, script, patience=60):
    """What is made of a process that runs `script` in place of the checks that need torch."""
    monkeypatch.setattr(doctor, "PATIENCE", patience)
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        return dict(doctor.findings(process))


def test_a_process_that_ends_early(monkeypatch):
    says = """print('["torch", "ok", "fine"]', "a library's line", sep="\\n", flush=True); import os; os._exit(3)"""
    result = ended(monkeypatch, says)
    assert list(result) == [check.name for check in doctor.TORCH_CHECKS]
    assert result["torch"] == ("ok", "fine")
    assert result["device"].text.startswith("Python ended here, status 3 (a library's line): set AEUTILS_DEVICE=cpu")
    assert {result[name].state for name in ("variables", "browser")} == {"note"}


def test_a_process_that_hangs(monkeypatch):
    assert ended(monkeypatch, "import time; time.sleep(60)", 0.2)["torch"].state == "fails"


@pytest.mark.parametrize("columns", ["60", "80", "1000", "1"])
def test_lines_are_no_wider_than_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    lines = doctor.shown("data folder", doctor.Finding("note", "many words " * 30 + "x" * 500)).splitlines()
    assert max(map(len, lines)) <= max(50, min(120, int(columns) - 1))
    assert lines[0].startswith("note   data folder  many words")
    assert all(line.startswith(" " * 20) for line in lines[1:])


def test_letters_that_the_terminal_has_not(monkeypatch):
    monkeypatch.setattr(sys, "stdout", type("Ascii", (), {"encoding": "ascii"}))
    assert "/home/J?rgen" in doctor.shown("course", doctor.Finding("ok", "/home/Jürgen"))


@pytest.mark.parametrize(("states", "status"), [(["ok", "note"], 0), (["ok", "fails", "note"], 1)])
def test_the_exit_status_counts_what_fails(monkeypatch, capsys, states, status):
    monkeypatch.setattr(doctor, "every_finding", lambda: [("it", doctor.Finding(state, "this")) for state in states])
    with pytest.raises(SystemExit) as end:
        main(["doctor"])
    assert end.value.code == status
    assert ("1 of these will stop you" in capsys.readouterr().out) is bool(status)


def run(folder: Path, **variables):
    """The command in a process of its own: its status and its lines."""
    environment = os.environ | {"COLUMNS": "80", "PYTHONPATH": str(folder)} | variables
    command = [sys.executable, "-m", "aeutils", "doctor"]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert result.stderr == ""
    assert "Traceback" not in result.stdout
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) < 80
    assert [name for name in NAMES if not any(line[7:].startswith(name) for line in lines)] == []
    return result.returncode, lines


def test_from_end_to_end(tmp_path):
    status, lines = run(tmp_path)
    assert status == 0, lines
    assert lines[-1] == "Nothing stands in the way."


@pytest.mark.parametrize(
    ("torch", "says"),
    [
        ("raise OSError('libtorch_cpu.so: file too short')", "libtorch_cpu.so: file too short: pip install"),
        ("import os; os._exit(4)", "Python ended here, status 4"),
    ],
)
def test_from_end_to_end_with_a_broken_torch(tmp_path, torch, says):
    (tmp_path / "torch.py").write_text(torch)
    status, lines = run(tmp_path)
    assert status == 1
    assert sum(line.startswith("fails") for line in lines) == 1
    assert f"fails  torch        {says}" in "\n".join(lines)
