"""The context encoder, adversarial training and the in-hole measures, against their definitions."""

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.images import masks
from aeutils.measures.report import report
from aeutils.models.adversarial import surprise

X = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
CENTRE = masks.central(X)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return ae.Context(latent_dim=8, channels=4)


def test_channel_wise_is_one_matrix_per_channel():
    torch.manual_seed(0)
    layer, x = ae.ChannelWise(3, 4, 5), torch.randn(2, 3, 4, 5)
    nn.init.normal_(layer.bias)
    out = layer(x)
    assert out.shape == x.shape
    for n in range(2):
        for c in range(3):
            expected = layer.weight[c] @ x[n, c].flatten() + layer.bias[c, :, 0]
            torch.testing.assert_close(out[n, c].flatten(), expected)


def test_channel_wise_keeps_the_size_of_signals_and_channels_apart():
    torch.manual_seed(0)
    layer, x = ae.ChannelWise(4, 7, 7), torch.randn(50, 4, 7, 7, requires_grad=True)
    out = layer(x)
    assert out.std().item() == pytest.approx(1, abs=0.1)
    (slope,) = torch.autograd.grad(out[:, 1].sum(), x)
    assert (slope[:, 1] != 0).all()
    assert (slope[:, [0, 2, 3]] == 0).all()


def test_what_is_in_the_hole_never_matters(model):
    """Neither to the code, nor to the filling, nor (but as a target) to the loss."""
    other = torch.where(CENTRE, torch.rand_like(X), X)
    assert not torch.equal(other, X)
    assert torch.equal(model.encode(X), model.encode(other))
    assert torch.equal(model(X), model(other))
    assert model.loss(X, X)["loss"] == model.loss(other, X)["loss"]
    x = X.clone().requires_grad_()
    model.decode(model.encode(x)).sum().backward()
    assert (x.grad[CENTRE] == 0).all()
    assert (x.grad[~CENTRE] != 0).any()


def test_the_context_passes_unchanged_and_the_hole_is_filled(model):
    filled = model(X)
    assert torch.equal(filled[~CENTRE], X[~CENTRE])
    torch.testing.assert_close(filled[CENTRE], model.decode(model.encode(X))[CENTRE])
    assert filled.min() >= 0
    assert filled.max() <= 1


def test_the_loss_is_the_error_in_the_hole(model):
    expected = (model.decode(model.encode(X)) - X)[CENTRE].square().sum() / len(X)
    assert model.loss(X)["loss"].item() == pytest.approx(expected.item(), rel=1e-5)
    assert ae.reconstruction_error(model, X) == pytest.approx(expected.item(), rel=1e-5)


def test_without_the_layer_a_pixel_in_the_middle_sees_only_what_is_near():
    seen = {}
    for fully_connected in (True, False):
        model = ae.Context(latent_dim=2, channels=2, fully_connected=fully_connected)
        for p in model.parameters():
            nn.init.constant_(p, 0.01)
        x = torch.ones(1, 1, 28, 28, requires_grad=True)
        model.decode(model.encode(x, torch.zeros(1, 1, 28, 28, dtype=torch.bool)))[0, 0, 14, 14].backward()
        seen[fully_connected] = (x.grad != 0).sum().item()
    assert seen == {True: 28 * 28, False: 15 * 15}


@pytest.mark.parametrize("kind", masks.KINDS)
def test_holes_of_every_kind_are_drawn_anew_from_the_seed(kind):
    model = ae.Context(latent_dim=4, channels=4, mask=kind)
    first, second = model.loss(X)["loss"], model.loss(X)["loss"]
    assert (first == second) == (kind == "central")
    torch.manual_seed(1)
    loss = model.loss(X)["loss"]
    torch.manual_seed(1)
    hole = masks.KINDS[kind](X)
    assert loss.item() == pytest.approx((model(X, hole) - X)[hole].square().sum().item() / 6, rel=1e-5)


def test_a_mask_of_ones_own_and_one_hole_for_all():
    model = ae.Context(latent_dim=4, channels=4, mask=lambda x: masks.rectangle(x, 0, 0, 2, 3))
    assert model.loss(X)["loss"].item() == pytest.approx((model(X) - X)[:, :, :2, :3].square().sum().item() / 6)
    assert torch.equal(model(X, CENTRE[:1]), model(X, CENTRE))
    assert ae.Context((3, 16, 12), 4)(torch.rand(2, 3, 16, 12)).shape == (2, 3, 16, 12)


