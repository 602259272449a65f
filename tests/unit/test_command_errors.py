"""Whatever a user can do wrong on the command line ends with one line, and status 2 or 1."""

import subprocess
import sys
from pathlib import Path

import pytest

from aeutils.__main__ import main
from aeutils.weights import making
from tests.tools.notebooks import ROOT


def ended(capsys, *argv):
    """The line and the status with which a command ends."""
    with pytest.raises(SystemExit) as caught:
        main([str(each) for each in argv])
    code = caught.value.code
    if isinstance(code, str):
        return code, 1
    return capsys.readouterr().err.removesuffix("\n"), code


NOT_UNDERSTOOD = [
    [],
    ["trian"],
    ["train", "--latent", "x"],
    ["train", "--epochs", "1.5"],
    ["train", "--epochs", ""],
    ["train", "--lr", "fast"],
    ["train", "--model"],
    ["train", "--speed", "9"],
    ["train", "ae"],
    ["train", "--seed", "0x1"],
    ["weights", "--epochs", "many"],
    ["bench", "--rounds", "x"],
    ["data", "--offline"],
    ["doctor", "now"],
    ["train", "--latent", "1e3"],
    ["train", "--latent", ""],
    ["train", "--batch-size", "1.5"],
    ["train", "--lr", ""],
    ["train", "--epochs", "1e3"],
    ["train", "--no-show"],
    ["weights", "--epochs", ""],
    ["data", "curve", "--folder", "x"],
    ["progress", "1"],
    ["doctor", "--fix"],
    ["--version"],
]


@pytest.mark.parametrize("argv", NOT_UNDERSTOOD, ids=" ".join)
def test_what_is_no_command_ends_with_status_2(argv, capsys):
    line, status = ended(capsys, *argv)
    assert status == 2
    assert line.startswith("error: ")
    assert "--help)" in line
    assert "\n" not in line


