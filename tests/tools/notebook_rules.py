"""What a notebook of the course must be. A rule takes a notebook and returns its complaints: none when all is well."""

import re
import symtable
import warnings
from collections import Counter
from urllib.parse import unquote

import nbformat

from tests.tools.notebooks import ROOT, WIDGET, Notebook, is_figure, kinds, pictures, tags

CHECKED = "nbval-check-output"
MAX_BYTES = 1_800_000
LEAST_ALT = 60  # letters of a figure's alternative text
MACHINE_PATH = re.compile(
    rf"(?<![\w.])/(?:home|root|tmp|Users|var/folders|workspace|content)/|\b[A-Z]:\\+Users|site-packages|{re.escape(str(ROOT))}"
)


# Every notebook


def is_valid(notebook: Notebook) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nbformat repairs some faults and only warns of them
        try:
            nbformat.validate(notebook.node)
        except (nbformat.ValidationError, Warning) as error:
            return [f"not a valid notebook: {error}"]
    return []


def names_its_kernel(notebook: Notebook) -> list[str]:
    """Without a name, JupyterLab asks the learner to choose a kernel."""
    name = notebook.node.metadata.get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"the kernel is named {name}, not python3"]


def has_unique_cell_ids(notebook: Notebook) -> list[str]:
    counts = Counter(cell.get("id") for cell in notebook.node.cells)
    return [f"{count} cells have the id {name}" for name, count in counts.items() if count > 1 or name is None]


def was_run_in_order(notebook: Notebook) -> list[str]:
    found = [cell.execution_count for cell in notebook.code]
    return [] if found == list(range(1, len(found) + 1)) else [f"run the cells in order, from a fresh kernel: {found}"]


def skips_nothing(notebook: Notebook) -> list[str]:
    marks = re.compile(r"nbval-skip|raises-exception|NBVAL_(?!CHECK_OUTPUT)", re.IGNORECASE)
    return [f"not fully tested: {cell.source}" for cell in notebook.code if marks.search(f"{tags(cell)} {cell.source}")]


def has_no_errors(notebook: Notebook) -> list[str]:
    return [f"error: {output.evalue}" for output in notebook.outputs if output.output_type == "error"]


def has_no_warnings(notebook: Notebook) -> list[str]:
    return [f"stderr: {output.text}" for output in notebook.outputs if output.get("name") == "stderr"]


def names_no_machine(notebook: Notebook) -> list[str]:
    texts = [cell.source for cell in notebook.node.cells]
    for output in notebook.outputs:
        texts.append(output.get("text", ""))
        texts += [str(value) for kind, value in output.get("data", {}).items() if not kind.startswith("image/")]
    texts = [re.sub(r"base64,[\w+/=\s]+", "", text) for text in texts]
    return [f"absolute path: {text}" for text in texts if MACHINE_PATH.search(text)]


def stores_figures_as_png(notebook: Notebook) -> list[str]:
    other = {"image/svg+xml", "image/jpeg", "image/gif", "application/pdf"}
    return [f"figure stored as {kind}" for output in notebook.outputs for kind in kinds(output) & other]


def stores_no_live_widget(notebook: Notebook) -> list[str]:
    """Without its kernel a widget is an error message; `python -m tests.tools.store` keeps its picture alone."""
    live = any(WIDGET in kinds(output) for output in notebook.outputs) or "widgets" in notebook.node.metadata
    return ["a widget that needs a kernel is stored; use `python -m tests.tools.store`"] if live else []


def shows_something(notebook: Notebook) -> list[str]:
    return [
        f"figure {number} is blank"
        for number, picture in enumerate(pictures(notebook), 1)
        if picture.convert("RGB").getcolors(maxcolors=1)  # None where there are more
    ]


def is_small(notebook: Notebook) -> list[str]:
    size = len(nbformat.writes(notebook.node).encode())
    return [] if size < MAX_BYTES else [f"{size:,} bytes; at most {MAX_BYTES:,}"]


def stores_what_is_checked(notebook: Notebook) -> list[str]:
    return [
        f"no output to check: {cell.source}" for cell in notebook.code if CHECKED in tags(cell) and not cell.outputs
    ]


def leaves_the_budget_to_setup(notebook: Notebook) -> list[str]:
    """A notebook computes the same story whatever the budget; only the helpers know of it."""
    return [cell.source for cell in notebook.code if re.search(r"AEUTILS_|\bbudget\b", cell.source, re.IGNORECASE)]


def imports_the_package_as_ae(notebook: Notebook) -> list[str]:
    """A learner finds all of the package behind `ae.`, wherever it lives."""
    lines = [line.strip() for cell in notebook.code for line in cell.source.splitlines()]
    imports = [line for line in lines if re.match(r"(from|import) +aeutils\b", line)]
    return [line for line in imports if line != "import aeutils as ae"]


