"""`python -m aeutils bench`: the usual training loop against `fit`, the same VAE on the same images in one run."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from aeutils import environment
from aeutils.data import load
from aeutils.models import VAE
from aeutils.training import fit

BATCH = 128


class UsualVAE(nn.Module):
    """784-400-20 as the common example programs write it, `nn.Linear` and all."""

    def __init__(self):
        super().__init__()
        self.hidden, self.mean, self.log_variance = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

    def loss(self, x: Tensor) -> Tensor:
        """-ELBO of images [N, 1, 28, 28], summed over the batch, in nats."""
        x = x.view(-1, 784)
        h = torch.relu(self.hidden(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return F.binary_cross_entropy(self.decoder(z), x, reduction="sum") + kl


def usual_epoch(images: Tensor, model: UsualVAE) -> float:
    """One epoch of the usual loop: torchvision's MNIST with ToTensor, DataLoader, Adam, `.item()` per step.

    Returns the mean loss per image, in nats.
    """
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    class Loaded(MNIST):  # torchvision's own __getitem__, over the images at hand
        def __init__(self):
            self.data, self.targets = images[:, 0].cpu(), torch.zeros(len(images), dtype=torch.int64)
            self.transform, self.target_transform = ToTensor(), None

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    total = 0.0
    for x, _ in DataLoader(Loaded(), batch_size=BATCH, shuffle=True):
        optimizer.zero_grad()
        loss = model.loss(x.to(images.device))
        loss.backward()
        total += loss.item()
        optimizer.step()
    return total / len(images)


def matrix_product_floor(count: int, device: torch.device) -> float:
    """Seconds an epoch of `count` images takes if the products of the VAE, by PyTorch's `@`, are all there is."""
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


def bench(rounds: int = 5) -> dict:
    """Seconds an epoch and images per second of both loops (median of `rounds`, in turn), ratio, share of the floor."""
    device = environment.device()
    data = load("mnist")
    images = data.train.x
    usual, ours, floor = [], [], []
    for few in (images[: 10 * BATCH], *[images] * rounds):  # the few are the warm-up
        usual.append(_seconds(lambda few=few: usual_epoch(few, UsualVAE().to(device)), device))
        ours.append(_seconds(lambda few=few: fit(VAE(), few, epochs=1, batch_size=BATCH, schedule="constant"), device))
        floor.append(matrix_product_floor(len(few), device))
    usual, ours, floor = usual[1:], ours[1:], floor[1:]
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
