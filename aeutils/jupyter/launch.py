"""JupyterLab on the course's notebooks: what `python -m aeutils lab` starts."""

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
PORTS, LARGEST_PORT = ("--port", "--ServerApp.port", "--LabApp.port"), 65_535
SETTINGS = Path(__file__).resolve().parent / "lab_settings"


def launch(arguments: Sequence[str] = (), folder: Path = NOTEBOOKS) -> int:
    """Runs JupyterLab until it is stopped; `arguments` are its own options (--no-browser, --port=8890, ...).

    Returns 0. ValueError for a port that is none; FileNotFoundError where the notebooks are not beside the package,
    as when it was installed without -e.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no notebooks at {folder}; run `pip install -e .` in the course's folder")
    check_port(arguments)
    from jupyterlab.labapp import LabApp  # here, because nothing else of the course needs a web server

    LabApp.launch_instance(argv=command(arguments, folder))
    return 0


def check_port(arguments: Sequence[str]) -> None:
    """ValueError for a port that is none, which Jupyter would try again and again."""
    for argument, following in pairwise([*arguments, ""]):
        name, equals, value = argument.partition("=")
        port = value if equals else following
        if name in PORTS and not (port.isdecimal() and int(port) <= LARGEST_PORT):
            raise ValueError(f"{name} is {port!r}; expected a whole number from 0 to {LARGEST_PORT}")


def command(arguments: Sequence[str], folder: Path = NOTEBOOKS) -> list[str]:
    """The options JupyterLab is started with: the course's own, less those that `arguments` give, then `arguments`."""
    given = {argument.partition("=")[0] for argument in arguments}
    if "--notebook-dir" in given:  # Jupyter's other name for it
        given.add("--ServerApp.root_dir")
    ours = [f"{name}={value}" for name, value in settings(folder).items() if name not in given]
    return ours + ["--allow-root"] * as_root() + list(arguments)


def settings(folder: Path) -> dict[str, str]:
    """JupyterLab's options for the course. It needs no network: no news, no newer versions, no extension catalogue."""
    return {
        "--ServerApp.root_dir": str(folder),
        "--ServerApp.kernel_websocket_connection_class": "aeutils.jupyter.server.PromptConnection",
        "--LabApp.default_url": first_page(folder),
        "--LabApp.app_settings_dir": str(SETTINGS),  # the question whether to fetch news is asked unless it is answered
        "--LabApp.news_url": "None",
        "--LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager": "readonly",
    }


def first_page(folder: Path) -> str:
    """What JupyterLab opens: the first notebook of the folder, or its own start page when there is none yet."""
    first = min(folder.glob("*.ipynb"), default=None)
    return f"/lab/tree/{first.name}" if first else "/lab"


def as_root() -> bool:
    """True in most containers. JupyterLab does not run as root unless told to."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
