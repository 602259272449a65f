"""What works on this machine, and what to do about what does not: `python -m aeutils doctor`.

Every check gives a Finding: "fails" will stop a learner, "note" is good to know, "ok" is ok. A check that raises has
found something, too. Up here nothing is imported that can be missing or broken; each check imports what it needs.
"""

from __future__ import annotations  # for a Python that is too old, which has to get as far as saying so

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from threading import Timer
from typing import NamedTuple

PYTHON = (3, 11)  # as pyproject.toml says
ROOT = Path(__file__).resolve().parents[2]
TESTED = ROOT / "aeutils" / "tested_versions.txt"  # a constraints file of pip: name==version
INSTALL = "pip install -r requirements.txt"
OTHERS = ("numpy", "ipykernel", "jupyter-server")  # not named in pyproject.toml, but they matter, too
EXTENSIONS = {"anywidget": "anywidget", "@jupyter-widgets/jupyterlab-manager": "jupyterlab-widgets"}  # and packages
LECTURE = 1.9e9  # bytes of memory that the largest lecture takes
SETS = 0.2e9  # bytes on the disk that both image sets take while they are downloaded
NOTEBOOK = 0.05e9  # bytes on the disk without which JupyterLab may fail to save a notebook
PATIENCE = 120  # seconds for the checks that import torch; about 5 on two idle cores


class Finding(NamedTuple):
    """What a check has found: ok, note or fails; and the same in words, with what to do."""

    state: str
    text: str


class Check(NamedTuple):
    """The name of a line, the function that makes its finding, and what helps where that function raises."""

    name: str
    find: Callable[[], Finding]
    remedy: str


def python() -> Finding:
    """The interpreter, and whether it is that of the course's environment."""
    text = f"{platform.python_version()}, {sys.executable}"
    if sys.version_info < PYTHON:
        return Finding("fails", f"{text}; the course needs 3.11 or newer: make .venv anew with one")
    if sys.prefix == sys.base_prefix and (ROOT / ".venv").is_dir():
        return Finding("note", f"{text}; the course's own is not active: . .venv/bin/activate")
    return Finding("ok", text)


def packages() -> Finding:
    """Are the packages that the course needs installed, and not below the bounds of its own metadata?"""
    from packaging.requirements import Requirement

    every = map(Requirement, metadata.requires("aeutils") or [])
    needed = [one for one in every if one.marker is None or one.marker.evaluate({"extra": ""})]
    found = {one: installed(one.name) for one in needed}
    wrong = [f"{one.name} is missing" for one in needed if found[one] is None]
    wrong += [
        f"{one.name} {version} is not {one.specifier}"
        for one, version in found.items()
        if version is not None and not one.specifier.contains(version, prereleases=True)
    ]
    if wrong:
        return Finding("fails", f"{few(wrong)}: {INSTALL}")
    return Finding("ok", f"all {len(needed)} that the course needs are installed, none too old")


def installed(name: str) -> str | None:
    """The installed version of a package, None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def versions() -> Finding:
    """The installed versions of the packages that pyproject.toml names, beside those the course was tested with."""
    from packaging.version import Version

    tested = tested_versions(TESTED)
    have = {name: version for name in sorted(direct() & tested.keys()) if (version := installed(name))}
    if not have:
        return Finding("note", "the versions that the course was tested with are not recorded here")
    order = {"newer": [], "older": []}
    for name, version in have.items():
        ours, theirs = Version(Version(version).public), Version(tested[name])  # torch 2.14.1+cu130 is torch 2.14.1
        if ours != theirs:
            order["newer" if ours > theirs else "older"].append(f"{name} {ours} ({theirs})")
    parts = [f"{len(names)} of {len(have)} {word} than tested: {few(names)}" for word, names in order.items() if names]
    if not parts:
        return Finding("ok", f"all {len(have)} as tested")
    return Finding("note", f"{'; '.join(parts)}; should something break: {INSTALL} -c aeutils/{TESTED.name}")


def tested_versions(file: Path) -> dict[str, str]:
    """The versions in a constraints file by canonical name; none where there is no such file."""
    from packaging.utils import canonicalize_name

    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    pins = [line.partition("#")[0].partition(";")[0].partition("==") for line in lines]
    return {canonicalize_name(name.strip()): version.strip() for name, equals, version in pins if equals}


def direct() -> set[str]:
    """The canonical names of what pyproject.toml names, tests and grading included, and of OTHERS."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    return {canonicalize_name(Requirement(text).name) for text in metadata.requires("aeutils") or []} | {*OTHERS}


