"""How time and memory of `fit` grow with images and epochs: every point in a Python of its own."""

import json
import subprocess
import sys
from pathlib import Path

import torch

IMAGES, EPOCHS = (15_000, 30_000, 60_000, 120_000), (1, 2, 4, 8)
CODE = """
import json, sys
import aeutils as ae
from aeutils.bench.growth import peak_megabytes
count, epochs = int(sys.argv[1]), int(sys.argv[2])
x = ae.load("mnist").train.x
x = x.repeat(-(-count // len(x)), 1, 1, 1)[:count].clone()
before = peak_megabytes()
history = ae.fit(ae.VAE(), x, epochs=epochs, show=False)
print(json.dumps({"images": count, "epochs": epochs, "seconds": sum(history.seconds),
                  "megabytes": peak_megabytes(), "megabytes_before": before}))
"""


def peak_megabytes() -> float:
    """Most memory this process has held so far: of the GPU when there is one, else of the machine."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where getrusage would count what the parent held when it started this process
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) / 1e3
    try:
        import resource
    except ModuleNotFoundError:  # Windows
        return float("nan")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def growth(images: tuple[int, ...] = IMAGES, epochs: tuple[int, ...] = EPOCHS) -> dict[str, list[dict]]:
    """Seconds and megabytes of the 784-400-20 VAE: more images in one epoch, and more epochs on the fewest."""
    return {
        "images": [_point(count, 1) for count in images],
        "epochs": [_point(min(images), count) for count in epochs],
    }


def _point(images: int, epochs: int) -> dict:
    command = [sys.executable, "-c", CODE, str(images), str(epochs)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def draw(points: dict[str, list[dict]], path: Path) -> Path:
    """Two panels as a PNG: time and memory against the images seen, images times epochs."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.4), layout="constrained")
    figure.suptitle("784-400-20 VAE: what more images and more epochs cost")
    panels = {"seconds": "time in s", "megabytes": "peak memory in MB"}
    most = max(point["images"] * point["epochs"] for curve in points.values() for point in curve)
    for axes, (key, label) in zip(figure.subplots(1, 2), panels.items(), strict=True):
        highest = max(point[key] for curve in points.values() for point in curve)
        for name, marker, colour in (("images", "o", "#0072B2"), ("epochs", "s", "#D55E00")):
            seen = [point["images"] * point["epochs"] for point in points[name]]
            axes.plot(seen, [point[key] for point in points[name]], marker=marker, color=colour, label=f"more {name}")
        axes.set(xlabel="images seen", ylabel=label, xlim=(0, 1.05 * most), ylim=(0, 1.1 * highest))
        axes.legend(loc="lower right")
    figure.savefig(path, dpi=150)
    return path
