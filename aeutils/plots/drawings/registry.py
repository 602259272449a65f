"""What a drawing is: a name, shapes, and the same in words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape

from aeutils.plots.drawings.shapes import WIDTH


@dataclass(frozen=True)
class Drawing:
    """A drawing that a notebook shows, in the colour of the text around it, so on light and on dark pages."""

    name: str
    height: float
    alternative: str  # the drawing in words
    shapes: Callable[[], Iterable[str]]

    def svg(self) -> str:
        """The drawing as an <svg> element, as wide as its place but no wider than is pleasant."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(self.alternative)}" '
            f'viewBox="0 0 {WIDTH} {self.height:g}" font-family="sans-serif" fill="currentColor" '
            f'style="display:block;width:100%;max-width:{1.25 * WIDTH:g}px;height:auto">'
            f"<title>{escape(self.name)}</title>{''.join(self.shapes())}</svg>"
        )

    def html(self) -> str:
        """The drawing for a notebook's output.

        JupyterLab takes the tags of SVG out of notebooks that it does not trust yet, and keeps what they enclose. What
        would remain are scattered labels, so they are of size 0 outside the <svg>; and the words, inside of which
        nobody sees them.
        """
        words = f'<desc><p style="font-size:14px">{escape(self.alternative)}</p></desc>'
        return f'<div style="font-size:0px">{self.svg().replace("</svg>", words + "</svg>")}</div>'

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": self.alternative}


DRAWINGS: dict[str, Drawing] = {}


def draws(name: str, height: float, alternative: str) -> Callable:
    """Decorator: the function returns the shapes of the drawing `name`, `WIDTH` by `height` units."""

    def register(shapes: Callable[[], Iterable[str]]) -> Callable[[], Iterable[str]]:
        DRAWINGS[name] = Drawing(name, height, alternative, shapes)
        return shapes

    return register
