"""Photos from a folder of your own, from a data folder, from scikit-learn; and patches out of them."""

import numpy as np
import pytest
import torch
from PIL import Image

from aeutils.data import Photos, load, patches
from tests import fake_mnist


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


def coordinates(height: int, width: int, number: int) -> torch.Tensor:
    """A photograph whose pixels say where they are, and in which photograph: (row, column, number)."""
    rows, columns = torch.arange(height).view(-1, 1), torch.arange(width)
    planes = (rows.expand(height, width), columns.expand(height, width), torch.full((height, width), number))
    return torch.stack(planes).to(torch.uint8)


def test_patches_are_squares_cut_out_of_every_photo_and_place():
    photos = [coordinates(20, 30, 0), coordinates(9, 9, 1), coordinates(7, 200, 2), coordinates(5, 5, 3)]
    cut = patches(photos, size=7, count=3_000, seed=1)
    assert cut.shape == (3_000, 3, 7, 7)
    assert cut.dtype == torch.uint8
    corner = cut[:, :, :1, :1]
    steps = torch.arange(7)
    assert torch.equal(cut[:, 0].long(), (corner[:, 0] + steps.view(1, 7, 1)).expand(-1, 7, 7))
    assert torch.equal(cut[:, 1].long(), (corner[:, 1] + steps.view(1, 1, 7)).expand(-1, 7, 7))
    owner = corner[:, 2, 0, 0]
    assert owner.unique().tolist() == [0, 1, 2]  # the last is too small
    assert owner.bincount().min() > 800
    first = corner[owner == 0, :, 0, 0]
    assert (first[:, 0].unique().tolist(), first[:, 1].unique().tolist()) == (list(range(14)), list(range(24)))
    assert not torch.equal(owner, owner.sort().values)  # in random order


def test_patches_depend_on_the_seed_alone():
    photos = (coordinates(50, 60, 0), coordinates(60, 50, 1))
    assert torch.equal(patches(photos, 8, 100, seed=5), patches(photos, 8, 100, seed=5))
    assert not torch.equal(patches(photos, 8, 100, seed=5), patches(photos, 8, 100, seed=6))
    assert torch.equal(patches(photos[:1], 50, 2)[:, 0], photos[0][:1, :, :50].expand(2, -1, -1))


@pytest.mark.parametrize(
    ("size", "count", "message"),
    [
        (21, 5, "size is 21; expected at most 20"),
        (0, 5, "size is 0; expected a whole number, 1 or above"),
        (8, -1, "count is -1"),
    ],
)
def test_patches_that_cannot_be_cut_are_refused(size, count, message):
    with pytest.raises(ValueError, match=message):
        patches([coordinates(20, 30, 0), coordinates(10, 90, 1)], size, count)
