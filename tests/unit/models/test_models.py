"""The models: shapes, losses against the formula written out, gradients, and what each must find."""

import importlib
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from aeutils.models import MODELS
from aeutils.models.layers import Affine, Linear, initialize
from aeutils.probability.losses import cross_entropy, gaussian_kl, squared_error

SIZES = "expected a tuple of sizes, whole numbers above 0"
X = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


# Context has a face of its own (test_context.py): its code is a stack of maps, and what it sees it passes on.
@pytest.mark.parametrize("name", [name for name in MODELS if name != "context"])
def test_every_model_has_the_same_face(name):
    torch.manual_seed(0)
    model = ae.build(name, (1, 28, 28), 5)
    h = model.encode(X)
    assert h.shape == (6, *model.code_shape)
    assert model.decode(h).shape == X.shape
    torch.testing.assert_close(model(X), model.decode(model.encode(X)))
    assert model.latent_dim == 5
    parts = model.loss(X)
    assert next(iter(parts)) == "loss"
    assert all(part.shape == () and part.isfinite() for part in parts.values())
    parts["loss"].backward()
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize("name", ["ae", "deep", "conv", "vae", "denoising", "edsr"])
def test_images_come_out_in_the_unit_range(name):
    x_hat = ae.build(name)(X)
    assert x_hat.min() >= 0
    assert x_hat.max() <= 1


@pytest.mark.parametrize(
    ("name", "shape"),
    [("ae", (3, 16, 12)), ("linear", (2,)), ("conv", (3, 32, 16)), ("vae", (4,)), ("denoising", (2, 12, 20))],
)
def test_other_shapes(name, shape):
    x = torch.rand(3, *shape)
    assert ae.build(name, shape, 2)(x).shape == x.shape


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("shape", "latent_dim"), [((1, 28, 28), 5), ((1, 8, 12), 2), ((3, 16, 8), 3)])
def test_a_model_says_the_shape_of_its_code(name, shape, latent_dim):
    model = ae.build(name, shape, latent_dim)
    assert model.encode(torch.rand(2, *shape)).shape[1:] == model.code_shape
    assert model.code_shape[0] == model.latent_dim == latent_dim


def test_the_shape_of_a_code_follows_scale_and_components_and_a_player_has_its_models():
    x = torch.rand(5, 1, 12, 24)
    for model in (
        ae.EDSR((1, 12, 24), 2, scale=3),
        ae.PCA.fit(x, 4),
        ae.Adversarial(ae.Context((1, 12, 24), 2), ae.Discriminator((1, 12, 24), 2), 1.0),
    ):
        assert model.encode(x).shape[1:] == model.code_shape


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [(), (0, 28, 28), (1, -4, 28), (1, 28.0, 28), (True, 28, 28), 784, "28"], ids=repr)
def test_no_model_takes_a_shape_that_is_none(name, shape):
    with pytest.raises(ValueError, match=f"^shape is {re.escape(repr(shape))}; {SIZES}$"):
        ae.build(name, shape, 4)


@pytest.mark.filterwarnings("error")  # PyTorch's own about empty layers comes after them
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("latent_dim", [0, -1, 2.5, True, None, "3"], ids=repr)
def test_no_model_takes_a_size_that_is_none(name, latent_dim):
    with pytest.raises(ValueError, match=f"^latent_dim is {latent_dim!r}; expected a whole number, from 1 to "):
        ae.build(name, (1, 28, 28), latent_dim)


@pytest.mark.parametrize("name", ["ae", "vae", "iwae", "stacked", "deep-contractive"])
def test_hidden_layers_may_be_none_but_not_nothing(name):
    assert ae.build(name, (1, 4, 4), 3, hidden=())(torch.rand(2, 1, 4, 4)).shape == (2, 1, 4, 4)
    for hidden in (5, (0,), (8, -1), (2.0,), None):
        with pytest.raises(ValueError, match=f"^hidden is {re.escape(repr(hidden))}; {SIZES}$"):
            ae.build(name, (1, 4, 4), 3, hidden=hidden)


