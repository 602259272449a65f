"""A training run on disk, in one safetensors file: tensors, and as JSON in its header the settings and the history."""

import zlib
from pathlib import Path

import torch
from torch import Tensor

from aeutils.files import read_tensors, write_tensors
from aeutils.training.history import History


class Checkpoint:
    """The file of one run. `save` after an epoch, `restore` before the first."""

    def __init__(self, path: str | Path, settings: dict, x: Tensor):
        self.path = Path(path)
        self.settings = settings | {"samples": list(x.shape), "crc32": zlib.crc32(x.cpu().numpy())}

    def save(self, run) -> None:
        """Write the weights, the optimiser's state and the history of `run`."""
        tensors = {f"model.{name}": value for name, value in run.model.state_dict().items()}
        for k, state in run.step.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{k}.{name}": value for name, value in state.items()}
        write_tensors(self.path, tensors, {"settings": self.settings, "history": run.history.as_dict()})

    def restore(self, run) -> None:
        """Put a saved run back into `run`; nothing happens when there is none. ValueError when it was another run."""
        if not self.path.exists():
            return
        tensors, about = read_tensors(self.path)
        self._check_same_run(about.get("settings", {}))
        self._check_same_weights(run.model, tensors)
        run.model.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
        state: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, k, key = name.split(".")
                state.setdefault(int(k), {})[key] = value
        groups = run.step.optimizer.state_dict()["param_groups"]
        run.step.optimizer.load_state_dict({"state": state, "param_groups": groups})
        for group in run.step.optimizer.param_groups:
            group["lr"] = run.step.rate  # loading put a copy there
        run.history = History(**about["history"])

    def _check_same_run(self, found: dict) -> None:
        wrong = [
            f"{name} {found.get(name)!r} there, {value!r} now"
            for name, value in self.settings.items()
            if found.get(name) != value
        ]
        if wrong:
            raise ValueError(
                f"{self.path} belongs to another run ({'; '.join(wrong)}); use another path, or delete it to start anew"
            )

    def _check_same_weights(self, model: torch.nn.Module, tensors: dict[str, Tensor]) -> None:
        for name, value in model.state_dict().items():
            saved = tensors.get(f"model.{name}")
            if saved is None or saved.shape != value.shape:
                there = "none" if saved is None else list(saved.shape)
                raise ValueError(f"{self.path} has {there} for {name}, the model needs {list(value.shape)}")