def test_same_seed_same_training(model):
    images = (X * 255).byte().repeat(20, 1, 1, 1)
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        trained = ae.Context(latent_dim=4, channels=4, mask="region")
        ae.fit(trained, images, epochs=1, batch_size=40, show=False, seed=5)
        states.append(torch.cat([p.flatten() for p in trained.parameters()]))
    assert torch.equal(*states)


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda m: m(torch.rand(2, 3, 28, 28)), r"x is float32 \[2, 3, 28, 28\]; expected a batch \[N, 1, 28, 28\]"),
        (
            lambda m: ae.fit(m, torch.rand(2, 3, 28, 28), epochs=1),
            r"takes samples \[N, 1, 28, 28\]; got \[2, 3, 28, 28\]",
        ),
        (lambda m: m(X, CENTRE.float()), r"is bool \[1 or 6, 1, 28, 28\], .* got float32"),
        (lambda m: m(X, CENTRE[:2]), r"got bool \[2, 1, 28, 28\]"),
        (lambda m: m(X, CENTRE[..., :20]), r"got bool \[6, 1, 28, 20\]"),
        (lambda _: ae.in_hole(X, X, CENTRE[:3]), r"got bool \[3, 1, 28, 28\]"),
        (
            lambda _: ae.in_hole(X, X, torch.zeros_like(CENTRE)),
            "hole is empty for some image; expected at least one pixel",
        ),
        (lambda _: ae.sharpness(X, CENTRE.float()), r"hole is float32 .* hole > 0.5 makes one"),
        (
            lambda _: ae.mean_fill(X[:0], X, CENTRE),
            r"train is float32 \[0, 1, 28, 28\]; expected samples .* It is empty",
        ),
        (
            lambda _: ae.nearest_by_context(X[..., 1:], X, CENTRE),
            r"x is float32 \[6, 1, 28, 28\]; .* W is 27 because of train",
        ),
        (
            lambda _: ae.Context(mask="centre"),
            "mask is 'centre'; expected one of central, block, region or a function of images",
        ),
        (lambda _: ae.Context((1, 30, 30)), r"multiples of 4; got shape \(1, 30, 30\)"),
        (lambda _: ae.Context((784,)), "takes images"),
        (lambda _: ae.ChannelWise(0, 7, 7), "channels is 0; expected a whole number"),
        (lambda _: ae.Discriminator((1, 28, 28), 0), "channels is 0; expected a whole number"),
        (lambda _: ae.Discriminator((784,)), "judges images"),
        (lambda m: ae.Adversarial(m, ae.Discriminator(), 0.0), r"weight is 0\.0; expected a number above 0"),
        (lambda m: ae.Adversarial(m, ae.Discriminator(), float("nan")), "weight is nan; expected a number above 0"),
        (lambda _: ae.Adversarial(ae.VAE(), ae.Discriminator(), 1.0), "got a model with cross-entropy"),
    ],
)
def test_bad_input_is_refused(model, call, reason):
    with pytest.raises(ValueError, match=reason):
        call(model)


# Adversarial training


@pytest.fixture
def game(model):
    return ae.Adversarial(model, ae.Discriminator(channels=4), weight=0.7)


def gradients(part, module):
    """The gradients of a loss part at a module's weights; None where the part does not depend on a weight."""
    return torch.autograd.grad(part, list(module.parameters()), retain_graph=True, allow_unused=True)


def test_each_player_learns_from_its_own_loss_alone(game):
    parts = game.loss(X)
    for part in ("reconstruction", "adversarial"):
        assert all(g is None for g in gradients(parts[part], game.discriminator))
        assert any(g is not None and g.abs().sum() > 0 for g in gradients(parts[part], game.model))
    assert all(g is None for g in gradients(parts["discriminator"], game.model))
    assert all(g.abs().sum() > 0 for g in gradients(parts["discriminator"], game.discriminator))


