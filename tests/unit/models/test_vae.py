"""The VAE, the exact linear-Gaussian model, importance-weighted likelihoods, and moves in the latent space."""

import math
from itertools import pairwise

import pytest
import torch
from torch.distributions import Bernoulli, Normal

import aeutils as ae
from aeutils.probability import likelihood

X = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def linear_gaussian(correlated=True):
    """A small exact model in double precision; with orthogonal columns its posterior is independent."""
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(5, 2, dtype=torch.float64, generator=generator)
    weight[:, 1] += weight[:, 0]  # the two latents explain the same things
    if not correlated:
        weight = torch.linalg.qr(weight).Q * torch.tensor([2.0, 0.7])
    return ae.LinearGaussian(weight, torch.randn(5, dtype=torch.float64, generator=generator), noise=0.6)


# VAE


def test_loss_is_reconstruction_plus_beta_times_kl():
    for beta in (0.0, 0.25, 1.0, 4.0):
        torch.manual_seed(0)
        model = ae.VAE(latent_dim=3, hidden=(8,), beta=beta)
        parts = model.loss(X)
        assert list(parts) == ["loss", "reconstruction", "kl"]
        assert parts["loss"].item() == pytest.approx((parts["reconstruction"] + beta * parts["kl"]).item(), rel=1e-6)


def test_kl_part_is_torchs():
    torch.manual_seed(0)
    model = ae.VAE(latent_dim=3, hidden=(8,))
    mean, log_variance = model.posterior(X)
    kl = torch.distributions.kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum() / len(X)
    assert model.loss(X)["kl"].item() == pytest.approx(kl.item(), rel=1e-5)


@pytest.mark.parametrize("beta", [-0.1, math.nan, math.inf, "1"])
def test_bad_beta_is_refused(beta):
    with pytest.raises(ValueError, match="beta is"):
        ae.VAE(beta=beta)


def test_log_p_x_given_z_is_the_log_density():
    torch.manual_seed(0)
    z = torch.randn(6, 3)
    bernoulli = ae.VAE(latent_dim=3, hidden=(8,))
    x = X.round()
    expected = Bernoulli(bernoulli.decode(z)).log_prob(x).flatten(1).sum(1)
    torch.testing.assert_close(bernoulli.log_p_x_given_z(x, z), expected, rtol=1e-5, atol=1e-3)
    gaussian = ae.VAE(latent_dim=3, hidden=(8,), criterion="squared error")
    expected = Normal(gaussian.decode(z), math.sqrt(0.5)).log_prob(X).flatten(1).sum(1)
    torch.testing.assert_close(gaussian.log_p_x_given_z(X, z), expected, rtol=1e-5, atol=1e-3)


def test_samples_are_decodings_of_the_prior():
    model = ae.VAE(latent_dim=3, hidden=(8,))
    torch.manual_seed(5)
    images = model.sample(4)
    assert images.shape == (4, 1, 28, 28)
    assert not images.requires_grad
    torch.manual_seed(5)
    torch.testing.assert_close(images, model.decode(torch.randn(4, 3)))
    with pytest.raises(ValueError, match="count is 0"):
        model.sample(0)


def test_vae_learns_and_honours_beta():
    """After the same short training, more weight on the KL part leaves less of it."""
    data = ae.load("glyphs", train=4000, test=500)
    kl = []
    for beta in (0.2, 5.0):
        torch.manual_seed(0)
        model = ae.VAE(latent_dim=8, hidden=(64,), beta=beta)
        history = ae.fit(model, data.train, epochs=3, show=False)
        assert history["loss"][-1] < history["loss"][0]
        kl.append(ae.evaluate(model, data.test)["kl"])
    assert kl[0] > 2 * kl[1]