TRAIN = ["train", "--model", "linear", "--data", "digits8", "--latent", "2", "--epochs", "1", "--out", "m"]
IMPOSSIBLE = [
    ([*TRAIN, "--model", "gan"], "there is no model 'gan'; expected one of"),
    ([*TRAIN, "--data", "cifar"], "there is no data set 'cifar'; expected one of"),
    ([*TRAIN, "--data", "photos"], "photos are of various sizes"),
    ([*TRAIN, "--latent", "0"], "latent_dim is 0; expected a whole number"),
    ([*TRAIN, "--latent", "1000000000000"], "not that much memory"),
    ([*TRAIN, "--latent", "9000000000000"], "latent_dim is 9000000000000; expected a whole number, from 1 to"),
    ([*TRAIN, "--epochs", "0"], "epochs is 0; expected a whole number"),
    ([*TRAIN, "--epochs", "100000000"], "epochs is 100000000; expected a whole number, from 1 to 1000000"),
    ([*TRAIN, "--batch-size", "-5"], "batch_size is -5"),
    ([*TRAIN, "--lr", "nan"], "lr is nan; expected a number above 0"),
    ([*TRAIN, "--lr", "inf"], "lr is inf"),
    ([*TRAIN, "--seed", "-1"], "seed is -1"),
    ([*TRAIN, "--schedule", "cosine"], "schedule is 'cosine'; expected one of"),
    ([*TRAIN, "--optimizer", "lbfgs"], "optimizer is 'lbfgs'; expected one of"),
    ([*TRAIN, "--corrupt", "fog=1"], "fog"),
    ([*TRAIN, "--corrupt", "gaussian"], "gaussian"),
    ([*TRAIN, "--corrupt", "gaussian=x"], "'x' is no number"),
    ([*TRAIN, "--start", "nowhere"], "nowhere"),
    ([*TRAIN, "--start", "."], "is a folder; name a file"),
    ([*TRAIN, "--out", "."], "is a folder; name a file"),
    ([*TRAIN, "--out", ""], "is a folder; name a file"),
    ([*TRAIN, "--out", "file/m"], "file cannot be written to"),
    ([*TRAIN, "--checkpoint", "file/c"], "could not be written"),
    ([*TRAIN, "--checkpoint", "file"], "file.0 is a folder"),
    ([*TRAIN, "--latent", "-1"], "latent_dim is -1"),
    ([*TRAIN, "--batch-size", "0"], "batch_size is 0"),
    ([*TRAIN, "--lr", "0"], "lr is 0.0; expected a number above 0"),
    ([*TRAIN, "--lr", "1e400"], "lr is inf"),
    ([*TRAIN, "--seed", "4294967296"], "seed is 4294967296; expected a whole number, from 0 to"),
    ([*TRAIN, "--epochs", "-1"], "epochs is -1"),
    ([*TRAIN, "--model", ""], "there is no model ''"),
    ([*TRAIN, "--model", "LINEAR"], "there is no model 'LINEAR'"),
    ([*TRAIN, "--data", ""], "there is no data set ''"),
    ([*TRAIN, "--data", "../digits8"], "there is no data set '../digits8'"),
    ([*TRAIN, "--corrupt", ""], "there is no corruption ''; expected one of"),
    ([*TRAIN, "--corrupt", "gaussian=nan"], "sigma is nan"),
    ([*TRAIN, "--corrupt", "=0.5"], "there is no corruption ''"),
    ([*TRAIN, "--corrupt", "gaussian=0.5|"], "there is no corruption ''"),
    ([*TRAIN, "--corrupt", "hole=1"], "'hole=1' has the wrong count of numbers"),
    ([*TRAIN, "--corrupt", "gaussian=0.5,0.6"], "wrong count of numbers"),
    ([*TRAIN, "--corrupt", "rotate=inf"], "degrees is inf"),
    ([*TRAIN, "--corrupt", "masking=2"], "share is 2"),
    ([*TRAIN, "--corrupt", "downsample=3"], "a scale of 3 does not divide images of 8 x 8 pixels"),
    ([*TRAIN, "--checkpoint", ""], "checkpoint . is a folder; name a file"),
    ([*TRAIN, "--checkpoint", "c" * 300], "A name in it has 302 bytes"),
    ([*TRAIN, "--out", "m" * 300], "A name in it has 300 bytes"),
    ([*TRAIN, "--out", "~nobody-of-this-name/m"], "There is no home folder of that name"),
    ([*TRAIN, "--out", "/"], "/ is a folder; name a file"),
    ([*TRAIN, "--start", "file"], "there is no file.json"),
    ([*TRAIN, "--start", ""], ". is a folder; name a file"),
    ([*TRAIN, "--start", "file/m"], "there is no file/m.json"),
    ([*TRAIN, "--schedule", ""], "schedule is ''; expected one of"),
    ([*TRAIN, "--optimizer", "ADAM"], "optimizer is 'ADAM'; expected one of"),
    (["weights", ""], "there are no weights ''"),
    (["weights", "vae-2", "--epochs", "0"], "epochs is 0; expected a whole number"),
    (["weights", "--table", "--out", "file"], "file holds none of the course's weights"),
    (["bench", ""], "there is no bench of ''"),
    (["bench", "--rounds", "-1"], "rounds is -1"),
    (["bench", "--out", "file/b"], "file cannot be written to"),
    (["bench", "--out", "b" * 300], "A name in it has 300 bytes"),
    (["data", ""], "there is no data set ''"),
    (["data", "digits8 "], "there is no data set 'digits8 '"),
    (["lab", "--port="], "--port is ''"),
    (["lab", "--port=1.5"], "--port is '1.5'"),
    (["weights", "gan"], "there are no weights 'gan'; expected one of"),
    (["weights", "vae-2", "gan"], "there are no weights 'gan'"),
    (["weights", "--table", "--out", "empty"], "holds none of the course's weights"),
    (["bench", "gan"], "there is no bench of 'gan'"),
    (["bench", "--rounds", "0"], "rounds is 0"),
    (["bench", "--out", "."], "is a folder; name a file"),
    (["data", "digits8", "cifar"], "there is no data set 'cifar'"),
    (["lab", "--port=99999"], "--port is '99999'; expected a whole number from 0 to 65535"),
    (["lab", "--port", "x"], "--port is 'x'"),
    (["lab", "--ServerApp.port=-1"], "--ServerApp.port is '-1'"),
]


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize(("argv", "reason"), IMPOSSIBLE, ids=[" ".join(argv[-2:]) for argv, _ in IMPOSSIBLE])
def test_what_cannot_be_done_ends_with_status_1(argv, reason, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "file.0").mkdir()
    line, status = ended(capsys, *argv)
    assert status == 1
    assert line.startswith("error: ")
    assert reason in line
    assert "\n" not in line
    assert not list(tmp_path.glob("m.*"))


def test_an_unknown_name_is_told_before_the_others_are_worked_on(capsys):
    ended(capsys, "data", "digits8", "cifar")
    assert capsys.readouterr().out == ""


def test_only_a_stand_in_is_a_failure(capsys, monkeypatch, tmp_path):
    from tests.tools import fake_mnist

    fake_mnist.own_folders(monkeypatch, tmp_path)
    monkeypatch.setenv("AEUTILS_OFFLINE", "1")
    assert ended(capsys, "data", "mnist", "digits8") == ("error: only a stand-in is there for mnist", 1)
    assert "digits8: digits8" in capsys.readouterr().out


def test_a_wrong_variable_is_told_in_one_line(capsys, monkeypatch):
    monkeypatch.setenv("AEUTILS_DEVICE", "quantum")
    line, status = ended(capsys, *TRAIN)
    assert (line, status) == ("error: AEUTILS_DEVICE is 'quantum'; expected cpu, cuda, cuda:1, ...", 1)


def test_the_stop_key_ends_with_one_line(capsys, monkeypatch):
    def stopped(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(making, "main", stopped)
    assert ended(capsys, *TRAIN) == ("error: stopped", 1)


def test_an_error_of_ours_keeps_its_traceback(monkeypatch):
    def broken(arguments):
        raise RuntimeError("a mistake in the package")

    monkeypatch.setattr(making, "main", broken)
    with pytest.raises(RuntimeError, match="a mistake in the package"):
        main(TRAIN)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_behind_the_output():
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "aeutils", "data", "curve"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (result.returncode, result.stderr) == (1, "error: [Errno 28] No space left on device\n")