def links_resolve(notebook: Notebook) -> list[str]:
    return [f"broken link: {target}" for target in links(notebook.text) if not (notebook.path.parent / target).exists()]


def keeps_what_its_panels_read(notebook: Notebook) -> list[str]:
    """A panel calls its function long after its cell ran: what that reads is not to be another thing by then."""
    complaints, functions = [], {}
    tables = [symtable.symtable(cell.source, "cell", "exec") for cell in notebook.code]
    for number, (cell, table) in enumerate(zip(notebook.code, tables, strict=True)):
        functions |= {function.get_name(): names_read(function) for function in table.get_children()}
        if not re.search(r"\bslider_(figure|picture)\(", cell.source):
            continue
        read, todo = set(), names_read(table) & functions.keys()
        while todo:
            new = functions[todo.pop()] - read
            read |= new
            todo |= new & functions.keys()
        anew = {one.get_name() for later in tables[number + 1 :] for one in later.get_symbols() if one.is_assigned()}
        complaints += [f"a panel reads {name}, and a later cell assigns it" for name in sorted(read & anew)]
    return complaints


EVERY = [
    is_valid,
    names_its_kernel,
    has_unique_cell_ids,
    was_run_in_order,
    skips_nothing,
    has_no_errors,
    has_no_warnings,
    names_no_machine,
    stores_figures_as_png,
    stores_no_live_widget,
    shows_something,
    is_small,
    stores_what_is_checked,
    leaves_the_budget_to_setup,
    imports_the_package_as_ae,
    links_resolve,
    keeps_what_its_panels_read,
]


# Lectures


def has_title(notebook: Notebook) -> list[str]:
    first, number = notebook.node.cells[0], notebook.path.name[:2]
    titled = first.cell_type == "markdown" and re.match(rf"# {number}\b", first.source)
    return [] if titled else [f"the first cell does not start with '# {number}'"]


def says_what_to_expect(notebook: Notebook) -> list[str]:
    before_code = []
    for cell in notebook.node.cells:
        if cell.cell_type == "code":
            break
        before_code.append(cell.source.lower())
    wanted = ("afterwards", "prerequisites", "reading time", "run time")
    return [f"nothing said of: {words}" for words in wanted if words not in "\n".join(before_code)]


def has_one_setup_cell(notebook: Notebook) -> list[str]:
    found = [number for number, cell in enumerate(notebook.code) if "ae.setup(" in cell.source]
    if found != [0]:
        return [f"ae.setup( belongs in the first code cell and nowhere else; found in {found}"]
    outputs = notebook.code[0].outputs
    if len(outputs) != 1 or outputs[0].get("name") != "stdout":
        return ["the set-up cell prints one line and nothing else"]
    return [] if len(outputs[0].text.strip().splitlines()) == 1 else ["the set-up cell prints more than one line"]


def was_run_in_full(notebook: Notebook) -> list[str]:
    """The set-up line tells device, data and budget of the stored run: not the tests' quick one, not on stand-ins."""
    line = "".join(output.get("text", "") for output in notebook.code[0].outputs)
    wanted = {"device": r"device: \w", "real data": r"data: (?!glyphs|letters)", "budget": r"budget: (normal|full)"}
    return [f"no {name} in {line!r}" for name, words in wanted.items() if not re.search(words, line)]


def asks_questions(notebook: Notebook) -> list[str]:
    opened, closed = notebook.text.count("<details"), notebook.text.count("</details>")
    if opened != closed:
        return [f"{opened} <details> and {closed} </details>"]
    return [] if opened >= 3 else [f"{opened} folded answers; at least three"]


def has_a_widget(notebook: Notebook) -> list[str]:
    found = any('class="aeutils-panel"' in output.get("data", {}).get("text/html", "") for output in notebook.outputs)
    return [] if found else ["no panel to drag"]


def has_a_figure(notebook: Notebook) -> list[str]:
    return [] if any(map(is_figure, notebook.outputs)) else ["no figure that can be seen without a kernel"]


def describes_its_figures(notebook: Notebook) -> list[str]:
    """Each has an alternative text of its own, as `ae.describe` stores it: what there is to see, for who does not."""
    texts = [
        output.metadata.get("image/png", {}).get("alt", "").strip()
        for output in notebook.outputs
        if "image/png" in kinds(output)
    ]
    short = [
        f"figure {n}: end its cell with ae.describe(...); {text!r}"
        for n, text in enumerate(texts, 1)
        if len(text) < LEAST_ALT
    ]
    twice = [
        f"{count} figures are described as {text!r}" for text, count in Counter(texts).items() if count > 1 and text
    ]
    return short + twice


