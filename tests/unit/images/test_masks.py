"""Masks: where the holes are, how large, how they are spread, and what is refused."""

import math

import pytest
import torch

from aeutils.images import masks

X = torch.zeros(500, 1, 28, 28)
TALL = torch.zeros(300, 3, 20, 12)


@pytest.mark.parametrize("draw", masks.KINDS.values(), ids=masks.KINDS)
@pytest.mark.parametrize("x", [X, TALL, torch.zeros(2, 1, 2, 2)], ids=["28x28", "20x12", "2x2"])
def test_every_kind_leaves_context_and_has_a_hole_in_every_image(draw, x):
    hole = draw(x)
    assert hole.dtype == torch.bool
    assert hole.shape == (len(x), 1, *x.shape[2:])
    missing = hole.flatten(1).sum(1)
    assert missing.min() >= 1
    assert missing.max() < x.shape[2] * x.shape[3]


def test_a_rectangle_stands_where_it_is_told_to():
    hole = masks.rectangle(TALL, row=3, column=5, height=4, width=2)
    expected = torch.zeros(20, 12, dtype=torch.bool)
    for row in range(3, 7):
        for column in range(5, 7):
            expected[row, column] = True
    assert (hole == expected).all()
    assert masks.rectangle(TALL, 0, 0, 20, 12).all()
    assert masks.rectangle(TALL, 19, 11, 1, 1).sum() == len(TALL)


def test_the_centre_is_in_the_middle():
    hole = masks.central(X)
    assert (hole == masks.rectangle(X, 7, 7, 14, 14)).all()
    assert torch.equal(hole, hole.flip(2)) and torch.equal(hole, hole.flip(3))  # noqa: PT018 (one property)
    assert masks.central(TALL, size=4)[0].sum() == 16


def test_blocks_have_every_allowed_side_and_reach_every_pixel():
    torch.manual_seed(0)
    hole = masks.blocks(X.repeat(4, 1, 1, 1), smallest=5, largest=9)[:, 0]
    heights, widths = hole.any(2).sum(1), hole.any(1).sum(1)
    assert torch.equal(hole.flatten(1).sum(1), heights * widths)  # a rectangle, nothing else
    for sides in (heights, widths):
        assert set(sides.tolist()) == {5, 6, 7, 8, 9}
    assert hole.any(0).all()
    assert not torch.equal(heights, widths)
    starts = hole.any(2).float().argmax(1)[heights == 9]  # uniform over 0..19
    assert set(starts.tolist()) == set(range(20))
    assert abs(starts.float().mean() - 9.5) < 1.2


def test_several_blocks_cover_more():
    torch.manual_seed(0)
    one, three = (masks.blocks(X, 6, 6, count=count).sum() / len(X) for count in (1, 3))
    assert one == 36
    assert 80 < three <= 108


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 1 / 784])
def test_a_region_covers_its_share_of_every_image(share):
    missing = masks.region(X, share).flatten(1).sum(1)
    assert (missing == round(share * 784)).all()


def test_regions_differ_are_connected_more_than_noise_and_smoother_with_a_larger_grain():
    torch.manual_seed(0)

    def rim(hole):
        """Borders between hole and context, a mean count per image."""
        return ((hole[:, :, 1:] != hole[:, :, :-1]).sum() + (hole[..., 1:] != hole[..., :-1]).sum()) / len(hole)

    noise, fine, coarse = (masks.region(X, 0.25, grain=grain) for grain in (1, 4, 14))
    assert rim(noise) > 2 * rim(fine) > 2 * rim(coarse)
    assert coarse.float().mean(0).std() < 0.1  # no place is preferred by far
    assert len(coarse.flatten(1).unique(dim=0)) == len(coarse)


def test_same_seed_same_holes_and_another_draw_differs():
    for draw in (masks.blocks, masks.region):
        torch.manual_seed(3)
        first, second = draw(X), draw(X)
        torch.manual_seed(3)
        assert torch.equal(draw(X), first)
        assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("draw", "options", "reason"),
    [
        (masks.rectangle, (20, 7, 14, 14), r"14 x 14 pixels at \(20, 7\) reaches out of an image of 28 x 28; move it"),
        (masks.rectangle, (0, 28, 1, 1), "reaches out of an image"),
        (masks.rectangle, (-1, 0, 3, 3), "row is -1; expected a whole number, 0 or above"),
        (masks.rectangle, (0, 0, 0, 3), "height is 0; expected a whole number, 1 or above"),
        (masks.rectangle, (0, 0, 3, 29), "reaches out"),
        (masks.rectangle, (0.5, 0, 3, 3), "row is 0.5"),
        (masks.central, (28,), "central hole in 28 x 28 pixels is 28; expected a whole number, from 1 to 27"),
        (masks.central, (0,), "size is 0; expected a whole number, 1 or above"),
        (masks.central, (True,), "is True"),
        (masks.blocks, (5, 28), "largest side of a hole in 28 x 28 pixels is 28; .* from 1 to 27"),
        (masks.blocks, (9, 5), "smallest side of a hole is 9; expected a whole number, from 1 to 5"),
        (masks.blocks, (5, 9, 0), "count is 0; expected a whole number, 1 or above"),
        (masks.region, (0.0,), "share is 0.0; expected a number between 0 and 1"),
        (masks.region, (1.0,), "share is 1.0"),
        (masks.region, (-0.2,), "share is -0.2"),
        (masks.region, (math.nan,), "share is nan"),
        (masks.region, ("half",), "share is 'half'"),
        (masks.region, (0.0001,), "at least one of the 28 x 28 pixels in the hole"),
        (masks.region, (0.5, 0), "grain is 0"),
    ],
)
def test_holes_that_cannot_be_are_refused(draw, options, reason):
    with pytest.raises(ValueError, match=reason):
        draw(X, *options)


@pytest.mark.parametrize("draw", masks.KINDS.values(), ids=masks.KINDS)
def test_only_images_have_holes(draw):
    for x in (torch.zeros(5, 784), torch.zeros(28, 28), torch.zeros(0, 1, 28, 28)):
        with pytest.raises(
            ValueError, match=r"expected a batch \[N, C, H, W\]|masks are drawn for images \[N, C, H, W\]; got shape"
        ):
            draw(x)
