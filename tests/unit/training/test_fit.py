"""`fit`: what it learns, what it refuses, and how a run ends early, fails, or goes on after a kill."""

import time

import numpy as np
import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.files import read_tensors
from aeutils.training.optimizers import one_cycle
from tests.tools.forked import Forked


@pytest.fixture(scope="module")
def images():
    return ae.load("glyphs", train=1500, test=300)


def small(seed=0, **options):
    torch.manual_seed(seed)
    return ae.Dense(latent_dim=8, hidden=(64,), **options)


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_training_lowers_the_error_and_tells_the_history(images):
    model = small()
    before = ae.reconstruction_error(model, images.test)
    history = ae.fit(model, images.train, epochs=4, lr=3e-3, test=images.test)
    assert ae.reconstruction_error(model, images.test) < 0.6 * before
    assert history.epochs == 4
    assert history["loss"][-1] < history["loss"][0]
    assert history.test["loss"][-1] == pytest.approx(ae.evaluate(model, images.test)["loss"])
    assert history.samples == 1500 // 128 * 128
    assert history.samples_per_second > 0
    assert not model.training


def test_a_history_of_fit_is_the_mean_loss_of_plain_pytorch(images):
    """One epoch against the loop written out: the same order, optimiser and numbers."""
    model, plain = small(), small()
    history = ae.fit(model, images.train, epochs=1, batch_size=100, lr=1e-3, schedule="constant", seed=7)
    optimizer = torch.optim.Adam(plain.parameters(), lr=1e-3)
    torch.manual_seed(7 * 1_000_003)
    losses = []
    for index in torch.randperm(1500).split(100):
        x = images.train.x[index] / 255
        loss = (plain(x) - x).square().sum() / 100
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert history["loss"] == pytest.approx([sum(losses) / len(losses)], rel=1e-4)
    torch.testing.assert_close(weights(model), weights(plain), rtol=1e-2, atol=1e-3)


def test_same_seed_same_result_other_seed_another(images):
    results = []
    for seed in (1, 1, 2):
        torch.manual_seed(0)
        model = ae.VAE(latent_dim=4, hidden=(32,))
        results.append((ae.fit(model, images.train, epochs=2, seed=seed), weights(model)))
    assert results[0][0]["loss"] == results[1][0]["loss"]
    assert torch.equal(results[0][1], results[1][1])
    assert not torch.equal(results[0][1], results[2][1])


def test_fit_leaves_the_global_generator_alone(images):
    model = small()
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    ae.fit(model, images.train, epochs=1)
    assert torch.equal(torch.rand(4), expected)


def test_loss_parts_are_named(images):
    history = ae.fit(ae.VAE(latent_dim=4, hidden=(32,)), images.train, epochs=1)
    assert list(history.train) == ["loss", "reconstruction", "kl"]
    assert history["loss"][0] == pytest.approx(history["reconstruction"][0] + history["kl"][0], rel=1e-5)


def test_corruption_changes_the_input_and_not_the_target(images):
    seen = []

    class Spy(ae.Dense):
        def loss(self, x, target=None):
            seen.append((x, target))
            return super().loss(x, target)

    ae.fit(Spy(latent_dim=2, hidden=(16,)), images.train, epochs=1, corrupt=torch.zeros_like)
    assert all(x.max() == 0 and target.max() > 0.9 for x, target in seen)


def test_numbers_of_numpy_are_numbers(images):
    options = {"epochs": np.int64(2), "batch_size": np.int32(500), "lr": np.float32(1e-3), "seed": np.uint8(3)}
    plain = {"epochs": 2, "batch_size": 500, "lr": float(np.float32(1e-3)), "seed": 3}
    assert ae.fit(small(), images.train, **options)["loss"] == ae.fit(small(), images.train, **plain)["loss"]