def links_the_notation(notebook: Notebook) -> list[str]:
    linked = links(notebook.node.cells[0].source)
    return [] if "notation.ipynb" in linked else ["the first cell does not link to notation.ipynb"]


def has_a_checked_cell(notebook: Notebook) -> list[str]:
    return [] if any(CHECKED in tags(cell) for cell in notebook.code) else [f"no cell is tagged {CHECKED}"]


def asserts_something(notebook: Notebook) -> list[str]:
    found = any(re.search(r"^\s*assert\b", cell.source, re.MULTILINE) for cell in notebook.code)
    return [] if found else ["no assertion on what was trained"]


def has_references(notebook: Notebook) -> list[str]:
    return [] if re.search(r"^#+ References", notebook.text, re.MULTILINE) else ["no section 'References'"]


def links_its_neighbours(notebook: Notebook) -> list[str]:
    """The lecture before, the lecture after and the lab, as far as they are there."""
    here, folder = int(notebook.path.name[:2]), notebook.path.parent
    wanted = [path for n in (here - 1, here + 1) for path in folder.glob(f"{n:02}_*.ipynb")]
    wanted += folder.glob(f"labs/{here:02}_*.ipynb")
    linked = {(folder / target).resolve() for target in links(notebook.text)}
    return [f"no link to {path.relative_to(folder)}" for path in wanted if path.resolve() not in linked]


LECTURE = [
    has_title,
    says_what_to_expect,
    has_one_setup_cell,
    was_run_in_full,
    asks_questions,
    has_a_widget,
    has_a_figure,
    describes_its_figures,
    links_the_notation,
    has_a_checked_cell,
    asserts_something,
    has_references,
    links_its_neighbours,
]


# Labs


def is_titled_as_a_lab(notebook: Notebook) -> list[str]:
    first, number = notebook.node.cells[0], int(notebook.path.name[:2])
    titled = first.cell_type == "markdown" and re.match(rf"# Lab {number}: ", first.source)
    return [] if titled else [f"the first cell does not start with '# Lab {number}: '"]


def says_what_a_lab_asks(notebook: Notebook) -> list[str]:
    first = notebook.node.cells[0].source.lower()
    wanted = ("afterwards", "prerequisites", "working time", "run time", "points", ".hint()", ".solution()")
    return [f"nothing said of: {words}" for words in wanted if words not in first]


def is_stored_unfilled(notebook: Notebook) -> list[str]:
    """A learner starts from a lab whose every check says so."""
    checks = [cell for cell in notebook.code if ".check(" in cell.source]
    texts = [(cell.source, "".join(str(output.get("data", {})) for output in cell.outputs)) for cell in checks]
    return [f"attempted: {source}" for source, text in texts if "Not attempted yet" not in text] or (
        [] if checks else ["no check"]
    )


def ends_with_the_score_board(notebook: Notebook) -> list[str]:
    return [] if notebook.code[-1].source == "lab.score()" else ["the last code cell is not lab.score()"]


def links_its_lecture(notebook: Notebook) -> list[str]:
    """The lecture, and the labs before and after, as far as they are there."""
    here, folder = int(notebook.path.name[:2]), notebook.path.parent
    wanted = [path for n in (here - 1, here + 1) for path in folder.glob(f"{n:02}_lab*.ipynb")]
    wanted += folder.parent.glob(f"{here:02}_*.ipynb")
    linked = {(folder / target).resolve() for target in links(notebook.text)}
    return [f"no link to {path.name}" for path in wanted if path.resolve() not in linked]


LAB = [
    is_titled_as_a_lab,
    says_what_a_lab_asks,
    has_one_setup_cell,
    was_run_in_full,
    has_a_widget,
    has_a_figure,
    describes_its_figures,
    is_stored_unfilled,
    ends_with_the_score_board,
    links_its_lecture,
]


def links(markdown: str) -> list[str]:
    """The files that Markdown links to or shows, relative to its own folder; code and formulas are no links."""
    prose = re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", markdown, flags=re.DOTALL)
    found = re.findall(r"\]\(\s*<?([^)\s>]+)", prose) + re.findall(r"\b(?:src|href)\s*=\s*[\"']([^\"']+)", prose)
    found += re.findall(r"^\[[^\]]+\]:\s*(\S+)", prose, flags=re.MULTILINE)
    files = [target.partition("#")[0] for target in found if not re.match(r"[a-z][a-z0-9+.-]*:", target, re.IGNORECASE)]
    return [unquote(file) for file in files if file]


def names_read(table: symtable.SymbolTable) -> set[str]:
    """The notebook's names that a cell, or a function and those inside it, reads."""
    outer = table.get_type() == "module"
    names = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (outer or one.is_global())}
    return names.union(*map(names_read, table.get_children()))
