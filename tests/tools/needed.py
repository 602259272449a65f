"""Which cells of a notebook others need: those above them that bind the names they read."""

import ast
from collections.abc import Collection, Iterable


def needed(sources: list[str], wanted: Iterable[int]) -> list[int]:
    """The places of the `wanted` cells and of all that they need, in order. What a call changes is not looked at.

    A name's last assignment is taken, and those before it only where it reads them itself or is a part of the whole
    (`table["key"] = ...`). So a network is made but not trained, which is all that a page's looks ask for.
    """
    wanted, names, found = set(wanted), set(), []
    for place in reversed(range(len(sources))):
        seen = Names(sources[place])
        if place in wanted or (seen.bound | seen.parts) & names:
            found.append(place)
            names = names - (seen.bound - seen.parts) | seen.read
    return found[::-1]


class Names(ast.NodeVisitor):
    """Names of a cell, looked at in the order of evaluation: `bound`, `read` before that, and changed in `parts`."""

    def __init__(self, source: str = "", bound: Collection[str] = ()):
        self.bound, self.read, self.parts = set(bound), set(), set()
        self.visit(ast.parse(source))

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.read.add(node.id)

    def visit_Assign(self, node):
        self.each([node.value, *node.targets])

    def visit_AugAssign(self, node):
        self.parts |= whole(node.target)
        self.read |= whole(node.target) - self.bound
        self.each([node.value, node.target])

    def visit_Subscript(self, node):
        if isinstance(node.ctx, ast.Store):
            self.parts |= whole(node)
        self.generic_visit(node)

    visit_Attribute = visit_Subscript

    def visit_For(self, node):
        self.each([node.iter, node.target, *node.body, *node.orelse])

    def visit_comprehension(self, node):
        self.each([node.iter, node.target, *node.ifs])

    def visit_ExceptHandler(self, node):
        self.bound |= {node.name} - {None}
        self.generic_visit(node)

    def inside(self, parts: Iterable[ast.AST], own: Collection[str] = ()) -> None:
        """A scope of its own: what it reads from outside."""
        scope = Names(bound=own)
        scope.each(parts)
        self.read |= scope.read - self.bound

    def visit_ListComp(self, node):
        results = [getattr(node, name) for name in ("elt", "key", "value") if hasattr(node, name)]
        self.inside([*node.generators, *results])

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def visit_Lambda(self, node):
        self.each([*node.args.defaults, *filter(None, node.args.kw_defaults)])
        self.inside(node.body if isinstance(node.body, list) else [node.body], arguments(node))

    def visit_FunctionDef(self, node):
        self.each(node.decorator_list)
        self.visit_Lambda(node)
        self.bound.add(node.name)

    def visit_ClassDef(self, node):
        self.each([*node.decorator_list, *node.bases, *node.keywords])
        self.inside(node.body)
        self.bound.add(node.name)

    def visit_alias(self, node):
        self.bound.add((node.asname or node.name).split(".")[0])

    def each(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)


def whole(node: ast.AST) -> set[str]:
    """The name of which an assignment changes a part."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def arguments(node: ast.FunctionDef | ast.Lambda) -> set[str]:
    return {one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)}
