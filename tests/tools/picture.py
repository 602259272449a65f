"""Makes the README's moving picture: `python -m tests.tools.picture` drags the explorer of lecture 06 as it is stored.

To be run when that lecture is stored anew.
"""

import io
import math
import tempfile
from pathlib import Path

from nbconvert import HTMLExporter
from PIL import Image

from aeutils.bench.latency import chromium
from tests.tools.notebooks import FOLDER

PICTURE = FOLDER / "images" / "explorer.gif"
FRAMES = 72
FRAME_MS = 80
WIDTH = 640


def dragged(lecture: Path, scratch: Path) -> list[Image.Image]:
    """Pictures of the first explorer while its point goes once around a figure of eight."""
    page_file = scratch / "lecture.html"
    page_file.write_text(HTMLExporter().from_filename(str(lecture))[0])
    with chromium() as running:
        page = running.new_context(offline=True, viewport={"width": 980, "height": 900}).new_page()
        page.goto(page_file.as_uri())
        panel = page.locator(".aeutils-panel", has=page.locator(".pad")).first
        panel.scroll_into_view_if_needed()
        box = panel.locator(".area").bounding_box()
        frames = []
        for k in range(FRAMES):
            turn = 2 * math.pi * k / FRAMES
            right, down = 0.5 + 0.33 * math.cos(turn), 0.5 + 0.3 * math.sin(2 * turn)
            page.mouse.move(box["x"] + right * box["width"], box["y"] + down * box["height"])
            page.mouse.down()
            frames.append(Image.open(io.BytesIO(panel.screenshot())).convert("RGB"))
    return frames


def save(frames: list[Image.Image], path: Path) -> None:
    """An endless GIF, WIDTH pixels wide, all frames in the colours of the first."""
    size = (WIDTH, frames[0].height * WIDTH // frames[0].width)
    small = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    colours = small[0].quantize(256)
    first, *rest = (frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in small)
    path.parent.mkdir(exist_ok=True)
    first.save(path, save_all=True, append_images=rest, duration=FRAME_MS, loop=0, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        save(dragged(next(FOLDER.glob("06_*.ipynb")), Path(folder)), PICTURE)
    print(f"{PICTURE.relative_to(FOLDER.parent)}: {PICTURE.stat().st_size:,} bytes")
