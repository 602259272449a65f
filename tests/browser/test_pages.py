"""Panels on pages without a kernel and without a network, in a real browser: exported notebooks."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from nbconvert import HTMLExporter

import aeutils as ae
from aeutils.bench import latency
from tests.tools import browser
from tests.tools.notebooks import LECTURES, read

PAGE = "<!doctype html><meta charset='utf-8'><body>{}</body>"
CODES = 100
SCRIPT = "mount(document.getElementById("  # of a panel that needs no kernel

# Runs in the page: moves the panel to each code, and reads the grey levels off its canvas.
DECODE = """codes => codes.map(code => {
    window.panel.move(code);
    const {data} = document.querySelector("canvas").getContext("2d").getImageData(0, 0, 28, 28);
    return [...data].filter((_, k) => k % 4 === 0);
})"""


@pytest.fixture(scope="module")
def data():
    return ae.load("glyphs", train=2000, test=500)


def trained(model, data):
    ae.fit(model, data.train, epochs=1, show=False)
    return model


@pytest.fixture
def opened_file(chromium):
    """A function: opens a file with the network off. Afterwards no script may have failed."""
    pages = []

    def open_file(file, **options):
        context = chromium.new_context(offline=True, viewport={"width": 1000, "height": 800}, **options)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.add_init_script(latency.WATCH)
        failures = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(file.as_uri())
        pages.append((page, failures))
        return page

    yield open_file
    for page, failures in pages:
        page.close()
        assert failures == []


@pytest.fixture
def opened(opened_file, tmp_path):
    """A function: writes panels into a file and opens it; the page's `panel` is the last of them."""

    def open_panels(*panels, **options):
        file = tmp_path / "page.html"
        html = "".join(panel.html() for panel in panels)
        file.write_text(PAGE.format(html.replace("mount(document", "window.panel = await mount(document")))
        return opened_file(file, **options)

    return open_panels


def panels(page, count):
    roots = page.locator(".aeutils-panel")
    assert roots.count() == count
    for root in roots.all():
        root.locator("canvas").first.wait_for()
    return [browser.Panel(page, root) for root in roots.all()]


ACTIVATIONS = (torch.nn.ReLU, torch.nn.GELU, torch.nn.SiLU, torch.nn.Tanh, torch.nn.Sigmoid)
MODELS = {
    **{kind.__name__: lambda kind=kind: ae.Dense(latent_dim=3, hidden=(32,), activation=kind) for kind in ACTIVATIONS},
    "VAE": lambda: ae.VAE(latent_dim=2, hidden=(256,)),
    "transposed convolutions": lambda: ae.Conv(latent_dim=4, channels=(8, 16)),
    "linear output": lambda: ae.Dense(latent_dim=2, hidden=(16,), output="linear"),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_browser_decodes_what_pytorch_decodes(opened, data, name):
    """To one grey level on at least 783 of 784 pixels, at 100 random codes."""
    torch.manual_seed(0)
    model = trained(MODELS[name](), data)
    panel = ae.explore(model, data)
    assert panel.spec["source"]["kind"] == "decoder"
    page = opened(panel)
    panels(page, 1)
    controls = panel.spec["controls"]
    low, high = (torch.tensor([one[end] for one in controls]) for end in ("low", "high"))
    codes = low + (high - low) * torch.rand(CODES, len(controls), generator=torch.Generator().manual_seed(1))
    found = np.array(page.evaluate(DECODE, codes.tolist()))
    with torch.no_grad():
        expected = (model.decode(codes).clamp(0, 1) * 255).round().flatten(1).numpy()
    assert expected.std() > 5  # not blank
    assert (np.abs(found - expected) <= 1).sum(1).min() >= 783


@pytest.fixture(scope="module")
def vae(data):
    torch.manual_seed(0)
    return trained(ae.VAE(latent_dim=3, hidden=(256,)), data)


def test_mouse_and_keys_move_every_kind_of_panel(opened, data, vae):
    frames = {"a": data.test.x[:11], "b": data.test.x[11:22]}
    page = opened(
        ae.explore(vae, data),
        ae.explore(vae, data, dims=(2, 0), background="images"),
        ae.film(frames, [k / 10 for k in range(11)], "A film"),
        ae.draw(vae, data),
        ae.draw(vae, data, noise=0.5),
    )
    for panel in panels(page, 5):
        for slider in panel.sliders():
            for move in (panel.drag, lambda slider, panel=panel: panel.press(slider, 3)):
                value, pixels = browser.value(slider), panel.pixels()
                assert len(move(slider)) >= 3
                assert browser.value(slider) != value
                assert panel.pixels() != pixels


def test_the_films_frame_is_the_sliders(opened, data):
    frames = {"a": data.test.x[:5], "b": data.test.x[5:10]}
    page = opened(ae.film(frames, [0, 2, 4, 6, 8], "A film"))
    (panel,) = panels(page, 1)
    (slider,) = panel.sliders()
    slider.press("End")
    slider.press("ArrowLeft")
    assert browser.value(slider) == "6"
    for canvas, images in zip(panel.root.locator("canvas").all(), frames.values(), strict=True):
        pixels = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]")
        assert pixels[::4] == images[3].flatten().tolist()


