"""What `python -m aeutils site` refuses. That it makes the site is tested in tests/browser/test_site.py."""

import pytest

from aeutils.__main__ import main
from aeutils.site import build
from aeutils.site.sources import write_sources


def test_without_the_extra_one_line_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "MODULES", ("sphinx_that_is_not_there", "torch"))
    with pytest.raises(
        SystemExit, match=r"^error: the site needs sphinx_that_is_not_there; run `pip install -e '.\[site\]'`"
    ):
        main(["site", "--out", str(tmp_path / "site")])
    assert not (tmp_path / "site").exists()


def test_a_folder_of_something_else_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "MODULES", ())
    (tmp_path / "thesis.txt").write_text("years of work")
    for out in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(
            SystemExit, match="holds something else; name a folder that is new, empty, or a site made before"
        ):
            main(["site", "--out", str(out)])
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_no_notebooks_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no notebooks at .*; run `pip install -e \.`"):
        write_sources(tmp_path / "source", tmp_path / "extra", root=tmp_path)