def test_the_sum_moves_each_player_as_two_separate_steps_would(game):
    parts = game.loss(X)
    mine = gradients(parts["loss"], game.model)
    fake = game.model(X)
    alone = (fake - X).square().sum() / 6 - 0.7 * game.discriminator(fake).sigmoid().log().mean()
    for together, expected in zip(mine, torch.autograd.grad(alone, list(game.model.parameters())), strict=True):
        torch.testing.assert_close(together, expected, rtol=1e-4, atol=1e-6)
    theirs = gradients(parts["loss"], game.discriminator)
    p_real, p_fake = (game.discriminator(images).sigmoid() for images in (X, game.model(X).detach()))
    alone = -p_real.log().mean() - (1 - p_fake).log().mean()
    for together, expected in zip(
        theirs, torch.autograd.grad(alone, list(game.discriminator.parameters())), strict=True
    ):
        torch.testing.assert_close(together, expected, rtol=1e-4, atol=1e-6)


def test_the_parts_add_up_and_a_discriminator_that_guesses_is_surprised_by_a_coin(game):
    parts = {name: part.item() for name, part in game.loss(X).items()}
    total = parts["reconstruction"] + 0.7 * parts["adversarial"] + parts["discriminator"]
    assert parts["loss"] == pytest.approx(total, rel=1e-5)
    assert surprise(torch.zeros(5), real=True).item() == pytest.approx(0.6931, abs=1e-4)
    assert surprise(torch.full((5,), -200.0), real=True).item() == pytest.approx(200)  # finite, where log(0) is not


def test_any_model_plays_with_a_target_of_its_own():
    torch.manual_seed(0)
    model = ae.Dense(latent_dim=3, hidden=(8,))
    game = ae.Adversarial(model, ae.Discriminator(channels=2), weight=1.0)
    clean = torch.zeros_like(X)
    parts = game.loss(X, clean)
    assert parts["reconstruction"].item() == pytest.approx((model(X) - clean).square().sum().item() / 6, rel=1e-5)
    assert torch.equal(game(X), model(X))
    assert torch.equal(game.encode(X), model.encode(X))
    assert torch.equal(game.decode(model.encode(X)), model(X))


def test_fit_trains_both_players_and_resumes(tmp_path):
    images = (X * 255).byte().repeat(20, 1, 1, 1)

    def run(epochs_before_the_kill):
        torch.manual_seed(0)
        game = ae.Adversarial(ae.Context(latent_dim=4, channels=4), ae.Discriminator(channels=4), 0.2)
        start = [p.clone() for p in game.parameters()]
        path = tmp_path / f"{epochs_before_the_kill}.safetensors"
        options = {"epochs": 3, "batch_size": 40, "show": False, "seed": 1, "checkpoint": path}
        if epochs_before_the_kill:
            game.loss, count, loss = None, [0], game.loss

            def interrupted(*batch):
                count[0] += 1
                if count[0] > 3 * epochs_before_the_kill:
                    raise KeyboardInterrupt
                return loss(*batch)

            game.loss = interrupted
            assert ae.fit(game, images, **options).interrupted
            del game.loss
        history = ae.fit(game, images, **options)
        return game, start, history

    whole, start, history = run(0)
    assert set(history.train) == {"loss", "reconstruction", "adversarial", "discriminator"}
    assert all(not torch.equal(a, b) for a, b in zip(start, whole.parameters(), strict=True))
    resumed, _, _ = run(2)
    for a, b in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)


# Measures and baselines


def test_in_hole_measures_are_their_definitions():
    hole = masks.blocks(X, 4, 9)
    filled = torch.where(hole, torch.rand_like(X), X)
    found = ae.in_hole(filled, X, hole)
    errors = [(filled[n] - X[n])[hole[n]] for n in range(6)]
    everything = torch.cat(errors)
    assert found["l1"] == pytest.approx(everything.abs().mean().item(), rel=1e-5)
    assert found["l2"] == pytest.approx(everything.square().mean().item(), rel=1e-5)
    assert found["psnr"] == pytest.approx(-10 * everything.square().mean().log10().item(), rel=1e-5)
    each = [-10 * e.square().mean().log10().item() for e in errors]
    assert found["image psnr"] == pytest.approx(sum(each) / 6, rel=1e-4)
    elsewhere = torch.where(hole, filled, torch.rand_like(X))
    assert ae.in_hole(elsewhere, X, hole) == found  # nothing outside counts
    assert ae.in_hole(X, X, hole)["image psnr"] == pytest.approx(60)


