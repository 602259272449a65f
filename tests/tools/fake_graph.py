"""CUDA graphs without a GPU: what `torch.cuda.graph` does, done by recording PyTorch's operations on a CPU.

As on a GPU, a capture changes nothing; a replay runs the recorded operations again on the very same tensors, so that a
step that replaces a tensor instead of changing it, or counts in Python, gives wrong results here too.
"""

from contextlib import nullcontext

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from aeutils.training import graph as ours

WAITS = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default}


class NoWaiting(TorchDispatchMode):
    """What `torch.cuda.set_sync_debug_mode("error")` does."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation in WAITS:
            raise RuntimeError("called a synchronizing CUDA operation")
        return operation(*args, **(kwargs or {}))


class Graph:
    """`torch.cuda.CUDAGraph`."""

    made = replays = 0
    interrupt_at = None  # the replay that the stop button hits

    def __init__(self):
        self.operations = []

    def replay(self):
        Graph.replays += 1
        if Graph.replays == Graph.interrupt_at:
            raise KeyboardInterrupt
        with torch.no_grad():
            for operation, args, kwargs, results in self.operations:
                again = tree_flatten(operation(*args, **kwargs))[0]
                for old, new in zip(results, again, strict=False):  # no results: written in place
                    if old is not None:
                        old.copy_(new)


class Capture(TorchDispatchMode):
    """`torch.cuda.graph`. An operation in `forbidden` breaks the capture, which then ends with a second error."""

    forbidden: frozenset = frozenset()

    def __init__(self, graph, stream=None, capture_error_mode="global"):
        super().__init__()
        self.graph, self.broken, self.changed = graph, False, []

    def __enter__(self):
        self.random = torch.get_rng_state()
        return super().__enter__()

    def __exit__(self, *error):
        super().__exit__(*error)
        with torch.no_grad():
            for tensor, before in reversed(self.changed):
                tensor.copy_(before)
        torch.set_rng_state(self.random)
        if self.broken:
            raise RuntimeError("CUDA error: operation failed due to a previous error during capture")
        if error[0] is None:
            Graph.made += 1

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if operation in WAITS | self.forbidden:
            self.broken = True
            raise RuntimeError(
                f"CUDA error: {operation.overloadpacket.__name__} not permitted when stream is capturing"
            )
        schema = operation._schema
        values = [*zip(schema.arguments, args, strict=False), *((a, kwargs.get(a.name)) for a in schema.arguments)]
        written = [value for a, value in values if a.alias_info is not None and a.alias_info.is_write]
        with torch.no_grad():
            self.changed += [(t, t.clone()) for t in tree_flatten(written)[0] if isinstance(t, torch.Tensor)]
        out = operation(*args, **kwargs)
        view = any(result.alias_info is not None for result in schema.returns) and not written
        if not view and operation.namespace != "profiler":
            results = [] if written else tree_flatten(out)[0]
            self.graph.operations.append((operation, args, kwargs, results))
        return out


class Stream:
    """`torch.cuda.Stream`."""

    def __init__(self, device=None):
        pass

    def wait_stream(self, other):
        pass


def install(monkeypatch) -> None:
    """From now on, `fit` on a CPU does what it does on a GPU."""
    modes = []

    def set_sync_debug_mode(mode):
        if mode == "error":
            modes.append(NoWaiting().__enter__())
        elif modes:
            modes.pop().__exit__(None, None, None)

    Graph.made, Graph.replays, Graph.interrupt_at = 0, 0, None
    for name, value in {
        "CUDAGraph": Graph,
        "graph": Capture,
        "Stream": Stream,
        "stream": lambda stream: nullcontext(),
        "current_stream": Stream,
        "get_sync_debug_mode": lambda: 0,
        "set_sync_debug_mode": set_sync_debug_mode,
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(ours, "on_gpu", lambda x: True)
