"""What is imported when: names, not seconds, because a list is the same on every machine."""

import json
import subprocess
import sys
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import pytest

import aeutils as ae

HEAVY = {"sklearn", "scipy", "anywidget", "ipywidgets", "torchvision", "torchmetrics", "pandas", "jupyterlab"}
CODE = """
import json, sys
{before}
known = set(sys.modules)
{code}
print(json.dumps(sorted(set(sys.modules) - known)))
"""


@cache
def imported(code: str, before: str = "import torch") -> list[str]:
    """The modules that `code` imports in a fresh Python that has run `before`."""
    command = [sys.executable, "-c", CODE.format(before=before, code=code)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def packages(modules: list[str]) -> set[str]:
    """The names before the first dot."""
    return {module.partition(".")[0] for module in modules}


def test_importing_the_package_imports_nothing_else():
    ours = [name for name in imported("import aeutils") if name.startswith("aeutils")]
    assert ours == ["aeutils"]
    assert packages(imported("import aeutils")) & (HEAVY | {"matplotlib", "numpy", "PIL", "tqdm"}) == set()
    assert "torch" not in packages(imported("import aeutils", before=""))


def test_help_imports_neither_torch_nor_what_a_command_runs():
    helped = "from aeutils.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    found = imported(helped, before="")
    assert packages(found) & (HEAVY | {"matplotlib", "numpy", "torch"}) == set()


def test_loading_and_training_import_nothing_heavy():
    drawn = "import aeutils as ae; ae.load('glyphs', train=200, test=20)"  # from now on it is kept on disk
    imported(drawn)
    code = f"{drawn}; d = ae.load('blocks', train=200); m = ae.VAE(latent_dim=2, hidden=(8,))"
    code += "; ae.fit(m, d.train, epochs=1, show=False); ae.evaluate(m, d.test)"
    found = imported(code)
    assert packages(found) & HEAVY == set()
    assert "matplotlib.pyplot" not in found


def test_a_set_up_cell_needs_no_pyplot_and_no_panel():
    found = imported("import aeutils as ae; ae.setup('blocks')")
    assert packages(found) & HEAVY == set()
    assert "matplotlib.pyplot" not in found


def test_the_names_are_known_without_an_import():
    found = imported("import aeutils as ae; assert 'VAE' in dir(ae); assert 'film' in ae.__all__", before="")
    assert [name for name in found if name.startswith("aeutils")] == ["aeutils"]
    assert "torch" not in packages(found)


def test_what_the_files_of_a_room_offer_is_public():
    for room in ae.ROOMS:
        for file in iter_modules(import_module(f"aeutils.{room}").__path__):
            module = import_module(f"aeutils.{room}.{file.name}")
            for name in getattr(module, "__all__", ()):
                assert getattr(ae, name) is getattr(module, name)


def test_a_star_gives_every_name():
    names: dict = {}
    exec("from aeutils import *", names)
    assert set(ae.__all__) <= set(names)


@pytest.mark.parametrize("name", ae.__all__)
def test_every_public_name_is_there(name):
    assert getattr(ae, name) is not None
    assert name in dir(ae)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = ae.nonsense


def test_the_old_name_of_report_works_and_says_so():
    data = ae.load("blocks", train=200)
    model = ae.Dense(latent_dim=2, hidden=(8,))
    with pytest.warns(DeprecationWarning, match=r"ae\.report"):
        assert ae.measures(model, data) == ae.report(model, data)
