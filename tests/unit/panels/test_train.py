"""`ae.train_live`: its gradients and steps are PyTorch's, the same seed gives the same run, what it refuses."""

import json
import zlib

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import aeutils as ae
from tests.tools.node import run

TOLERANCE = 1e-5

TRAINER = """
const { trainer } = await import("./live/trainer.js");
const build = ({ plan, data, settings }) => trainer(plan, Float64Array.from(data), { ...settings });
const weights = (net) => [...net.encoder.weights, ...net.decoder.weights];
"""

COMPUTE = """
answer = given.map((one) => {
  const net = build(one);
  const x = Float64Array.from(one.data);
  const n = x.length / one.plan.inputs;
  const losses = net.compute(Float64Array.from(one.noisy), x, Float64Array.from(one.epsilon), n);
  return { ...losses, weights: weights(net), gradients: [...net.encoder.gradients, ...net.decoder.gradients] };
});
"""

STEPS = """
const net = build(given);
const before = weights(net);
for (let k = 0; k < 5; k++) net.step();
answer = { before, after: weights(net) };
"""

SETTINGS = {"bottleneck": 3, "noise": 0.0, "sparsity": 0.7, "beta": 0.3, "rate": 0.01}
ONLY_TWO = {**SETTINGS, "bottleneck": 2}


@pytest.fixture(scope="module")
def images():
    return ae.load("digits8")


@pytest.fixture(scope="module")
def plane():
    return ae.load("curve")


def plan(variational=False, logits=False):
    """A small network for samples of 5 numbers with 3 units of code."""
    linear = [{"kind": "linear", "inputs": a, "outputs": b} for a, b in ((5, 4), (4, 6 if variational else 3), (3, 5))]
    encoder, decoder = [linear[0], {"kind": "relu"}, linear[1]], [linear[2]]
    if not logits:
        decoder.append({"kind": "sigmoid"})
    sizes = {"inputs": 5, "code": 3, "batch": 8, "seed": 3, "variational": variational, "logits": logits}
    return {"encoder": encoder, "decoder": decoder, **sizes}


