"""Answers on their way from the process that runs a learner's code to the one that judges: nothing in them can run."""

import base64
import math

import numpy as np
import torch
from torch import Tensor

from aeutils.exercises.answers import OPEN, WRONG


def packed(found: dict) -> dict:
    """What `collect` returned, as JSON can hold it."""
    return found | {"answers": [{label: _pack(part) for label, part in parts.items()} for parts in found["answers"]]}


def _pack(part: Tensor | str):
    if isinstance(part, str):
        return part
    return [list(part.shape), base64.b64encode(part.contiguous().numpy().tobytes()).decode()]


def unpacked(found: dict) -> dict:
    """The inverse of `packed`. TypeError, ValueError or KeyError for anything else."""
    answers = [{str(label): _unpack(part) for label, part in parts.items()} for parts in found["answers"]]
    end = found["end"]
    if end is not None and (end["state"] not in (OPEN, WRONG) or not isinstance(end.get("reason", ""), str)):
        raise ValueError("no verdict")
    return {"answers": answers, "end": end}


def _unpack(part) -> Tensor | str:
    if isinstance(part, str):
        return part
    shape, data = part
    numbers = np.frombuffer(base64.b64decode(data), np.float64).copy()
    if numbers.size != math.prod(shape):
        raise ValueError("numbers do not fill their shape")
    return torch.from_numpy(numbers).view(shape)