def test_measures_of_a_vae_stand_beside_the_floor():
    data = ae.load("glyphs", train=600, test=200)
    model = ae.VAE(latent_dim=3, hidden=(8,), beta=4.0)
    measures = ae.report(model, data)
    assert measures["negative_elbo"] == pytest.approx(measures["reconstruction"] + measures["kl"])
    floor = measures["floor"]
    x = data.test.x / 255
    own = torch.nn.functional.binary_cross_entropy(x, x, reduction="sum").item() / 200  # the images as reconstructions
    assert floor == pytest.approx(own, rel=1e-4)
    assert floor < measures["negative_elbo"]
    assert "squared_error" in measures
    assert "floor" not in ae.report(ae.VAE(latent_dim=3, criterion="squared error"), data)


def test_measures_of_a_vae_search_by_its_codes_and_by_pixels():
    from sklearn.neighbors import NearestNeighbors

    data = ae.load("glyphs", train=600, test=200)
    model = ae.VAE(latent_dim=3, hidden=(8,))
    measures = ae.report(model, data)
    codes, pixels = (lambda split: ae.encode(model, split)), (lambda split: split.x.flatten(1) / 255)
    for name, features in {"codes": codes, "pixels": pixels}.items():
        index = NearestNeighbors(n_neighbors=4, metric="cosine").fit(features(data.train))
        classes = data.train.labels[torch.from_numpy(index.kneighbors(features(data.test))[1])]
        expected = (classes == data.test.labels[:, None]).double().mean().item()
        assert measures[f"precision_{name}"] == pytest.approx(100 * expected, abs=0.3)
    one_class, model = ae.load("noise", count=50), ae.VAE((16,), 1, (4,))
    assert "precision_codes" not in ae.report(model, one_class)


# The exact model


@pytest.mark.parametrize("correlated", [True, False])
def test_elbo_identity(correlated):
    """log p(x) = ELBO + KL(q || p(z|x)), every term by a way of its own."""
    model = linear_gaussian(correlated)
    x = model.sample(20)
    true_mean, covariance = model.true_posterior(x)
    mean, log_variance = model.posterior(x)
    gap = [
        ae.kl_gaussians(m, v.exp().diag(), t, covariance) for m, v, t in zip(mean, log_variance, true_mean, strict=True)
    ]
    torch.testing.assert_close(model.elbo(x) + torch.stack(gap), model.log_p(x), rtol=0, atol=1e-9)
    if correlated:
        assert min(gap) > 0.01
    else:
        assert max(gap) < 1e-9


def test_the_posterior_obeys_bayes_rule():
    model = linear_gaussian()
    x, z = model.sample(1), torch.randn(50, 2, dtype=torch.float64)
    mean, covariance = model.true_posterior(x)
    posterior = torch.distributions.MultivariateNormal(mean[0], covariance)
    joint = model.log_p_x_given_z(x.expand(50, 5), z) + Normal(0.0, 1.0).log_prob(z).sum(1)
    torch.testing.assert_close(joint - posterior.log_prob(z), model.log_p(x).expand(50), rtol=0, atol=1e-9)


def test_the_independent_posterior_is_the_closest():
    model = linear_gaussian()
    x = model.sample(1)
    true_mean, covariance = model.true_posterior(x)
    mean, log_variance = model.posterior(x)

    def divergence(mean, log_variance):
        return ae.kl_gaussians(mean[0], log_variance[0].exp().diag(), true_mean[0], covariance)

    best = divergence(mean, log_variance)
    for step in torch.eye(2, dtype=torch.float64) * 0.1:
        assert divergence(mean + step, log_variance) > best
        assert divergence(mean, log_variance + step) > best
        assert divergence(mean, log_variance - step) > best


def test_samples_have_the_models_moments():
    model = linear_gaussian()
    torch.manual_seed(0)
    x = model.sample(100_000)
    covariance = model.weight @ model.weight.T + 0.36 * torch.eye(5)
    torch.testing.assert_close(x.mean(0), model.bias, rtol=0, atol=0.05)
    torch.testing.assert_close(torch.cov(x.T), covariance, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("weight", "bias", "noise"),
    [
        (torch.ones(3), torch.ones(3), 1.0),
        (torch.ones(3, 2), torch.ones(2), 1.0),
        (torch.ones(3, 2), torch.ones(3), 0.0),
        (torch.ones(3, 2), torch.ones(3), math.nan),
        (torch.full((3, 2), math.nan), torch.ones(3), 1.0),
    ],
)
def test_bad_linear_gaussians_are_refused(weight, bias, noise):
    with pytest.raises(ValueError, match="expected"):
        ae.LinearGaussian(weight, bias, noise)


