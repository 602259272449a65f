"""A network as engine/network.js runs it: its layers by kind and size, its weights one after the other."""

import json
from collections.abc import Iterator
from copy import deepcopy
from functools import cache, singledispatch
from math import prod
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval

from aeutils.models import Autoencoder
from aeutils.models.base import OUTPUTS
from aeutils.models.context import ChannelWise
from aeutils.models.sparse import KeepLargest
from aeutils.models.superresolution import EDSRBlock, Features, ResNetBlock, SRResNetBlock
from aeutils.models.tied import Transposed

NOTHING = (nn.Identity, nn.Flatten, nn.Unflatten, nn.Dropout)  # they change no number of a trained network
ELEMENTWISE = {nn.ReLU: "relu", nn.Sigmoid: "sigmoid", nn.Tanh: "tanh", nn.SiLU: "silu"}
Step = tuple[dict, list[Tensor]]  # a layer's description, and its weights in their order


class NotInTheBrowser(Exception):
    """The network has a part that the browser cannot compute."""


@cache
def table() -> dict[str, dict]:
    """The layers of engine/layers.js: kind -> its sizes, and its weights' shapes in names of sizes."""
    text = (Path(__file__).parent / "engine" / "layers.js").read_text("utf-8")
    return json.loads(text[text.index("= {") + 2 : text.rindex("}") + 1])


def describe(net: nn.Module, shape: tuple[int, ...]) -> tuple[list[dict], Tensor]:
    """The layers of a trained network whose samples are of `shape`, and all its weights [count].

    Batch norm is folded into the layer before it. NotInTheBrowser for a layer that is not in the table.
    """
    layers, tensors = parts(net, shape)
    return layers, torch.cat([tensor.reshape(-1) for tensor in tensors]) if tensors else torch.zeros(0)


def parts(net: nn.Module, shape: tuple[int, ...]) -> tuple[list[dict], list[Tensor]]:
    """What `describe` says, with every weight by itself."""
    steps = list(_steps(deepcopy(net).cpu().eval(), shape))
    return [layer for layer, _ in steps], [tensor.detach() for _, tensors in steps for tensor in tensors]


def decoder(model: Autoencoder, codes: Tensor) -> tuple[dict, bytes]:
    """The decoder of `model`, output function included, as the source of a panel and the bytes of its weights.

    Weights are in half precision where that changes no picture of `codes` [N, *code_shape] by half a grey level, else
    in full. NotInTheBrowser for a decoder of other layers, or a `decode` of its own.
    """
    if type(model).decode is not Autoencoder.decode:
        raise NotInTheBrowser(f"{type(model).__name__} decodes in a way of its own")
    layers, weights = describe(model.decoder, model.code_shape)
    if model.output == "sigmoid":
        layers.append({"kind": "sigmoid"})
    half = _half_is_enough(model.decoder, OUTPUTS[model.output], codes.cpu())
    data = weights.to(torch.float16 if half else torch.float32)
    return {"kind": "decoder", "layers": layers, "half": half}, data.numpy().tobytes()


@torch.no_grad()
def _half_is_enough(net: nn.Module, output: nn.Module, codes: Tensor) -> bool:
    net = deepcopy(net).cpu().eval()
    full = output(net(codes))
    half = output(net.half().float()(codes))
    return bool(((full - half).abs() < 0.5 / 255).all())


def _steps(net: nn.Module, shape: tuple[int, ...]) -> Iterator[Step]:
    """The steps of a network, in order."""
    for layer in _folded(list(_flat(net))):
        if not isinstance(layer, NOTHING):
            yield from translate(layer, shape)
        shape = _after(layer, shape)


def _flat(layer: nn.Module) -> Iterator[nn.Module]:
    """The layers inside nested nn.Sequentials, in the order in which they run; borrowed weights become their own."""
    if isinstance(layer, nn.Sequential):
        for inner in layer:
            yield from _flat(inner)
    else:
        yield layer.owned() if isinstance(layer, Transposed) else layer


def _folded(layers: list[nn.Module]) -> Iterator[nn.Module]:
    """The layers with every batch norm in the weights of the layer before it."""
    held: nn.Module | None = None
    for layer in layers:
        if isinstance(layer, nn.BatchNorm2d) and isinstance(held, nn.Conv2d | nn.ConvTranspose2d):
            held = fuse_conv_bn_eval(held, layer, transpose=isinstance(held, nn.ConvTranspose2d))
            continue
        if isinstance(layer, nn.BatchNorm1d) and isinstance(held, nn.Linear):
            held = fuse_linear_bn_eval(held, layer)
            continue
        if held is not None:
            yield held
        held = layer
    if held is not None:
        yield held


