"""TeX as MathML; skipped where the extra [site] is not installed."""

import re

import pytest

pytest.importorskip("math_core")
pytest.importorskip("sphinx")

from math_core import LatexError

from aeutils.site.formulas import block, inline


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def test_a_formula_is_mathml():
    assert inline("q < n") == "<math><mi>q</mi><mo>&lt;</mo><mi>n</mi></math>"
    assert block(r"\frac{1}{N}").startswith('<math display="block"><mfrac>')


def test_a_long_formula_may_be_broken_behind_its_operators_and_stays_the_same():
    tex = r"L = \lVert x - b \rVert^2 - \lVert W (x - b) \rVert^2"
    parts = inline(tex).split("<wbr>")
    assert len(parts) == 5
    assert all(part.startswith("<math>") and part.endswith("</math>") for part in parts)
    assert 'form="infix"' in parts[0]
    assert "".join(map(text, parts)) == text(block(tex))


def test_names_that_only_html_knows_are_letters():
    assert "&ApplyFunction;" not in inline(r"\operatorname{tr} S - \operatorname{tr}(W S W^\top) + a + b + c")


def test_large_brackets_have_no_space_of_an_operator():
    found = block(r"\sum_i \big(x - y\big)^2")
    assert '<mo form="prefix" minsize="1.2em" maxsize="1.2em">(</mo>' in found
    assert '<mo form="postfix" minsize="1.2em" maxsize="1.2em">)</mo>' in found


def test_what_is_no_tex_is_an_error():
    with pytest.raises(LatexError):
        inline(r"\frac{1}{")