@pytest.mark.parametrize("hole", [CENTRE[:1], masks.blocks(X, 3, 12)], ids=["one for all", "one each"])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_nearest_neighbour_is_found_by_its_context(hole, channels, monkeypatch):
    monkeypatch.setattr("aeutils.images.inpainting.ROWS", 4)  # several rounds, the last one not full
    monkeypatch.setattr("aeutils.images.inpainting.COLUMNS", 7)
    torch.manual_seed(0)
    x, train = torch.rand(6, channels, 28, 28), (torch.rand(31, channels, 28, 28) * 255).byte()
    filled = ae.nearest_by_context(train, x, hole)
    for n in range(6):
        mine = hole[n % len(hole)].expand(channels, -1, -1)
        distance = [(x[n] - t / 255)[~mine].square().sum().item() for t in train]
        best = train[distance.index(min(distance))] / 255
        torch.testing.assert_close(filled[n], torch.where(mine, best, x[n]))


def test_a_training_image_with_the_same_context_is_copied():
    data = ae.load("glyphs", train=300, test=10)
    x = torch.where(CENTRE[:1], 0, data.train.x[[5, 250]])
    filled = ae.nearest_by_context(data.train, x, CENTRE[:1])
    assert torch.equal((filled * 255).round().byte(), data.train.x[[5, 250]])


def test_mean_fill_is_the_mean_image_in_the_hole():
    filled = ae.mean_fill((X * 255).byte(), X, CENTRE[:1])
    mean = (X * 255).byte().float().mean(0).div(255)[:, 7:21, 7:21]
    torch.testing.assert_close(filled[:, :, 7:21, 7:21], mean.expand(6, -1, -1, -1))
    assert torch.equal(filled[~CENTRE], X[~CENTRE])


def test_sharpness_falls_with_blur_and_ignores_seams():
    ramp = torch.arange(28.0).expand(1, 1, 28, 28) / 28
    assert ae.sharpness(ramp, CENTRE[:1]) == pytest.approx(1 / 28, rel=1e-5)
    assert ae.sharpness((ramp + ramp.mT) / 2, CENTRE[:1]) == pytest.approx(2**0.5 / 56, rel=1e-5)
    blurred = nn.functional.avg_pool2d(X, 3, stride=1, padding=1)
    assert ae.sharpness(blurred, CENTRE) < 0.6 * ae.sharpness(X, CENTRE)
    assert ae.sharpness(CENTRE.float(), CENTRE) == 0  # a flat filling with a hard rim


def test_the_command_line_reports_the_baselines_beside_the_model():
    data = ae.load("glyphs", train=400, test=50)
    for mask in masks.KINDS:
        model = ae.Context(latent_dim=4, channels=4, mask=mask)
        measures = report(model, data)
        assert measures == report(model, data)  # the same holes every time
        assert list(measures) == ["psnr_hole", "psnr_hole_mean", "psnr_hole_nearest"]
    x = ae.as_float(data.test.x)
    central = report(ae.Context(latent_dim=4, channels=4), data)
    expected = ae.in_hole(ae.mean_fill(data.train, x, CENTRE[:1]), x, CENTRE[:1])["psnr"]
    assert central["psnr_hole_mean"] == pytest.approx(expected)


def test_it_learns_and_the_layer_and_the_adversary_do_their_work():
    data = ae.load("glyphs", train=4000, test=500)
    x = ae.as_float(data.test.x)
    hole = masks.central(x[:1])

    def trained(weight=None, **options):
        torch.manual_seed(0)
        model = ae.Context(**options)
        player = model if weight is None else ae.Adversarial(model, ae.Discriminator(), weight)
        ae.fit(player, data.train, epochs=6, show=False, seed=0)
        return ae.reconstruct(model, x)

    filled = {"whole": trained(), "ablated": trained(fully_connected=False), "sharp": trained(weight=1.0)}
    psnr = {name: ae.in_hole(images, x, hole)["psnr"] for name, images in filled.items()}
    nearest = ae.in_hole(ae.nearest_by_context(data.train, x, hole), x, hole)["psnr"]
    assert psnr["whole"] > nearest + 2
    assert psnr["whole"] > psnr["ablated"] + 0.2
    assert psnr["whole"] > psnr["sharp"] > nearest
    assert ae.sharpness(filled["sharp"], hole) > 1.1 * ae.sharpness(filled["whole"], hole)
