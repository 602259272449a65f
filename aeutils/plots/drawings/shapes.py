"""The few shapes of which all drawings are made. Each function returns SVG as a string; lengths are in units of the
drawing, which is `WIDTH` units wide and about as many pixels on a telephone.

Ink is `currentColor`: black on white, and white on black. Nothing is painted white.
"""

import random
import re
import unicodedata
from html import escape
from math import atan2, cos, sin

WIDTH = 400
INK, BLUE, ORANGE, GREEN, PURPLE = "currentColor", "#0072B2", "#D55E00", "#009E73", "#CC79A7"  # Okabe and Ito's
SMALL = 12  # the smallest text, but for indices, which are SUB
SUB = 11.5
MARKUP = re.compile(r"(_|\^)\{([^}]*)\}|\*([^*]*)\*|([^*_^]+)")


def spans(words: str) -> str:
    """`words` as tspans: *x* is italic, _{i} an index, ^{2} an exponent; both may hold italics."""
    found, at = [], 0  # at: how far below the line the last letter stands
    for sign, raised, symbol, plain in MARKUP.findall(words):
        if sign:
            goal, style, inside = 4 if sign == "_" else -5, f' font-size="{SUB}"', spans(raised)
        else:
            goal, style, inside = 0, ' font-style="italic"' if symbol else "", escape(symbol or plain)
        move = f' dy="{goal - at}"' if goal != at else ""
        found.append(f"<tspan{move}{style}>{inside}</tspan>")
        at = goal
    return "".join(found)


def width_of(words: str, size: float = 14) -> float:
    """About how wide `words` (with or without markup) is drawn: 0.56 of its size for each letter."""
    letters = re.sub(r"[*{}^_]", "", words)
    return 0.56 * size * sum(not unicodedata.combining(letter) for letter in letters)


def text(x: float, y: float, words: str, size: float = 14, anchor: str = "middle", bold: bool = False) -> str:
    """Lines of text (split at newlines), their middle at height y. `anchor`: "start", "middle" or "end" is at x."""
    lines = words.split("\n")
    first = y + 0.35 * size - 0.6 * size * (len(lines) - 1)
    weight = ' font-weight="bold"' if bold else ""
    return "".join(
        f'<text x="{x:g}" y="{first + 1.2 * size * k:.1f}" font-size="{size}" text-anchor="{anchor}"{weight}>'
        f"{spans(line)}</text>"
        for k, line in enumerate(lines)
    )


def path(d: str, colour: str = INK, width: float = 1.5, fill: float = 0, dashed: bool = False) -> str:
    """Any line. `fill`: how strongly the inside is tinted, 0 to 1."""
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    inside = f'fill="{colour}" fill-opacity="{fill}"' if fill else 'fill="none"'
    return f'<path d="{d}" {inside} stroke="{colour}" stroke-width="{width}"{dashes}/>'


