"""The panel: controls that a learner drags and pictures that follow, drawn by panel.js in the browser."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import traitlets

from aeutils.checks.kinds import plain_number, said
from aeutils.panels.bundle import bundle
from aeutils.panels.embedded import Embedded, address

Range = tuple[float, float, float] | Sequence[str]  # lowest, highest, start; or the names of the stops


def control(name: str, values: Range) -> dict:
    """One control as panel.js wants it. Three whole numbers make a whole-number slider, names a choice.

    ValueError unless it is lowest < highest with the start between them, or two names and more.
    """
    given, values = values, values if isinstance(values, Sequence) and not isinstance(values, str) else ()
    if all(isinstance(value, str) for value in values) and len(values) > 1:
        return {"name": name, "low": 0, "high": len(values) - 1, "step": 1, "start": 0, "names": list(values)}
    numbers = [plain_number(value) for value in values]
    right = len(numbers) == 3 and all(number is not None and math.isfinite(number) for number in numbers)
    if not right or not (numbers[0] < numbers[1] and numbers[0] <= numbers[2] <= numbers[1]):
        raise ValueError(
            f"{name}: expected (lowest, highest, start) in order, or two names and more; got {said(given)}"
        )
    low, high, start = numbers
    whole = all(isinstance(number, int) for number in numbers)
    step = 1 if whole else (high - low) / 100
    return {"name": name, "low": low, "high": high, "step": step, "start": start, "names": None}


class Panel(Embedded):
    """What `spec` describes (see panel.js). `values` are the positions of the controls: sent when a control is let go,
    and followed when Python sets them.

    answer    of panels that the kernel draws: values -> uint8 [H, W, C]; asked for the latest position only
    still     uint8 [H, W, 3]: what a reader sees where no script runs
    """

    script = "panel.js"
    _esm = bundle(script)
    backdrop = traitlets.Bytes().tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(
        self,
        spec: dict,
        still: np.ndarray,
        *,
        data: bytes = b"",
        backdrop: bytes = b"",
        answer: Callable[[list[float]], np.ndarray] | None = None,
    ):
        values = [float(one["start"]) for one in spec["controls"]]
        super().__init__(spec, still, data, backdrop=backdrop, values=values)
        self._draw = answer
        self.on_msg(self._answer)

    @traitlets.validate("values")
    def _check_values(self, proposal) -> list[float]:
        """ValueError for a wrong number of values or one that is not finite; others move into their control's range."""
        values, controls = proposal["value"], self.spec["controls"]
        if len(values) != len(controls) or not np.isfinite(values).all():
            raise ValueError(f"expected {len(controls)} finite numbers, one for each control; got {values}")
        return [min(max(value, one["low"]), one["high"]) for value, one in zip(values, controls, strict=True)]

    def _answer(self, _widget, message: dict, _buffers: list) -> None:
        """Draws what the browser asks for. An error travels back: in a kernel's log nobody would see it.

        The pixels travel as they are: deflated they arrive sooner, but inflating takes the browser longer than that.
        """
        try:
            pixels = np.ascontiguousarray(self._draw(message["values"]), dtype=np.uint8)
        except Exception as error:
            self.send({"view": message["view"], "error": f"{type(error).__name__}: {error}"}, [b""])
        else:
            self.send({"view": message["view"]}, [memoryview(pixels).cast("B")])

    def state(self) -> dict:
        return super().state() | {"values": self.values, "backdrop": address(self.backdrop)}

    def needs_kernel(self) -> bool:
        return self._draw is not None
