"""Tensors on disk: written whole or not at all, read back as they were written."""

import json
import os
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor


def write_tensors(path: Path, tensors: dict[str, Tensor], about: dict) -> None:
    """Write tensors and JSON `about` to `path`; a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part, {"aeutils": json.dumps(about)})
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict]:
    """Tensors and `about` of a file from `write_tensors`. ValueError when it is damaged or something else."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["aeutils"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no mapping)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged or was not written by aeutils ({error}); delete it to start anew"
        ) from None