def test_the_first_of_very_many_epochs_comes_at_once(images):
    model = Trouble.arranged(at=3, trouble=interrupt)
    began = time.monotonic()
    assert ae.fit(model, images.train, epochs=1_000_000).interrupted
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: nn.Linear(2, 2), "model is of type Linear; expected an Autoencoder"),
        (lambda: ae.Dense, r"model is the class Dense; expected an Autoencoder. Make one"),
        (lambda: ae.PCA.fit(GOOD, 2), "PCA has no weights to train"),
        (lambda: small().requires_grad_(False), "Dense has no weights to train"),
    ],
)
def test_what_cannot_be_trained_is_refused(model, reason):
    with pytest.raises(ValueError, match=reason):
        ae.fit(model(), GOOD, epochs=1)


def test_a_loss_that_takes_no_target_is_refused(images):
    class Old(ae.Dense):
        def loss(self, x):
            return super().loss(x)

    with pytest.raises(ValueError, match=r"Old.loss takes \(x\); fit calls it with x and the target"):
        ae.fit(Old(), images.train, epochs=1)


@pytest.mark.parametrize("optimizer", ["adam", "adagrad", "sgd"])
def test_every_optimiser_learns(images, optimizer):
    history = ae.fit(small(), images.train, epochs=3, lr=1e-3, optimizer=optimizer)
    assert history["loss"][-1] < 0.9 * history["loss"][0]


def test_one_cycle_is_torchs():
    weight = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=1000, pct_start=0.3, cycle_momentum=False
    )
    for step in range(1000):
        assert optimizer.param_groups[0]["lr"] == pytest.approx(one_cycle(step, 1000), abs=0.01)
        optimizer.step()
        schedule.step()
    rates = [one_cycle(step, 1000) for step in range(1000)]
    assert max(rates) == pytest.approx(1, abs=1e-4)
    assert rates[0] == pytest.approx(1 / 25)
    assert rates[-1] < 1e-4


def test_full_budget_multiplies_the_epochs(images, monkeypatch):
    monkeypatch.setenv("AEUTILS_BUDGET", "full")
    assert ae.fit(small(), images.train, epochs=1).epochs == 4


def test_fewer_samples_than_a_batch_make_one_batch(images):
    assert ae.fit(small(), images.train.x[:5], epochs=2).samples == 5


GOOD = torch.rand(8, 1, 28, 28)
BAD_SAMPLES = {
    "wrong shape": (torch.rand(8, 784), r"takes samples \[N, 1, 28, 28\]; got \[8, 784\]"),
    "colour": (torch.rand(8, 3, 28, 28), r"got \[8, 3, 28, 28\]"),
    "no samples": (torch.rand(0, 1, 28, 28), "got none"),
    "0..255 floats": (GOOD * 255, r"\[0, 1\].*Divide"),
    "negative": (GOOD - 0.5, r"\[0, 1\]"),
    "integers": ((GOOD * 255).long(), "got torch.int64"),
    "NaN": (torch.full((8, 1, 28, 28), float("nan")), "8 of 8 samples hold NaN"),
    "one infinity": (torch.cat([GOOD, torch.full((1, 1, 28, 28), float("inf"))]), "1 of 9 samples"),
    "a text": ("images", "expected a tensor or a split of a data set; got 'images'"),
    "a list of another shape": ([[0.0]], r"got \[1, 1\]"),
    "a number": (torch.tensor(1.0), "takes samples"),
}


@pytest.mark.parametrize("samples", BAD_SAMPLES)
def test_bad_samples_are_refused_before_training(samples):
    bad, reason = BAD_SAMPLES[samples]
    model = small()
    before = weights(model)
    with pytest.raises(ValueError, match=reason):
        ae.fit(model, bad, epochs=1)
    with pytest.raises(ValueError, match=reason):
        ae.fit(model, GOOD, epochs=1, test=bad)
    assert torch.equal(weights(model), before)


