"""EDSR and its relatives: what the blocks hold, where training starts, what it gains, and what is refused."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from aeutils.models.superresolution import EDSRBlock, ResNetBlock, SRResNetBlock, resize


def kinds(module):
    return [type(layer).__name__ for layer in module.residual]


def test_the_three_blocks_differ_as_in_the_paper():
    resnet, srresnet, edsr = (block(8) for block in (ResNetBlock, SRResNetBlock, EDSRBlock))
    assert kinds(resnet) == ["Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d"]
    assert kinds(srresnet) == ["Conv2d", "BatchNorm2d", "PReLU", "Conv2d", "BatchNorm2d"]
    assert kinds(edsr) == ["Conv2d", "ReLU", "Conv2d"]
    x = torch.randn(2, 8, 6, 6)
    assert resnet(x).min() >= 0  # a ReLU after the sum
    torch.testing.assert_close(srresnet(x), x + srresnet.residual(x))
    torch.testing.assert_close(edsr(x), x + 0.3 * edsr.residual(x))
    torch.testing.assert_close(EDSRBlock(8, scaling=0.0)(x), x)


@pytest.mark.parametrize("block", [ResNetBlock, SRResNetBlock, EDSRBlock])
@pytest.mark.parametrize(("shape", "scale"), [((1, 28, 28), 2), ((1, 28, 28), 4), ((3, 24, 36), 3)])
def test_code_is_small_and_image_large(block, shape, scale):
    model = ae.EDSR(shape, 6, scale=scale, blocks=2, block=block)
    assert sum(isinstance(module, block) for module in model.modules()) == 2
    x = torch.rand(4, *shape)
    assert model.encode(x).shape == (4, 6, shape[1] // scale, shape[2] // scale)
    assert model(x).shape == x.shape
    model.loss(x)["loss"].backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("block", [ResNetBlock, SRResNetBlock, EDSRBlock])
@pytest.mark.parametrize(("channels", "scale"), [(1, 2), (3, 2), (3, 4)])
def test_training_starts_about_as_good_as_bicubic(block, channels, scale):
    torch.manual_seed(0)
    model = ae.EDSR((channels, 64, 64), 8, scale, block=block)
    large = resize(torch.rand(5, channels, 16, 16), 4)
    small = resize(large, 1 / scale)
    inner = (..., slice(8, -8), slice(8, -8))  # convolutions put zeros around the image, bicubic repeats its rim
    bicubic = ae.psnr(resize(small, scale)[inner], large[inner])
    assert ae.psnr(model.upscale(small)[inner], large[inner]) > bicubic - 1


def test_training_starts_with_a_parabola_through_three_neighbours():
    """At a quarter of a pixel before and behind the middle of three values on 0.1 + 0.03 t + 0.02 t^2."""
    t = torch.arange(-2.0, 3)
    model = ae.EDSR((1, 10, 10), 4)
    row = model.upscale((0.1 + 0.03 * t + 0.02 * t**2).expand(1, 1, 5, 5))[0, 0, 5]
    at = torch.tensor([-0.25, 0.25])
    torch.testing.assert_close(row[4:6], 0.1 + 0.03 * at + 0.02 * at**2)


def test_pixel_shuffle_lays_the_maps_beside_each_other():
    model = ae.EDSR((1, 4, 4), 2, blocks=1)
    tail = model.decoder[0]
    nn.init.zeros_(tail.weight)
    tail.bias.data = torch.tensor([0.1, 0.2, 0.3, 0.4])
    assert torch.equal(model.upscale(torch.rand(1, 1, 1, 1))[0, 0], torch.tensor([[0.1, 0.2], [0.3, 0.4]]))


def test_loss_is_the_absolute_difference_to_the_large_image():
    model, x = ae.EDSR(blocks=1), torch.rand(3, 1, 28, 28)
    expected = (model.decoder(model.encoder(resize(x, 0.5))) - x).abs().sum() / 3
    assert model.loss(x)["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert ae.fit(model, x, epochs=1, show=False).criterion == "absolute error"


def test_upscale_takes_any_size_and_the_whole_is_upscale_of_shrunk():
    model = ae.EDSR((3, 16, 16), 4, scale=2, blocks=1)
    assert model.upscale(torch.rand(2, 3, 20, 31)).shape == (2, 3, 40, 62)
    x = torch.rand(2, 3, 16, 16)
    assert torch.equal(model.upscale(resize(x, 0.5)), ae.reconstruct(model, x))


def test_resize_is_pillows_bicubic():
    """The kernel of the published comparisons (a = -0.5), smoothed before shrinking."""
    import numpy as np
    from PIL import Image

    x = ae.as_float(ae.load("glyphs", train=10, test=10).test.x[:1])
    for factor, size in ((0.5, 14), (0.25, 7), (2.0, 56)):
        pillow = Image.fromarray(x[0, 0].numpy()).resize((size, size), Image.Resampling.BICUBIC)
        expected = torch.from_numpy(np.array(pillow)).clamp(0, 1)
        torch.testing.assert_close(resize(x, factor)[0, 0], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("scale", "gain"), [(2, 2.0), (4, 1.0)])
def test_a_little_training_beats_bicubic(scale, gain):
    data = ae.load("glyphs", train=3000, test=200)
    torch.manual_seed(0)
    model = ae.EDSR(scale=scale, latent_dim=8, blocks=2)
    ae.fit(model, data.train, epochs=2, batch_size=32, show=False)
    ours, bicubic = ae.report(model, data).values()
    assert ours > bicubic + gain


def test_it_learns_colours():
    """The colour of every small pixel is that of the large ones: a network that mixed the channels could not know."""
    colours = torch.rand(600, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(-1, -1, 8, 8).contiguous()
    model = ae.EDSR((3, 8, 8), 6, blocks=1)
    ae.fit(model, colours, epochs=10, batch_size=20, lr=3e-3, show=False)
    assert F.l1_loss(model(colours), colours) < 0.02


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: ae.EDSR((1, 28, 28), scale=3), "a scale of 3 does not divide images of 28 x 28 pixels"),
        (lambda: ae.EDSR(scale=1), "scale is 1; expected a whole number, 2 or above"),
        (lambda: ae.EDSR(scale=2.0), "scale is 2.0; expected a whole number"),
        (lambda: ae.EDSR(blocks=0), "blocks is 0"),
        (lambda: ae.EDSR((3, 8, 8), latent_dim=2), r"at least C feature maps; got shape \(3, 8, 8\) and 2"),
        (lambda: ae.EDSR((784,)), r"takes images \[C, H, W\]"),
        (lambda: ae.EDSR().upscale(torch.rand(2, 3, 14, 14)), r"enlarges images \[N, 1, h, w\]; got \[2, 3, 14, 14\]"),
        (lambda: ae.EDSR().upscale(torch.rand(14, 14)), r"small is float32 \[14, 14\]; expected images \[N, C, h, w\]"),
        (lambda: ae.fit(ae.EDSR(), torch.rand(4, 3, 28, 28), epochs=1), r"takes samples \[N, 1, 28, 28\]; got \[4, 3"),
        (
            lambda: ae.fit(ae.Denoising(), torch.rand(4, 3, 28, 28), epochs=1),
            r"Denoising takes samples \[N, 1, 28, 28\]",
        ),
    ],
)
def test_what_does_not_fit_is_refused(make, reason):
    with pytest.raises(ValueError, match=reason):
        make()
