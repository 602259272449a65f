"""The reference of `aeutils`: a page for every room, written from the docstrings by Sphinx's autodoc.

Docstrings are plain text as a terminal shows it. What reads as a list or as code there becomes one in the page.
"""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import aeutils

ARGUMENT = re.compile(r"(\S.*?) {2,}(\S.*)")  # "name   what it is"
INDEX = """Reference
=========

Everything public of `aeutils`, as `import aeutils as ae` offers it, by its room.

.. toctree::
   :maxdepth: 2

"""
MEANT = re.compile(r"(`[^`]*`|(?<!\w)\*\w+\*(?!\w))")  # code, and a word that is stressed
SPECIAL = re.compile(r"([*|\\]|_\b|\b_)")  # what reStructuredText would not print


def setup(app) -> dict:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _process)
    app.connect("autodoc-process-signature", _signature)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _process(app, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = restructured("\n".join(lines)).split("\n")


def _signature(app, what: str, name: str, obj: object, options: object, signature: str, returned: str):
    """What `__new__` passes on says nothing: a class has the arguments of its constructor."""
    if what == "class" and signature == "(*args, **kwargs)":
        return arguments(obj), None


def arguments(cls: type) -> str:
    """The arguments of a class's constructor, without their types."""
    _, *given = inspect.signature(cls.__init__).parameters.values()
    text = str(inspect.Signature([one.replace(annotation=one.empty) for one in given]))
    return re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", text)


def restructured(docstring: str) -> str:
    """A plain docstring as reStructuredText that looks like it."""
    paragraphs = re.split(r"\n\s*\n", inspect.cleandoc(docstring))
    return "\n\n".join(map(_paragraph, paragraphs)) + "\n"


def _paragraph(text: str) -> str:
    lines = text.split("\n")
    if _is_code(text):
        return ".. code-block:: python\n\n" + "\n".join(f"   {line}" for line in lines)
    if ARGUMENT.fullmatch(lines[0]):
        return "\n".join(map(_item, lines))
    return "\n".join(_plain(line.strip()) for line in lines)


def _is_code(text: str) -> bool:
    """Python that calls something: prose is hardly ever a program."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))


def _item(line: str) -> str:
    """A line of a list of arguments: "name   what it is", or the rest of the line before."""
    if not line.startswith(" ") and (found := ARGUMENT.fullmatch(line)):
        return f"- **{_plain(found[1])}**: {_plain(found[2])}"
    return f"  {_plain(line.strip())}"


def _plain(text: str) -> str:
    """Text in which only backticks and a word between stars mean something."""
    parts = re.split(MEANT, text)
    escaped = (part if MEANT.fullmatch(part) else SPECIAL.sub(r"\\\1", part) for part in parts)
    return re.sub(r"(`[^`]*`)(?=\w)", r"\1\\ ", "".join(escaped))  # `initialize`d


def write_reference(folder: Path) -> None:
    """index.rst and a page for every room that has something public into `folder`."""
    rooms: dict[str, list[str]] = {}
    for name in aeutils.__all__:
        rooms.setdefault(_room(name), []).append(_entry(name))
    for name, module in aeutils.MODULES.items():
        if name not in aeutils.ROOMS and "." in module:
            rooms[module.split(".")[0]].append(_directive("automodule", f"aeutils.{module}", "members"))
    folder.mkdir(parents=True, exist_ok=True)
    for room, entries in rooms.items():
        text = restructured(import_module(f"aeutils.{room}").__doc__)
        (folder / f"{room}.rst").write_text("\n".join([_title(room), text, *entries]))
    (folder / "index.rst").write_text(INDEX + "".join(f"   {room}\n" for room in sorted(rooms)))


def _room(name: str) -> str:
    """The room that a public name lives in."""
    module = getattr(getattr(aeutils, name), "__module__", None)  # a tuple has none
    home = module or next(f"aeutils.{home}" for home, names in aeutils.HOMES.items() if name in names.split())
    return home.split(".")[1]


def _entry(name: str) -> str:
    """What makes autodoc describe a public name."""
    value = getattr(aeutils, name)
    if inspect.isclass(value):
        return _directive("autoclass", f"aeutils.{name}", "members")
    return _directive("autofunction" if callable(value) else "py:data", f"aeutils.{name}")


def _directive(kind: str, name: str, *options: str) -> str:
    return f".. {kind}:: {name}\n" + "".join(f"   :{option}:\n" for option in options)


def _title(text: str) -> str:
    return f"{text}\n{'=' * len(text)}\n"
