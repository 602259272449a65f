"""The settings of a run: `fit`, the command line, recipes and checkpoints have the same, from one list."""

import argparse
import inspect
from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest

import aeutils as ae
from aeutils.training import settings
from aeutils.training.settings import Settings


def options(*words):
    parser = argparse.ArgumentParser()
    settings.add_options(parser)
    return settings.from_options(parser.parse_args(words))


def test_fit_has_a_keyword_for_every_setting_with_its_default():
    """And says in its docstring what it is."""
    keywords = inspect.signature(ae.fit).parameters
    for setting in fields(Settings):
        keyword = keywords[setting.name]
        assert keyword.kind is keyword.KEYWORD_ONLY
        assert keyword.annotation == setting.type
        assert keyword.default == (keyword.empty if setting.name == "epochs" else setting.default)
        assert f"\n{setting.name} " in inspect.getdoc(ae.fit)


def test_fit_hands_every_setting_on(monkeypatch):
    others = Settings(2, 7, 0.5, "constant", "sgd", 3, True, True)
    assert all(asdict(others)[name] != value for name, value in asdict(Settings()).items())
    seen = []
    monkeypatch.setattr(Settings, "for_model", lambda self, model: seen.append(self) or replace(self, epochs=1))
    ae.fit(ae.Dense((2,), latent_dim=1, hidden=(), output="linear"), ae.load("curve").train.x[:8], **asdict(others))
    assert [asdict(each) for each in seen] == [asdict(others)]


def test_the_command_line_has_an_option_for_every_setting():
    assert asdict(options()) == asdict(Settings())
    given = "--epochs 2 --batch-size 7 --lr 0.5 --schedule constant --optimizer sgd --seed 3 --no-compiled --bfloat16"
    assert asdict(options(*given.split())) == asdict(Settings(2, 7, 0.5, "constant", "sgd", 3, False, True))
    with pytest.raises(ValueError, match="schedule is 'cosine'; expected one of one-cycle, constant"):
        options("--schedule", "cosine")


def test_what_is_not_given_is_the_models_own(monkeypatch):
    monkeypatch.setenv("AEUTILS_SEED", "5")
    filled = Settings().for_model(ae.TiedLinear(latent_dim=2))
    assert (filled.lr, filled.optimizer, filled.seed) == (0.01, "sgd", 5)
    given = Settings(lr=0.5, optimizer="adam", seed=0)
    assert given.for_model(ae.TiedLinear(latent_dim=2)) == given
    assert Settings(epochs=3).for_model(ae.Denoising(latent_dim=4)).lr == 7e-3  # whose defaults hold a corruption, too


def test_the_budget_and_the_samples_bound_a_run(monkeypatch):
    monkeypatch.setenv("AEUTILS_BUDGET", "full")
    assert Settings(epochs=2).for_samples(50) == Settings(epochs=8, batch_size=50)
    monkeypatch.setenv("AEUTILS_BUDGET", "look")
    assert Settings(epochs=2).for_samples(500) == Settings(epochs=1)


def test_compiling_decides_nothing():
    assert Settings(compiled=True) == Settings(compiled=False)
    assert "compiled" not in Settings().deciding()
    assert Settings(bfloat16=True) != Settings()


def test_they_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Settings().epochs = 3
