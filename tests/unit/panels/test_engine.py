"""The browser's networks beside PyTorch's: every layer and every network of the course, forward and backward."""

import shutil
import subprocess

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.models.sparse import KeepLargest
from aeutils.models.superresolution import EDSRBlock, ResNetBlock, SRResNetBlock
from aeutils.panels.bundle import bundle
from aeutils.panels.network import NotInTheBrowser, describe, table
from tests.tools.node import PANELS, node, run

JS = __file__.replace("test_engine.py", "js")
TOLERANCE = 1e-5
BATCH = 3

COMPUTE = """
const { network } = await import("./engine/network.js");
answer = given.map(({ layers, weights, x, dy, inputs, n }) => {
  const net = network(layers, inputs, weights, n + 2); // not every batch is full
  net.forward(Float64Array.from(x, (v) => v + 1), n); // what an earlier call has left behind must not matter
  const y = Array.from(net.forward(Float64Array.from(x), n)).slice(0, n * net.outputs);
  const dx = Array.from(net.backward(Float64Array.from(dy), n)).slice(0, n * inputs);
  return { y, dx, gradients: Array.from(net.gradients) };
});
"""


def norm(layer):
    """A batch norm as after training."""
    with torch.no_grad():
        for tensor in (layer.weight, layer.bias, layer.running_mean):
            tensor.normal_()
        layer.running_var.uniform_(0.5, 2)
    return layer


def blocks(kind, channels=3):
    block = kind(channels)
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            norm(layer)
    return block


IMAGES = (1, 8, 8)
CASES = {
    "linear": (nn.Linear(5, 7), (5,)),
    "linear, no bias": (nn.Linear(6, 4, bias=False), (6,)),
    "convolution": (nn.Conv2d(2, 3, 3, padding=1), (2, 5, 6)),
    "convolution, strided": (nn.Conv2d(3, 5, 5, stride=2, padding=2), (3, 8, 6)),
    "transposed": (nn.ConvTranspose2d(3, 2, 4, stride=2, padding=1), (3, 4, 3)),
    "channelwise": (ae.ChannelWise(3, 2, 4), (3, 2, 4)),
    "shuffle": (nn.PixelShuffle(2), (8, 3, 2)),
    "prelu": (nn.PReLU(3), (3, 2, 2)),
    "keep": (KeepLargest(2), (6,)),
    "relu": (nn.ReLU(), (6,)),
    "sigmoid": (nn.Sigmoid(), (6,)),
    "tanh": (nn.Tanh(), (6,)),
    "silu": (nn.SiLU(), (6,)),
    "gelu": (nn.GELU(), (6,)),
    "batch norm of a convolution": (nn.Sequential(nn.Conv2d(2, 3, 3), norm(nn.BatchNorm2d(3)), nn.ReLU()), (2, 5, 5)),
    "batch norm of a transposed convolution": (
        nn.Sequential(nn.ConvTranspose2d(2, 3, 2), norm(nn.BatchNorm2d(3))),
        (2, 4, 4),
    ),
    "batch norm of a linear layer": (nn.Sequential(nn.Linear(4, 3), norm(nn.BatchNorm1d(3))), (4,)),
    "sum, ReLU after it": (blocks(ResNetBlock), (3, 4, 4)),
    "sum, PReLU in it": (blocks(SRResNetBlock), (3, 4, 4)),
    "sum, scaled": (EDSRBlock(3), (3, 4, 4)),
    "Dense": (nn.Sequential(*(m := ae.Dense(IMAGES, 3, hidden=(9,))).encoder, *m.decoder), IMAGES),
    "Conv": (nn.Sequential(*(m := ae.Conv(IMAGES, 3, channels=(2, 4))).encoder, *m.decoder), IMAGES),
    "Denoising": (nn.Sequential(*(m := ae.Denoising(IMAGES, 4, channels=3)).encoder, *m.decoder), IMAGES),
    "Context": (nn.Sequential(*(m := ae.Context(IMAGES, 4, channels=3)).encoder, m.across, *m.decoder), (2, 8, 8)),
    "EDSR": (nn.Sequential((m := ae.EDSR(IMAGES, 4, blocks=2)).encoder, *m.decoder), (1, 4, 4)),
    "TopK": (nn.Sequential(*(m := ae.TopK(IMAGES, 12)).encoder, *m.decoder), IMAGES),
    "VAE": (ae.VAE(IMAGES, 2, hidden=(5,)).encoder, IMAGES),
}