def test_a_pad_is_dragged_by_touch(opened, data, vae):
    page = opened(ae.explore(vae, data), has_touch=True)
    (panel,) = panels(page, 1)
    pad, before = panel.sliders()[0], panel.pixels()
    box = pad.bounding_box()
    page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    mark = pad.locator(".mark").bounding_box()
    assert mark["x"] + mark["width"] / 2 == pytest.approx(box["x"] + 0.8 * box["width"], abs=1.5)
    assert mark["y"] + mark["height"] / 2 == pytest.approx(box["y"] + 0.3 * box["height"], abs=1.5)
    assert panel.pixels() != before
    assert pad.evaluate("pad => getComputedStyle(pad).touchAction") == "none"  # a finger drags, and does not scroll


def test_arrow_keys_move_the_point_one_hundredth_and_with_shift_a_tenth(opened, data, vae):
    panel = ae.explore(vae, data)
    page = opened(panel)
    pad = panels(page, 1)[0].sliders()[0]
    x, y, _ = panel.spec["controls"]
    for keys, control, moved in (("ArrowRight", x, 0.01), ("Shift+ArrowLeft", x, -0.1), ("ArrowUp", y, 0.01)):
        before = browser.value(pad)
        pad.press(keys)
        change = np.subtract(
            *([float(part.split()[1]) for part in v.split(", ")] for v in (browser.value(pad), before))
        )
        expected = moved * (control["high"] - control["low"])
        assert change[0 if control is x else 1] == pytest.approx(expected, abs=0.011)  # two decimals are shown
        assert change[1 if control is x else 0] == 0


def test_without_scripts_there_is_a_picture(opened, data, vae):
    page = opened(ae.explore(vae, data), java_script_enabled=False)
    image = page.locator(".aeutils-panel img")
    assert image.count() == 1
    assert image.bounding_box()["width"] > 500
    assert page.locator("canvas").count() == 0


def brings_panels_to_life(path):
    return any(SCRIPT in output.get("data", {}).get("text/html", "") for output in read(path).outputs)


@pytest.mark.parametrize("path", [path for path in LECTURES if brings_panels_to_life(path)], ids=lambda path: path.stem)
def test_an_exported_lecture_moves_without_kernel_and_network(opened_file, path, tmp_path):
    """The stored notebook through `jupyter nbconvert --to html`: the explorer decodes, the film runs."""
    html, _ = HTMLExporter().from_filename(str(path))
    file = tmp_path / "lecture.html"
    file.write_text(html)
    page = opened_file(file)
    alive = [root for root in page.locator(".aeutils-panel").all() if root.locator("canvas").count()]
    assert len(alive) == html.count(SCRIPT)
    for root in alive:
        panel = browser.Panel(page, root)
        moves = [partial(panel.drag, slider) for slider in panel.sliders()]
        for move in [panel.step_button().click] if panel.trains() else moves:
            before = panel.pixels()
            move()
            assert panel.pixels() != before


def test_the_bench_drags_the_explorer(chromium):
    with ThreadPoolExecutor(1) as thread:  # playwright allows one browser a thread
        found = thread.submit(latency.explorer).result()
    assert found["median_ms"] < 20
    assert found["per_second"] > 10
