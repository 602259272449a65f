"""`python -m aeutils bench`: the usual training loop against `fit`, the same models on the same images in one run."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn

from aeutils import environment
from aeutils.bench import latency
from aeutils.bench.growth import draw, growth
from aeutils.bench.usual_loop import UsualDeep, UsualDenoiser, UsualVAE, usual_epoch
from aeutils.checks import File, OneOf, check_whole
from aeutils.data import load
from aeutils.data.base import as_float
from aeutils.files import check_writable
from aeutils.images.corruptions import Gaussian
from aeutils.models import VAE, Autoencoder, Deep, Denoising
from aeutils.training.fit import fit

BATCH = 128


@dataclass(frozen=True)
class Case:
    """One model, in both loops. products: its layers [in, out], where matrix products are all the arithmetic;
    where there are none, its convolutions are.
    """

    title: str
    usual: Callable[[], nn.Module]
    ours: Callable[[], Autoencoder]
    corrupt: Callable[[Tensor], Tensor] | None = None
    products: tuple[tuple[int, int], ...] = ()

    @property
    def floor(self) -> str:
        """What bounds it: the arithmetic without which there is no step."""
        return "matrix products alone" if self.products else "convolutions alone"

    def seconds_of_floor(self, images: Tensor) -> float:
        """Seconds that this arithmetic takes for an epoch, by PyTorch's own functions."""
        if self.products:
            return matrix_product_floor(self.products, len(images), images.device)
        return convolution_floor(self.usual().to(images.device), as_float(images[:BATCH]), len(images))

    def fit(self, images: Tensor, epochs: int = 1, compiled: bool = False):
        """Our loop, set as the usual one is; returns its history."""
        options = {"batch_size": BATCH, "lr": 1e-3, "schedule": "constant", "corrupt": self.corrupt, "show": False}
        return fit(self.ours(), images, epochs=epochs, compiled=compiled, **options)


DEEP = (784, 1000, 500, 250, 30)
CASES = {
    "vae": Case("VAE 784-400-20", UsualVAE, VAE, products=((784, 400), (400, 40), (20, 400), (400, 784))),
    "deep": Case("deep 784-1000-500-250-30", UsualDeep, Deep, products=tuple(pairwise(DEEP + DEEP[-2::-1]))),
    "denoiser": Case("convolutional denoiser", UsualDenoiser, Denoising, Gaussian(0.5)),
}


def bench(name: str, images: Tensor, rounds: int) -> dict:
    """Seconds an epoch and images per second of both loops (median of `rounds`, in turn), ratio, share of the floor.

    On a GPU an epoch of `fit` is one after the first, which also warms up, captures and compiles: "start_up_seconds".
    """
    case, device = CASES[name], images.device
    loops = {"usual loop": lambda x: _seconds(lambda: usual_epoch(x, case.usual().to(device), BATCH), device)}
    start_up: dict[str, float] = {}
    if device.type == "cuda":
        for loop, compiled in (("aeutils.fit", False), ("aeutils.fit, compiled", True)):
            loops[loop] = lambda x, loop=loop, compiled=compiled: _steady(case, x, loop, compiled, start_up)
    else:
        loops["aeutils.fit"] = lambda x: _seconds(lambda: case.fit(x), device)
    loops[case.floor] = case.seconds_of_floor
    times: dict[str, list[float]] = {loop: [] for loop in loops}
    for x in (images[: 10 * BATCH], *[images] * rounds):  # the few are the warm-up
        for loop, run in loops.items():
            times[loop].append(run(x))
    times = {loop: values[1:] for loop, values in times.items()}
    best = min((loop for loop in times if "fit" in loop), key=lambda loop: median(times[loop]))
    result = {
        "model": f"{case.title}, batch {BATCH}",
        "seconds_per_epoch": {loop: median(values) for loop, values in times.items()},
        "images_per_second": {loop: len(images) / median(values) for loop, values in times.items()},
        "ratio": _ratio(times["usual loop"], times[best]),
        "floor": case.floor,
        "share_of_floor": _ratio(times[case.floor], times[best]),
    }
    return result | ({"start_up_seconds": start_up} if start_up else {})


def matrix_product_floor(layers: tuple[tuple[int, int], ...], count: int, device: torch.device) -> float:
    """Seconds an epoch of `count` images takes if the products of dense layers, by PyTorch's `@`, are all there is."""
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


