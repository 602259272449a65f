"""Undocumented names of torchvision."""

import gzip
import hashlib
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit


def download_and_unpack(url: str, folder: Path, md5: str) -> None:
    """Downloads the packed file of `url`, checks its MD5 and leaves it unpacked in `folder`. RuntimeError when damaged.

    torchvision.datasets.utils: known in torchvision 0.19 to 0.29, whose pages do not document it. Without it: the
    same by hand, for files ending in .gz.
    """
    try:
        from torchvision.datasets.utils import download_and_extract_archive
    except ImportError:
        with urllib.request.urlopen(url) as answer:
            packed = answer.read()
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
            raise RuntimeError("File not found or corrupted.") from None
        (folder / Path(urlsplit(url).path).stem).write_bytes(gzip.decompress(packed))
    else:
        download_and_extract_archive(url, str(folder), md5=md5, remove_finished=True)