def test_points_need_no_unit_range():
    model = ae.Dense((2,), latent_dim=1, hidden=(8,), output="linear")
    assert ae.fit(model, 10 * torch.randn(100, 2), epochs=1).epochs == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"epochs": 0.5}, r"epochs is 0\.5; expected a whole number, from 1 to 1000000"),
        ({"epochs": 1, "batch_size": 0}, "batch_size is 0; expected a whole number, 1 or above"),
        ({"epochs": 1, "lr": -1.0}, r"lr is -1\.0; expected a number above 0"),
        ({"epochs": 1, "lr": float("nan")}, "lr is nan; expected a number above 0"),
        ({"epochs": 1, "schedule": "cosine"}, "schedule is 'cosine'; expected one of one-cycle, constant"),
        ({"epochs": 1, "optimizer": "lbfgs"}, "optimizer is 'lbfgs'; expected one of adam, adagrad, sgd"),
        ({"epochs": -2}, "epochs is -2; expected a whole number"),
        ({"epochs": True}, "epochs is True"),
        ({"epochs": 10**8}, "epochs is 100000000; expected a whole number, from 1 to 1000000"),
        ({"epochs": 1, "lr": "0.1"}, "lr is '0.1'; expected a number"),
        ({"epochs": 1, "lr": True}, "lr is True"),
        ({"epochs": 1, "seed": -1}, "seed is -1; expected a whole number"),
        ({"epochs": 1, "seed": 10**30}, "seed is 1.*0; expected a whole number"),
        ({"epochs": 1, "schedule": ["constant"]}, "schedule is .*; expected one of"),
        ({"epochs": 1, "bfloat16": "no"}, "bfloat16 is 'no'; expected True or False"),
        ({"epochs": 1, "compiled": 1}, "compiled is 1; expected True or False"),
        ({"epochs": 1, "label": 3}, "label is 3; expected a text"),
        ({"epochs": 1, "show": "yes"}, "show is 'yes'; expected True or False"),
        ({"epochs": 1, "checkpoint": 3}, "checkpoint is 3; expected a path"),
        ({"epochs": 1, "checkpoint": ""}, "checkpoint is ''; expected a path"),
    ],
)
def test_bad_settings_are_refused(images, options, reason):
    with pytest.raises(ValueError, match=reason):
        ae.fit(small(), images.train, **options)


class Trouble(ae.Dense):
    """A model whose k-th loss is replaced by what `trouble` makes of it. That is no option of the model: a run in
    trouble and one without are the same run."""

    calls = at = 0

    def __init__(self):
        super().__init__(latent_dim=4, hidden=(16,))

    @classmethod
    def arranged(cls, at, trouble):
        model = cls()
        model.at, model.trouble = at, trouble
        return model

    def loss(self, x, target=None):
        self.calls += 1
        parts = super().loss(x, target)
        if self.calls == self.at:
            parts = self.trouble(parts)
        return parts


def interrupt(parts):
    raise KeyboardInterrupt


def poison(parts):
    return {"loss": parts["loss"] * float("nan")}


def test_the_stop_button_keeps_what_was_learned(images, capsys):
    model = Trouble.arranged(at=15, trouble=interrupt)  # 11 batches an epoch: in the second
    before = ae.reconstruction_error(model, images.test)
    history = ae.fit(model, images.train, epochs=5, lr=3e-3)
    assert history.interrupted
    assert history.epochs == 1
    assert "stopped by you in epoch 2 of 5; the model keeps what it learned" in capsys.readouterr().out
    assert ae.reconstruction_error(model, images.test) < before


def test_a_loss_that_is_no_number_stops_and_restores_the_last_finite_weights(images):
    model, interrupted = Trouble.arranged(at=15, trouble=poison), Trouble.arranged(at=12, trouble=interrupt)
    interrupted.load_state_dict(model.state_dict())
    with pytest.raises(ae.NonFiniteLoss, match=r"Trouble: loss stopped being finite in epoch 2\."):
        ae.fit(model, images.train, epochs=5, lr=3e-3)
    ae.fit(interrupted, images.train, epochs=5, lr=3e-3)
    assert torch.equal(weights(model), weights(interrupted))  # after 11 batches: the first epoch


def test_weights_that_overflow_are_noticed_though_the_loss_is_finite(images):
    """The gradient of the last step before a look can be infinite although its loss was not."""

    def infinite_gradient(parts):
        value = parts["loss"]
        return {"loss": value.detach() + (value - value.detach()) * float("inf")}

    model = Trouble.arranged(at=11, trouble=infinite_gradient)
    with pytest.raises(ae.NonFiniteLoss, match="in epoch 1"):
        ae.fit(model, images.train, epochs=2)
    assert weights(model).isfinite().all()


