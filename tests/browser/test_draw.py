"""A learner draws in the page, without kernel and network; code and reconstruction follow, thirty times a second."""

import json
import math

import pytest
import torch

import aeutils as ae
from aeutils.panels import embedded
from tests.tools import browser

PICTURES = ("the network sees", "reconstruction")
MAP = "map of the codes"
BRIGHT = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .reduce((sum, value, k) => sum + (k % 4 ? 0 : value), 0)"""


@pytest.fixture(scope="module")
def panels():
    data = ae.load("glyphs", train=2000, test=300)
    torch.manual_seed(0)
    vae, filler = ae.VAE(latent_dim=2, hidden=(64,)), ae.Context(channels=4, latent_dim=8)
    ae.fit(vae, data.train, epochs=2, show=False)
    denoiser = ae.Denoising(latent_dim=4, channels=4)
    embedded.EMBED_LIMIT, limit = 3_000_000, embedded.EMBED_LIMIT  # the lab's network, too, in one page
    found = {
        "vae": ae.draw(vae, data).html(),
        "noise": ae.draw(denoiser, data, noise=0.5).html(),
        "hole": ae.draw(filler, data).html(),
        "dense": ae.draw(ae.Dense(), data).html(),
    }
    embedded.EMBED_LIMIT = limit
    return found


@pytest.fixture
def shown(alive, panels):
    """A function: opens a page with one of the panels, by name, and waits until it is alive."""
    return lambda name, width=1200, scheme="light": alive(panels[name], "[data-drawings]", width, scheme)


def drawings(page):
    return int(page.locator(".draw").get_attribute("data-drawings"))


def settled(page):
    """Waits until everything that was asked for is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def draw_circle(page, steps=30):
    """A circle around the middle of the board, by mouse."""
    box = page.locator(".board canvas").bounding_box()
    for k in range(steps + 1):
        angle = 2 * math.pi * k / steps
        x, y = box["width"] * (0.5 + 0.25 * math.cos(angle)), box["height"] * (0.5 + 0.35 * math.sin(angle))
        page.mouse.move(box["x"] + x, box["y"] + y)
        if k == 0:
            page.mouse.down()
    page.mouse.up()
    settled(page)


def picture(page, label):
    """The pixels of one canvas, by the beginning of its alternative text."""
    return page.locator(f"canvas[aria-label^='{label}']").evaluate("canvas => canvas.toDataURL()")


def all_of_it(page):
    return [picture(page, label) for label in (*PICTURES, MAP)] + [page.locator(".verdict").inner_text()]


def bright(page, label):
    """The sum of the grey levels of a canvas."""
    return page.locator(f"canvas[aria-label^='{label}']").evaluate(BRIGHT)


def test_a_stroke_changes_code_reconstruction_and_error_and_clearing_takes_it_away(shown):
    page = shown("vae")
    press(page, "Clear")
    assert browser.value(page.get_by_label("on the board", exact=True)) == "your drawing"
    assert bright(page, PICTURES[0]) == 0
    empty = all_of_it(page)
    draw_circle(page)
    drawn = all_of_it(page)
    assert all(one != other for one, other in zip(drawn, empty, strict=True))
    assert bright(page, PICTURES[0]) > 10 * 255
    press(page, "Clear")
    assert all_of_it(page) == empty
    press(page, "Undo")
    assert all_of_it(page) == drawn
    press(page, "Undo")
    assert all_of_it(page) == empty


def test_tools_alter_the_drawing_and_the_eraser_takes_ink_away(shown):
    page = shown("vae")
    before = picture(page, PICTURES[0])
    press(page, "Mirror")
    mirrored = picture(page, PICTURES[0])
    assert mirrored != before
    press(page, "Turn")
    assert picture(page, PICTURES[0]) != mirrored
    press(page, "Clear")
    draw_circle(page)
    whole = bright(page, "board")
    press(page, "Eraser")
    assert page.get_by_role("button", name="Eraser").get_attribute("aria-pressed") == "true"
    draw_circle(page)
    assert bright(page, "board") < 0.1 * whole


def test_every_test_image_is_seen_as_it_is_and_keys_alter_it(shown):
    page = shown("vae")
    slider = page.get_by_label("on the board", exact=True)
    seen = {picture(page, PICTURES[0])}
    for _ in range(5):
        slider.press("ArrowRight")
        settled(page)
        seen.add(picture(page, PICTURES[0]))
    assert len(seen) == 6
    before = all_of_it(page)
    board = page.locator(".board canvas")
    board.focus()
    board.press("ArrowUp")
    settled(page)
    assert all_of_it(page) == before  # the pen is not lowered yet
    assert page.locator(".pen").is_visible()
    for key in [" ", *["ArrowRight"] * 8, *["ArrowUp"] * 8]:
        board.press(key)
    settled(page)
    assert all(one != other for one, other in zip(all_of_it(page), before, strict=True))