def line(*points: tuple[float, float], closed: bool = False, **style) -> str:
    """A line from point to point."""
    return path("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else ""), **style)


def arrow(*points: tuple[float, float], colour: str = INK, both: bool = False, width: float = 1.5, **style) -> str:
    """An arrow between two points, or bent towards the second of three. `both`: a head at either end."""
    ends = [points[-1], points[0]] if both else [points[-1]]
    before = [points[-2], points[1]]
    heads, stops = "", dict(enumerate(points))
    for k, ((x, y), (x0, y0)) in enumerate(zip(ends, before, strict=False)):
        turn = atan2(y - y0, x - x0)
        wings = [(x - 8 * cos(turn + side), y - 8 * sin(turn + side)) for side in (0.42, -0.42)]
        heads += f'<path d="M{x:.1f} {y:.1f}' + "".join(f"L{a:.1f} {b:.1f}" for a, b in wings) + f'Z" fill="{colour}"/>'
        stops[0 if k else len(points) - 1] = (x - 5 * cos(turn), y - 5 * sin(turn))
    where = [f"{x:.1f} {y:.1f}" for x, y in stops.values()]
    bend = "Q" if len(points) == 3 else "L"
    return path(f"M{where[0]}{bend}{' '.join(where[1:])}", colour, width, **style) + heads


def box(x: float, y: float, w: float, h: float, words: str = "", colour: str = BLUE, size: float = 14, **style) -> str:
    """A rectangle around (x, y) with its name inside."""
    d = f"M{x - w / 2:g} {y - h / 2:g}h{w:g}v{h:g}h{-w:g}Z"
    return path(d, colour, **{"fill": 0.18, **style}) + (text(x, y, words, size) if words else "")


def trapezium(
    x: float,
    y: float,
    w: float,
    left: float,
    right: float,
    words: str = "",
    colour: str = BLUE,
    size: float = 14,
    **style,
) -> str:
    """A network around (x, y): an encoder where `left` is the longer side, a decoder where `right` is."""
    corners = [(x - w / 2, y - left / 2), (x + w / 2, y - right / 2), (x + w / 2, y + right / 2)]
    corners.append((x - w / 2, y + left / 2))
    return line(*corners, closed=True, colour=colour, **{"fill": 0.18, **style}) + (
        text(x, y, words, size) if words else ""
    )


def circle(x: float, y: float, r: float, colour: str = INK, words: str = "", **style) -> str:
    """A circle around (x, y), with a symbol inside."""
    d = f"M{x - r:g} {y:g}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0Z"
    return path(d, colour, **style) + (text(x, y, words) if words else "")


def units(x: float, y: float, count: int, gap: float = 15, r: float = 5, colour: str = INK, fill: float = 0.18) -> str:
    """A column of units around (x, y)."""
    return "".join(circle(x, y + gap * (k - (count - 1) / 2), r, colour, fill=fill) for k in range(count))


def stack(x: float, y: float, side: float, count: int, step: float = 3, colour: str = BLUE) -> str:
    """Feature maps around (x, y): `count` squares, each but the first half hidden by the one before."""
    x, y = x - (side + step * (count - 1)) / 2, y - (side - step * (count - 1)) / 2
    visible = f"v{-step}h{side:g}v{side:g}h{-step}v{step - side:g}Z"  # a strip above and on the right
    behind = "".join(
        path(f"M{x + k * step:g} {y - (k - 1) * step:g}{visible}", colour, 1.2, fill=0.18)
        for k in range(count - 1, 0, -1)
    )
    return behind + path(f"M{x:g} {y:g}h{side:g}v{side:g}h{-side:g}Z", colour, 1.2, fill=0.18)


TWO = "M.3 .34C.32 .1 .7 .1 .7 .36C.7 .52 .36 .66 .29 .84H.74"  # the digit, in a square of side 1
PIXELS = ("..###..", ".#...#.", ".....#.", "....#..", "...#...", "..#....", ".#####.")  # the same, 7 by 7


def image(x: float, y: float, side: float, kind: str = "clean") -> str:
    """A picture of a digit around (x, y): "clean", "noisy", with a "hole", the hole's "mask", or "filled"."""
    left, top = x - side / 2, y - side / 2
    shapes = box(x, y, side, side, colour=INK, fill=0, width=1.2)
    if kind != "mask":
        shapes += (
            f'<path d="{TWO}" transform="translate({left:g} {top:g}) scale({side:g})" fill="none" stroke="{INK}" '
            f'stroke-width="0.1" stroke-linecap="round"/>'
        )
    if kind in ("hole", "mask", "filled"):
        style = {"dashed": True, "fill": 0} if kind == "filled" else {"fill": 1}
        shapes += box(x, y, side / 2, side / 2, colour=ORANGE, **style)
    if kind == "noisy":
        dice = random.Random(1)
        spots = [(left + side * dice.uniform(0.05, 0.93), top + side * dice.uniform(0.05, 0.93)) for _ in range(70)]
        d = "".join(f"M{a:.1f} {b:.1f}h1.8v1.8h-1.8Z" for a, b in spots)
        shapes += f'<path d="{d}" fill="{ORANGE}"/>'
    return shapes


def pixels(x: float, y: float, cell: float) -> str:
    """The digit in 7 by 7 pixels around (x, y)."""
    marked = [(row, column) for row, marks in enumerate(PIXELS) for column, mark in enumerate(marks) if mark == "#"]
    left, top = x - 3.5 * cell, y - 3.5 * cell
    grid = "".join(
        f"M{left + k * cell:g} {top:g}v{7 * cell:g}M{left:g} {top + k * cell:g}h{7 * cell:g}" for k in range(8)
    )
    squares = "".join(f"M{left + c * cell:g} {top + r * cell:g}h{cell}v{cell}h{-cell}Z" for r, c in marked)
    return f'<g opacity="0.45">{path(grid, width=0.8)}</g><path d="{squares}" fill="{INK}"/>'