def test_channels_are_sizes():
    for channels in (16, (16,), (4, 8, 16), (0, 8)):
        with pytest.raises(ValueError, match=r"^channels is .*; expected a tuple of 2 sizes, whole numbers above 0"):
            ae.Conv(channels=channels)
    for kind in (ae.Denoising, ae.Context):
        with pytest.raises(ValueError, match="channels is 0; expected a whole number, from 1"):
            kind(channels=0)


def test_the_base_refuses_a_code_of_another_size():
    parts = nn.Identity(), nn.Identity(), (1, 8, 8), 4
    assert ae.Autoencoder(*parts).code_shape == (4,)
    assert ae.Autoencoder(*parts, code_shape=(4, 2, 2)).code_shape == (4, 2, 2)
    with pytest.raises(ValueError, match=r"a code of shape \(3, 2, 2\) has 3 numbers or maps; got 4"):
        ae.Autoencoder(*parts, code_shape=(3, 2, 2))
    with pytest.raises(ValueError, match="whole numbers above 0"):
        ae.Autoencoder(*parts, code_shape=(4, 0, 2))
    with pytest.raises(ValueError, match="criterion is 'absolute error'; expected one of squared error, cross-entropy"):
        ae.Autoencoder(*parts, criterion="absolute error")  # EDSR's own


def test_pca_refuses_weights_that_do_not_fit():
    for weight, mean in (
        (torch.eye(3), torch.zeros(4)),
        (torch.eye(4), torch.zeros(3)),
        (torch.zeros(4), torch.zeros(4)),
    ):
        with pytest.raises(ValueError, match=r"PCA of samples \(1, 2, 2\) takes weight \[q, 4\] and mean \[4\]"):
            ae.PCA((1, 2, 2), weight, mean)
    with pytest.raises(ValueError, match=r"latent_dim is 2.0; expected a whole number"):
        ae.PCA.fit(torch.rand(3, 5), 2.0)
    with pytest.raises(ValueError, match="between 1 and 3"):
        ae.PCA.fit(torch.rand(3, 5), 4)


@pytest.fixture
def registry(monkeypatch):
    """MODELS, as it was before once the test is over."""
    monkeypatch.setattr("aeutils.models.base.MODELS", dict(MODELS))
    return importlib.import_module("aeutils.models.base").MODELS


def test_a_class_is_a_model_by_the_name_that_it_gives(registry):
    def cell():
        class Mine(ae.Dense, name="mine"):
            pass

        return Mine

    cell()
    assert cell() is registry["mine"]  # a cell may run again
    with pytest.raises(ValueError, match=r"aeutils\.models\.vae\.VAE is the model 'vae'; take another name"):

        class Other(ae.Dense, name="vae"):
            pass

    class Nameless(ae.VAE):
        pass

    assert Nameless not in registry.values()


def test_unknown_models_and_sizes_are_refused():
    with pytest.raises(ValueError, match="no model 'gan'; expected one of ae, context"):
        ae.build("gan")
    with pytest.raises(ValueError, match="latent_dim is 0; expected a whole number, from 1"):
        ae.build("ae", latent_dim=0)
    with pytest.raises(ValueError, match="multiples of 4"):
        ae.build("conv", (1, 30, 30))
    with pytest.raises(ValueError, match=r"Denoising takes images .* multiples of 4"):
        ae.build("denoising", (1, 30, 28))
    with pytest.raises(ValueError, match="output is 'tanh'; expected one of sigmoid, linear"):
        ae.Dense(output="tanh")
    with pytest.raises(ValueError, match="cross-entropy compares probabilities"):
        ae.Dense(output="linear", criterion="cross-entropy")
    with pytest.raises(ValueError, match=r"regression is 1\.0; expected a number from 0 to less than 1"):
        ae.Recirculation(regression=1.0)


