"""A Sphinx extension: formulas as MathML, which browsers draw without a script, and screen readers read.

Browsers break lines between two formulas, never within one, so that a long formula in running text is several.
"""

import re
from functools import cache
from xml.etree import ElementTree

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

SHORT = 9  # symbols in a row that never need a break
BREAKABLE = set("=≈≤≥<>∼→⇒⟺∝∈≠,+−±≪≫")


def setup(app) -> dict:
    """Called by Sphinx."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _visit_inline(writer, node: nodes.math) -> None:
    _write(writer, node, inline)


def _visit_block(writer, node: nodes.math_block) -> None:
    _write(writer, node, lambda tex: f'<div class="formula">{block(tex)}</div>\n')


def _write(writer, node: nodes.Element, convert) -> None:
    try:
        writer.body.append(convert(node.astext()))
    except LatexError as error:
        logging.getLogger(__name__).warning("%s in the formula %s", error, node.astext(), location=node)
    raise nodes.SkipNode


@cache
def converter() -> LatexToMathML:
    return LatexToMathML(fancy_error=False)


def block(tex: str) -> str:
    """A formula on lines of its own. LatexError for TeX that is none."""
    return _mathml(tex, display=True)


def inline(tex: str) -> str:
    """A formula in running text, with places at which a line may end. LatexError for TeX that is none."""
    whole = _mathml(tex, display=False)
    root = ElementTree.fromstring(whole)
    if len(root) <= SHORT:
        return whole
    parts: list[list] = [[]]
    for child in root:
        parts[-1].append(child)
        if child.tag == "mo" and child.text in BREAKABLE:
            child.set("form", "infix")  # at the end of a row it would count as a postfix, and get no space
            parts.append([])
    return "<wbr>".join(_math(part) for part in parts if part)


def _mathml(tex: str, display: bool) -> str:
    found = converter().convert_with_local_state(tex, displaystyle=display)
    found = found.replace("&ApplyFunction;", "\u2061")  # a name that HTML knows, and XML does not
    for brackets, form in (("([{⟨", "prefix"), (")]}⟩", "postfix")):  # else browsers leave the space of an operator
        found = re.sub(
            rf'<mo (minsize="[^"]*" maxsize="[^"]*")>([{re.escape(brackets)}])', rf'<mo form="{form}" \1>\2', found
        )
    return found


def _math(part: list) -> str:
    return f"<math>{''.join(ElementTree.tostring(child, 'unicode') for child in part)}</math>"
