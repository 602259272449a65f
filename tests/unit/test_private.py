"""Every private name of another library that the course uses: without it, the results are the same."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

import aeutils as ae
from aeutils.jupyter.server import PromptConnection
from aeutils.models import layers
from aeutils.private import jupyter, pytorch
from aeutils.probability import losses

PACKAGE = Path(ae.__file__).parent


def gradients(model, x):
    """The loss and the gradients of one step, the same draws every time."""
    torch.manual_seed(0)
    model.zero_grad()
    loss = model.loss(x)["loss"]
    loss.backward()
    return [loss.detach(), *(p.grad.clone() for p in model.parameters())]


def test_private_names_stand_in_one_room():
    name = re.compile(r"\btorch\.(?:\w+\.)*_[a-z]\w*|torchvision\.\w+\.utils|jupyter_server\.services")
    found = {path for path in PACKAGE.rglob("*.py") if name.search(path.read_text())}
    assert {path.relative_to(PACKAGE).parent.as_posix() for path in found} == {"private"}


@pytest.mark.skipif(not pytorch.ONEDNN, reason="this PyTorch has no oneDNN to do without")
def test_without_onednn_the_layers_are_pytorchs(monkeypatch):
    model, x = ae.VAE(), torch.rand(128, 1, 28, 28)
    expected = gradients(model, x)
    monkeypatch.setattr(pytorch, "ONEDNN", False)
    monkeypatch.delattr(layers, "Affine")
    torch.testing.assert_close(gradients(model, x), expected, rtol=1e-4, atol=1e-4)


def test_without_knowing_of_transforms_pytorchs_own_functions_serve(monkeypatch):
    model, x = ae.VAE(), torch.rand(128, 1, 28, 28)
    expected = gradients(model, x)
    assert not pytorch.transformed()
    monkeypatch.setattr(pytorch, "torch", SimpleNamespace(_C=None))  # PyTorch's own calls still find the name
    assert pytorch.transformed()
    monkeypatch.delattr(layers, "Affine")
    monkeypatch.delattr(losses, "Bernoulli")
    torch.testing.assert_close(gradients(model, x), expected, rtol=1e-4, atol=1e-4)


def test_a_transform_is_noticed():
    seen = []
    torch.func.vmap(lambda x: seen.append(pytorch.transformed()) or x)(torch.zeros(2))
    assert seen == [True]


@pytest.mark.parametrize("known", [True, False])
def test_total_norm(monkeypatch, known):
    if not known:
        monkeypatch.delattr(torch, "_foreach_norm")
    weights = [torch.nn.Parameter(torch.tensor([3.0, 4.0])), torch.nn.Parameter(torch.full((2, 2), 6.0))]
    total = pytorch.total_norm(weights)
    assert (total.item(), total.requires_grad) == (17, False)
    with torch.no_grad():
        weights[1][0, 1] = float("nan")
    assert pytorch.total_norm(weights).isnan()


def test_without_its_path_jupyters_connection_comes_from_the_server_itself(monkeypatch):
    import jupyter_server.serverapp  # noqa: F401 - before the path is gone

    expected = jupyter.websocket_connection()
    monkeypatch.setitem(sys.modules, expected.__module__, None)  # importing it is an ImportError
    assert jupyter.websocket_connection() is expected
    assert issubclass(PromptConnection, expected)


def test_a_connection_without_a_handler_is_left_as_it_is():
    calls = []
    jupyter.send_at_once(SimpleNamespace(websocket_handler=SimpleNamespace(set_nodelay=calls.append)))
    jupyter.send_at_once(SimpleNamespace())
    assert calls == [True]


@pytest.mark.parametrize("known", [True, False])
def test_copies_at_once_or_one_by_one(monkeypatch, known):
    if not known:
        monkeypatch.delattr(torch, "_foreach_copy_")
    targets = [torch.zeros(2), torch.zeros(1, 3)]
    pytorch.copy_all(targets, [torch.tensor([1.0, 2.0]), torch.full((1, 3), 7.0)])
    assert targets[0].tolist() == [1, 2]
    assert targets[1].tolist() == [[7, 7, 7]]


def test_the_server_does_without_pytorch():
    code = "import sys, aeutils.jupyter.server; print('torch' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False"]
