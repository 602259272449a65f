"""`python -m aeutils bench`: the usual training loop against `fit`, the same VAE on the same images in one run."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from aeutils import environment
from aeutils.data import load
from aeutils.models import VAE
from aeutils.training import fit

BATCH = 128


def usual_epoch(images: Tensor, model: VAE) -> None:
    """One epoch as the common example programs write it: torchvision's MNIST, ToTensor, DataLoader, Adam, .item()."""
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    class Loaded(MNIST):  # torchvision's own __getitem__, over the images at hand
        def __init__(self):
            self.data, self.targets = images[:, 0].cpu(), torch.zeros(len(images), dtype=torch.int64)
            self.transform, self.target_transform = ToTensor(), None

    device = next(model.parameters()).device
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    total = 0.0
    for x, _ in DataLoader(Loaded(), batch_size=BATCH, shuffle=True):
        optimizer.zero_grad()
        loss = model.loss(x.to(device))["loss"]
        loss.backward()
        total += loss.item()
        optimizer.step()


def matrix_product_floor(count: int, device: torch.device) -> float:
    """Seconds an epoch of `count` images would take if the VAE's matrix products were all there is."""
    layers = [(784, 400), (400, 40), (20, 400), (400, 784)]
    products = [
        (torch.randn(BATCH, n, device=device), torch.randn(m, n, device=device), torch.randn(BATCH, m, device=device))
        for n, m in layers
    ]

    def step() -> None:
        for k, (x, weight, gradient) in enumerate(products):
            x @ weight.T  # forward
            gradient.T @ x  # gradient of the weight
            if k > 0:  # the images need no gradient
                gradient @ weight

    steps = count // BATCH
    return _seconds(lambda: [step() for _ in range(steps)], device)


def _seconds(function: Callable[[], object], device: torch.device) -> float:
    """Wall time of one call, the device's queue included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def bench(rounds: int = 3) -> dict:
    """Seconds an epoch and images per second of both loops (median of `rounds`, in turn), ratio, share of the floor."""
    device = environment.device()
    data = load("mnist")
    images = data.train.x
    usual, ours, floor = [], [], []
    for _ in range(rounds):
        torch.manual_seed(0)
        model = VAE().to(device)
        usual.append(_seconds(lambda model=model: usual_epoch(images, model), device))
        ours.append(fit(VAE().to(device), images, epochs=1, batch_size=BATCH, schedule="constant").seconds[0])
        floor.append(matrix_product_floor(len(images), device))
    seconds = {"usual loop": median(usual), "aeutils.fit": median(ours), "matrix products alone": median(floor)}
    return {
        "model": "VAE 784-400-20, batch 128",
        "data": f"{data.name}, {len(images):,} images",
        "device": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} CPU threads",
        "torch": torch.__version__,
        "seconds_per_epoch": seconds,
        "images_per_second": {name: len(images) / value for name, value in seconds.items()},
        "ratio": median(a / b for a, b in zip(usual, ours, strict=True)),
        "share_of_floor": median(a / b for a, b in zip(floor, ours, strict=True)),
    }


def table(result: dict) -> str:
    """The result of `bench` as text."""
    lines = [f"{result['model']} on {result['data']}, {result['device']}", ""]
    lines.append(f"{'':24}{'s / epoch':>10}{'images / s':>14}")
    for name, seconds in result["seconds_per_epoch"].items():
        lines.append(f"{name:24}{seconds:10.2f}{result['images_per_second'][name]:14,.0f}")
    lines += ["", f"fit is {result['ratio']:.2f} times as fast as the usual loop"]
    lines.append(f"and runs at {result['share_of_floor']:.0%} of the speed of its matrix products alone")
    return "\n".join(lines)


def main(out: Path, rounds: int) -> None:
    """Print the table and write the JSON."""
    result = bench(rounds)
    print(table(result))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"written to {out}")
