"""Denoising keeps its promise in every model: what should come out is the target, whatever was done to the input."""

import pytest
import torch

import aeutils as ae
from aeutils.models import MODELS

X = torch.rand(32, 1, 12, 12, generator=torch.Generator().manual_seed(0))
ROOM = (1, 12, 12)


def fresh(name, **options):
    torch.manual_seed(0)
    return ae.build(name, ROOM, 8, **options)


def stages(name):
    """The model in each of its stages."""
    for stage, _ in enumerate(fresh(name).stages):
        model = fresh(name)
        model.stage = stage
        yield model


def gradient(model, x, target):
    torch.manual_seed(1)
    model.zero_grad()
    model.loss(x, target)["loss"].backward()
    return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])


@pytest.mark.parametrize("name", MODELS)
def test_the_target_decides_what_is_learned(name):
    """In every stage, the same input with another target teaches something else."""
    for model in stages(name):
        a, b = gradient(model, X, X), gradient(model, X, 1 - X)
        assert (a - b).norm() > 1e-3 * a.norm()


@pytest.mark.parametrize("name", MODELS)
def test_without_a_corruption_the_target_is_the_input(name):
    for model in stages(name):
        assert torch.equal(gradient(model, X, X), gradient(model, X, None))


@pytest.mark.parametrize("name", MODELS)
def test_a_corruption_that_writes_into_its_images_leaves_the_target_alone(name):
    """It gets a copy: in place and out of place are the same training."""

    def in_place(x):
        x[:, :, 3:9, 3:9] = 0
        return x

    def out_of_place(x):
        return in_place(x.clone())

    def trained(corrupt):
        model = fresh(name)
        if name == "stacked":
            model.stage = 1
        ae.fit(model, X, epochs=1, batch_size=16, corrupt=corrupt, show=False)
        return torch.cat([p.detach().flatten() for p in model.parameters()])

    assert torch.equal(trained(in_place), trained(out_of_place))


@pytest.mark.parametrize(
    ("corrupt", "reason"),
    [
        (lambda x: None, "gave NoneType"),
        (lambda x: x[:, :, ::2], r"gives as many; it gave torch.float32 \[32, 1, 6, 12\]"),
        (lambda x: x > 0.5, r"gave torch.bool \[32, 1, 12, 12\]"),
        ("gaussian=0.5", "corrupt is 'gaussian=0.5'; expected a function"),
    ],
)
def test_a_corruption_that_gives_no_images_is_refused(corrupt, reason):
    with pytest.raises(ValueError, match=reason):
        ae.fit(fresh("ae"), X, epochs=1, corrupt=corrupt, show=False)


def test_iwae_bounds_the_likelihood_of_the_target():
    """Of black and white pixels drawn from it: where they are certain, by the formula."""
    model, target = fresh("iwae", draws=3), (X > 0.5).float()
    torch.manual_seed(1)
    loss = model.loss(X + 2, target)["loss"]  # noise may leave [0, 1]
    torch.manual_seed(1)
    torch.bernoulli(target)
    mean, log_variance = model.posterior(X + 2)
    epsilon = torch.randn(3, *mean.shape)
    z = mean + (0.5 * log_variance).exp() * epsilon
    weights = [
        model.log_p_x_given_z(target, z[k]) + (-z[k].square() + epsilon[k].square() + log_variance).sum(1) / 2
        for k in range(3)
    ]
    expected = -torch.stack(weights).double().exp().mean(0).log().mean().float()
    torch.testing.assert_close(loss, expected, rtol=1e-4, atol=1e-4)


def test_iwae_refuses_a_beta():
    with pytest.raises(ValueError, match=r"beta is 4\.0; IWAE has no KL part to weigh"):
        fresh("iwae", beta=4.0)
    assert fresh("iwae", beta=1.0).beta == 1.0


def test_the_context_encoder_counts_errors_in_the_hole_alone():
    model, hole = fresh("context"), torch.zeros(1, 1, 12, 12, dtype=torch.bool)
    hole[..., 3:9, 3:9] = True
    model.draw_holes = lambda x: hole
    noisy = (X + 0.5 * torch.randn_like(X)).clamp(0, 1)
    expected = ((model(noisy, hole) - X).square() * hole).sum() / len(X)
    torch.testing.assert_close(model.loss(noisy, X)["loss"], expected)


def test_a_stacked_layer_reconstructs_the_code_of_the_clean_image():
    model, noisy = fresh("stacked"), X.flip(0)
    model.stage = 1
    (first, _), (up, down), *_ = model.levels
    clean = first(X.flatten(1))
    expected = ae.losses.cross_entropy(down(up(first(noisy.flatten(1)))), clean)
    torch.testing.assert_close(model.loss(noisy, X)["loss"], expected)


def test_recirculation_learns_to_denoise():
    """Its rule has the sign of the derivative of the error against the target, for decoder and encoder."""
    model, noisy = fresh("recirculation", regression=0.99), (X + 0.3 * torch.randn_like(X)).clamp(0, 1)
    rule = gradient(model, noisy, X)
    model.zero_grad()
    (0.5 * (model(noisy) - X).square().sum()).backward()
    true = torch.cat([p.grad.flatten() for p in model.decoder.parameters()])
    ours = rule[-len(true) :]
    assert torch.cosine_similarity(ours, true, dim=0) > 0.999


def test_recirculation_with_noise_beats_copying():
    images = ae.load("digits8")
    noise = ae.corruption("gaussian=0.5")
    torch.manual_seed(0)
    model, unaware = (ae.Recirculation((1, 8, 8), 16) for _ in range(2))
    for each, corrupt in ((model, noise), (unaware, None)):
        ae.fit(each, images.train, epochs=20, lr=1e-2, batch_size=100, corrupt=corrupt, show=False)
    clean = ae.as_float(images.test.x)
    noisy = noise(clean)
    ours, copied = (ae.psnr(ae.denoise(each, noisy), clean) for each in (model, unaware))
    assert ours > copied + 0.3  # 12.9 and 12.2 dB
