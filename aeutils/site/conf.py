"""What Sphinx is told; build.py calls it."""

project = "Autoencoders, a course to work through"
author = "The authors of the autoencoder course"
project_copyright = f"{author}. Text and figures: CC BY 4.0, code: MIT"

extensions = ["myst_nb", "sphinx.ext.autodoc"]
extensions += [f"aeutils.site.{name}" for name in ("formulas", "reference", "repairs")]
nb_execution_mode = "off"  # the notebooks are stored executed
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

# Furo: a style sheet and a small script, no fonts and no framework to fetch; light and dark, made for phones, too.
html_theme = "furo"
html_title = "Autoencoders"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#005a8d", "color-brand-content": "#005a8d"},
    "dark_css_variables": {"color-brand-primary": "#7cc4f0", "color-brand-content": "#7cc4f0"},
}
html_math_renderer = "mathml"
html_copy_source = html_show_sphinx = False
pygments_style, pygments_dark_style = "a11y-high-contrast-light", "a11y-high-contrast-dark"

default_role = "literal"
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "description"
autodoc_typehints_format = "short"
