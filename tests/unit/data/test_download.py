"""Downloads against a server of our own: whole or not at all, once for all processes, and never a hang."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest
import torch

from aeutils.data import folders
from aeutils.data.mnist import download, mirrors, real
from tests.tools import fake_mnist
from tests.tools.forked import Forked


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    """A search path of the test's own, and a network that may be tried."""
    monkeypatch.setenv("AEUTILS_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(mirrors, "_no_network", (float("-inf"), ""))
    return fake_mnist.own_folders(monkeypatch, tmp_path)


@pytest.fixture
def silent_port():
    """A port that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def expected_sum() -> int:
    return sum(fake_mnist.unpacked()["train-images-idx3-ubyte"][16:])


def leftovers(folder: Path) -> list[str]:
    """Everything in `folder` but the set itself, the drawings and the lock."""
    return [path.name for path in folder.iterdir() if path.name not in ("MNIST", "drawn", ".MNIST.lock")]


def test_a_download_brings_four_unpacked_files_and_the_next_load_needs_no_server(data_folder, monkeypatch, capsys):
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        first = real.real(fake_mnist.source())
    assert (first.name, first.source) == ("fake", "AEUTILS_DATA")
    assert first.train.x.shape == (fake_mnist.TRAIN, 1, 28, 28)
    assert int(first.train.x.sum()) == expected_sum()
    assert first.train.labels.dtype == torch.int64
    found = {path.name: path.read_bytes() for path in (data_folder / "MNIST" / "raw").iterdir()}
    assert found == fake_mnist.unpacked()
    assert leftovers(data_folder) == []
    assert "Downloading" in capsys.readouterr().out

    again = real.real(fake_mnist.source())
    assert torch.equal(again.train.x, first.train.x)
    assert capsys.readouterr().out == ""
    assert socket.getdefaulttimeout() is None  # restored


@pytest.mark.parametrize("harm", ["truncated", "altered", "missing"])
def test_a_harmed_file_is_named_and_only_that_file_is_fetched_again(data_folder, monkeypatch, capsys, harm):
    name = "train-labels-idx1-ubyte"
    file = fake_mnist.write_into(data_folder) / name
    content = fake_mnist.unpacked()[name]
    if harm == "truncated":
        file.write_bytes(content[:-1])
    elif harm == "altered":
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    else:
        file.unlink()
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        data = real.real(fake_mnist.source())
    assert data.name == "fake"
    assert file.read_bytes() == content
    assert {path for kind, path in server.seen if kind == "file"} == {f"{name}.gz"}
    (complaint,) = capsys.readouterr().out.splitlines()
    assert "Downloading it from" in complaint
    assert f"MNIST/raw/{name}" in complaint
    reason = {"truncated": "expected 408 bytes, found 407", "altered": "SHA-256", "missing": "is missing"}
    assert reason[harm] in complaint
    assert str(data_folder) not in complaint


def test_a_download_killed_in_the_middle_leaves_nothing_that_is_trusted(data_folder, monkeypatch, tmp_path):
    begun = threading.Event()

    def trickle() -> None:
        begun.set()
        time.sleep(0.2)

    with fake_mnist.server() as server:
        server.pause = trickle
        process = Forked(tmp_path / "printed", fake_mnist.load, server.url, data_folder)
        assert begun.wait(60)
        time.sleep(0.3)  # some pieces more: the file is there and incomplete
        process.kill()
        assert leftovers(data_folder), "killed too late: the download had been tidied up"
        assert not (data_folder / "MNIST").exists()

        server.pause = lambda: None
        fake_mnist.mirrors(monkeypatch, server.url)
        data = real.real(fake_mnist.source())
    assert (data.name, int(data.train.x.sum())) == ("fake", expected_sum())
    assert leftovers(data_folder) == []


def test_two_processes_at_once_download_once(data_folder, monkeypatch, tmp_path):
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        real.real(fake_mnist.source())
        once = {key: count for key, count in server.seen.items() if key[0] == "file"}
        server.seen.clear()

        both_here = threading.Event()

        def wait_for_the_other() -> None:
            while not both_here.is_set() and sum(n for (kind, _), n in server.seen.items() if kind == "probe") < 2:
                time.sleep(0.02)
            both_here.set()

        server.pause = wait_for_the_other
        shared = server.url, tmp_path / "shared"
        processes = [Forked(tmp_path / f"printed{n}", fake_mnist.load, *shared) for n in range(2)]
        printed = [process.lines(60) for process in processes]
        both_here.set()
    results = [json.loads(lines[-1]) for lines in printed]
    assert results == [{"name": "fake", "source": "AEUTILS_DATA", "sum": expected_sum()}] * 2
    assert sum("Downloading it from" in line for lines in printed for line in lines) == 1
    assert {key: count for key, count in server.seen.items() if key[0] == "file"} == once


def test_no_network_is_found_out_in_time_said_in_one_line_and_remembered(data_folder, monkeypatch, capsys, silent_port):
    import torchvision  # noqa: F401 (its import is not what is timed here)

    fake_mnist.mirrors(monkeypatch, "http://no-such-host.invalid/", f"http://127.0.0.1:{silent_port}/")
    began = time.monotonic()
    data = real.real(fake_mnist.source())
    assert time.monotonic() - began < 5
    assert data.name == "glyphs"
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    for part in (
        "fake:",
        "no-such-host.invalid",
        f"127.0.0.1:{silent_port}: no answer in 3 s",
        "glyphs",
        "AEUTILS_DATA",
    ):
        assert part in line

    began = time.monotonic()
    assert real.real(fake_mnist.source()).name == "glyphs"
    assert time.monotonic() - began < 1
    assert capsys.readouterr().out == line


def test_a_name_server_that_hangs_costs_no_more_than_the_deadline(data_folder, monkeypatch):
    released = threading.Event()

    def hang(*arguments, **options):
        released.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    with pytest.raises(mirrors.Unavailable, match=r"one\.invalid: no answer in 0\.3 s; two\.invalid"):
        mirrors.first_answer(["http://one.invalid/", "http://two.invalid/"], "x.gz", 0.3)
    assert time.monotonic() - began < 2
    released.set()


def test_a_quick_refusal_is_not_taken_for_a_missing_network(data_folder, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refused = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    fake_mnist.mirrors(monkeypatch, refused)
    assert real.real(fake_mnist.source()).name == "glyphs"
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, refused, server.url)
        assert real.real(fake_mnist.source()).name == "fake"


def test_a_log_in_page_is_no_data_set(data_folder, monkeypatch, capsys):
    with fake_mnist.server(dict.fromkeys(fake_mnist.packed(), b"<html>Welcome to the hotel</html>")) as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        assert real.real(fake_mnist.source()).name == "glyphs"
    assert "log-in page" in capsys.readouterr().out


def test_a_connection_that_stalls_ends_in_the_stand_in(data_folder, monkeypatch, capsys):
    monkeypatch.setattr(download, "STALL", 0.5)
    over = time.monotonic() + 15
    with fake_mnist.server() as server:
        server.pause = lambda: time.sleep(max(0, over - time.monotonic()))
        fake_mnist.mirrors(monkeypatch, server.url)
        assert real.real(fake_mnist.source()).name == "glyphs"
    assert time.monotonic() < over
    assert "timed out" in capsys.readouterr().out
    assert leftovers(data_folder) == []
    assert not (data_folder / "MNIST").exists()


def test_a_mirror_whose_files_are_not_the_known_ones_is_refused(data_folder, monkeypatch, capsys):
    import gzip

    forged = {name: gzip.compress(bytes(len(content))) for name, content in fake_mnist.unpacked().items()}
    offered = {f"{name}.gz": content for name, content in forged.items()}
    with fake_mnist.server(offered) as server:
        fake_mnist.mirrors(monkeypatch, server.url, offered=offered)  # the MD5 of what arrives is right
        assert real.real(fake_mnist.source()).name == "glyphs"
    assert "expected SHA-256" in capsys.readouterr().out
    assert not (data_folder / "MNIST").exists()


def test_without_any_writable_folder_the_download_is_used_and_not_kept(data_folder, monkeypatch, tmp_path):
    monkeypatch.setattr(folders, "writable", lambda path: False)
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        data = real.real(fake_mnist.source())
    assert (data.name, data.source) == ("fake", "downloaded, not kept")
    assert int(data.train.x.sum()) == expected_sum()
    assert list(data_folder.iterdir()) == []


def test_offline_asks_no_server(data_folder, monkeypatch, capsys):
    monkeypatch.setenv("AEUTILS_OFFLINE", "1")
    with fake_mnist.server() as server:
        fake_mnist.mirrors(monkeypatch, server.url)
        assert real.real(fake_mnist.source()).name == "glyphs"
    assert not server.seen
    assert "AEUTILS_OFFLINE is set" in capsys.readouterr().out


def test_after_bad_files_the_next_mirror_is_tried(data_folder, monkeypatch, capsys):
    """Whichever answers first, the bad one is left."""
    bad = dict.fromkeys(fake_mnist.packed(), b"\x1f\x8b torn")
    with fake_mnist.server(bad) as torn, fake_mnist.server() as whole:
        fake_mnist.mirrors(monkeypatch, torn.url, whole.url)
        monkeypatch.setattr(mirrors, "first_answer", lambda urls, file, seconds: urls[0])
        assert real.real(fake_mnist.source()).name == "fake"
    assert [kind for kind, _ in torn.seen] == ["file"]
    assert leftovers(data_folder) == []


def test_when_every_mirror_is_bad_all_are_named(data_folder, monkeypatch, capsys):
    bad = dict.fromkeys(fake_mnist.packed(), b"\x1f\x8b torn")
    with fake_mnist.server(bad) as one, fake_mnist.server(bad) as two:
        fake_mnist.mirrors(monkeypatch, one.url, two.url)
        assert real.real(fake_mnist.source()).name == "glyphs"
        said = capsys.readouterr().out.splitlines()[-1]
        for server in (one, two):
            assert f"the download from 127.0.0.1:{server.server_port} failed: {FIRST}.gz is not the file" in said


FIRST = "train-images-idx3-ubyte"


def test_a_mirror_that_trickles_is_given_up_in_time(data_folder, monkeypatch, capsys):
    """It is never silent for as long as STALL, and would take minutes."""
    monkeypatch.setattr(download, "LIMIT", 1.0)
    began = time.monotonic()
    with fake_mnist.server() as server:
        server.pause = lambda: time.sleep(0.3)
        fake_mnist.mirrors(monkeypatch, server.url)
        assert real.real(fake_mnist.source()).name == "glyphs"
    assert time.monotonic() - began < 5
    assert "it was not done after 1 s" in capsys.readouterr().out
    assert leftovers(data_folder) == []


def test_a_file_that_unpacks_without_end_is_cut(data_folder, monkeypatch, tmp_path):
    import gzip
    import hashlib

    bomb = gzip.compress(bytes(50_000_000))
    with fake_mnist.server({"bomb.gz": bomb}) as server:
        md5 = hashlib.md5(bomb).hexdigest()
        download.bring(f"{server.url}bomb.gz", md5, tmp_path / "bomb", 1_000, time.monotonic() + 20)
    assert (tmp_path / "bomb").stat().st_size == 1_001  # too large to be believed
