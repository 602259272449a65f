"""Square patches of photographs: cut everywhere, varied, and as a data set."""

from itertools import permutations

import pytest
import torch
from PIL import Image
from torch.nn import functional as F

import aeutils as ae
from aeutils.data import load, patches, varied
from aeutils.measures.report import report
from tests.tools import fake_mnist


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


def test_varied_patches_are_the_same_squares_in_one_of_24_ways():
    squares = patches([torch.randint(256, (3, 40, 40), dtype=torch.uint8)], size=8, count=4_000)
    turned = varied(squares)
    found = torch.zeros(len(squares), dtype=torch.long)
    for mirrored in (squares, squares.flip(3)):
        for way in (mirrored, mirrored.mT):
            for order in permutations(range(3)):
                same = (way[:, order] == turned).flatten(1).all(1)
                found[same] += 1
                assert 100 < same.sum() < 240  # 167 on average
    assert found.eq(1).all()


def test_varied_patches_depend_on_the_seed_alone():
    squares = patches([coordinates(40, 40, 0)], size=8, count=50)
    assert torch.equal(varied(squares, 1), varied(squares, 1))
    assert not torch.equal(varied(squares, 1), varied(squares, 2))


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """A data folder with one photograph to train on and one to test, red and blue."""
    fake_mnist.own_folders(monkeypatch, tmp_path)
    for split, colour in (("train", (250, 0, 0)), ("val", (0, 0, 250))):
        (tmp_path / "mine" / "photos" / split).mkdir(parents=True)
        Image.new("RGB", (30, 20), colour).save(tmp_path / "mine" / "photos" / split / "a.png")
    monkeypatch.setenv("AEUTILS_DATA", str(tmp_path / "mine"))


def test_patches_are_a_data_set(folder):
    data = load("patches", size=12, train=60, test=30)
    assert (data.name, data.source) == ("patches", "AEUTILS_DATA")
    assert (data.train.x.shape, data.test.x.shape) == ((60, 3, 12, 12), (30, 3, 12, 12))
    assert {tuple(x.amax((1, 2)).tolist()) for x in data.train.x} == {(250, 0, 0), (0, 250, 0), (0, 0, 250)}
    assert {tuple(x.amax((1, 2)).tolist()) for x in data.test.x} == {(0, 0, 250)}, "those to test on stay as they are"


def test_patches_of_the_two_photographs_have_a_name_of_their_own(monkeypatch, tmp_path):
    fake_mnist.own_folders(monkeypatch, tmp_path)
    data = load("patches", train=20, test=10)
    assert (data.name, data.source) == ("patches of two", "scikit-learn")
    assert len(data.train.x.unique(dim=0)) == 20


def test_a_model_of_patches_is_measured_on_whole_photographs(monkeypatch, tmp_path):
    fake_mnist.own_folders(monkeypatch, tmp_path)
    data = load("patches", size=12, train=20, test=10)
    measures = report(ae.EDSR((3, 12, 12)), data)  # untrained it interpolates, about as well as bicubic
    flower = ae.as_float(load("photos").test[0][None, :, :426])
    small = F.interpolate(flower, scale_factor=0.5, mode="bicubic", antialias=True).clamp(0, 1)
    small = (255 * small).round() / 255  # a file of 8 bits
    large = F.interpolate(small, scale_factor=2, mode="bicubic", antialias=True).clamp(0, 1)
    error = (ae.luma(large) - ae.luma(flower))[..., 2:-2, 2:-2].square().mean()
    bicubic = measures["psnr_photographs_bicubic"]
    assert bicubic == pytest.approx(-10 * error.log10().item(), abs=1e-4)
    assert measures["psnr_photographs"] == pytest.approx(bicubic, abs=0.6)
