"""Training in the page, without kernel and network: it plays, pauses, obeys its sliders, and is fast."""

import json

import pytest

import aeutils as ae
from tests.tools import browser

CALM = 15  # milliseconds that a page may be busy at a stretch; a picture every 33 leaves room for a drag


@pytest.fixture(scope="module")
def panels():
    images = ae.load("glyphs", train=1000, test=200)
    plane = ae.load("curve")
    return {
        "images": ae.train_live(images),
        "points": ae.train_live(plane),
        "ellipses": ae.train_live(plane, "vae"),
        "pictures": ae.train_live(images, "vae"),
    }


@pytest.fixture
def shown(alive, panels):
    """A function: opens a page with one of the panels, by name, and waits until it is alive."""
    return lambda name, width=1400, scheme="light": alive(panels[name].html(), "[data-steps='0']", width, scheme)


def steps(page):
    return int(page.locator(".train").get_attribute("data-steps"))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_for_steps(page, count):
    page.wait_for_function("count => Number(document.querySelector('.train').dataset.steps) >= count", arg=count)


def pictures(page):
    return page.locator(".train").evaluate(browser.PIXELS)


def test_step_start_again_and_the_same_again(shown):
    page = shown("points")
    before = pictures(page)
    for count in (1, 2, 3):
        press(page, "Step")
        wait_for_steps(page, count)
    after = pictures(page)
    assert after != before
    press(page, "Start again")
    page.locator("[data-steps='0']").wait_for()
    assert pictures(page) == before
    for count in (1, 2, 3):
        press(page, "Step")
        wait_for_steps(page, count)
    assert pictures(page) == after  # the same seed, the same run


@pytest.mark.parametrize("name", ["images", "points", "ellipses", "pictures"])
def test_play_pause_and_every_slider_while_it_trains(shown, name):
    page = shown(name, width=390, scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_label("speed").press("End")
    press(page, "Play")
    for slider in page.get_by_role("slider").all():
        seen = steps(page)
        value = browser.value(slider)
        slider.press("ArrowRight")
        if browser.value(slider) == value:
            slider.press("ArrowLeft")
        assert browser.value(slider) != value
        wait_for_steps(page, seen + 1)
    press(page, "Pause")
    page.wait_for_timeout(100)  # the last picture is under way
    seen, still = steps(page), pictures(page)
    page.wait_for_timeout(200)
    assert (steps(page), pictures(page)) == (seen, still)
    error = page.locator(".progress").inner_text()
    assert "NaN" not in error
    small = "all => all.filter(one => one.getBoundingClientRect().height < 24).length"
    assert page.locator(".train button, .train input").evaluate_all(small) == 0
    assert page.locator("canvas:not([aria-label])").count() == 0


def test_settings_change_what_is_learned(shown):
    page = shown("images")
    page.get_by_label("speed").press("End")
    press(page, "Play")
    wait_for_steps(page, 300)
    press(page, "Pause")
    narrow = error(page)
    page.get_by_label("bottleneck").press("End")
    press(page, "Play")
    wait_for_steps(page, 900)
    press(page, "Pause")
    assert error(page) < 0.8 * narrow  # sixteen units copy better than two


def error(page):
    page.wait_for_timeout(100)
    return float(page.locator(".progress").inner_text().split("error ")[1].split(" ")[0])


# Notes for every task of the page that took longer than 50 ms, and how late a timer of 10 ms was.
PULSE = """() => new Promise((done) => {
    const late = [];
    let last = performance.now();
    const timer = setInterval(() => { const now = performance.now(); late.push(now - last - 10); last = now; }, 10);
    setTimeout(() => { clearInterval(timer); late.sort((a, b) => a - b); done(late[late.length >> 1]); }, 1500);
})"""


def test_it_is_fast_and_the_page_stays_free(shown, tmp_path):
    found = {}
    for name in ("images", "points"):
        page = shown(name)
        page.get_by_label("speed").press("End")
        press(page, "Play")
        wait_for_steps(page, 50)
        late = page.evaluate(PULSE)
        found[name] = {
            "a second": int(page.locator(".train").get_attribute("data-per-second")),
            "page late by ms": late,
        }
        press(page, "Pause")
        assert late < CALM
    (browser.folder_for("AEUTILS_REPORT_DIR", tmp_path) / "training.json").write_text(json.dumps(found, indent=1))
    # On two idle cores 8,000 and 150,000 are reached many times over; tests run beside each other.
    assert found["images"]["a second"] > 1_000
    assert found["points"]["a second"] > 15_000


def test_without_scripts_there_is_a_picture(chromium, panels, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(panels["points"].html())
    page = chromium.new_context(offline=True, java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator("img").evaluate("image => image.naturalWidth") > 300
    page.context.close()
