"""The page that a learner reads first gives what `fit` gives."""

import pytest
import torch

import aeutils as ae
from aeutils.training import micro

SETTINGS = {"epochs": 2, "batch_size": 50, "lr": 2e-3, "seed": 3}


@pytest.fixture(scope="module")
def images():
    return ae.load("glyphs", train=500, test=10).train.x.cpu()


@pytest.fixture
def pair(monkeypatch):
    """The two VAEs with the same weights, on the CPU."""
    monkeypatch.setenv("AEUTILS_DEVICE", "cpu")
    torch.manual_seed(0)
    short, full = micro.VAE(latent_dim=3, hidden=32), ae.VAE(latent_dim=3, hidden=(32,))
    for mine, theirs in zip(short.parameters(), full.parameters(), strict=True):
        mine.data.copy_(theirs.data)
    return short, full


def test_the_loss_is_the_one_of_the_full_model(pair, images):
    short, full = pair
    x = ae.as_float(images[:20])
    torch.manual_seed(5)
    reconstruction, kl = micro.negative_elbo(short, x)
    torch.manual_seed(5)
    parts = full.loss(x)
    assert reconstruction.item() == pytest.approx(parts["reconstruction"].item(), rel=1e-5)
    assert kl.item() == pytest.approx(parts["kl"].item(), rel=1e-5)


def test_training_gives_what_fit_gives(pair, images):
    short, full = pair
    losses = micro.train(short, images, **SETTINGS)
    history = ae.fit(full, images, schedule="constant", show=False, **SETTINGS)
    assert losses == pytest.approx(history["loss"], rel=1e-4)
    assert losses[1] < losses[0]
    for mine, theirs in zip(short.parameters(), full.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-3)


def test_samples_are_pictures(pair):
    drawn = micro.sample(pair[0], 4)
    assert drawn.shape == (4, 1, 28, 28)
    assert 0 <= drawn.min() < drawn.max() <= 1


def test_it_runs_as_the_page_says(capsys, monkeypatch):
    monkeypatch.setattr(micro, "train", lambda model, images, epochs: [200.0] * epochs)
    micro.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[-13] == "epoch 3: -ELBO 200.0 nats per image"
    assert len(lines[-1]) == 48
