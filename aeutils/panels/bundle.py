"""ES modules as one script: a stored notebook or an exported page has no other files to import from."""

import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";\n', re.MULTILINE)
COMMENT = re.compile(r"^ *(//[^\n]*|/\*\*(?:(?!\*/).)*\*/ *)\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|const|class) (\w+))", re.MULTILINE)


@cache
def bundle(entry: str) -> str:
    """The module panels/`entry` with all that it imports, as one script without the lines of comment; what the
    entry exports, the script exports.

    Every other module becomes a function that is called once, so that names of two modules never meet. ValueError for a
    circle, and for an import or export of another form than `import { a, b as c } from "./x.js";`, `export function`,
    `export const` and `export class`.
    """
    parts: dict[Path, str] = {}
    _collect(HERE / entry, parts, ())
    *modules, (last, script) = parts.items()
    return "".join(_wrapped(path, text) for path, text in modules) + _imported(last, script)


def _collect(path: Path, parts: dict[Path, str], way: tuple[Path, ...]) -> None:
    """Puts a module into `parts`, after those that it imports."""
    if path in way:
        raise ValueError(f"{' -> '.join(one.name for one in (*way, path))} is a circle of imports")
    if path in parts:
        return
    text = COMMENT.sub("", path.read_text("utf-8"))
    for _, other in IMPORT.findall(text):
        _collect((path.parent / other).resolve(), parts, (*way, path))
    parts[path] = text


def _wrapped(path: Path, text: str) -> str:
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub("", _imported(path, text))
    if wrong := re.search(r"^(import|export)\b.*", body, re.MULTILINE):
        raise ValueError(f"{path.name}: {wrong[0]!r} is of a form that a bundle cannot have")
    return f"const {_name(path)} = (() => {{\n{body}return {{ {names} }};\n}})();\n"


def _imported(path: Path, text: str) -> str:
    """The text with its imports from other files turned into names of their modules."""

    def line(found: re.Match) -> str:
        names = found[1].replace(" as ", ": ")
        return f"const {{{names}}} = {_name((path.parent / found[2]).resolve())};\n"

    return IMPORT.sub(line, text)


def _name(path: Path) -> str:
    """engine/network.js -> engine_network."""
    return "_".join(path.relative_to(HERE).with_suffix("").parts)
