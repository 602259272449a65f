"""What every measure promises: the model and the random state stay as they were, and it says the same at every call."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def measuring(model: object, seed: int = 0) -> Iterator[None]:
    """Within it `model`, if it is a module, is in evaluation mode, nothing records gradients, and random draws follow
    from `seed`. Afterwards every part of the model is in the mode it was in, and so is the random state."""
    modules = list(model.modules()) if isinstance(model, nn.Module) else []
    modes = [module.training for module in modules]
    devices = {weight.device for module in modules[:1] for weight in module.parameters() if weight.is_cuda}
    with torch.random.fork_rng(list(devices)), torch.no_grad():
        torch.manual_seed(seed)
        try:
            for module in modules[:1]:
                module.eval()
            yield
        finally:
            for module, mode in zip(modules, modes, strict=True):
                module.training = mode
