"""What the course uses of other libraries without their promise that it stays: all of it here, each with what serves
in its place where it is missing. Nobody's results depend on it, only how soon they are there.
"""

import gzip
import hashlib
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import torch
from torch import Tensor

# torch.ops.mkldnn._linear_pointwise: a dense layer by oneDNN. Known in PyTorch 2.4 to 2.14, for its compiler.
# Without it: the layers are computed as nn.Linear computes them.
ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def affine(a: Tensor, b: Tensor, c: Tensor | None) -> Tensor:
    """a b^T + c by oneDNN, where ONEDNN says there is one: float32 a [N, K], b [M, K], c [M] or None -> [N, M]."""
    return torch.ops.mkldnn._linear_pointwise(a, b, c, "none", [], "")


def transformed() -> bool:
    """Whether a transform of torch.func (vmap, grad, ...) is at work, which an autograd.Function may not know.

    torch._C._are_functorch_transforms_active: known in PyTorch 2.4 to 2.14, whose autograd.Function asks the
    same. Without it: True, that is, no Function of ours is used.
    """
    active = getattr(torch._C, "_are_functorch_transforms_active", None)
    return True if active is None else active()


def total_norm(tensors: list[Tensor]) -> Tensor:
    """Sum of the tensors' Euclidean norms, a scalar; not finite where any of their values is not.

    torch._foreach_norm: known in PyTorch 2.4 to 2.14, for clip_grad_norm_. Without it: a norm at a time.
    """
    norms = getattr(torch, "_foreach_norm", lambda each: [one.norm() for one in each])
    return torch.stack(norms([one.detach() for one in tensors])).sum()


def websocket_connection() -> type:
    """The class of Jupyter's connections between a kernel and the browser.

    jupyter_server.services.kernels.connection.channels: known in jupyter_server 2.21. Without it: the class from where
    the server itself has it at hand, to take when it is told nothing.
    """
    try:
        from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
    except ImportError:
        from jupyter_server.serverapp import ZMQChannelsWebsocketConnection
    return ZMQChannelsWebsocketConnection


def send_at_once(connection: object) -> None:
    """Sets TCP_NODELAY on such a connection's websocket. Without its attribute websocket_handler: messages wait."""
    handler = getattr(connection, "websocket_handler", None)
    if handler is not None:
        handler.set_nodelay(True)


def download_and_unpack(url: str, folder: Path, md5: str) -> None:
    """Downloads the packed file of `url`, checks its MD5 and leaves it unpacked in `folder`. RuntimeError when damaged.

    torchvision.datasets.utils: known in torchvision 0.19 to 0.29, whose pages do not document it. Without it: the
    same by hand, for files ending in .gz.
    """
    try:
        from torchvision.datasets.utils import download_and_extract_archive
    except ImportError:
        with urllib.request.urlopen(url) as answer:
            packed = answer.read()
        if hashlib.md5(packed, usedforsecurity=False).hexdigest() != md5:
            raise RuntimeError("File not found or corrupted.") from None
        (folder / Path(urlsplit(url).path).stem).write_bytes(gzip.decompress(packed))
    else:
        download_and_extract_archive(url, str(folder), md5=md5, remove_finished=True)
