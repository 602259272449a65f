"""Downloading a real image set: once for all processes, whole or not at all, and never a hang.

A download goes to a temporary folder beside its destination. Files are renamed into place only when their SHA-256
fits, so a download that is killed leaves nothing that a later run would trust. A mirror whose files are bad, or that
takes too long, is left for the next one.
"""

import gzip
import hashlib
import io
import os
import queue
import shutil
import tempfile
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

from filelock import FileLock, Timeout

from aeutils import environment
from aeutils.data.base import DataSet
from aeutils.data.folders import Folder, first_writable
from aeutils.data.mnist.mirrors import Unavailable, find_mirror, host, one_line
from aeutils.data.mnist.sources import Damaged, Source, raw, read, verified

STALL = 10.0  # seconds without a byte after which a download is given up
LIMIT = 300.0  # seconds for a set in all, whatever trickles in: 30 MB at a tenth of a megabyte a second
PATIENCE = LIMIT + 30  # seconds to wait for another process that downloads the same
FAILURES = (OSError, EOFError, HTTPException, zlib.error, Damaged)


def download(source: Source, damage: str = "") -> DataSet:
    """Fetch `source` into the first writable data folder (else just into memory) and read it. Raises Unavailable.

    damage: a sentence on the copies that cannot be used, for the line that says what is downloaded
    """
    if environment.offline():
        raise Unavailable("AEUTILS_OFFLINE is set")
    deadline, failed = time.monotonic() + LIMIT, {}
    while time.monotonic() < deadline:
        try:
            mirror, checksums = find_mirror(source, failed)
            return fetch_somewhere(source, mirror, checksums, damage, deadline)
        except Timeout:
            raise Unavailable(f"another process has been downloading it for {PATIENCE / 60:.0f} minutes") from None
        except Unavailable as why:
            raise Unavailable("; ".join([*failed.values(), *filter(None, [str(why)])])) from None
        except FAILURES as error:
            failed[mirror] = f"the download from {host(mirror)} failed: {one_line(error)}"
    raise Unavailable("; ".join(failed.values()))


def fetch_somewhere(source: Source, mirror: str, checksums: dict[str, str], damage: str, deadline: float) -> DataSet:
    """`fetch` into the first writable data folder, or where there is none, into one that is not kept."""
    folder = first_writable()
    if folder is not None:
        return fetch(source, mirror, checksums, folder, damage, deadline)
    with tempfile.TemporaryDirectory() as temporary:
        return fetch(source, mirror, checksums, Folder(Path(temporary), "downloaded, not kept"), damage, deadline)


def fetch(
    source: Source, mirror: str, checksums: dict[str, str], folder: Folder, damage: str, deadline: float
) -> DataSet:
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
                    size = source.files[file].size
                    bring(f"{mirror}{file}.gz", checksums[f"{file}.gz"], Path(temporary, file), size, deadline)
                    verified(source, Path(temporary, file))
                raw(source, folder.path).mkdir(parents=True, exist_ok=True)
                for file in wanted:
                    os.replace(Path(temporary, file), raw(source, folder.path) / file)
        return read(source, folder)


def bring(url: str, md5: str, path: Path, size: int, deadline: float) -> None:
    """Download the packed file of `url`, check its MD5 and leave it unpacked at `path`: `size` bytes, or one more of
    what is larger than it should be. Raises one of FAILURES."""
    packed = received(url, deadline)
    if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
        raise Damaged(f"{path.name}.gz is not the file that it should be (MD5)")
    with gzip.open(io.BytesIO(packed)) as file:
        path.write_bytes(file.read(size + 1))


def received(url: str, deadline: float) -> bytes:
    """What `url` sends until the deadline (of time.monotonic). Raises TimeoutError after it, whatever hangs: a thread
    asks, and is left behind. OSError or HTTPException for what else goes wrong."""
    answers: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, headers={"User-Agent": "aeutils"})
            with urllib.request.urlopen(request, timeout=STALL) as response:
                parts = []
                while (part := response.read1(2**16)) and time.monotonic() < deadline:  # nobody listens any longer
                    parts.append(part)
            answers.put(b"".join(parts))
        except Exception as error:  # whatever it is, it is the listener's
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise TimeoutError(f"it was not done after {LIMIT:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


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