# log p(x) by importance sampling


def test_estimate_meets_the_exact_log_likelihood():
    model = linear_gaussian()
    torch.manual_seed(0)
    x = model.sample(50)
    estimate = ae.log_likelihood(model, x, draws=5000)
    assert estimate.shape == (50,)
    torch.testing.assert_close(estimate, model.log_p(x), rtol=0, atol=0.05)
    assert (estimate - model.log_p(x)).abs().mean() < 0.2 * (model.log_p(x) - model.elbo(x)).mean()


def test_one_draw_is_exact_where_q_is_the_posterior():
    model = linear_gaussian(correlated=False)
    x = model.sample(20)
    torch.testing.assert_close(ae.log_likelihood(model, x, draws=1), model.log_p(x), rtol=0, atol=1e-9)


def test_expectation_starts_at_the_elbo_and_rises_with_the_draws():
    model = linear_gaussian()
    torch.manual_seed(0)
    x = model.sample(1)
    copies = x.expand(4000, 5)  # each has draws of its own: their mean is the expectation
    means = [ae.log_likelihood(model, copies, draws=k).mean() for k in (1, 2, 5, 20)]
    assert means[0].item() == pytest.approx(model.elbo(x).item(), abs=0.05)
    assert all(more > less + 0.01 for less, more in pairwise(means))
    assert means[-1] < model.log_p(x) + 0.01


def test_batches_change_nothing(monkeypatch):
    torch.manual_seed(0)
    model = ae.VAE(latent_dim=3, hidden=(8,))
    whole = ae.log_likelihood(model, X, draws=30)
    for rows in (1, 7, 64):
        monkeypatch.setattr("aeutils.probability.likelihood.ROWS", rows)
        torch.testing.assert_close(ae.log_likelihood(model, X, draws=30), whole, rtol=1e-5, atol=1e-3)
    torch.testing.assert_close(ae.log_likelihood(model, X[:2], draws=30), whole[:2], rtol=1e-5, atol=1e-3)


def test_memory_is_bounded():
    """No more than ROWS decodings at once, for many draws and for many samples."""
    torch.manual_seed(0)
    model, seen = ae.VAE(latent_dim=3, hidden=(8,)), []
    model.decoder.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    ae.log_likelihood(model, X[:2], draws=10_000)
    assert sum(seen) == 20_000
    ae.log_likelihood(model, X.repeat(1000, 1, 1, 1), draws=1)
    assert sum(seen) == 26_000
    assert max(seen) <= likelihood.ROWS


def test_estimate_is_a_log_mean_of_weights_for_images():
    """Against a direct computation with torch.distributions from the same draws."""
    torch.manual_seed(0)
    model = ae.VAE(latent_dim=3, hidden=(8,))
    image = X[:1].round()
    mean, log_variance = model.posterior(image)
    q = Normal(mean, (log_variance / 2).exp())
    epsilon = torch.randn(12, 3, generator=torch.Generator().manual_seed(9 * 1_000_003))
    z = mean + (log_variance / 2).exp() * epsilon
    log_p_x = Bernoulli(model.decode(z)).log_prob(image).flatten(1).sum(1)
    weights = (log_p_x + Normal(0.0, 1.0).log_prob(z).sum(1) - q.log_prob(z).sum(1)).double().exp()
    assert ae.log_likelihood(model, image, 12, seed=9).item() == pytest.approx(weights.mean().log().item(), abs=1e-2)


def test_estimate_has_no_gradient_takes_bytes_and_repeats():
    torch.manual_seed(0)
    model = ae.VAE(latent_dim=3, hidden=(8,))
    split = ae.Split((X * 255).to(torch.uint8), torch.zeros(6, dtype=torch.int64))
    state = torch.random.get_rng_state()
    first = ae.log_likelihood(model, split, draws=3)
    assert not first.requires_grad
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.equal(first, ae.log_likelihood(model, split, draws=3))
    assert not torch.equal(first, ae.log_likelihood(model, split, draws=3, seed=1))
    assert ae.log_likelihood(model, split, draws=1).shape == (6,)