def test_a_finger_draws(shown):
    page = shown("vae")
    press(page, "Clear")
    board = page.locator(".board canvas")
    box = board.bounding_box()
    for kind, share in (("pointerdown", 0.3), ("pointermove", 0.5), ("pointermove", 0.7), ("pointerup", 0.7)):
        at = {"clientX": box["x"] + share * box["width"], "clientY": box["y"] + share * box["height"]}
        script = "([canvas, kind, at]) => canvas.dispatchEvent(new PointerEvent(kind, at))"
        page.evaluate(
            "canvas => { canvas.setPointerCapture = () => {}; canvas.hasPointerCapture = () => true; }",
            board.element_handle(),
        )
        page.evaluate(script, [board.element_handle(), kind, {**at, "pointerId": 7, "pointerType": "touch"}])
    settled(page)
    assert bright(page, PICTURES[0]) > 10 * 255
    assert board.evaluate("canvas => getComputedStyle(canvas).touchAction") == "none"  # the page does not scroll


def test_between_two_drawings(shown):
    page = shown("vae")
    row = "from the drawing that you kept"
    assert page.locator(f"canvas[aria-label^='{row}']").is_hidden()
    press(page, "Keep")
    same = picture(page, row)
    page.get_by_label("on the board", exact=True).press("End")
    settled(page)
    assert picture(page, row) != same


@pytest.mark.parametrize(
    ("name", "sliders"), [("noise", ["noise"]), ("hole", ["hole, row", "hole, column", "hole, size"])]
)
def test_noise_and_holes_over_the_drawing(shown, name, sliders):
    page = shown(name)
    press(page, "Clear")
    draw_circle(page)
    for slider in sliders:
        before = page.locator(".draw").evaluate(browser.PIXELS)
        page.get_by_label(slider, exact=True).press("ArrowRight")
        settled(page)
        assert page.locator(".draw").evaluate(browser.PIXELS) != before


@pytest.mark.parametrize("name", ["vae", "noise", "hole"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone(shown, name, scheme):
    page = shown(name, width=390, scheme=scheme)
    if name == "vae":
        press(page, "Keep")
    draw_circle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = "all => all.filter(one => one.getBoundingClientRect().height < 24).length"
    assert page.locator(".draw button, .draw input").evaluate_all(small) == 0
    assert page.locator("canvas:not([aria-label]), canvas[aria-label='']").count() == 0


# How long the page takes for a drawing: strokes one after the other, each as soon as the last one's pictures are there.
RACE = """(seconds) => new Promise((done) => {
    const [root, canvas] = [document.querySelector(".draw"), document.querySelector(".board canvas")];
    canvas.setPointerCapture = () => {};
    canvas.hasPointerCapture = () => true;
    const { left, top, width } = canvas.getBoundingClientRect();
    const along = (k, wave) => width * (0.5 + 0.35 * Math.sin(k / wave));
    const at = (k) => ({ pointerId: 1, clientX: left + along(k, 9), clientY: top + along(k, 7) });
    const [start, first] = [performance.now(), Number(root.dataset.drawings)];
    canvas.dispatchEvent(new PointerEvent("pointerdown", at(0)));
    let k = 0;
    const next = () => {
        const now = performance.now();
        if (now - start > 1000 * seconds) done((Number(root.dataset.drawings) - first) / (now - start) * 1000);
        else {
            canvas.dispatchEvent(new PointerEvent("pointermove", at(++k)));
            requestAnimationFrame(next);
        }
    };
    next();
})"""


def test_thirty_pictures_a_second(shown, tmp_path):
    found = {}
    for name in ("dense", "vae", "noise", "hole"):
        page = shown(name)
        page.evaluate(RACE, 0.5)
        found[name] = round(page.evaluate(RACE, 2), 1)
    (browser.folder_for("AEUTILS_REPORT_DIR", tmp_path) / "draw.json").write_text(json.dumps(found, indent=1))
    assert min(found.values()) > 30, found


def test_without_scripts_there_is_a_picture(chromium, panels, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(panels["vae"])
    page = chromium.new_context(offline=True, java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator("img").evaluate("image => image.naturalWidth") > 250
    page.context.close()
