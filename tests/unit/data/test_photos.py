"""Photos from a folder of your own, from a data folder, from scikit-learn."""

import numpy as np
import pytest
import torch
from PIL import Image

from aeutils.data import Photos, load
from tests.tools import fake_mnist


@pytest.fixture(autouse=True)
def data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AEUTILS_DEVICE", "cpu")
    return fake_mnist.own_folders(monkeypatch, tmp_path)


def save(file, height=20, width=30, value=0, mode="RGB", **options):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (width, height), value).save(file, **options)


def test_train_and_val_folders_become_the_splits(tmp_path):
    save(tmp_path / "mine" / "train" / "b.png", height=20, width=30, value=(1, 2, 3))
    save(tmp_path / "mine" / "train" / "a.jpg", height=16, width=12)
    save(tmp_path / "mine" / "val" / "c.png", height=9, width=8)
    data = load("photos", folder=tmp_path / "mine")
    assert isinstance(data, Photos)
    assert data.source == "your folder"
    assert (data.train_names, data.test_names) == (("a.jpg", "b.png"), ("c.png",))
    assert [tuple(photo.shape) for photo in data.train + data.test] == [(3, 16, 12), (3, 20, 30), (3, 9, 8)]
    assert data.train[1].dtype == torch.uint8
    assert data.train[1][:, 5, 5].tolist() == [1, 2, 3]


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (2, 1), (5, 1), (10, 2)])
def test_a_flat_folder_is_split_by_name(tmp_path, count, held_out):
    for number in range(count):
        save(tmp_path / "flat" / f"{number:02}.png")
    (tmp_path / "flat" / ".DS_Store").write_bytes(b"no image")
    data = load("photos", folder=str(tmp_path / "flat"))
    assert len(data.test) == held_out
    assert data.train_names + data.test_names == tuple(f"{number:02}.png" for number in range(count))


def test_a_data_folder_with_photos_is_found(data_folder, capsys):
    save(data_folder / "photos" / "train" / "a.png")
    save(data_folder / "photos" / "val" / "b.png")
    data = load("photos")
    assert (data.source, data.train_names, data.test_names) == ("AEUTILS_DATA", ("a.png",), ("b.png",))
    assert capsys.readouterr().out == ""


def test_without_photos_the_two_of_scikit_learn_serve_and_a_line_says_so(capsys):
    data = load("photos")
    assert (data.train_names, data.test_names) == (("china.jpg",), ("flower.jpg",))
    assert data.train[0].shape == (3, 427, 640)
    assert data.source == "scikit-learn"
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "scikit-learn" in line
    assert "AEUTILS_DATA" in line


def test_grey_transparent_and_turned_files_become_upright_rgb(tmp_path):
    folder = tmp_path / "odd"
    save(folder / "a-grey.png", mode="L", value=77)
    save(folder / "b-clear.png", mode="RGBA", value=(10, 20, 30, 40))
    Image.fromarray(np.full((4, 4), 128 * 256, np.uint16)).save(folder / "c-deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter to see it upright
    save(folder / "d-turned.jpg", height=20, width=30, exif=exif)
    save(folder / "e.png")
    data = load("photos", folder=folder)
    grey, clear, deep, turned = data.train
    assert grey.unique().tolist() == [77]
    assert clear[:, 0, 0].tolist() == [10, 20, 30]
    assert deep.unique().tolist() == [128]
    assert turned.shape == (3, 30, 20)
    assert all(photo.shape[0] == 3 for photo in data.train)


@pytest.mark.parametrize("content", [b"a text, not an image", b"", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_named(tmp_path, content):
    save(tmp_path / "mixed" / "a.png")
    (tmp_path / "mixed" / "notes.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"notes\.png is no image"):
        load("photos", folder=tmp_path / "mixed")


def test_a_truncated_image_is_named(tmp_path):
    save(tmp_path / "cut" / "a.png", height=200, width=200)
    whole = (tmp_path / "cut" / "a.png").read_bytes()
    (tmp_path / "cut" / "a.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"a\.png is no image"):
        load("photos", folder=tmp_path / "cut")


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="nowhere is no folder; expected"):
        load("photos", folder=tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no photographs; expected"):
        load("photos", folder=tmp_path / "empty")
