"""The real image sets: where they are looked for, what is believed, and (where AEUTILS_DATA has it) MNIST itself."""

import gzip
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from aeutils.data import folders, load
from aeutils.data.mnist import download, mirrors, real, sources
from tests.tools import fake_mnist

REAL = Path(os.environ.get("AEUTILS_DATA") or "/nowhere")
needs_real = pytest.mark.skipif(
    not all((REAL / folder / "raw" / sources.FILES[0]).is_file() for folder in ("MNIST", "FashionMNIST")),
    reason="AEUTILS_DATA names no folder with MNIST and FashionMNIST",
)


@pytest.fixture
def data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AEUTILS_OFFLINE", "1")
    return fake_mnist.own_folders(monkeypatch, tmp_path)


def altered_copy(folder: Path) -> Path:
    """The fake in `folder`, one bit of one image wrong; returns that file."""
    file = fake_mnist.write_into(folder) / "t10k-images-idx3-ubyte"
    content = bytearray(file.read_bytes())
    content[1000] ^= 1
    file.write_bytes(content)
    return file


def test_the_search_path_is_named_folder_then_repository_then_cache(data_folder, monkeypatch, tmp_path):
    labels = ["AEUTILS_DATA", "data/", "the user cache"]
    assert [folder.label for folder in folders.search_path()] == labels
    monkeypatch.delenv("AEUTILS_DATA")
    assert [folder.label for folder in folders.search_path()] == labels[1:]
    (tmp_path / "checkout" / "pyproject.toml").unlink()  # installed, not a checkout
    assert [folder.label for folder in folders.search_path()] == labels[2:]


@pytest.mark.parametrize("where", ["AEUTILS_DATA", "data/", "the user cache"])
def test_every_folder_of_the_search_path_is_read(data_folder, where):
    place = {folder.label: folder.path for folder in folders.search_path()}[where]
    fake_mnist.write_into(place)
    data = real.real(fake_mnist.source())
    assert (data.name, data.source) == ("fake", where)


def test_what_is_read_is_what_is_in_the_files(data_folder):
    fake_mnist.write_into(data_folder)
    data = real.real(fake_mnist.source())
    pixels = torch.frombuffer(bytearray(fake_mnist.unpacked()["train-images-idx3-ubyte"][16:]), dtype=torch.uint8)
    labels = list(fake_mnist.unpacked()["t10k-labels-idx1-ubyte"][8:])
    assert torch.equal(data.train.x, pixels.view(fake_mnist.TRAIN, 1, 28, 28))
    assert data.test.labels.tolist() == labels
    assert data.train.x.dtype == torch.uint8
    assert data.test.labels.dtype == torch.int64


def test_a_damaged_folder_is_passed_over_for_the_next_good_one(data_folder, tmp_path, capsys):
    altered_copy(data_folder)
    fake_mnist.write_into(tmp_path / "checkout" / "data")
    assert real.real(fake_mnist.source()).source == "data/"
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "AEUTILS_DATA is passed over" in line
    assert "MNIST/raw/t10k-images-idx3-ubyte is damaged" in line


def test_an_altered_file_that_cannot_be_fetched_again_is_refused(data_folder, capsys):
    file = altered_copy(data_folder)
    before = file.read_bytes()
    assert real.real(fake_mnist.source()).name == "glyphs"
    assert len(capsys.readouterr().out.splitlines()) == 2  # what is damaged; what stands in
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_read_is_refused(data_folder, capsys):
    file = fake_mnist.write_into(data_folder) / "train-labels-idx1-ubyte"
    file.unlink()
    file.mkdir()
    files = fake_mnist.source().files
    size = file.stat().st_size  # a directory has a size too: promise that one, so that only reading can fail
    source = replace(fake_mnist.source(), files=files | {file.name: sources.Promise(size, "")})
    assert real.real(source).name == "glyphs"
    assert "train-labels-idx1-ubyte cannot be read" in capsys.readouterr().out


def test_good_files_are_read_without_writing_or_locking(data_folder, monkeypatch):
    def forbidden(*arguments, **options):
        raise AssertionError("a good data folder may be read-only: nothing is to be written there")

    fake_mnist.write_into(data_folder)
    before = sorted(data_folder.rglob("*"))
    monkeypatch.setattr(folders, "writable", forbidden)
    monkeypatch.setattr(download, "FileLock", forbidden)
    assert real.real(fake_mnist.source()).name == "fake"
    assert sorted(data_folder.rglob("*")) == before


def test_writable_is_found_out_by_writing(tmp_path):
    assert folders.writable(tmp_path / "new" / "folder")
    assert list((tmp_path / "new" / "folder").iterdir()) == []
    (tmp_path / "file").touch()
    assert not folders.writable(tmp_path / "file")
    assert not folders.writable(tmp_path / "file" / "below")


def test_the_first_writable_folder_is_written_to(data_folder, monkeypatch, tmp_path):
    assert folders.first_writable().label == "AEUTILS_DATA"
    monkeypatch.delenv("AEUTILS_DATA")
    assert folders.first_writable().label == "data/"
    (tmp_path / "checkout" / "data").rmdir()
    (tmp_path / "checkout" / "data").touch()
    assert folders.first_writable().label == "the user cache"
    (tmp_path / "cache" / "aeutils").rmdir()
    (tmp_path / "cache" / "aeutils").touch()
    assert folders.first_writable() is None


