"""Downloading a real image set through torchvision: once for all processes, whole or not at all, and never a hang.

A download goes to a temporary folder beside its destination. Files are renamed into place only when their SHA-256
fits, so a download that is killed leaves nothing that a later run would trust.
"""

import io
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock, Timeout

from aeutils import environment
from aeutils.data.base import DataSet
from aeutils.data.folders import Folder, first_writable
from aeutils.data.mnist.mirrors import Unavailable, find_mirror, host, one_line
from aeutils.data.mnist.sources import Damaged, Source, raw, read, verified
from aeutils.private import torchvision

STALL = 10.0  # seconds without a byte after which a download is given up
PATIENCE = 300.0  # seconds to wait for another process that downloads the same


def download(source: Source, damage: str = "") -> DataSet:
    """Fetch `source` into the first writable data folder (else just into memory) and read it. Raises Unavailable.

    damage: a sentence on the copies that cannot be used, for the line that says what is downloaded
    """
    if environment.offline():
        raise Unavailable("AEUTILS_OFFLINE is set")
    mirror, checksums = find_mirror(source)
    folder = first_writable()
    try:
        if folder is None:
            with tempfile.TemporaryDirectory() as temporary:
                return fetch(source, mirror, checksums, Folder(Path(temporary), "downloaded, not kept"), damage)
        return fetch(source, mirror, checksums, folder, damage)
    except Timeout:
        raise Unavailable(f"another process has been downloading it for {PATIENCE / 60:.0f} minutes") from None
    except (OSError, EOFError, RuntimeError, HTTPException, Damaged) as error:
        raise Unavailable(f"the download from {host(mirror)} failed: {one_line(error)}") from error


def fetch(source: Source, mirror: str, checksums: dict[str, str], folder: Folder, damage: str) -> DataSet:
    """Bring the missing and damaged files of `source` into `folder`, in one process at a time, and read all of them."""
    with locked(folder.path / f".{source.folder}.lock", source.name):
        # Left by a killed download: the lock is ours, so none is running.
        for left_over in folder.path.glob(f".{source.folder}-*"):
            shutil.rmtree(left_over, ignore_errors=True)
        wanted = [file for file in source.files if not good(source, raw(source, folder.path) / file)]
        if wanted:  # else another process brought them while this one waited for the lock
            print(f"{source.name}: {damage}Downloading it from {host(mirror)} into {folder.label}.")
            with tempfile.TemporaryDirectory(prefix=f".{source.folder}-", dir=folder.path) as temporary:
                for file in wanted:
                    bring(mirror + file + ".gz", checksums[file + ".gz"], Path(temporary))
                    verified(source, Path(temporary, file))
                raw(source, folder.path).mkdir(parents=True, exist_ok=True)
                for file in wanted:
                    os.replace(Path(temporary, file), raw(source, folder.path) / file)
        return read(source, folder)


def bring(url: str, md5: str, folder: Path) -> None:
    """Download `url` into `folder`, check its MD5, unpack it there and remove the packed file."""
    with give_up_stalled(STALL), redirect_stdout(io.StringIO()):  # some versions of torchvision print whole paths
        torchvision.download_and_unpack(url, folder, md5)


@contextmanager
def give_up_stalled(seconds: float) -> Iterator[None]:
    """Connections opened inside raise TimeoutError after `seconds` without a byte: torchvision sets no limit itself."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@contextmanager
def locked(path: Path, name: str) -> Iterator[None]:
    """Only one process at a time gets in; who has to wait is told so. Raises Timeout after PATIENCE."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.2)
    except Timeout:
        print(f"{name}: another process is downloading it; waiting for that to end")
        lock.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        lock.release()


def good(source: Source, path: Path) -> bool:
    """Whether a file is there and is what it must be."""
    try:
        verified(source, path)
    except Damaged:
        return False
    return True
