"""Corruptions: what each does to pixels, that a seed decides it, and what is refused."""

import json
import math

import pytest
import torch

import aeutils as ae
from aeutils.images.corruptions import (
    CORRUPTIONS,
    Compose,
    Downsample,
    Gaussian,
    Hole,
    Masking,
    Rescale,
    Rotate,
    SaltAndPepper,
    Shift,
    warp,
)

ALL = [
    Masking(0.3),
    SaltAndPepper(0.2),
    Gaussian(0.5),
    Rescale(1.5),
    Rotate(30),
    Shift(3),
    Downsample(4),
    Hole(4, 6, 10, 12, 0.5),
    Rotate(20) | Masking(0.5) | Hole(0, 0, 5, 5),
]
GREY = torch.full((200, 1, 28, 28), 0.5)


@pytest.fixture(scope="module")
def images():
    return ae.as_float(ae.load("glyphs", train=200, test=10).train.x)


def test_all_kinds_are_here():
    assert {type(corrupt) for corrupt in ALL} == {*CORRUPTIONS.values(), Compose}


@pytest.mark.parametrize("corrupt", ALL, ids=str)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 32)])
def test_images_stay_images_and_change(corrupt, shape):
    x = torch.rand(8, *shape)
    before = x.clone()
    y = corrupt(x)
    assert y.shape == x.shape
    assert y.dtype == x.dtype
    if not isinstance(corrupt, Gaussian):
        assert y.min() >= 0
        assert y.max() <= 1
    assert torch.equal(x, before)  # the clean batch stays the target
    assert not torch.equal(y, x)


@pytest.mark.parametrize("corrupt", ALL, ids=str)
def test_a_seed_decides(corrupt, images):
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        results.append(corrupt(images))
    assert torch.equal(results[0], results[1])
    if not isinstance(corrupt, Downsample | Hole):
        assert not torch.equal(results[0], results[2])


@pytest.mark.parametrize("corrupt", ALL, ids=str)
def test_names_are_json_and_read_back(corrupt, images):
    again = ae.corruption(json.loads(json.dumps(str(corrupt))))
    assert repr(again) == repr(corrupt)
    torch.manual_seed(0)
    expected = corrupt(images)
    torch.manual_seed(0)
    assert torch.equal(again(images), expected)


@pytest.mark.parametrize(
    "corrupt", [Masking(0.0), SaltAndPepper(0), Gaussian(0), Rescale(1), Rotate(0), Shift(0), Downsample(1)], ids=str
)
def test_no_strength_no_change(corrupt, images):
    torch.testing.assert_close(corrupt(images), images, atol=1e-5, rtol=0)


def test_masking_blackens_its_share_in_all_channels():
    torch.manual_seed(0)
    y = Masking(0.3)(torch.full((100, 3, 28, 28), 0.5))
    black = y == 0
    assert black.float().mean().item() == pytest.approx(0.3, abs=0.01)
    assert torch.equal(black[:, 0], black[:, 2])
    assert (y[~black] == 0.5).all()
    assert (Masking(1.0)(GREY) == 0).all()


def test_salt_and_pepper_are_equally_many():
    torch.manual_seed(0)
    y = SaltAndPepper(0.2)(GREY)
    assert (y == 1).float().mean().item() == pytest.approx(0.1, abs=0.01)
    assert (y == 0).float().mean().item() == pytest.approx(0.1, abs=0.01)


def test_gaussian_has_its_spread_and_no_bias():
    torch.manual_seed(0)
    noise = Gaussian(0.5)(torch.zeros_like(GREY))  # cut to [0, 1], its mean would be 0.2
    assert noise.std().item() == pytest.approx(0.5, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.01)


def test_shift_moves_whole_pixels_evenly():
    torch.manual_seed(0)
    x = torch.zeros(4000, 1, 9, 9)
    x[:, :, 4, 4] = 0.7
    y = Shift(2)(x)
    assert (y.flatten(1).amax(1) == 0.7).all()
    assert (y.flatten(1).sum(1) == 0.7).all()
    seen = (y > 0).float().mean(0)[0]
    assert (seen[2:7, 2:7] > 0.02).all()  # each of the 25 places in about 1 of 25 images
    assert seen[2:7, 2:7].sum().item() == pytest.approx(1)
    with pytest.raises(ValueError, match="a shift by 9 pixels moves images of 9 x 12 out of sight"):
        Shift(9)(torch.rand(2, 1, 9, 12))


def test_shift_keeps_colours_in_place():
    x = torch.rand(5, 3, 8, 8)
    torch.manual_seed(0)
    y = Shift(3)(x)
    gone = (y == 0).all(1)
    assert all(set(y[k][:, ~gone[k]].flatten().tolist()) <= set(x[k].flatten().tolist()) for k in range(5))
    torch.manual_seed(0)
    assert torch.equal(Shift(3)(x[:, 1:2]), y[:, 1:2])


def test_warp_by_a_right_angle_is_rot90():
    x = torch.rand(2, 3, 12, 12)
    quarter = warp(x, torch.zeros(2), torch.ones(2))
    torch.testing.assert_close(quarter, x.rot90(1, (2, 3)), atol=1e-5, rtol=0)