def few(texts: list[str], most: int = 3) -> str:
    """The first of them, and how many more there are."""
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def course() -> Finding:
    """The notebooks, and whether a kernel, which is a Python started in their folder, finds the course's package."""
    from aeutils.jupyter.launch import NOTEBOOKS

    if not NOTEBOOKS.is_dir():
        return Finding("fails", f"no notebooks at {NOTEBOOKS}: run {INSTALL} in the course's folder")
    script = "import importlib.util, sys; sys.exit(importlib.util.find_spec('aeutils') is None)"
    if subprocess.run([sys.executable, "-c", script], cwd=NOTEBOOKS, capture_output=True).returncode:
        return Finding("fails", f"notebooks cannot import aeutils: run {INSTALL} in the course's folder")
    return Finding("ok", str(NOTEBOOKS))


def jupyterlab() -> Finding:
    """JupyterLab, and whether it will load the two extensions that draw the course's panels."""
    from jupyter_core.paths import jupyter_path
    from jupyterlab.labapp import LabApp
    from jupyterlab_server.config import get_page_config

    from aeutils.jupyter.launch import SETTINGS

    page = get_page_config(jupyter_path("labextensions"), str(SETTINGS))
    there = {extension["name"] for extension in page["federated_extensions"]}
    disabled = {name.partition(":")[0] for name in page["disabledExtensions"]}
    text = LabApp.version
    if missing := [name for name in EXTENSIONS if name not in there]:
        again = " ".join(EXTENSIONS[name] for name in missing)
        return Finding("fails", f"{text} without {' and '.join(missing)}: pip install --force-reinstall {again}")
    if off := [name for name in EXTENSIONS if name in disabled]:
        commands = ", ".join(f"jupyter labextension enable {name}" for name in off)
        return Finding("fails", f"{text}, where {' and '.join(off)} is disabled: {commands}")
    return Finding("ok", f"{text}, anywidget {installed('anywidget')} active")


def saving() -> Finding:
    """May notebooks be saved where they are, and results in runs/?"""
    from aeutils.jupyter.launch import NOTEBOOKS

    if not writable(NOTEBOOKS):
        return Finding("fails", f"notebooks cannot be saved in {NOTEBOOKS}: copy the course to a folder of yours")
    runs = Path("runs").absolute()
    if not writable(runs):
        return Finding("fails", f"python -m aeutils train cannot write to {runs}: run it elsewhere or use --out")
    return Finding("ok", "notebooks/ and runs/ can be written to")


def writable(path: Path) -> bool:
    """Whether a file can be made in `path`, or in what is there of it: nothing is left behind."""
    try:
        with tempfile.TemporaryFile(dir=nearest(path)):
            return True
    except OSError:
        return False


def nearest(path: Path) -> Path:
    """`path` itself, or the closest folder above it that is there."""
    return next(place for place in (path, *path.absolute().parents) if place.exists())


def disk() -> Finding:
    """Free space for notebooks, results and temporary files."""
    from aeutils.jupyter.launch import NOTEBOOKS

    places = [nearest(NOTEBOOKS), Path.cwd(), Path(tempfile.gettempdir())]
    free, place = min((shutil.disk_usage(place).free, place) for place in places)
    text = f"{size(free)} free at {place}"
    if free < NOTEBOOK:
        return Finding("fails", f"{text}; saving will fail: delete something")
    return Finding("note" if free < 5 * SETS else "ok", text + "; that is little" * (free < 5 * SETS))


def memory() -> Finding:
    """What a lecture needs, beside what there is and what this process may have of it."""
    try:
        total, available = machine_memory()
    except (AttributeError, ValueError, OSError):
        return Finding("note", f"its size is not known here; a lecture takes up to {size(LECTURE)}")
    allowed = min([total, *container_limits()])
    available = min(available, allowed)
    text = f"{size(available)} of {size(allowed)} available; a lecture takes up to {size(LECTURE)}"
    if allowed < LECTURE:
        return Finding("fails", f"{text}: use a larger machine, or AEUTILS_BUDGET=quick, which needs less")
    if available < LECTURE:
        return Finding("note", f"{text}: close other programs and notebooks first")
    return Finding("ok", text)