@pytest.fixture(scope="module")
def answers():
    """What the browser's engine makes of every case, and what PyTorch does, by name: [(theirs, ours)] of y, dx, dW."""
    torch.manual_seed(0)
    given, expected = [], []
    for net, shape in CASES.values():
        net = net.double().eval()
        layers, weights = describe(net, shape)
        x = torch.randn(BATCH, *shape, dtype=torch.float64, requires_grad=True)
        y = net(x)
        dy = torch.randn_like(y)
        y.backward(dy)
        expected.append({"y": y, "dx": x.grad, "gradients": None if folded(net) else gradients(net)})
        lists = {"weights": weights, "x": x.detach().reshape(-1), "dy": dy.reshape(-1)}
        sizes = {"inputs": x[0].numel(), "n": BATCH, "layers": layers}
        given.append({name: tensor.tolist() for name, tensor in lists.items()} | sizes)
    return dict(zip(CASES, zip(expected, run(COMPUTE, given), strict=True), strict=True))


def folded(net):
    return any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in net.modules())


def gradients(net):
    """Of all weights, in the order in which the engine has them: layers without a bias have a gradient there, too."""
    found = []
    for layer in net.modules():
        own = [parameter.grad for parameter in layer.parameters(recurse=False)]
        if "Transposed" in type(layer).__name__ and type(layer) is not nn.ConvTranspose2d:
            return None  # borrowed weights: one gradient of two layers
        found += own
        if isinstance(layer, nn.Linear) and layer.bias is None:
            return None
    return torch.cat([grad.reshape(-1) for grad in found]) if found else torch.zeros(0, dtype=torch.float64)


@pytest.mark.parametrize("name", CASES)
def test_as_in_pytorch(answers, name):
    expected, found = answers[name]
    for part, theirs in expected.items():
        if theirs is not None:
            ours = torch.tensor(found[part], dtype=torch.float64)
            torch.testing.assert_close(
                ours,
                theirs.detach().reshape(-1),
                rtol=TOLERANCE,
                atol=TOLERANCE,
                msg=lambda text, part=part: f"{part}: {text}",
            )


def test_every_layer_of_the_table_is_compared():
    def kinds(layers):
        return {kind for layer in layers for kind in {layer["kind"]} | kinds(layer.get("layers", []))}

    assert set().union(*(kinds(describe(net, shape)[0]) for net, shape in CASES.values())) == set(table())


@pytest.mark.parametrize(
    ("layer", "shape", "reason"),
    [
        (nn.Softplus(), (3,), "no layer for Softplus"),
        (nn.Conv2d(2, 2, 3, groups=2), (2, 4, 4), "square, and plain"),
        (nn.Conv2d(2, 2, (3, 1)), (2, 4, 4), "square, and plain"),
        (nn.Conv2d(2, 2, 3, padding="same"), (2, 4, 4), "square, and plain"),
        (nn.ConvTranspose2d(2, 2, 3, dilation=2), (2, 4, 4), "square, and plain"),
        (nn.Linear(4, 2), (3, 4), "vectors alone"),
        (nn.GELU("tanh"), (3,), "exact GELU"),
        (nn.BatchNorm1d(3), (3,), "no layer for BatchNorm1d"),
    ],
)
def test_what_the_browser_cannot_compute_is_refused(layer, shape, reason):
    with pytest.raises(NotInTheBrowser, match=reason):
        describe(layer, shape)


def test_the_modules_keep_their_own_tests():
    node("--test", JS)


def test_types_are_right():
    """As the TypeScript compiler reads them in the modules' comments, where it is installed."""
    if (tsc := shutil.which("tsc")) is None:
        pytest.skip("no tsc on this machine: npm install --global typescript")
    done = subprocess.run([tsc, "--project", JS], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("entry", [path.name for path in PANELS.glob("*.js") if path.name != "predict.js"])
def test_a_bundle_is_one_script_and_needs_no_file(entry, tmp_path):
    text = bundle(entry)
    assert "import " not in text
    file = tmp_path / "bundle.mjs"
    file.write_text(text)
    node("--check", str(file))


def test_a_bundle_keeps_modules_apart_and_says_what_it_cannot_join(tmp_path, monkeypatch):
    monkeypatch.setattr("aeutils.panels.bundle.HERE", tmp_path)
    (tmp_path / "a.js").write_text('import { f as g } from "./b.js";\nconst own = 1;\nconsole.log(own + g());\n')
    text = (
        "const own = 41;\n/** A comment. */\nexport function f() {\n  /** A cast. */ (own);\n  return own; /** */\n}\n"
    )
    (tmp_path / "b.js").write_text(text)
    (tmp_path / "c.js").write_text('import { f } from "./d.js";\nconsole.log(f);\n')
    (tmp_path / "d.js").write_text("export let f = 1;\n")
    (tmp_path / "e.js").write_text('import { f } from "./e.js";\n')
    text = bundle("a.js")
    assert "comment" not in text
    assert node("--eval", text) == "42\n"
    with pytest.raises(ValueError, match=r"d\.js: 'export let f = 1;'"):
        bundle("c.js")
    with pytest.raises(ValueError, match="circle"):
        bundle("e.js")