def test_divergence_is_reported_not_returned(images):
    with pytest.raises(ae.NonFiniteLoss, match="try a smaller lr"):
        ae.fit(ae.TiedLinear(latent_dim=4), images.train, epochs=20, lr=50.0, schedule="constant")


def test_resume_after_an_interruption_is_bit_identical(images, tmp_path):
    def run(model, **options):
        return ae.fit(model, images.train, epochs=4, lr=3e-3, seed=5, test=images.test, **options)

    whole, stopped = Trouble.arranged(at=0, trouble=interrupt), Trouble.arranged(at=27, trouble=interrupt)
    stopped.load_state_dict(whole.state_dict())
    expected = run(whole)
    assert run(stopped, checkpoint=tmp_path / "run.safetensors").epochs == 2
    again = Trouble.arranged(at=0, trouble=interrupt)  # other initial weights: the file's count
    history = run(again, checkpoint=tmp_path / "run.safetensors")
    assert torch.equal(weights(again), weights(whole))
    assert history["loss"] == expected["loss"]
    assert history.test == expected.test


class Slow(ae.VAE):
    pause = 0.0  # seconds before every step

    def loss(self, x, target=None):
        time.sleep(self.pause)
        return super().loss(x, target)


def train_slowly(pause, path):
    """Trains for four epochs: their number and the sum of the weights, to the last bit."""
    torch.manual_seed(0)
    model = Slow(latent_dim=4, hidden=(32,))
    model.pause = pause
    history = ae.fit(model, ae.load("glyphs", train=1500, test=300).train, epochs=4, seed=1, checkpoint=path)
    return history.epochs, sum(float(p.detach().double().sum()) for p in model.parameters()).hex()


def test_a_killed_run_goes_on_bit_for_bit(tmp_path):
    """SIGKILL in the middle of an epoch; another process, this one, resumes and ends where an undisturbed run does."""
    checkpoint = tmp_path / "killed.safetensors"
    victim = Forked(tmp_path / "printed", train_slowly, 0.05, checkpoint)
    undisturbed = train_slowly(0.0, tmp_path / "whole.safetensors")
    deadline = time.monotonic() + 60
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    victim.kill()
    assert 1 <= len(read_tensors(checkpoint)[1]["history"]["seconds"]) < 4
    assert train_slowly(0.0, checkpoint) == undisturbed


def test_a_finished_run_is_loaded_not_trained_again(images, tmp_path):
    first = small()
    ae.fit(first, images.train, epochs=2, checkpoint=tmp_path / "run")
    second = small(seed=9)
    history = ae.fit(second, images.train, epochs=2, checkpoint=tmp_path / "run")
    assert torch.equal(weights(first), weights(second))
    assert history.epochs == 2


def test_a_checkpoint_of_another_run_is_refused(images, tmp_path):
    path = tmp_path / "run"
    ae.fit(small(), images.train, epochs=1, checkpoint=path)
    saved = path.read_bytes()
    with pytest.raises(ValueError, match=r"another run \(epochs 1 there, 2 now\)"):
        ae.fit(small(), images.train, epochs=2, checkpoint=path)
    other = images.train.x.clone()
    other[0] = 0
    with pytest.raises(ValueError, match="sha256"):
        ae.fit(small(), other, epochs=1, checkpoint=path)
    with pytest.raises(ValueError, match=r"hidden \[64\] there, \[32\] now"):
        ae.fit(ae.Dense(latent_dim=8, hidden=(32,)), images.train, epochs=1, checkpoint=path)
    assert path.read_bytes() == saved


@pytest.mark.parametrize("damage", [lambda data: data[:-100], lambda data: b"", lambda data: b"garbage" * 50])
def test_a_damaged_checkpoint_is_named(images, tmp_path, damage):
    path = tmp_path / "run"
    ae.fit(small(), images.train, epochs=1, checkpoint=path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="run is damaged"):
        ae.fit(small(), images.train, epochs=1, checkpoint=path)


def test_no_part_file_is_left(images, tmp_path):
    ae.fit(small(), images.train, epochs=2, checkpoint=tmp_path / "folder" / "run")
    assert [file.name for file in (tmp_path / "folder").iterdir()] == ["run"]
