"""A prediction in JupyterLab: made before its result or after it, and on a page without a kernel."""

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

import aeutils as ae
from tests.tools.notebooks import WIDGET

ASK = 'import aeutils as ae\nguess = ae.predict("Which one is smaller?", ["the first", "the second"])'
RESULT = 'guess.result("the second")'


def test_a_prediction_in_jupyterlab(opened, scratch_notebook):
    with opened(scratch_notebook(ASK, RESULT, "2 * 2")) as page:
        asked, answered = page.page.locator(".aeutils-predict").all()
        assert "The result is there" in asked.inner_text()  # every cell was run
        answered.get_by_role("button", name="Show the result").click()
        assert "the second" in asked.locator(".answer").inner_text()

        page.run(page.code("ae.predict"))
        assert "Predict, then run" in asked.inner_text()
        asked.get_by_role("button", name="the first").click()
        asked.get_by_text("Waiting for the cell below").wait_for()
        for _ in range(2):  # the question's cell has been clicked into, so that it runs again first
            page.page.keyboard.press("Shift+Enter")
            page.wait_until_idle()
        for view in (asked, answered):
            view.get_by_text("Not what you predicted").wait_for()
            assert view.locator(".answer").all_inner_texts() == ["the first", "the second"]
        page.write_below(page.code("2 * 2"), "guess.prediction")
        assert "the first" in page.run(page.code("guess.prediction"))
        assert page.errors() == []


@pytest.fixture
def exported(tmp_path):
    """A page as nbconvert writes it, of a question in nats and its result as they are stored."""
    guess = ae.predict("How far?", unit="nats")
    outputs = [stored(guess)]
    guess.result(-0.5)
    outputs.append(stored(guess))
    node = new_notebook(cells=[new_code_cell("...", outputs=[one]) for one in outputs])
    file = tmp_path / "page.html"
    file.write_text(HTMLExporter().from_notebook_node(node)[0])
    return file


def stored(guess):
    data = guess._widget._repr_mimebundle_()[0]
    return new_output("display_data", {kind: text for kind, text in data.items() if kind != WIDGET})


def test_a_prediction_without_kernel_and_network(chromium, exported):
    page = chromium.new_context(offline=True, viewport={"width": 390, "height": 800}).new_page()
    page.goto(exported.as_uri())
    asked, answered = page.locator(".aeutils-predict.alive").all()
    asked.get_by_label("Your prediction").fill("-0.4")
    page.keyboard.press("Enter")
    for view in (asked, answered):
        assert view.locator(".answer").all_inner_texts() == ["-0.4\u00a0nats", "-0.5\u00a0nats"]
        assert "20 % below" in view.inner_text()
        assert view.evaluate("view => view.scrollWidth <= view.clientWidth")
    page.close()


def test_a_result_unfolds_without_scripts(chromium, exported):
    page = chromium.new_context(offline=True, java_script_enabled=False).new_page()
    page.goto(exported.as_uri())
    result = page.get_by_text("Result: -0.5 nats")
    assert not result.is_visible()
    page.get_by_text("How far?").last.click()
    assert result.is_visible()
    page.close()
