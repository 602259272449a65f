"""PSNR, SSIM and the linear probe: against definitions worked out by hand, other libraries, and bad input."""

import math

import pytest
import torch

import aeutils as ae


def test_psnr_of_a_constant_error():
    x = torch.full((2, 1, 4, 4), 0.5)
    assert ae.psnr(x + 0.1, x) == pytest.approx(20, abs=1e-4)
    assert ae.psnr(x, x) == math.inf


def test_psnr_is_torchmetrics_one():
    from torchmetrics.functional.image import peak_signal_noise_ratio

    x, x_hat = torch.rand(2, 3, 1, 16, 16)
    expected = peak_signal_noise_ratio(x_hat, x, data_range=1.0).item()
    assert ae.psnr(x_hat, x) == pytest.approx(expected, abs=1e-4)


def test_psnr_of_selected_pixels():
    x = torch.zeros(1, 1, 4, 4)
    x_hat = x.clone()
    x_hat[..., :2] = 0.1
    mask = torch.zeros_like(x, dtype=torch.bool)
    mask[..., :2] = True
    assert ae.psnr(x_hat[mask], x[mask]) == pytest.approx(20, abs=1e-4)


def test_ssim_sees_structure():
    torch.manual_seed(0)
    x = torch.rand(4, 1, 28, 28)
    brighter, shuffled = (x * 0.9 + 0.05), x.flatten(1)[:, torch.randperm(784)].view_as(x)
    assert ae.ssim(x, x) == pytest.approx(1)
    assert ae.ssim(brighter, x) > 0.9 > 0.2 > ae.ssim(shuffled, x)


@pytest.mark.parametrize(
    ("x_hat", "x", "words"),
    [
        (torch.rand(2, 1, 8, 8), torch.rand(2, 1, 8, 9), r"x is float32 \[2, 1, 8, 9\]; .* is .*8.* because of x_hat"),
        (
            torch.rand(0, 1, 8, 8),
            torch.rand(0, 1, 8, 8),
            r"x_hat is float32 \[0, 1, 8, 8\]; expected images .* It is empty",
        ),
        (
            torch.rand(2, 1, 8, 8) * 255,
            torch.rand(2, 1, 8, 8),
            r"x_hat has values from .* expected images .*floats in \[0, 1\]. Divide 0..255 by 255",
        ),
        (torch.rand(2, 1, 8, 8), torch.zeros(2, 1, 8, 8, dtype=torch.int64), r"\.to\(torch.uint8\)"),
        (torch.full((2, 1, 8, 8), math.nan), torch.rand(2, 1, 8, 8), "x_hat holds NaN"),
    ],
)
@pytest.mark.parametrize("measure", [ae.psnr, ae.ssim])
def test_bad_pictures_are_refused(measure, x_hat, x, words):
    with pytest.raises(ValueError, match=words):
        measure(x_hat, x)


def test_ssim_wants_images():
    with pytest.raises(ValueError, match="images"):
        ae.ssim(torch.rand(10), torch.rand(10))


def test_probe_finds_what_is_linear_and_only_that():
    torch.manual_seed(0)
    x = torch.randn(4000, 2)
    linear, xor = (x[:, 0] > 0).long(), ((x[:, 0] > 0) ^ (x[:, 1] > 0)).long()
    assert ae.linear_probe(x[:3000], linear[:3000], x[3000:], linear[3000:]) > 0.98
    assert ae.linear_probe(x[:3000], xor[:3000], x[3000:], xor[3000:]) < 0.65


def test_probe_refuses_bad_input():
    x, labels = torch.randn(10, 3), torch.arange(10) % 2
    with pytest.raises(ValueError, match=r"train_labels is int64 \[9\]; expected labels .* N is 10 because of train"):
        ae.linear_probe(x, labels[:9], x, labels)
    with pytest.raises(ValueError, match="two classes"):
        ae.linear_probe(x, labels * 0, x, labels)
    with pytest.raises(ValueError, match="NaN"):
        ae.linear_probe(x * math.nan, labels, x, labels)


def test_luma_is_pillows():
    """Pillow's YCbCr spans 0..255 where video's Y spans 16..235."""
    import numpy as np
    from PIL import Image

    x = torch.rand(1, 3, 8, 8).mul(255).round()
    pillow = Image.fromarray(x[0].byte().permute(1, 2, 0).numpy()).convert("YCbCr")
    expected = torch.from_numpy(np.array(pillow)[..., 0] / 255.0)
    torch.testing.assert_close((ae.luma(x / 255)[0, 0] * 255 - 16) / 219, expected.float(), atol=0.004, rtol=0)
    with pytest.raises(ValueError, match=r"x is float32 \[2, 1, 8, 8\]; expected images \[N, 3, H, W\]"):
        ae.luma(torch.rand(2, 1, 8, 8))


def test_psnr_of_y_leaves_the_border_out():
    x = torch.rand(2, 3, 12, 10)
    x_hat = x.clone()
    x_hat[:, :, :2], x_hat[:, :, -2:], x_hat[..., :2], x_hat[..., -2:] = 0, 0, 0, 0
    assert ae.psnr_y(x_hat, x, 2) == math.inf
    inner = (..., slice(1, -1), slice(1, -1))
    assert ae.psnr_y(x_hat, x, 1) == ae.psnr(ae.luma(x_hat)[inner], ae.luma(x)[inner]) < 30
    with pytest.raises(ValueError, match="border is 5; expected a whole number, from 1 to 4"):
        ae.psnr_y(x_hat, x, 5)