NOT_OPTIONS = [
    ("ae", {"beta": 2}, "'ae' cannot be made with the options .*beta"),
    ("deep", {"hidden": (3,)}, "'deep' cannot be made .*hidden"),
    ("stacked", {"criterion": "squared error"}, "'stacked' cannot be made .*criterion"),
    ("sparse-kl", {"activation": nn.ReLU}, "'sparse-kl' cannot be made .*activation"),
    *(
        (name, {"activation": value}, "activation is .*; expected the class of a layer, as torch.nn.ReLU")
        for name in ("ae", "vae", "sparse")
        for value in ("relu", 3, nn.ReLU(), None, torch.relu, lambda: 3)
    ),
    ("ae", {"criterion": ["squared error"]}, "criterion is .*; expected one of"),
    ("ae", {"output": None}, "output is None; expected one of"),
    ("edsr", {"block": 3}, "block is 3; expected the class of a layer"),
    ("edsr", {"block": nn.ReLU()}, "block is .*; expected the class of a layer"),
    ("edsr", {"block": int}, "block is .*; expected the class of a layer"),
    (
        "context",
        {"mask": ["central"]},
        r"mask is \['central'\]; expected one of central, block, region or a function",
    ),
    ("context", {"fully_connected": "no"}, "fully_connected is 'no'; expected True or False"),
    ("recirculation", {"regression": "x"}, "regression is 'x'; expected a number"),
    ("recirculation", {"regression": float("nan")}, "regression is nan; expected a number"),
    ("sparse", {"strength": True}, "strength is True; expected a number"),
    ("vae", {"beta": float("inf")}, "beta is inf; expected a number"),
    ("iwae", {"draws": 2.5}, "draws is 2.5; expected a whole number"),
]


@pytest.mark.parametrize(("name", "options", "reason"), NOT_OPTIONS, ids=range(len(NOT_OPTIONS)))
def test_an_option_that_is_none_is_refused(name, options, reason):
    with pytest.raises(ValueError, match=reason):
        ae.build(name, (1, 8, 8), 4, **options)


@pytest.mark.parametrize(
    ("model", "discriminator", "weight", "reason"),
    [
        (nn.Linear(2, 2), ae.Discriminator((1, 8, 8)), 1.0, "model is of type Linear; expected an Autoencoder"),
        (ae.Context((1, 8, 8)), None, 1.0, "discriminator is None; expected a Module"),
        (ae.Context((1, 8, 8)), ae.Discriminator, 1.0, "discriminator is the class Discriminator; .*Make one"),
        (ae.Context((1, 8, 8)), ae.Discriminator((1, 8, 8)), "x", "weight is 'x'; expected a number above 0"),
        (ae.Context((1, 8, 8)), ae.Discriminator((1, 8, 8)), True, "weight is True; expected a number above 0"),
    ],
)
def test_players_that_are_none_are_refused(model, discriminator, weight, reason):
    with pytest.raises(ValueError, match=reason):
        ae.Adversarial(model, discriminator, weight)


def test_options_of_numpy_are_numbers():
    assert ae.VAE((1, 8, 8), np.int64(2), (np.int32(4),), beta=np.float32(2)).beta == 2
    assert ae.Dense((1, np.int64(8), 8), 2)(torch.rand(1, 1, 8, 8)).shape == (1, 1, 8, 8)


def test_losses_are_sums_over_pixels_and_means_over_images():
    a, b = torch.rand(2, 3, 1, 4, 4)
    assert squared_error(a, b).item() == pytest.approx(((a - b) ** 2).sum().item() / 3)
    p = a.sigmoid()
    expected = -(b * p.log() + (1 - b) * (1 - p).log()).sum() / 3
    assert cross_entropy(a, b).item() == pytest.approx(expected.item(), rel=1e-5)