def network(layers, weights):
    """The same layers in PyTorch; what is left of the weights."""
    built = nn.Sequential()
    for layer in layers:
        if layer["kind"] != "linear":
            built.append({"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[layer["kind"]]())
            continue
        one = nn.Linear(layer["inputs"], layer["outputs"]).double()
        for tensor in (one.weight, one.bias):
            tensor.data.copy_(weights[: tensor.numel()].view_as(tensor))
            weights = weights[tensor.numel() :]
        built.append(one)
    return built, weights


def loss(encoder, decoder, case):
    """The loss as PyTorch computes it: reconstruction, and the whole."""
    x, noisy, epsilon = (case[name] for name in ("x", "noisy", "epsilon"))
    settings, plan = case["settings"], case["plan"]
    q = settings["bottleneck"]
    answer = encoder(noisy)
    if plan["variational"]:
        mean, log_variance = answer[:, :q], answer[:, 3 : 3 + q]
        h = mean + (log_variance / 2).exp() * epsilon[:, :q]
        price = settings["beta"] * (mean**2 + log_variance.exp() - log_variance - 1).sum() / 2 / len(x)
    else:
        h = answer[:, :q]
        price = settings["sparsity"] * h.abs().sum() / len(x)
    y = decoder(F.pad(h, (0, 3 - q)))
    compare = F.binary_cross_entropy_with_logits if plan["logits"] else F.mse_loss
    reconstruction = compare(y, x, reduction="sum") / len(x)
    return reconstruction, reconstruction + price


def test_losses_and_gradients_are_those_of_pytorch():
    torch.manual_seed(0)
    kinds = [(False, False), (True, True), (True, False)]
    cases = [
        {
            **{
                name: torch.rand(6, size, dtype=torch.float64)
                for name, size in (("x", 5), ("noisy", 5), ("epsilon", 3))
            },
            "settings": settings,
            "plan": plan(*kind),
        }
        for kind in kinds
        for settings in (SETTINGS, ONLY_TWO)
    ]
    given = [
        {"data": case["x"].flatten().tolist(), "plan": case["plan"], "settings": case["settings"]}
        | {name: case[name].flatten().tolist() for name in ("noisy", "epsilon")}
        for case in cases
    ]
    for case, found in zip(cases, run(TRAINER + COMPUTE, given), strict=True):
        encoder, rest = network(case["plan"]["encoder"], torch.tensor(found["weights"], dtype=torch.float64))
        decoder, rest = network(case["plan"]["decoder"], rest)
        assert len(rest) == 0
        reconstruction, whole = loss(encoder, decoder, case)
        assert (found["reconstruction"], found["loss"]) == pytest.approx((reconstruction.item(), whole.item()))
        whole.backward()
        expected = torch.cat([p.grad.flatten() for p in (*encoder.parameters(), *decoder.parameters())])
        ours = torch.tensor(found["gradients"], dtype=torch.float64)
        assert (ours != 0).float().mean() > 0.5
        torch.testing.assert_close(ours, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_steps_are_those_of_adam():
    torch.manual_seed(0)
    x = torch.rand(8, 5, dtype=torch.float64)  # one batch
    case = {"x": x, "noisy": x, "epsilon": None, "settings": SETTINGS, "plan": plan()}
    found = run(TRAINER + STEPS, {"data": x.flatten().tolist(), "plan": case["plan"], "settings": SETTINGS})
    encoder, rest = network(case["plan"]["encoder"], torch.tensor(found["before"], dtype=torch.float64))
    decoder, _ = network(case["plan"]["decoder"], rest)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    adam = torch.optim.Adam(parameters, lr=SETTINGS["rate"])
    for _ in range(5):
        adam.zero_grad()
        loss(encoder, decoder, case)[1].backward()
        adam.step()
    after = torch.cat([p.detach().flatten() for p in parameters])
    torch.testing.assert_close(torch.tensor(found["after"], dtype=torch.float64), after, rtol=TOLERANCE, atol=TOLERANCE)


def test_what_travels_to_the_page(images, plane):
    panel = ae.train_live(images, noise=0.5)
    counts, plan = panel.spec["counts"], panel.spec["plan"]
    bytes_ = zlib.decompress(panel.data)
    assert len(bytes_) == sum(counts) * 64 + counts[1]
    first = torch.frombuffer(bytearray(bytes_[:64]), dtype=torch.uint8)
    assert (first == images.train.x[0].flatten().cpu()).all()
    assert list(bytes_[-counts[1] :]) == images.test.labels[: counts[1]].tolist()
    assert [one["outputs"] for one in plan["encoder"] if one["kind"] == "linear"] == [64, 16]
    assert {one["key"]: one["start"] for one in panel.spec["controls"]}["noise"] == 0.5
    points = ae.train_live(plane, "vae")
    first = torch.frombuffer(bytearray(zlib.decompress(points.data)[:8]), dtype=torch.float32)
    assert (first == plane.train.x[0].cpu()).all()
    assert [one["key"] for one in points.spec["controls"]] == ["bottleneck", "noise", "beta", "rate", "speed"]


def test_large_images_are_shrunk(images):
    glyphs = ae.load("glyphs", train=50, test=20)
    panel = ae.train_live(glyphs)
    assert (panel.spec["plan"]["size"], panel.spec["plan"]["inputs"]) == ([14, 14], 196)


def test_the_page_needs_neither_kernel_nor_network_and_holds_no_end_of_its_script(plane):
    html = ae.train_live(plane).html()
    assert "http" not in html
    assert html.count("</script") == 1
    assert json.loads(html[html.index("const state = ") + 14 : html.index(";\nstate.data")])["spec"]["worker"]


def test_bad_input_is_refused(images, plane):
    with pytest.raises(ValueError, match=r"points \[N, 2\] or grey images"):
        ae.train_live(ae.load("noise"))
    with pytest.raises(ValueError, match="model is 'gan'; expected one of ae, vae"):
        ae.train_live(plane, "gan")
    with pytest.raises(ValueError, match="bottleneck is 3; expected a whole number, from 1 to 2"):
        ae.train_live(plane, bottleneck=3)
    with pytest.raises(ValueError, match=r"noise is 9\.0; expected a number from 0 to 1"):
        ae.train_live(images, noise=9.0)
    with pytest.raises(ValueError, match="hidden"):
        ae.train_live(images, hidden=(0,))
    with pytest.raises(ValueError, match="seed"):
        ae.train_live(images, seed=-1)


LESSON = """
const { trainer } = await import("./live/trainer.js");
const [data, test] = [given.train, given.test].map((values) => Float64Array.from(values));
const net = trainer(given.plan, data, { bottleneck: 2, noise: 0, sparsity: 0, beta: 1, rate: 0.003 });
const until = (steps) => { while (net.steps() < steps) net.step(); };
const look = () => ({ codes: [...net.encode(test)], images: [...net.decode(net.encode(test))] });
const seen = [0, 30, 1500, 1550].map((steps) => { until(steps); return look(); });
net.settings.bottleneck = 16;
seen.push(look());
until(1600);
answer = [...seen, look()];
"""


@pytest.mark.parametrize("seed", range(2))
def test_what_the_lecture_says_of_it(seed):
    panel = ae.train_live(ae.load("glyphs"), seed=seed)
    (n, m), plan = panel.spec["counts"], panel.spec["plan"]
    values = torch.frombuffer(bytearray(zlib.decompress(panel.data)), dtype=torch.uint8)
    train, test, labels = values[: n * 196] / 255, values[n * 196 : (n + m) * 196] / 255, values[(n + m) * 196 :]
    found = run(LESSON, {"train": train.tolist(), "test": test.tolist(), "plan": plan})
    test, mean = test.view(m, 196), train.view(n, 196).mean(0)
    images = [torch.tensor(one["images"]).view(m, 196) for one in found]
    begin, early, two, later, opened, sixteen = ((one - test).square().sum(1).mean().item() for one in images)
    away = [(one - mean).square().sum(1).mean().item() for one in images]  # from the mean image
    assert images[0].std(0).max() < 0.1  # the same grey for all
    assert away[1] < 0.1 * away[0]
    assert away[1] < 0.5 * away[2]
    assert two < 0.9 * early < 0.9 * begin
    assert opened > later  # the new units have learned nothing
    assert sixteen < 0.9 * later
    assert abs(later - two) < 0.05 * two  # without them it had learned what it could
    same = []
    for codes in (torch.tensor(one["codes"]).view(m, 16)[:, :2] for one in found[:3:2]):
        apart = torch.cdist(codes, codes).fill_diagonal_(torch.inf)
        same.append((labels[apart.argmin(1)] == labels).float().mean().item())
    assert same[1] > 1.3 * same[0]  # the nearest is of the same class