@torch.no_grad()
def _after(layer: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what comes out of a layer."""
    return tuple(layer(torch.zeros(1, *shape, dtype=_dtype(layer))).shape[1:])


def _dtype(layer: nn.Module) -> torch.dtype:
    return next((tensor.dtype for tensor in layer.parameters()), torch.float32)


def _step(kind: str, *weights: Tensor, **sizes) -> Step:
    """A layer of the table with its weights. ValueError where the table wants other sizes or shapes."""
    entry = table()[kind]
    if list(sizes) != entry["sizes"]:
        raise ValueError(f"a {kind} layer has {entry['sizes']}; got {list(sizes)}")
    shapes = [[sizes[name] for name in names] for names in entry["weights"].values()]
    if [weight.numel() for weight in weights] != [prod(shape) for shape in shapes]:
        raise ValueError(f"the weights of a {kind} layer are {shapes}; got {[list(one.shape) for one in weights]}")
    return {"kind": kind, **sizes}, list(weights)


@singledispatch
def translate(layer: nn.Module, shape: tuple[int, ...]) -> Iterator[Step]:
    """The steps of a layer whose input is of `shape`. A new kind is registered below, and stands in layers.js."""
    raise NotInTheBrowser(f"the browser has no layer for {layer}")


@translate.register
def _(layer: nn.Linear, shape):
    if len(shape) != 1:
        raise NotInTheBrowser(f"the browser multiplies vectors alone; {layer} gets {list(shape)}")
    bias = torch.zeros(layer.out_features, dtype=_dtype(layer)) if layer.bias is None else layer.bias
    yield _step("linear", layer.weight, bias, inputs=layer.in_features, outputs=layer.out_features)


@translate.register(nn.Conv2d)
@translate.register(nn.ConvTranspose2d)
def _(layer, shape):
    square = all(isinstance(pair, tuple) and len(set(pair)) == 1 for pair in _options(layer))
    if not square or layer.groups != 1 or layer.dilation != (1, 1) or layer.padding_mode != "zeros":
        raise NotInTheBrowser(f"the browser has no layer for {layer}: its options are square, and plain")
    bias = torch.zeros(layer.out_channels, dtype=_dtype(layer)) if layer.bias is None else layer.bias
    kind = "convolution" if isinstance(layer, nn.Conv2d) else "transposed"
    size, stride, padding = (pair[0] for pair in _options(layer))
    moves = {"size": size, "stride": stride, "padding": padding, "from": shape[1:], "to": _after(layer, shape)[1:]}
    yield _step(kind, layer.weight, bias, inputs=layer.in_channels, outputs=layer.out_channels, **moves)


def _options(layer: nn.Conv2d | nn.ConvTranspose2d) -> tuple:
    return layer.kernel_size, layer.stride, layer.padding


@translate.register
def _(layer: ChannelWise, shape):
    yield _step("channelwise", layer.weight, layer.bias, channels=shape[0], places=prod(shape[1:]))


@translate.register
def _(layer: nn.PixelShuffle, shape):
    factor = layer.upscale_factor
    yield _step("shuffle", channels=shape[0] // factor**2, factor=factor, **{"from": shape[1:]})


@translate.register
def _(layer: nn.PReLU, shape):
    slope = layer.weight.expand(shape[0])
    yield _step("prelu", slope, channels=shape[0], places=prod(shape[1:]))


@translate.register
def _(layer: KeepLargest, shape):
    yield _step("keep", count=layer.keep)


@translate.register
def _(layer: ResNetBlock, shape):
    yield _sum(layer.residual, shape)
    yield _step("relu")


@translate.register
def _(layer: SRResNetBlock, shape):
    yield _sum(layer.residual, shape)


@translate.register
def _(layer: EDSRBlock, shape):
    yield _sum(layer.residual, shape, layer.scaling)


@translate.register
def _(layer: Features, shape):
    yield from translate(layer.head, shape)
    yield _sum(layer.body, _after(layer.head, shape))


def _sum(net: nn.Module, shape: tuple[int, ...], scale: float = 1.0) -> Step:
    """x + scale * net(x)."""
    inner = list(_steps(net, shape))
    layer, _ = _step("sum", scale=scale, layers=[step for step, _ in inner])
    return layer, [weight for _, weights in inner for weight in weights]


@translate.register(nn.ReLU)
@translate.register(nn.Sigmoid)
@translate.register(nn.Tanh)
@translate.register(nn.SiLU)
def _(layer, shape):
    yield _step(next(name for kind, name in ELEMENTWISE.items() if isinstance(layer, kind)))


@translate.register
def _(layer: nn.GELU, shape):
    if layer.approximate != "none":
        raise NotInTheBrowser("the browser has the exact GELU, not its approximation")
    yield _step("gelu")