def test_gaussian_kl_is_torchs():
    mean, log_variance = torch.randn(2, 7, 3)
    q = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum() / 7
    assert gaussian_kl(mean, log_variance).item() == pytest.approx(kl.item(), rel=1e-5)


@pytest.mark.parametrize("criterion", ["squared error", "cross-entropy"])
def test_gradient_at_the_last_pre_activation(criterion):
    """Cross-entropy with a sigmoid: x_hat - x. Squared error: 2 (x_hat - x) x_hat (1 - x_hat)."""
    model = ae.Dense(latent_dim=3, hidden=(8,), criterion=criterion)
    h = model.encode(X)
    logits = model.decoder(h).detach().requires_grad_()
    model.decoder, model.code_shape = nn.Sequential(), model.shape  # the logits are given
    model.reconstruction_loss(logits, X).backward()
    x_hat = logits.sigmoid()
    expected = x_hat - X if criterion == "cross-entropy" else 2 * (x_hat - X) * x_hat * (1 - x_hat)
    torch.testing.assert_close(logits.grad, expected.detach() / 6, rtol=1e-4, atol=1e-6)


def test_target_is_what_should_come_out():
    model = ae.Dense(latent_dim=3, hidden=(8,))
    clean = torch.zeros_like(X)
    assert model.loss(X, clean)["loss"].item() == pytest.approx(model(X).square().sum().item() / 6, rel=1e-5)


def test_pca_is_exact_and_ordered():
    x = torch.randn(400, 6) @ torch.randn(6, 6) + 3
    pca = ae.PCA.fit(x, 6)
    torch.testing.assert_close(pca(x), x, rtol=1e-3, atol=1e-3)  # all components: nothing is lost
    torch.testing.assert_close(pca.weight @ pca.weight.T, torch.eye(6), rtol=1e-4, atol=1e-4)
    variance = pca.encode(x).var(0)
    assert (variance.diff() <= 0).all()
    errors = [ae.reconstruction_error(pca.first(q), x) for q in range(1, 6)]
    lost = [variance[q:].sum().item() * 399 / 400 for q in range(1, 6)]
    assert errors == pytest.approx(lost, rel=1e-3, abs=1e-4)
    with pytest.raises(ValueError, match="between 1 and 6"):
        ae.PCA.fit(x, 7)
    with pytest.raises(ValueError, match="asked for the first 9"):
        pca.first(9)


def test_tied_linear_finds_the_subspace_of_pca():
    data = ae.load("glyphs", train=3000, test=500)
    torch.manual_seed(0)
    model, pca = ae.TiedLinear(latent_dim=4), ae.PCA.fit(data.train, 4)
    ae.fit(model, data.train, epochs=20)
    assert ae.subspace_cosines(model.weight, pca.weight).min() >= 0.999
    assert ae.reconstruction_error(model, data.test) <= 1.001 * ae.reconstruction_error(pca, data.test)


def test_subspace_cosines_ignore_the_basis_and_see_the_angle():
    a = torch.eye(5)[:2]
    rotation = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    torch.testing.assert_close(ae.subspace_cosines(a, rotation @ a), torch.ones(2, dtype=torch.float64))
    tilted = torch.tensor([[1.0, 0, 0, 0, 0], [0, 0.6, 0.8, 0, 0]])
    torch.testing.assert_close(ae.subspace_cosines(a, tilted), torch.tensor([1.0, 0.6], dtype=torch.float64))


def test_a_stage_of_the_stack_trains_one_layer_and_nothing_below():
    torch.manual_seed(0)
    model = ae.Stacked(latent_dim=4, hidden=(16, 8))
    assert model.stages == ("layer 1", "layer 2", "layer 3", "end to end")
    for stage, (up, down) in enumerate(model.levels):
        model.zero_grad()
        model.stage = stage
        model.loss(X)["loss"].backward()
        trained = {p for p in model.parameters() if p.grad is not None}
        assert trained == {*up.parameters(), *down.parameters()}
    model.stage = 3
    model.loss(X)["loss"].backward()
    assert all(p.grad is not None for p in model.parameters())


