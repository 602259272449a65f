"""`python -m aeutils site`: from the stored notebooks to a folder of pages that needs nothing from outside."""

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

MODULES = ("sphinx", "myst_nb", "furo", "math_core")
HERE = Path(__file__).parent
MARK = "searchindex.js"  # what every such folder has


def build(out: Path) -> Path:
    """Makes the site at `out`, in place of an earlier one; returns its first page.

    OSError where Sphinx is not installed, FileExistsError where `out` holds something else, FileNotFoundError where the
    notebooks are not beside the package. ValueError for whatever Sphinx complains about, which it prints.
    """
    if missing := [name for name in MODULES if not find_spec(name)]:
        raise OSError(f"the site needs {', '.join(missing)}; run `pip install -e '.[site]'` in the course's folder")
    if (out.exists() and not out.is_dir()) or (out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file()):
        raise FileExistsError(f"{out} holds something else; name a folder that is new, empty, or a site made before")
    from sphinx.cmd.build import build_main

    from aeutils.site.sources import write_sources

    with tempfile.TemporaryDirectory() as scratch:
        source, extra, made, doctrees = (Path(scratch) / name for name in ("source", "extra", "made", "doctrees"))
        write_sources(source, extra)
        options = ["-b", "html", "-c", str(HERE), "-d", str(doctrees), "-D", f"html_extra_path={extra}"]
        if build_main([*options, "--quiet", "--fail-on-warning", "--keep-going", str(source), str(made)]):
            raise ValueError("Sphinx complains of what it printed above; the site was not made")
        out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists():
            shutil.rmtree(out)
        shutil.move(made, out)
    return out / "index.html"