def machine_memory(table: Path = Path("/proc/meminfo")) -> tuple[int, int]:
    """The machine's memory and what is available of it, in bytes. psutil knows everywhere; only the tests need it."""
    try:
        import psutil
    except ImportError:
        if table.is_file():
            lines = dict(line.split(":") for line in table.read_text().splitlines())
            return tuple(int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return total, total
    found = psutil.virtual_memory()
    return found.total, found.available


def container_limits(listing: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """The limits in bytes that the control groups of this process set, in both versions of Linux's interface.

    A group is bound by those above it, too; a container sees its own group as the root.
    """
    limits = []
    for line in listing.read_text().splitlines() if listing.is_file() else []:
        _, kinds, path = line.split(":", 2)
        if kinds and "memory" not in kinds.split(","):
            continue
        base, name = (root / "memory", "memory.limit_in_bytes") if kinds else (root, "memory.max")
        group = base / path.lstrip("/")
        for file in (place / name for place in (group, *group.parents) if place.is_relative_to(base)):
            text = file.read_text().strip() if file.is_file() else ""
            limits += [int(text)] if text.isdecimal() else []  # "max" is none
    return limits


def size(count: float) -> str:
    """Bytes as gigabytes."""
    return f"{count / 1e9:.1f} GB"


def torch() -> Finding:
    """Can torch be imported, and the torchvision that was built for it?"""
    import torch
    import torchvision

    return Finding("ok", f"{torch.__version__}, torchvision {torchvision.__version__}")


def device() -> Finding:
    """The device that is used, and whether it computes what it should."""
    from aeutils import environment

    with warnings.catch_warnings(record=True) as heard:  # torch says only once why it sees no GPU
        warnings.simplefilter("always")
        chosen = environment.device()
    text = environment.describe(chosen)
    if not (error := difference(chosen)) < 1e-3:  # as NaN is not, either
        return Finding("fails", f"{text} computes wrongly (relative error {error:.1g}): set AEUTILS_DEVICE=cpu")
    if chosen.type == "cpu" and not os.environ.get("AEUTILS_DEVICE") and shutil.which("nvidia-smi"):
        return Finding("note", f"{text}; {unused_gpu(heard)}: see pytorch.org/get-started, or go on without")
    return Finding("ok", f"{text} computes a product and its gradient as it should")


def unused_gpu(heard: list) -> str:
    """Why torch does not use the GPU: what it was built for, else what it has warned of."""
    import torch

    if torch.version.cuda is None:
        return "torch was built without support for the GPU"
    return f"torch sees no GPU ({one_line(heard[-1].message)})" if heard else "torch sees no GPU"


def difference(device) -> float:
    """How far a product and its gradient on `device` in float32 are from the CPU's in float64, relative."""
    import torch

    factors = torch.randn(2, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def product_and_gradient(a, b):
        a = a.clone().requires_grad_()
        product = a @ b
        product.square().sum().backward()
        return torch.stack([product.detach(), a.grad]).double().cpu()

    right, found = product_and_gradient(*factors), product_and_gradient(*factors.float().to(device))
    return float((found - right).norm() / right.norm())


def variables() -> Finding:
    """Are the course's variables of the environment what they may be? The device's has a line of its own."""
    from aeutils import environment

    return Finding("ok", f"budget {environment.budget().name}, seed {environment.seed()}")


def data_folder() -> Finding:
    """Where image sets are kept, and whether there is room for them."""
    from aeutils.data.folders import search_path

    folder = next((folder for folder in search_path() if writable(folder.path)), None)
    if folder is None:
        return Finding("note", "none can be written to, so sets are downloaded every time: set AEUTILS_DATA to one")
    text = f"{folder.label} ({folder.path}), {size(free := shutil.disk_usage(nearest(folder.path)).free)} free"
    if free < SETS:
        return Finding("note", f"{text}; a download takes {size(SETS)}: delete something or set AEUTILS_DATA")
    return Finding("ok", text)


def image_set(name: str) -> Finding:
    """Is a real image set here and whole, else can it be had, else does its stand-in serve?"""
    from aeutils.data.folders import search_path
    from aeutils.data.mnist import sources

    source, damage = getattr(sources, name), ""
    for folder in search_path():
        try:
            if sources.read(source, folder) is not None:
                return Finding("note" if damage else "ok", f"{damage}whole in {folder.label} ({folder.path})")
        except sources.Damaged as error:
            damage += f"{folder.label} is passed over, because {error}; "
    return Finding("note", (damage or "not here; ") + substitute(source))


def substitute(source) -> str:
    """Where a missing set can be had. Mirrors are asked for two bytes, for three seconds at most."""
    from aeutils import environment
    from aeutils.data.mnist.mirrors import Unavailable, find_mirror, host

    try:
        if environment.offline():
            raise Unavailable("AEUTILS_OFFLINE is set")
        return f"{host(find_mirror(source)[0])} has it: python -m aeutils data {source.name}"
    except Unavailable as why:
        stand_in = source.stand_in().name
        return f"no download now ({why}), so {stand_in!r} stands in; or set AEUTILS_DATA to a folder that has it"


def browser() -> Finding:
    """What the tests drag the panels in."""
    from aeutils.bench.latency import CHROMIUM

    only = "only the tests need it, and skip what they cannot do"
    if CHROMIUM is None:
        return Finding("note", f"no Chromium ({only}): install one, as by apt install chromium")
    if importlib.util.find_spec("playwright") is None:
        return Finding("note", f"{CHROMIUM}, but no playwright to drive it ({only}): {INSTALL}")
    return Finding("ok", f"{CHROMIUM}, for the tests")


CHECKS = (
    Check("Python", python, ""),
    Check("packages", packages, INSTALL),
    Check("versions", versions, f"{INSTALL} -c aeutils/{TESTED.name}"),
    Check("course", course, INSTALL),
    Check("JupyterLab", jupyterlab, "pip install --force-reinstall jupyterlab anywidget"),
    Check("saving", saving, "run it in the course's folder"),
    Check("disk", disk, "run it in the course's folder"),
    Check("memory", memory, f"a lecture takes up to {size(LECTURE)}"),
)

# They import torch, in a process of their own: a broken one can end it without an exception, and it works meanwhile.
TORCH_CHECKS = (
    Check("torch", torch, "pip install --force-reinstall torch torchvision"),
    Check("device", device, "set AEUTILS_DEVICE=cpu to do without a GPU"),
    Check("variables", variables, "correct or unset it"),
    Check("data folder", data_folder, "set AEUTILS_DATA to a folder of yours"),
    Check("mnist", lambda: image_set("MNIST"), "python -m aeutils data mnist"),
    Check("fashion", lambda: image_set("FASHION"), "python -m aeutils data fashion"),
    Check("browser", browser, INSTALL),
)


def examine(check: Check) -> Finding:
    """The check's finding; what it raises is one, too. What it prints or warns of is dropped."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return check.find()
    except ModuleNotFoundError as error:
        return Finding("fails", f"{error.name or one_line(error)} is not installed: {INSTALL}")
    except (Exception, SystemExit) as error:
        return Finding("fails", f"{one_line(error)}: {check.remedy}")


def one_line(error: BaseException | str) -> str:
    """What went wrong in one line that is not too long."""
    return textwrap.shorten(str(error), 240, placeholder=" ...") or type(error).__name__


def examine_torch() -> None:
    """Print the findings of TORCH_CHECKS, each as a line of JSON as soon as it is there."""
    for check in TORCH_CHECKS:
        if check.find is torch or "torch" in sys.modules:
            finding = examine(check)
        else:
            finding = Finding("note", "not checked, because torch cannot be imported")
        print("\n" + json.dumps([check.name, *finding]), flush=True)  # a library may have left its line open


def start() -> subprocess.Popen:
    """The process that makes the findings of TORCH_CHECKS."""
    command = [sys.executable, "-m", "aeutils.jupyter.doctor"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")


def findings(process: subprocess.Popen) -> Iterator[tuple[str, Finding]]:
    """The findings of that process by the names of their checks, whatever becomes of it."""
    timer = Timer(PATIENCE, process.kill)
    timer.daemon = True
    timer.start()
    missing, other = {check.name: check for check in TORCH_CHECKS}, ""
    for line in filter(None, map(str.strip, process.stdout)):
        if line.startswith('["'):
            name, *finding = json.loads(line)
            yield missing.pop(name).name, Finding(*finding)
        else:  # what a library says, or why the process ends
            other = line
    status = process.wait()
    timer.cancel()
    for number, check in enumerate(missing.values()):
        ended = Finding("fails", f"Python ended here, status {status} ({one_line(other)}): {check.remedy}")
        yield check.name, Finding("note", "not checked, because of that") if number else ended


def shown(name: str, finding: Finding) -> str:
    """A finding as it is printed: as wide as the terminal, further lines indented."""
    head = f"{finding.state:<7}{name:<13}"
    width = max(50, min(120, shutil.get_terminal_size((100, 24)).columns - 1))
    text = textwrap.fill(head + finding.text, width, subsequent_indent=" " * len(head), break_on_hyphens=False)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)  # a path may have letters that the terminal has not


def every_finding() -> Iterator[tuple[str, Finding]]:
    """All findings by name. Nothing else is worth a look where Python itself is too old."""
    first = examine(CHECKS[0])
    yield CHECKS[0].name, first
    if first.state != "fails":
        process = start()
        for check in CHECKS[1:]:
            yield check.name, examine(check)
        yield from findings(process)


def main() -> int:
    """Print all findings: 1 where something fails, else 0."""
    failed = 0
    for name, finding in every_finding():
        print(shown(name, finding), flush=True)
        failed += finding.state == "fails"
    print(f"\n{failed} of these will stop you; what to do stands there." if failed else "\nNothing stands in the way.")
    return int(failed > 0)


if __name__ == "__main__":
    examine_torch()
