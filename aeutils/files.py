"""Tensors on disk: written whole or not at all, read back as they were written, or refused."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

SEAL = "sha256"  # of the content, among what a file says about itself


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place at the end: a reader sees the old file or the new one.

    OSError, which names `path`, when it cannot be written; then the old file stays.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, SafetensorError) as error:  # safetensors reports a full disk as its own error
        raise OSError(f"{path} could not be written: {getattr(error, 'strerror', None) or error}") from error


def check_writable(folder: Path) -> None:
    """OSError where no file can be made in `folder`, which is made if it is missing: found out before the work."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise OSError(f"{folder} cannot be written to: {error.strerror or error}") from None


def write_tensors(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write tensors and JSON `about` to `path`, with the SHA-256 of both. OSError when that is impossible."""
    own = {name: tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}
    # In one entry: safetensors writes several in any order, and the same content is to be the same bytes.
    text = json.dumps({**about, SEAL: fingerprint(own, json.dumps(about))})
    with replacing(path) as part:
        save_file(own, part, {"aeutils": text})


def read_tensors(path: Path, vouched: bool = False) -> tuple[dict[str, Tensor], dict]:
    """Tensors and `about` of a file from `write_tensors`. ValueError when it is damaged or something else.

    vouched: the caller knows the file's bytes to be right, as from a recipe.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["aeutils"])
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 (no mapping)
        promised = about.pop(SEAL, None)
        if not vouched and fingerprint(tensors, json.dumps(about)) != promised:
            raise ValueError("its SHA-256 is not that of its content")
        return tensors, about
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged or was not written by aeutils ({error}); delete it to start anew"
        ) from None


def fingerprint(tensors: dict[str, Tensor], text: str = "") -> str:
    """SHA-256 over `text` and the names, types, shapes and values of tensors, in the order of the names."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy())
    return digest.hexdigest()
