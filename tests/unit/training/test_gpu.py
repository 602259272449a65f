"""The lectures on a GPU, where there is one: that they really compute there, and how long they take."""

import time

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from tests.tools.notebooks import LECTURES

SECONDS = 30  # for a lecture at the normal budget on FAST
FAST = ("H100", "H200")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("path", LECTURES, ids=lambda path: path.stem)
def test_a_lecture_runs_on_the_gpu_within_seconds(path, monkeypatch):
    monkeypatch.setenv("AEUTILS_BUDGET", "normal")
    monkeypatch.delenv("AEUTILS_DEVICE", raising=False)
    gpu = torch.cuda.get_device_name()
    node = nbformat.read(path, as_version=4)
    node.cells.append(new_code_cell("print(torch.cuda.max_memory_allocated())"))
    began = time.monotonic()
    NotebookClient(node, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    seconds = time.monotonic() - began
    outputs = [output.get("text", "") for cell in node.cells for output in cell.get("outputs", [])]
    assert any(f"device: {gpu}" in text for text in outputs)
    assert int(outputs[-1]) > 1e6, "bytes on the GPU at most"
    assert seconds < SECONDS or not any(name in gpu for name in FAST)
