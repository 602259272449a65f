"""A training run on disk, in one safetensors file: its tensors, and as JSON in the header what it is and has done."""

from pathlib import Path
from typing import Protocol

from torch import Tensor

from aeutils.checks import File
from aeutils.files import read_tensors, write_tensors
from aeutils.models.description import differences


class Resumable(Protocol):
    """What a checkpoint knows of a run."""

    def identity(self) -> dict:
        """What makes it this run and no other, for JSON."""

    def state(self) -> tuple[dict[str, Tensor], dict]:
        """All that it needs to go on: tensors by name, and values for JSON."""

    def load_state(self, tensors: dict[str, Tensor], values: dict) -> None:
        """Put back what `state` gave. ValueError when it does not fit."""


class Checkpoint:
    """The file of one run. `restore` before the first epoch, `save` after every one."""

    def __init__(self, path: str | Path, run: Resumable):
        self.path = File()("checkpoint", path)
        if self.path.is_dir():
            raise ValueError(f"checkpoint {self.path} is a folder; name a file in it")
        self.identity = run.identity()

    def save(self, run: Resumable) -> None:
        """Write the state of `run`, whole or not at all."""
        tensors, values = run.state()
        write_tensors(self.path, tensors, {"settings": self.identity, **values})

    def restore(self, run: Resumable) -> None:
        """Put a saved run back into `run`; nothing happens when there is none. ValueError when it was another run."""
        if not self.path.exists():
            return
        tensors, about = read_tensors(self.path)  # no byte of it is believed unless its SHA-256 fits
        self._check_same_run(about.pop("settings", {}))
        try:
            run.load_state(tensors, about)
        except ValueError as error:
            raise ValueError(f"{self.path} {error}") from None

    def _check_same_run(self, saved: dict) -> None:
        others = list(differences(saved, self.identity))
        if others:
            raise ValueError(
                f"{self.path} belongs to another run ({'; '.join(others)}); use another path, or delete it to start "
                "anew"
            )