def test_bad_draws_are_refused():
    model = linear_gaussian()
    x = model.sample(3)
    for draws in (0, -1, 2.5):
        with pytest.raises(ValueError, match="draws is"):
            ae.log_likelihood(model, x, draws)
    with pytest.raises(ValueError, match="seed is -1"):
        ae.log_likelihood(model, x, 1, seed=-1)
    with pytest.raises(ValueError, match="N of at least 1; got none"):
        ae.log_likelihood(model, x[:0], 1)
    with pytest.raises(ValueError, match="expected finite values; 3 of 3 samples hold NaN"):
        ae.log_likelihood(model, x * math.nan, 1)


# Moves in the latent space


def test_slerp_ends_where_it_should_and_keeps_the_norm():
    torch.manual_seed(0)
    a, b = torch.randn(2, 7)
    b = b / b.norm() * a.norm()
    t = torch.linspace(0, 1, 11)
    arc = ae.slerp(a, b, t)
    assert arc.shape == (11, 7)
    torch.testing.assert_close(arc[0], a)
    torch.testing.assert_close(arc[-1], b)
    torch.testing.assert_close(arc.norm(dim=1), a.norm().expand(11))
    steps = (arc[1:] - arc[:-1]).norm(dim=1)
    torch.testing.assert_close(steps, steps[0].expand(10), rtol=1e-4, atol=1e-5)  # at an even pace
    torch.testing.assert_close(ae.slerp(b, a, t), arc.flip(0))


def test_slerp_of_right_angles_is_the_quarter_circle():
    arc = ae.slerp(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), torch.tensor([1 / 3]))
    torch.testing.assert_close(arc, torch.tensor([[math.cos(math.pi / 6), math.sin(math.pi / 6)]]))


def test_slerp_of_many_and_of_parallel_codes():
    torch.manual_seed(0)
    a, b = torch.randn(2, 4, 5)
    t = torch.tensor([0.0, 0.25, 1.0])
    many = ae.slerp(a, b, t)
    assert many.shape == (3, 4, 5)
    torch.testing.assert_close(many[:, 2], ae.slerp(a[2], b[2], t))
    torch.testing.assert_close(ae.slerp(a, 3 * a, t), a + t.view(3, 1, 1) * 2 * a)


def test_slerp_refuses_what_has_no_arc():
    a, t = torch.tensor([1.0, 2.0]), torch.tensor([0.5])
    with pytest.raises(ValueError, match="zero code"):
        ae.slerp(a, torch.zeros(2), t)
    with pytest.raises(ValueError, match="opposite"):
        ae.slerp(a, -2 * a, t)
    with pytest.raises(ValueError, match="q is 2 because of start"):
        ae.slerp(a, torch.ones(3), t)
    with pytest.raises(ValueError, match="end holds NaN"):
        ae.slerp(a, a * math.nan, t)


def test_grid_has_cells_of_equal_probability():
    grid = ae.prior_grid(5)
    assert grid.shape == (25, 2)
    torch.testing.assert_close(grid, -grid.flip(0))  # symmetric about the middle
    torch.testing.assert_close(grid[12], torch.zeros(2))
    shares = Normal(0.0, 1.0).cdf(grid[:5, 0])
    torch.testing.assert_close(shares, torch.tensor([0.1, 0.3, 0.5, 0.7, 0.9]))
    assert (grid[:5, 1] == grid[0, 1]).all()  # a row has one z2, and the first row the largest
    assert grid[0, 1] == grid[:, 1].max()
    assert ae.prior_grid(1).tolist() == [[0.0, 0.0]]
    with pytest.raises(ValueError, match="side is 0"):
        ae.prior_grid(0)


