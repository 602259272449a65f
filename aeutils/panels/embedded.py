"""A widget that a page without a kernel holds, too: its script, its data and a still picture stand in its HTML."""

import base64
import json
import zlib
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import ClassVar

import anywidget
import numpy as np
import traitlets

from aeutils.panels.bundle import bundle
from aeutils.panels.png import png

HERE = Path(__file__).parent
EMBED_LIMIT = 700_000  # bytes; a notebook is to stay under 1.5 MB with all its figures


class Embedded(anywidget.AnyWidget):
    """What `spec` describes: its "title", and what the subclass's script reads of it.

    A subclass says `script = "NAME.js"` and `_esm = bundle(script)`; the script exports `default { render }` for
    JupyterLab and `mount(root, state)`, which builds the panel from `state()` and `data` alone.

    still     uint8 [H, W, 3]: what a reader sees where no script runs
    """

    script: ClassVar[str]
    _css = HERE / "panel.css"
    spec = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)

    def __init__(self, spec: dict, still: np.ndarray, data: bytes = b"", **traits):
        super().__init__(spec=spec, data=zlib.compress(data, 9) if data else b"", **traits)
        self._still = still

    def state(self) -> dict:
        """What `mount` is given beside the data."""
        return {"spec": self.spec}

    def needs_kernel(self) -> bool:
        """True for a panel that can do nothing without Python."""
        return False

    def _repr_mimebundle_(self, **kwargs):
        """The live widget and, for pages without a kernel, the HTML below."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        return data | {"text/plain": self.spec["title"], "text/html": self.html()}, metadata

    def html(self) -> str:
        """The panel for a page without kernel or network: a still picture, which a script brings to life if it can."""
        title, picture = escape(self.spec["title"]), address(png(self._still))
        still = f'<p><b>{title}</b></p><img alt="{title}" src="{picture}" style="max-width: 100%">'
        still += "<p><small>A still picture: run this cell to move it.</small></p>"
        if self.needs_kernel() or len(self.data) > EMBED_LIMIT:
            return f'<div class="aeutils-panel">{still}</div>'
        state = self.state()
        name = f"panel-{sha256(self.data + json.dumps(state).encode()).hexdigest()[:12]}"
        return f"""<div class="aeutils-panel" id="{name}">{still}</div>
<style>{(HERE / "panel.css").read_text()}</style>
<script type="module">
{bundle(self.script)}
const state = {_json(state)};
state.data = Uint8Array.from(atob("{base64.b64encode(self.data).decode()}"), (c) => c.charCodeAt(0));
mount(document.getElementById("{name}"), state);
</script>"""


def address(picture: bytes) -> str:
    """A PNG file as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"


def _json(value: dict) -> str:
    """JSON for a script element, whose end nothing in it can write."""
    return json.dumps(value).replace("<", "\\u003c")