def test_rotation_is_rigid_in_images_that_are_not_square():
    x = torch.zeros(1, 1, 21, 41)
    x[..., 10, 12:29] = 1  # a bar of 17 pixels that fits upright, too
    upright = warp(x, torch.zeros(1), torch.ones(1))
    torch.testing.assert_close(upright[0, 0, 2:19, 20], torch.ones(17), atol=1e-4, rtol=0)


def test_rescale_changes_the_area_as_its_factor_says():
    x = torch.zeros(2000, 1, 28, 28)
    x[:, :, 10:18, 10:18] = 1
    torch.manual_seed(0)
    ratio = Rescale(1.5)(x).flatten(1).sum(1) / 64
    assert ratio.min().item() == pytest.approx(1 / 1.5**2, rel=0.1)
    assert ratio.max().item() == pytest.approx(1.5**2, rel=0.1)
    assert ratio.log().mean().item() == pytest.approx(0, abs=0.05)


def test_rotate_turns_by_at_most_its_angle():
    x = torch.zeros(2000, 1, 29, 29)
    x[..., 14, 24] = 1  # 10 pixels to the right of the centre
    torch.manual_seed(0)
    y = Rotate(30)(x).flatten(1)
    height = (y * torch.arange(29.0).repeat_interleave(29)).sum(1) / y.sum(1) - 14
    angle = (height / 10).clamp(-1, 1).asin().rad2deg()
    assert angle.abs().max().item() == pytest.approx(30, abs=3)
    assert angle.std().item() == pytest.approx(30 / math.sqrt(3), abs=1)


def test_downsample_keeps_the_mean_of_each_square(images):
    y = Downsample(4)(images)
    torch.testing.assert_close(y[:, :, ::4, ::4], torch.nn.functional.avg_pool2d(images, 4))
    assert torch.equal(y[:, :, 0::4, 0::4], y[:, :, 3::4, 2::4])


def test_hole_changes_its_rectangle_and_nothing_else():
    x = torch.rand(3, 3, 16, 20)
    y = Hole(2, 5, 4, 6, 0.25)(x)
    changed = torch.zeros(16, 20, dtype=torch.bool)
    changed[2:6, 5:11] = True
    assert (y[..., changed] == 0.25).all()
    assert torch.equal(y[..., ~changed], x[..., ~changed])


@pytest.mark.parametrize("strength", [-0.1, 1.5, math.nan, math.inf, "much", None])
@pytest.mark.parametrize("kind", [Masking, SaltAndPepper])
def test_shares_out_of_range_are_refused(kind, strength):
    with pytest.raises(ValueError, match=r"share is .*; expected a number from 0 to 1"):
        kind(strength)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Gaussian(-0.5), "sigma is -0.5; expected a number, 0 or above"),
        (lambda: Gaussian(math.inf), "sigma is inf"),
        (lambda: Rescale(0.5), "factor is 0.5; expected a number, 1 or above"),
        (lambda: Rotate(200), "degrees is 200; expected a number from 0 to 180"),
        (lambda: Shift(1.5), "pixels is 1.5; expected a whole number, 0 or above"),
        (lambda: Downsample(0), "scale is 0; expected a whole number, 1 or above"),
        (lambda: Hole(-1, 0, 4, 4), "top is -1"),
        (lambda: Hole(0, 0, 0, 4), "height is 0; expected a whole number, 1 or above"),
        (lambda: Hole(0, 0, 4, 4, 2.0), "fill is 2.0; expected a number from 0 to 1"),
        (lambda: Hole(20, 0, 14, 14)(GREY), r"rows 20 to 34 and columns 0 to 14, beyond images of 28 x 28"),
        (lambda: Downsample(3)(GREY), "a scale of 3 does not divide images of 28 x 28 pixels"),
        (
            lambda: Gaussian(0.5)(torch.zeros(2, 1, 4, 4, dtype=torch.int64)),
            r"x is int64 \[2, 1, 4, 4\]; expected images",
        ),
        (
            lambda: (Masking(0.1) | Gaussian(0.1))(torch.rand(8, 784)),
            r"x is float32 \[8, 784\]; expected images \[B, C, H, W\]",
        ),
        (lambda: ae.corruption("blur=1"), "there is no corruption 'blur'; expected one of masking, salt-and-pepper"),
        (lambda: ae.corruption("gaussian"), "'' is no number; a corruption is written as in gaussian=0.5"),
        (lambda: ae.corruption("gaussian=much"), "'much' is no number"),
        (lambda: ae.corruption("hole=1,2"), "wrong count of numbers; expected hole=TOP,LEFT,HEIGHT,WIDTH,FILL"),
        (lambda: ae.corruption("masking=0.1|masking=2"), "share is 2"),
    ],
)
def test_bad_corruptions_are_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()


def test_fit_denoises_with_any_model(images):
    torch.manual_seed(0)
    model = ae.Dense(latent_dim=16, hidden=(128,))
    ae.fit(model, images, epochs=60, batch_size=50, lr=3e-3, corrupt=Gaussian(0.3) | Masking(0.1))
    noisy = Gaussian(0.3)(images)
    assert ae.psnr(ae.denoise(model, noisy), images) > ae.psnr(noisy.clamp(0, 1), images) + 2
    with pytest.raises(ValueError, match=r"takes samples \[N, 1, 28, 28\]; got \[4, 3, 28, 28\]"):
        ae.denoise(model, torch.randn(4, 3, 28, 28))
