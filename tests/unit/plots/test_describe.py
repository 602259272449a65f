"""`ae.describe`: what is shown in a notebook, that figures are closed, what is refused."""

import base64
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import aeutils as ae
from aeutils.plots import describe as module

TEXT = 'One line that rises from 0 to 2, "drawn" <b>.'


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


@pytest.fixture
def shown(monkeypatch):
    """What is shown, as in a notebook: (data, metadata) of every output."""
    found = []
    monkeypatch.setattr(module, "get_ipython", lambda: "a shell")
    monkeypatch.setattr(module, "display", lambda data, metadata=None, raw=False: found.append((data, metadata)))
    return found


def test_the_picture_carries_the_text(shown):
    _, axes = plt.subplots()
    axes.plot([0, 2], color="#ff0000")
    ae.describe(TEXT)
    (data, metadata), (unseen, _) = shown
    assert metadata == {"image/png": {"alt": TEXT}}
    assert data["text/plain"] == TEXT
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert (pixels == (255, 0, 0)).all(2).any()
    assert "Figure: One line that rises from 0 to 2, &quot;drawn&quot; &lt;b&gt;." in unseen["text/html"]
    assert plt.get_fignums() == []


def test_figure_after_figure(shown):
    for text in ("the first", "the second"):
        plt.figure().add_subplot()
        ae.describe(text)
    assert [metadata["image/png"]["alt"] for _, metadata in shown if metadata] == ["the first", "the second"]


def test_outside_a_notebook_figures_are_closed_and_nothing_is_shown(capsys):
    plt.figure()
    plt.figure()
    ae.describe(TEXT)
    assert plt.get_fignums() == []
    assert capsys.readouterr().out == ""


def test_no_figure_and_no_text_are_refused():
    with pytest.raises(ValueError, match=r"no figure is open; call ae.describe after drawing"):
        ae.describe(TEXT)
    plt.figure()
    for text in ("", " \n"):
        with pytest.raises(ValueError, match="expected a text that says what the figure shows"):
            ae.describe(text)
    with pytest.raises(ValueError, match="text is of type Figure; expected a text that says what the figure shows"):
        ae.describe(plt.gcf())
    assert plt.get_fignums()