@pytest.mark.parametrize(("name", "stand_in"), [("mnist", "glyphs"), ("fashion", "letters")])
def test_offline_the_stand_in_has_the_format_of_the_real_one(data_folder, capsys, name, stand_in):
    data = load(name)
    assert data.name == stand_in
    assert data.source == "drawn from matplotlib's fonts"
    assert data.train.x.shape[1:] == (1, 28, 28)
    assert len(data.classes) == 10
    line = capsys.readouterr().out
    assert line.startswith(f"{name}: ")
    assert line.count("\n") == 1
    assert repr(stand_in) in line


def test_a_folder_without_the_data_is_pointed_at(data_folder, monkeypatch, capsys):
    monkeypatch.delenv("AEUTILS_DATA")
    load("mnist")
    assert "AEUTILS_DATA to a folder that holds MNIST/raw/" in capsys.readouterr().out
    monkeypatch.setenv("AEUTILS_DATA", str(data_folder))
    load("mnist")
    assert "lays it out (the one it names now does not)." in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["missing", "a file"])
def test_a_misspelt_folder_is_named_and_not_made(data_folder, monkeypatch, kind):
    wrong = data_folder / "misspelt"
    if kind == "a file":
        wrong.touch()
    monkeypatch.setenv("AEUTILS_DATA", str(wrong))
    for name in ("mnist", "glyphs", "photos"):
        with pytest.raises(ValueError, match=r"AEUTILS_DATA is .*misspelt', where no folder is"):
            load(name)
    assert wrong.exists() == (kind == "a file")


def test_the_classes_are_those_of_torchvision():
    from torchvision.datasets import MNIST, FashionMNIST

    assert list(sources.FASHION.classes) == FashionMNIST.classes
    assert [name[0] for name in MNIST.classes] == list(sources.MNIST.classes)
    for source, known in ((sources.MNIST, MNIST), (sources.FASHION, FashionMNIST)):
        assert [f"{name}.gz" for name in source.files] == [name for name, _ in known.resources]


@needs_real
@pytest.mark.parametrize(("name", "source"), [("mnist", sources.MNIST), ("fashion", sources.FASHION)])
def test_the_real_files_are_read_as_torchvision_reads_them(name, source, monkeypatch):
    import torchvision

    monkeypatch.setenv("AEUTILS_BUDGET", "normal")
    monkeypatch.setenv("AEUTILS_DEVICE", "cpu")
    data = load(name)
    assert (data.name, data.source) == (name, "AEUTILS_DATA")
    for train, split in ((True, data.train), (False, data.test)):
        theirs = getattr(torchvision.datasets, source.folder)(REAL, train=train)
        assert torch.equal(split.x, theirs.data.unsqueeze(1))
        assert torch.equal(split.labels, theirs.targets)


@needs_real
def test_fashion_is_the_published_one(monkeypatch):
    """Range, mean and standard deviation of the training pixels, as its users' programs have them."""
    monkeypatch.setenv("AEUTILS_BUDGET", "normal")
    pixels = load("fashion").train.x
    assert (pixels.min(), pixels.max()) == (0, 255)
    share = pixels.double() / 255
    assert share.mean().item() == pytest.approx(0.2860, abs=5e-5)
    assert share.std().item() == pytest.approx(0.3530, abs=5e-5)


@needs_real
def test_a_genuine_download_of_fashion_replaces_another_copy(data_folder, monkeypatch, capsys):
    """The copy has the right sizes and labels, and pixels that somebody's tone curve has moved to 23..221."""
    place, genuine = data_folder / "FashionMNIST" / "raw", REAL / "FashionMNIST" / "raw"
    place.mkdir(parents=True)
    published = {name: (genuine / name).read_bytes() for name in sources.FILES}
    for name, content in published.items():
        pixels = np.frombuffer(content, np.uint8)[16:]
        toned = content[:16] + (23 + pixels * (198 / 255)).astype(np.uint8).tobytes()
        (place / name).write_bytes(toned if "images" in name else content)
    packed = {f"{name}.gz": gzip.compress(content, 1) for name, content in published.items()}
    monkeypatch.setenv("AEUTILS_OFFLINE", "0")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(mirrors, "_no_network", (float("-inf"), ""))
    with fake_mnist.server(packed) as server:
        fake_mnist.mirrors(monkeypatch, server.url, offered=packed, name="FashionMNIST")
        assert real.fashion().name == "fashion"
    assert {name: (place / name).read_bytes() for name in sources.FILES} == published
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert "FashionMNIST/raw/train-images-idx3-ubyte is damaged" in lines[0]
    assert "Downloading it from" in lines[0]


@needs_real
def test_real_files_load_within_half_a_second():
    real.mnist()  # now the files are in the system's cache
    began = time.monotonic()
    real.mnist()
    assert time.monotonic() - began < 1.5  # 0.14 s on two idle cores


@needs_real
def test_one_bit_in_the_real_training_images_is_noticed(data_folder, capsys):
    place = data_folder / "MNIST" / "raw"
    place.mkdir(parents=True)
    for name in sources.FILES:
        (place / name).write_bytes((REAL / "MNIST" / "raw" / name).read_bytes())
    assert real.mnist().name == "mnist"
    with open(place / sources.FILES[0], "r+b") as file:
        file.seek(30_000_000)
        byte = file.read(1)[0]
        file.seek(30_000_000)
        file.write(bytes([byte ^ 1]))
    assert real.mnist().name == "glyphs"
    assert "train-images-idx3-ubyte is damaged: expected SHA-256 ba891046" in capsys.readouterr().out
