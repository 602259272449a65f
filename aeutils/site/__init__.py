"""The course as a folder of pages: `python -m aeutils site`. Nothing is run for it.

build      what the command does; conf is what it tells Sphinx, static/ what pages share
sources    the documents that Sphinx makes pages of; notebooks readies the stored ones, figures their pictures for dark
           pages, reference the docstrings
formulas   an extension of Sphinx: TeX as MathML; repairs mends what the theme gets wrong

Sphinx and its theme come with `pip install -e '.[site]'`.
"""
