"""A small data set in MNIST's format, a server that offers it in good and bad ways, and folders of a test's own."""

import functools
import gzip
import hashlib
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from aeutils.data import folders
from aeutils.data.glyphs import glyphs
from aeutils.data.mnist import real
from aeutils.data.mnist.sources import FILES, Promise, Source

TRAIN, TEST, SIDE = 400, 40, 28


@functools.cache
def unpacked() -> dict[str, bytes]:
    """The content of the four IDX files, always the same. Random pixels, because those do not shrink when packed."""
    generator = np.random.default_rng(0)
    files = {}
    for name, count in zip(FILES, (TRAIN, TRAIN, TEST, TEST), strict=True):
        shape = (count, SIDE, SIDE) if "images" in name else (count,)
        values = generator.integers(0, 256 if "images" in name else 10, shape, dtype=np.uint8)
        files[name] = bytes([0, 0, 8, len(shape)]) + np.array(shape, ">i4").tobytes() + values.tobytes()
    return files


def packed() -> dict[str, bytes]:
    """The same files as a mirror offers them."""
    return {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in unpacked().items()}


def source() -> Source:
    """The fake as the package sees it; its stand-in is a handful of glyphs."""
    files = {name: Promise(len(content), hashlib.sha256(content).hexdigest()) for name, content in unpacked().items()}
    return Source("fake", "MNIST", files, tuple("0123456789"), lambda: glyphs(train=20, test=10))


def write_into(folder: Path) -> Path:
    """Put the four files into `folder` as torchvision lays them out; returns the folder they are in."""
    place = folder / "MNIST" / "raw"
    place.mkdir(parents=True)
    for name, content in unpacked().items():
        (place / name).write_bytes(content)
    return place


def mirrors(monkeypatch, *urls: str, offered: dict[str, bytes] | None = None, name: str = "MNIST") -> None:
    """Make torchvision believe that `urls` are the mirrors of its class `name` and that they offer these files."""
    from torchvision import datasets

    resources = [(name, hashlib.md5(content).hexdigest()) for name, content in (offered or packed()).items()]
    monkeypatch.setattr(getattr(datasets, name), "mirrors", list(urls))
    monkeypatch.setattr(getattr(datasets, name), "resources", resources)


def own_folders(monkeypatch, tmp_path: Path) -> Path:
    """Replace the whole search path by folders in `tmp_path`; returns the one that AEUTILS_DATA names."""
    (tmp_path / "checkout" / "aeutils").mkdir(parents=True)
    (tmp_path / "checkout" / "pyproject.toml").touch()
    monkeypatch.setattr(folders, "PACKAGE", tmp_path / "checkout" / "aeutils")
    monkeypatch.setattr(folders, "user_cache_path", lambda name: tmp_path / "cache" / name)
    (tmp_path / "named").mkdir()
    monkeypatch.setenv("AEUTILS_DATA", str(tmp_path / "named"))
    return tmp_path / "named"


class Offer(BaseHTTPRequestHandler):
    """Sends the files of `server.files`, in small pieces, each after `server.pause()`."""

    def do_GET(self) -> None:
        name, probe = self.path.lstrip("/"), "Range" in self.headers
        content = self.server.files[name]
        self.server.seen[("probe" if probe else "file", name)] += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for start in range(0, len(content), 4096):
                if start and not probe:
                    self.server.pause()
                self.wfile.write(content[start : start + 4096])
        except OSError:  # the other side has hung up
            pass

    def log_message(self, *arguments) -> None:
        pass


@contextmanager
def server(files: dict[str, bytes] | None = None) -> Iterator[ThreadingHTTPServer]:
    """A mirror at `.url`; `.seen` counts requests, `.pause` is called between two pieces of a file."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), Offer)
    running.daemon_threads = True
    running.files, running.seen, running.pause = files or packed(), Counter(), lambda: None
    running.url = f"http://127.0.0.1:{running.server_port}/"
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield running
    finally:
        running.shutdown()
        running.server_close()


def load(url: str, folder: Path) -> None:
    """Load the fake from `url` into `folder` and print what came of it, as JSON, in the last line."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as others:
        mirrors(patch, url)
        own_folders(patch, Path(others))
        folder.mkdir(exist_ok=True)
        patch.setenv("AEUTILS_DATA", str(folder))
        data = real.real(source())
    print(json.dumps({"name": data.name, "source": data.source, "sum": int(data.train.x.sum())}))