def test_nearest_is_by_cosine_and_in_order(monkeypatch):
    gallery = torch.tensor([[1.0, 0.0], [0.0, 5.0], [3.0, 3.0], [-1.0, 0.0]])
    queries = torch.tensor([[10.0, 1.0], [0.0, 0.1]])
    assert ae.nearest(queries, gallery, 3).tolist() == [[0, 2, 1], [1, 2, 0]]
    torch.manual_seed(0)
    a, b = torch.randn(50, 8), torch.randn(30, 8)
    expected = torch.nn.functional.cosine_similarity(a[:, None], b[None], dim=2).topk(4).indices
    monkeypatch.setattr("aeutils.codes.search.ROWS", 7)
    assert torch.equal(ae.nearest(a, b, 4), expected)


def test_precision_counts_equal_labels():
    found = torch.tensor([[0, 1], [2, 3]])
    gallery_labels = torch.tensor([7, 7, 8, 9])
    assert ae.precision_at(found, torch.tensor([7, 8]), gallery_labels) == pytest.approx(0.75)
    with pytest.raises(ValueError, match=r"query_labels is int64 \[3\]; expected labels .* M is 2 because of found"):
        ae.precision_at(found, torch.tensor([7, 8, 9]), gallery_labels)


@pytest.mark.parametrize(
    ("queries", "gallery", "count", "match"),
    [
        (torch.ones(2, 3), torch.ones(4, 2), 1, "gallery is .* D is 3 because of queries"),
        (torch.ones(2, 3), torch.ones(4, 3), 5, "count is 5"),
        (torch.ones(2, 3), torch.ones(4, 3), 0, "count is 0"),
        (torch.zeros(2, 3), torch.ones(4, 3), 1, "queries: a row of zeros"),
        (torch.ones(2, 3), torch.full((4, 3), math.nan), 1, "gallery holds NaN"),
    ],
)
def test_bad_retrievals_are_refused(queries, gallery, count, match):
    with pytest.raises(ValueError, match=match):
        ae.nearest(queries, gallery, count)


# Training on the importance-weighted bound


def iwae(draws):
    torch.manual_seed(0)
    return ae.IWAE(latent_dim=3, hidden=(8,), draws=draws)


@torch.no_grad()
def mean_loss(model, x, times=400):
    torch.manual_seed(1)
    return torch.stack([model.loss(x)["loss"] for _ in range(times)]).mean().item()


def test_one_draw_is_the_elbo_and_more_are_the_estimate_of_the_likelihood():
    """Black and white pixels stay as they are, so that both see the same images."""
    x = X.round()
    vae = ae.VAE(latent_dim=3, hidden=(8,), activation=torch.nn.Tanh)
    vae.load_state_dict(iwae(1).state_dict())
    assert mean_loss(iwae(1), x) == pytest.approx(mean_loss(vae, x), abs=0.1)
    estimates = torch.stack([ae.log_likelihood(vae, x, draws=20, seed=k).mean() for k in range(400)])
    assert mean_loss(iwae(20), x) == pytest.approx(-estimates.mean().item(), abs=0.1)
    assert mean_loss(iwae(20), x) < mean_loss(iwae(1), x)


def test_every_step_draws_its_pixels_black_or_white():
    model, seen = iwae(2), []
    model.encoder.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    grey = torch.full((2000, 1, 28, 28), 0.3)
    model.loss(grey)
    assert set(seen[0].unique().tolist()) == {0.0, 1.0}
    assert seen[0].mean().item() == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize("draws", [0, 1.5, "5"])
def test_bad_numbers_of_draws_are_refused(draws):
    with pytest.raises(ValueError, match="draws is"):
        ae.IWAE(draws=draws)


def test_training_on_the_bound_finds_the_images():
    data = ae.load("glyphs", train=2000, test=200)
    model = iwae(5)
    before = ae.log_likelihood(model, ae.as_float(data.test.x).round(), draws=20).mean()
    ae.fit(model, data.train, epochs=3, show=False)
    assert ae.log_likelihood(model, ae.as_float(data.test.x).round(), draws=20).mean() > before + 50
