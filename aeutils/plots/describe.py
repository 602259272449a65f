"""Figures with a text for whoever does not see them."""

from html import escape

import matplotlib.pyplot as plt
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from IPython.display import display

from aeutils.checks import Text, checked

# Out of sight, but there for a screen reader.
UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


@checked
def describe(text: Text(filled=True, meaning="that says what the figure shows")) -> None:
    """Show all open figures with `text` as their alternative text, and close them. It ends a cell that draws.

    The text says what there is to see: the axes, what is compared, the main reading. It is stored with the picture, as
    `alt` in the metadata of its "image/png". `jupyter nbconvert --to html --template classic` makes it the `alt` of the
    image. The usual template and JupyterLab (4.6) do not, so that it also follows the figure as a paragraph that only a
    screen reader notices. Where no IPython runs, nothing is shown.

    ValueError for what is no text or an empty one, and if no figure is open.
    """
    if not plt.get_fignums():
        raise ValueError("no figure is open; call ae.describe after drawing, in the same cell")
    for figure in map(plt.figure, plt.get_fignums()):
        if get_ipython() and figure.axes:
            _show(figure, text)
        plt.close(figure)


def _show(figure: plt.Figure, text: str) -> None:
    picture = print_figure(figure, "png", base64=True)
    display({"image/png": picture, "text/plain": text}, metadata={"image/png": {"alt": text}}, raw=True)
    unseen = f'<div style="{UNSEEN}">Figure: {escape(text)}</div>'
    display({"text/html": unseen, "text/plain": ""}, raw=True)
