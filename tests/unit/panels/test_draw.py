"""`ae.draw`: a drawing in the form of MNIST, the page's numbers beside PyTorch's, what travels, what it refuses."""

import zlib
from itertools import pairwise

import numpy as np
import pytest
import torch

import aeutils as ae
from aeutils.data.base import DataSet, Split
from aeutils.panels.precision import BLOCK, fewest_bits, pack, rounded
from tests.tools.node import run

NORMALIZE = """
const { normalize } = await import("./pad/normalize.js");
answer = given.map(({ ink, width, form }) => Array.from(normalize(Float32Array.from(ink), width, form)));
"""

LOOK = """
const { DAMAGE } = await import("./pad/damage.js");
const { model } = await import("./pad/model.js");
const { unpack } = await import("./parts/bytes.js");
answer = given.map(({ spec, data, images, settings }) => {
  const { values } = unpack(Uint8Array.from(data), spec.runs);
  const net = model(spec.plan, values, 2);
  const damage = DAMAGE[spec.damage](spec.form.side);
  return images.map((image) => {
    const { input, answer } = damage(Float64Array.from(image), settings);
    const { code, deviations } = net.encode(input);
    const twice = net.decode(Float64Array.from([...code, ...code]), 2);
    const decoded = [...answer(twice.slice(twice.length / 2))];
    return { input: [...input], code: [...code], deviations: deviations && [...deviations], decoded };
  });
});
"""

SAID = """
const { said } = await import("./pad/spread.js");
answer = given.errors.map((error) => said(error, given.quantiles));
"""

UNPACK = """
const { unpack } = await import("./parts/bytes.js");
const found = given.map(({ data, runs }) => unpack(Uint8Array.from(data), runs));
answer = found.map(({ values, used }) => ({ values: [...values], used }));
"""

MNIST = {"side": 28, "box": 20}


@pytest.fixture(scope="module")
def data():
    return ae.load("digits8")


@pytest.fixture(scope="module")
def dense():
    torch.manual_seed(0)
    return ae.Dense((1, 8, 8), 3, hidden=(24,))


def scribble(seed, width=140, height=140):
    """A thick line through random points, [height, width] in [0, 1], with soft edges."""
    random = np.random.default_rng(seed)
    low, high = np.sort(random.uniform(10, 130, (2, 2)), axis=0)
    points = random.uniform(low, high + 1, (5, 2))
    y, x = np.mgrid[:height, :width]
    away = np.full((height, width), np.inf)
    for (ax, ay), (bx, by) in pairwise(points):
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        along = along.clip(0, 1)
        away = np.minimum(away, np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)))
    return (6 - away).clip(0, 1).astype(np.float32)