def test_decoder_of_the_stack_undoes_the_layers_in_reverse():
    model = ae.Stacked(latent_dim=4, hidden=(16, 8))
    h = model.encode(X)
    (_, d1), (_, d2), (_, d3) = model.levels
    torch.testing.assert_close(model.decode(h).flatten(1), d1(d2(d3(h).sigmoid()).sigmoid()).sigmoid())


def test_recirculation_changes_weights_by_its_rule_and_reports_the_error():
    torch.manual_seed(0)
    model = ae.Recirculation(latent_dim=3, regression=0.75)
    loss = model.loss(X)["loss"]
    assert loss.item() == pytest.approx(ae.reconstruction_error(model, X), rel=1e-5)
    loss.backward()
    with torch.no_grad():
        x = X.flatten(1)
        h = model.encode(X)
        x1 = 0.75 * x + 0.25 * model.decode(h).flatten(1)
        h1 = model.encode(x1.view_as(X))
        decoder, encoder = -(x - x1).T @ h / 6, -(h - h1).T @ x1 / 6
    torch.testing.assert_close(model.decoder[0].weight.grad, decoder, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(model.encoder[1].weight.grad, encoder, rtol=1e-4, atol=1e-5)


def test_vae_samples_around_the_mean():
    torch.manual_seed(0)
    model = ae.VAE(latent_dim=2, hidden=(8,))
    mean, log_variance = torch.zeros(20_000, 2) + 3, torch.full((20_000, 2), 2.0)
    z = model.reparameterize(mean, log_variance)
    assert z.mean().item() == pytest.approx(3, abs=0.1)
    assert z.std().item() == pytest.approx(torch.e, rel=0.05)


def test_linear_by_onednn_is_nn_linear():
    torch.manual_seed(0)
    ours, plain = Linear(300, 200), nn.Linear(300, 200)
    plain.load_state_dict(ours.state_dict())
    x = torch.randn(128, 300)
    results = []
    for layer in (ours, plain):
        leaf = x.clone().requires_grad_()
        out = layer(leaf)
        out.square().sum().backward()
        results.append((out, leaf.grad, layer.weight.grad, layer.bias.grad))
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-3)


def test_large_products_go_by_onednn_and_small_ones_do_not(monkeypatch):
    calls = []
    monkeypatch.setattr("aeutils.models.layers.Affine.apply", lambda *args: calls.append(1) or F.linear(*args))
    Linear(784, 400)(torch.rand(128, 784))
    assert calls == [1]
    Linear(20, 10)(torch.rand(128, 20))
    Linear(784, 400).double()(torch.rand(128, 784).double())
    Linear(784, 400)(torch.rand(2, 64, 784))
    torch.func.vmap(Linear(784, 400))(torch.rand(4, 128, 784))
    assert calls == [1]


def test_the_product_has_first_and_second_derivatives():
    a, b, c = torch.randn(3, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True), torch.randn(5)

    def penalty(product):
        """A gradient penalty: the derivative of a derivative."""
        out = product(a, b, c).square().sum()
        (slope,) = torch.autograd.grad(out, a, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), b)[0]

    torch.testing.assert_close(penalty(Affine.apply), penalty(F.linear), rtol=1e-4, atol=1e-4)


def test_initial_weights_keep_the_size_of_signals():
    torch.manual_seed(0)
    layers = ae.mlp((500,) * 9)
    with torch.no_grad():
        out = layers(torch.randn(200, 500))
    assert 0.5 < out.std() < 2
    shrinking = nn.Sequential(*(layer for _ in range(8) for layer in (nn.Linear(500, 500), nn.ReLU())))
    with torch.no_grad():
        assert shrinking(torch.randn(200, 500)).std() < 0.1  # PyTorch's default
    assert initialize(shrinking) is shrinking
