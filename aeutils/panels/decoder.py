"""A decoder as a program that panel.js runs: its layers by name, its weights as bytes."""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor, nn

from aeutils.models import Autoencoder
from aeutils.models.base import OUTPUTS
from aeutils.models.tied import Transposed

ELEMENTWISE = {nn.ReLU: "relu", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.SiLU: "silu", nn.GELU: "gelu"}
NOTHING = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout)  # they change no number of a trained model


class NotInTheBrowser(Exception):
    """The decoder has a part that panel.js cannot compute."""


def program(model: Autoencoder, codes: Tensor) -> tuple[dict, bytes]:
    """The decoder of `model`, output function included, as the source of a panel and the bytes of its weights.

    Weights are in half precision where that changes no picture of `codes` [N, q] by half a grey level, else in full.
    NotInTheBrowser for a decoder of other layers, or a `decode` of its own.
    """
    if type(model).decode is not Autoencoder.decode:
        raise NotInTheBrowser(f"{type(model).__name__} decodes in a way of its own")
    decoder = nn.Sequential(*_flat(deepcopy(model.decoder))).cpu()
    layers, shape = [], model.code_shape
    for layer in decoder:
        if (step := _step(layer, shape)) is not None:
            layers.append(step)
        shape = tuple(layer(torch.zeros(1, *shape)).shape[1:])
    if model.output == "sigmoid":
        layers.append({"kind": "sigmoid"})
    half = _half_is_enough(decoder, OUTPUTS[model.output], codes.cpu())
    weights = [w.detach().reshape(-1) for w in decoder.parameters()]
    data = torch.cat(weights).to(torch.float16 if half else torch.float32)
    return {"kind": "decoder", "layers": layers, "half": half}, data.numpy().tobytes()


def _flat(layer: nn.Module) -> Iterator[nn.Module]:
    """The layers inside nested nn.Sequentials, in the order in which they run; borrowed weights become their own."""
    if isinstance(layer, nn.Sequential):
        for inner in layer:
            yield from _flat(inner)
    else:
        yield layer.owned() if isinstance(layer, Transposed) else layer


def _step(layer: nn.Module, shape: tuple[int, ...]) -> dict | None:
    """What panel.js is to do for a layer whose input is of `shape`; None for nothing."""
    if isinstance(layer, NOTHING):
        return None
    if type(layer) in ELEMENTWISE and not (isinstance(layer, nn.GELU) and layer.approximate != "none"):
        return {"kind": ELEMENTWISE[type(layer)]}
    if isinstance(layer, nn.Linear) and layer.bias is not None and len(shape) == 1:
        return {"kind": "linear", "inputs": layer.in_features, "outputs": layer.out_features}
    if isinstance(layer, nn.ConvTranspose2d) and layer.bias is not None and _is_plain(layer):
        to = layer(torch.zeros(1, *shape)).shape[2:]
        size, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
        sizes = {"inputs": layer.in_channels, "outputs": layer.out_channels, "size": size}
        return {"kind": "transposed", **sizes, "stride": stride, "padding": padding, "from": shape[1:], "to": tuple(to)}
    raise NotInTheBrowser(f"the browser has no layer for {layer}")


def _is_plain(layer: nn.ConvTranspose2d) -> bool:
    """Square, and without the options that panel.js leaves out."""
    square = all(len(set(pair)) == 1 for pair in (layer.kernel_size, layer.stride, layer.padding))
    return square and layer.groups == 1 and layer.dilation == (1, 1)


@torch.no_grad()
def _half_is_enough(decoder: nn.Module, output: nn.Module, codes: Tensor) -> bool:
    full = output(decoder(codes))
    half = output(deepcopy(decoder).half().float()(codes))
    return bool(((full - half).abs() < 0.5 / 255).all())
