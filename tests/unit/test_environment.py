"""The variables of the environment: what they may say, and that an error names the one that was set."""

from pathlib import Path

import pytest
import torch

from aeutils import environment
from aeutils.jupyter.setup_cell import setup
from aeutils.training import distributed


@pytest.mark.parametrize("text", ["", "0", "false", "False", "no", "off", " 0 "])
def test_no_is_no(monkeypatch, text):
    monkeypatch.setenv("AEUTILS_OFFLINE", text)
    assert environment.offline() is False


@pytest.mark.parametrize("text", ["1", "true", "TRUE", "yes", "on"])
def test_yes_is_yes(monkeypatch, text):
    monkeypatch.setenv("AEUTILS_OFFLINE", text)
    assert environment.offline() is True


BAD = {
    "AEUTILS_OFFLINE": (environment.offline, ["maybe", "2", "fals"]),
    "AEUTILS_BUDGET": (environment.budget, ["huge", "Normal", "0"]),
    "AEUTILS_SEED": (environment.seed, ["-1", "1.5", "one", "4294967296", "0x10", "1_000", "9" * 5000]),
    "AEUTILS_DEVICE": (environment.device, ["gpu", "cuda:-1", "meta", "mps", "xla", "vulkan", "cpu:3", "cuda:99", "3"]),
    "AEUTILS_DATA": (environment.data_folder, ["/no/such/folder", __file__, "\t/no\n/line"]),
    "WORLD_SIZE": (lambda: distributed.joined().__enter__(), ["two", "0", "-1"]),
}


@pytest.mark.parametrize(("variable", "text"), [(name, text) for name, (_, texts) in BAD.items() for text in texts])
def test_an_unknown_value_is_refused_by_the_name_of_its_variable(monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(ValueError, match=variable) as caught:
        BAD[variable][0]()
    assert repr(text.strip())[:20] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gpus_are_counted(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name in ("cuda", "cuda:0", "cuda:1", "cpu"):
        monkeypatch.setenv("AEUTILS_DEVICE", name)
        assert str(environment.device()) == name
    monkeypatch.setenv("AEUTILS_DEVICE", "cuda:2")
    with pytest.raises(ValueError, match="AEUTILS_DEVICE is 'cuda:2', but PyTorch sees 2 GPUs"):
        environment.device()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None, 2**32])
def test_a_bad_argument_is_not_blamed_on_the_variable(monkeypatch, seed):
    monkeypatch.delenv("AEUTILS_SEED", raising=False)
    with pytest.raises(ValueError, match=r"^seed is .*; expected a whole number"):
        setup("curve", seed=seed)


def test_the_home_folder(monkeypatch):
    monkeypatch.setenv("AEUTILS_DATA", "~")
    assert environment.data_folder() == Path.home()
    monkeypatch.setenv("AEUTILS_DATA", "")
    assert environment.data_folder() is None