def convolution_floor(model: nn.Module, images: Tensor, count: int) -> float:
    """Seconds an epoch of `count` images takes if the model's convolutions, forward and backward, are all there is.

    images: a batch, float [B, C, H, W], from which every convolution gets the input that it is timed on
    """
    calls: list[tuple[nn.Module, Tensor, Tensor]] = []  # layer, input, gradient of the output

    def note(layer: nn.Module, inputs: tuple[Tensor], out: Tensor) -> None:
        calls.append((layer, inputs[0].detach(), torch.randn_like(out)))

    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    hooks = [layer.register_forward_hook(note) for layer in layers]
    model.loss(images)
    for hook in hooks:
        hook.remove()
    for _, x, _ in calls[1:]:  # the images need no gradient
        x.requires_grad_()

    def step() -> None:
        for layer, x, gradient in calls:
            wanted = [*layer.parameters(), *([x] if x.requires_grad else [])]
            torch.autograd.grad(layer(x), wanted, gradient)

    steps = count // BATCH
    return _seconds(lambda: [step() for _ in range(steps)], images.device)


def starting(rounds: int = 3) -> dict[str, float]:
    """Seconds that a fresh Python spends on importing torch, then aeutils, then loading MNIST; median of `rounds`."""
    code = (
        "import time; t = [time.perf_counter()]\n"
        "import torch; t.append(time.perf_counter())\n"
        "import aeutils; t.append(time.perf_counter())\n"
        "aeutils.load('mnist'); t.append(time.perf_counter())\n"
        "print(*t)"
    )
    found = []
    for _ in range(rounds):
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        t = [float(word) for word in out.splitlines()[-1].split()]
        found.append([b - a for a, b in pairwise(t)])
    names = ("import torch", "import aeutils after it", "load mnist")
    return {name: median(values) for name, values in zip(names, zip(*found, strict=True), strict=True)}


def _steady(case: Case, images: Tensor, loop: str, compiled: bool, start_up: dict[str, float]) -> float:
    """Seconds of a later epoch of a longer run; notes what the first took beyond that."""
    first, *later = case.fit(images, 4, compiled).seconds
    start_up[loop] = first - median(later)
    return median(later)


def _ratio(a: list[float], b: list[float]) -> float:
    """Median of a / b, round by round: what slows the machine for a while slows both."""
    return median(x / y for x, y in zip(a, b, strict=True))


def _seconds(function: Callable[[], object], device: torch.device) -> float:
    """Wall time of one call, the device's queue included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    function()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began


def table(result: dict) -> str:
    """The result of `bench` as text."""
    lines = [result["model"], f"{'':24}{'s / epoch':>10}{'images / s':>14}"]
    for name, seconds in result["seconds_per_epoch"].items():
        lines.append(f"{name:24}{seconds:10.3f}{result['images_per_second'][name]:14,.0f}")
    lines.append(f"fit is {result['ratio']:.2f} times as fast as the usual loop")
    lines.append(f"and runs at {result['share_of_floor']:.0%} of the speed of its {result['floor']}")
    return "\n".join(lines)


def main(out: Path, rounds: int = 5, names: list[str] | None = None, quick: bool = False) -> None:
    """Print the tables, write the JSON and, unless `quick`, the figure of growth beside it."""
    for name in names or ():
        OneOf(among=CASES, none="there is no bench of")("name", name)
    check_whole("rounds", rounds)
    out = File()("out", out)
    if out.is_dir():
        raise ValueError(f"{out} is a folder; name a file in it, as {out / 'bench.json'}")
    check_writable(out.parent)  # an impossible one is told before the work
    device, data = environment.device(), load("mnist")
    result = {
        "data": f"{data.name}, {len(data.train):,} images",
        "device": environment.describe(device),
        "torch": torch.__version__,
        "models": {},
    }
    print(f"{result['data']}, {result['device']}")
    for name in names or CASES:
        result["models"][name] = bench(name, data.train.x, rounds)
        print(f"\n{table(result['models'][name])}")
    if not quick:
        result["starting"] = starting()
        print("", *(f"{name}: {seconds:.2f} s" for name, seconds in result["starting"].items()), sep="\n")
        found = result["explorer"] = latency.explorer()
        if found is None:
            print("explorer: not measured, which needs Chromium and playwright")
        else:
            print(f"explorer: {found['median_ms']} ms from event to picture, {found['per_second']} pictures a second")
        result["growth"] = growth()
        print(f"\ntime and memory against images and epochs in {draw(result['growth'], out.with_suffix('.png'))}")
    out.write_text(json.dumps(result, indent=2) + "\n")
    print(f"written to {out}")