def by_python(ink, side, box):
    """The same in another way: differences of sums over the ink, which are areas."""
    rows, columns = (np.flatnonzero(ink.any(axis)) for axis in (1, 0))
    if len(rows) == 0:
        return np.zeros((side, side))
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(float)
    scale = box / max(cut.shape)
    for axis in (0, 1):
        sums = np.insert(cut.cumsum(axis), 0, 0, axis=axis)
        edges = (np.arange(np.ceil(cut.shape[axis] * scale - 1e-9) + 1) / scale).clip(0, cut.shape[axis])
        at = np.apply_along_axis(lambda line, edges=edges: np.interp(edges, np.arange(len(line)), line), axis, sums)
        cut = np.diff(at, axis=axis) * scale
    wanted = [np.ceil(side / 2 - at - 0.5 - 1e-6) for at in centre(cut)]
    top, left = (int(np.clip(at, 0, side - size)) for at, size in zip(wanted, cut.shape, strict=True))
    image = np.zeros((side, side))
    image[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
    return image


def normalized(inks, form=MNIST):
    given = [{"ink": ink.flatten().tolist(), "width": ink.shape[1], "form": form} for ink in inks]
    return [np.array(one).reshape(form["side"], form["side"]) for one in run(NORMALIZE, given)]


def centre(image):
    """Row and column of the centre of mass."""
    return [(np.arange(image.shape[axis]) * image.sum(1 - axis)).sum() / image.sum() for axis in (0, 1)]


def test_drawings_get_the_form_of_mnist():
    inks = [scribble(seed) for seed in range(12)]
    for ink, image in zip(inks, normalized(inks), strict=True):
        np.testing.assert_allclose(image, by_python(ink, **MNIST), atol=1e-6)
        assert image.min() >= 0
        assert image.max() <= 1 + 1e-6
        lengths = [np.flatnonzero(image.any(axis))[[0, -1]] @ [-1, 1] + 1 for axis in (0, 1)]
        assert max(lengths) == 20
        assert abs(np.array(centre(image)) - 14).max() <= 0.5 + 1e-5  # as in MNIST: 14.0, from 13.5 to 14.5


def test_extreme_drawings():
    none = np.zeros((140, 140), np.float32)
    dot, line, heavy = none.copy(), none.copy(), none.copy()
    dot[60:63, 70:73] = 1
    line[20, 10:130] = 1
    heavy[100:120, 40:100] = 1  # nearly all of its mass is at the lower end
    heavy[10:100, 69:71] = 1
    images = normalized([none, dot, line, heavy])
    for ink, image in zip([none, dot, line, heavy], images, strict=True):
        np.testing.assert_allclose(image, by_python(ink, **MNIST), atol=1e-6)
    assert images[0].sum() == 0
    assert images[1].sum() == pytest.approx(400)  # a dot fills the box
    assert images[2].sum(0).astype(bool).sum() == 20
    ink = [heavy.sum() * (20 / 110) ** 2, images[3].sum()]
    assert ink[1] == pytest.approx(ink[0])  # none of it is lost at the border


def test_what_has_the_form_already_stays_as_it_is():
    images = normalized([scribble(seed) for seed in range(8)])
    again = normalized([image.astype(np.float32).repeat(5, 0).repeat(5, 1) for image in images])
    np.testing.assert_allclose(again, images, atol=1e-6)


def test_the_box_is_that_of_the_data(data, dense):
    assert ae.draw(dense, data).spec["form"] == {"side": 8, "box": 8}
    images = torch.zeros(6, 1, 8, 8, dtype=torch.uint8)
    images[:5, :, 2:7, 3:5] = 255  # the sixth is black
    small = DataSet("bars", "drawn", ("bar",), *[Split(images, torch.zeros(6, dtype=torch.long))] * 2)
    assert ae.draw(dense, small).spec["form"]["box"] == 5


def page(panel, images, **settings):
    """What the page makes of images [N, 1, 8, 8]."""
    numbers = [image.flatten().tolist() for image in images]
    given = {"spec": panel.spec, "data": list(zlib.decompress(panel.data)), "images": numbers, "settings": settings}
    (found,) = run(LOOK, [given])
    return {name: torch.tensor([one[name] for one in found]) for name in found[0] if found[0][name] is not None}


@pytest.mark.parametrize("kind", ["dense", "conv", "vae", "noise"])
def test_the_page_computes_what_pytorch_does(kind, data, dense):
    torch.manual_seed(1)
    makers = {"dense": lambda: dense, "conv": lambda: ae.Conv((1, 8, 8), 2, channels=(4, 8))}
    makers |= {"vae": lambda: ae.VAE((1, 8, 8), 4, hidden=(24,)), "noise": lambda: ae.Denoising((1, 8, 8), 4, 4)}
    model = makers[kind]()
    x = ae.as_float(data.test.x[:3]).cpu()
    panel = ae.draw(model, data, **({"noise": 0.5} if kind == "noise" else {}))
    found = page(panel, x, noise=0.3)
    seen = found["input"].view(3, 1, 8, 8)
    assert (0.1 < (seen - x).std() < 0.5) if kind == "noise" else torch.allclose(seen, x)
    with torch.no_grad():
        expected = model.encode(seen)
        torch.testing.assert_close(found["code"], expected.flatten(1), rtol=0.02, atol=0.02)
        torch.testing.assert_close(found["decoded"], model.decode(expected).flatten(1), rtol=0.01, atol=0.01)
        if kind == "vae":
            deviations = (model.posterior(seen)[1] / 2).exp()
            torch.testing.assert_close(found["deviations"], deviations, rtol=0.02, atol=0.02)


def test_the_page_fills_holes_as_pytorch_does(data):
    torch.manual_seed(1)
    model = ae.Context((1, 8, 8), 4, channels=4)
    panel = ae.draw(model, data, hole=3)
    x = ae.as_float(data.test.x[:3]).cpu()
    found = page(panel, x, row=3, column=7, size=3)["decoded"].view(3, 1, 8, 8)
    hole = ae.masks.rectangle(x, 2, 6, 3, 2)  # one column of it is beyond the border
    with torch.no_grad():
        expected = model(x, hole)
    assert not torch.allclose(expected, x, atol=0.1)
    torch.testing.assert_close(found, expected, rtol=0.01, atol=0.01)
    controls = [(one["key"], one["high"], one["start"]) for one in panel.spec["controls"][1:]]
    assert controls == [("row", 7, 4), ("column", 7, 4), ("size", 7, 3)]


def test_an_error_is_told_among_those_of_test_images(data, dense):
    (quantiles,) = ae.draw(dense, data).spec["errors"]
    errors = ae.error_per_sample(dense, data.test.take(1000)).cpu()
    wanted = [errors.min() - 1, errors.median(), errors.quantile(0.805), errors.max() + 1]
    script = (
        'const { said } = await import("./pad/spread.js"); answer = given.errors.map((e) => said(e, given.quantiles));'
    )
    words = run(script, {"errors": [one.item() for one in wanted], "quantiles": quantiles})
    assert words[0].endswith("smaller than that of every test image")
    assert words[1].endswith("larger than that of 50% of the test images")
    assert words[2].endswith(("80% of the test images", "81% of the test images"))
    assert words[3].endswith("larger than that of every test image")


def test_more_noise_more_error(data):
    axes, mean = ae.PCA.fit(data.train, 8).weight, ae.as_float(data.train.x).mean(0).flatten()
    model = ae.Dense((1, 8, 8), 8, hidden=(), output="linear")  # the projection on the principal axes
    for layer, weight, bias in ((model.encoder[1], axes, -axes @ mean), (model.decoder[0], axes.T, mean)):
        layer.weight.data, layer.bias.data = weight.contiguous(), bias
    levels = ae.draw(model, data, noise=0.5).spec["errors"]
    assert len(levels) == 11
    medians = [quantiles[50] for quantiles in levels]
    assert medians == sorted(medians)
    assert medians[10] > 2 * medians[0]


def test_weights_travel_in_few_bits(data, dense):
    torch.manual_seed(0)
    tensors = [torch.randn(7), torch.randn(30, 5), torch.randn(3, 2, 11) * 1e-3, torch.zeros(70), torch.randn(4)]
    whole = torch.cat([tensor.flatten() for tensor in tensors])
    all_packed = [pack(tensors, [bits] * 5) for bits in (8, 16, 32)]
    found = run(UNPACK, [{"data": list(packed), "runs": runs} for packed, runs in all_packed])
    for one, (packed, _), expected in zip(
        found, all_packed, (rounded(whole, 8), rounded(whole, 16), whole), strict=True
    ):
        assert one["used"] == len(packed)
        torch.testing.assert_close(torch.tensor(one["values"]), expected, rtol=0, atol=0)
    packed, runs = pack(tensors, [8, 8, 16, 32, 32])
    assert runs == [[157, 8], [66, 16], [74, 32]]
    assert len(packed) == 157 + 2 * -(-157 // BLOCK) + 2 * 66 + 4 * 74
    bits = fewest_bits(dense, list(dense.parameters()), ae.as_float(data.test.x[:50]))
    assert bits == [8, 16, 16, 16, 16, 16, 8, 16]


def test_weights_that_need_more_bits_get_them(data):
    torch.manual_seed(0)
    model = ae.Dense((1, 8, 8), 2, hidden=(24,))
    with torch.no_grad():
        model.encoder[1].weight[:, 0] *= 1e3  # in 8 bits nothing of its neighbours is left
        model.encoder[1].weight[:, 1] *= 3e-3
        model.decoder[-2].weight *= 200
    bits = fewest_bits(model, list(model.parameters()), ae.as_float(data.test.x[:50]))
    assert bits[0] > 8


def test_what_travels_to_the_page(data, dense):
    panel = ae.draw(dense, data)
    spec, data_bytes = panel.spec, zlib.decompress(panel.data)
    points, images = spec["counts"]
    assert points == min(500, len(data.test))
    weights = sum({8: n + 2 * -(-n // BLOCK), 16: 2 * n, 32: 4 * n}[bits] for n, bits in spec["runs"])
    assert len(data_bytes) == weights + 3 * points + 64 * images
    labels = data_bytes[weights + 2 * points : weights + 3 * points]
    assert list(labels) == data.test.labels[:points].tolist()
    names = spec["controls"][0]["names"]
    assert names[0] == "your drawing"
    assert names[1:3] == [f"test image, {data.classes[0]}"] * 2
    assert len(names) == images + 1 == 21
    assert sorted(name for *_, name in spec["map"]["names"]) == sorted(data.classes)


def test_the_map_of_two_numbers_is_theirs_and_of_more_the_plane_of_most_variance(data, dense):
    torch.manual_seed(0)
    flat = ae.draw(ae.Dense((1, 8, 8), 2, hidden=(8,)), data).spec["map"]
    assert (flat["project"], flat["centre"]) == ([[1, 0], [0, 1]], [0, 0])
    plane = ae.draw(dense, data).spec["map"]
    codes = ae.encode(dense, data.test.take(500)).cpu()
    spread = ((codes - torch.tensor(plane["centre"])) @ torch.tensor(plane["project"]).T).var(0)
    largest = torch.linalg.eigvalsh(torch.cov(codes.T)).flip(0)[:2]
    torch.testing.assert_close(spread, largest, rtol=1e-3, atol=1e-5)
    assert ae.draw(ae.Denoising((1, 8, 8), 4, 4), data, noise=0.2).spec["map"] is None


def test_data_without_classes_have_a_map_without_colours(data, dense):
    points = Split(data.test.x, torch.zeros(len(data.test), 2, dtype=torch.long))
    panel = ae.draw(dense, DataSet("plain", "drawn", ("a", "b"), points, points))
    assert (panel.spec["map"]["colours"], panel.spec["map"]["names"]) == ([], [])
    assert panel.spec["controls"][0]["names"][1] == "test image 1"


def test_the_page_needs_neither_kernel_nor_network(data, dense):
    html = ae.draw(dense, data).html()
    assert "http" not in html
    assert html.count("</script") == 1


class Own(ae.Dense):
    def encode(self, x):
        return super().encode(x) + 1


def test_bad_input_is_refused(data, dense):
    with pytest.raises(ValueError, match=r"square grey image, \[1, side, side\]; curve has samples \[2\]"):
        ae.draw(dense, ae.load("curve"))
    with pytest.raises(ValueError, match=r"takes samples \[1, 28, 28\]; those of digits8 are \[1, 8, 8\]"):
        ae.draw(ae.Dense(latent_dim=2, hidden=(4,)), data)
    with pytest.raises(ValueError, match="Own has its own encode"):
        ae.draw(Own((1, 8, 8), 2, hidden=(4,)), data)
    with pytest.raises(ValueError, match=r"cannot compute this Dense: the browser has no layer for Softplus"):
        ae.draw(ae.Dense((1, 8, 8), 2, hidden=(4,), activation=torch.nn.Softplus), data)
    with pytest.raises(ValueError, match=r"hole is for an ae\.Context"):
        ae.draw(dense, data, hole=3)
    with pytest.raises(ValueError, match="noise is for a denoiser"):
        ae.draw(ae.Context((1, 8, 8), 4, channels=4), data, noise=0.3)
    with pytest.raises(ValueError, match="hole is 8; expected a whole number, from 1 to 7"):
        ae.draw(ae.Context((1, 8, 8), 4, channels=4), data, hole=8)
    with pytest.raises(ValueError, match="noise"):
        ae.draw(dense, data, noise=2.0)
    torch.manual_seed(0)
    broken = ae.Dense((1, 8, 8), 2, hidden=(4,))
    broken.encoder[1].weight.data.fill_(torch.nan)
    with pytest.raises(ValueError, match="not finite; train it again"):
        ae.draw(broken, data)
