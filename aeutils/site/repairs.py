"""A Sphinx extension: what the theme and myst-nb write that screen readers would stumble over, mended in every page."""

MENDED = {  # found by axe
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<summary aria-label="Toggle hidden content">': "<summary>",  # the words inside say more
}
PARTS = ("body", "furo_navigation_tree")


def setup(app) -> dict:
    """Called by Sphinx."""
    app.connect("html-page-context", _mend, priority=900)  # after the theme has written its part
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mend(app, page: str, template: str, context: dict, doctree: object) -> None:
    for part in PARTS:
        for wrong, right in MENDED.items():
            context[part] = context.get(part, "").replace(wrong, right)
