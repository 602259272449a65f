"""Weights in as few bits as serve: 8 for the large matrices where pictures stay the same, else 16, else 32."""

from collections.abc import Callable
from copy import deepcopy
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from aeutils.measures.evaluate import reconstruct
from aeutils.models import Autoencoder

BLOCK = 64  # weights that share a scale
VISIBLE = 1.0  # grey levels, the root of the mean square over all pixels
LARGE = (1_000, 20_000)  # tensors of more numbers in 8 bits: the small ones cost little and matter most


def pack(tensors: list[Tensor], bits: list[int]) -> tuple[bytes, list[list[int]]]:
    """Tensors in the bits of each -> all their bytes, and the runs [count, bits] as `unpack` of bytes.js reads them."""
    data, runs = b"", []
    for each, group in groupby(zip(tensors, bits, strict=True), key=lambda pair: pair[1]):
        run = torch.cat([tensor.detach().cpu().float().reshape(-1) for tensor, _ in group])
        runs.append([len(run), each])
        data += _bytes(run, each)
    return data, runs


def fewest_bits(model: Autoencoder, tensors: list[Tensor], images: Tensor) -> list[int]:
    """For each of the model's `tensors` 8, 16 or 32: the fewest with which no reconstruction of `images` [N, *shape]
    looks different."""
    full = reconstruct(model, images)
    for large in LARGE:

        def bits(weight: Tensor, large: int = large) -> int:
            return 8 if weight.numel() > large else 16

        if _same(model, full, images, bits):
            return [bits(tensor) for tensor in tensors]
    half = _same(model, full, images, lambda weight: 16)
    return [16 if half else 32 for _ in tensors]


def _same(model: Autoencoder, full: Tensor, images: Tensor, bits: Callable[[Tensor], int]) -> bool:
    """Whether the model reconstructs as before when its weights are rounded."""
    copy = deepcopy(model)
    for weight in copy.parameters():
        weight.data = rounded(weight.data, bits(weight))
    change = reconstruct(copy, images) - full
    return bool(255 * change.square().mean().sqrt() < VISIBLE)


def rounded(weight: Tensor, bits: int) -> Tensor:
    """What the browser makes of a weight that travels in 8 or 16 bits."""
    if bits == 16:
        return weight.half().to(weight)
    scales, steps = _in_8_bits(weight)
    return (steps * scales[:, None]).reshape(-1)[: weight.numel()].view_as(weight).to(weight)


def _in_8_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Scales [blocks], and whole numbers from -127 to 127 [blocks, BLOCK]."""
    blocks = F.pad(weight.float().reshape(-1), (0, -weight.numel() % BLOCK)).view(-1, BLOCK)
    scales = (blocks.abs().amax(1) / 127).half().float()
    steps = (blocks / torch.where(scales == 0, 1, scales)[:, None]).round().clamp(-127, 127)
    return scales, steps


def _bytes(run: Tensor, bits: int) -> bytes:
    if bits == 8:
        scales, steps = _in_8_bits(run)
        return scales.half().numpy().tobytes() + steps.reshape(-1)[: len(run)].to(torch.int8).numpy().tobytes()
    return run.numpy().astype(np.float16 if bits == 16 else np.float32).tobytes()
