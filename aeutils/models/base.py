"""What every model of the course is: an encoder f, a decoder g, and the loss that trains them."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from aeutils.checks import SIZE, OneOf, Sizes
from aeutils.models.border import guard
from aeutils.models.description import arguments, class_name, describe
from aeutils.probability.losses import RECONSTRUCTION

__all__ = ["Autoencoder"]

MODELS: dict[str, type["Autoencoder"]] = {}  # by the names that `build` and the command line know
OUTPUTS = {"sigmoid": torch.sigmoid, "linear": torch.nn.Identity()}


class Autoencoder(nn.Module):
    """Encoder f: x -> h and decoder g: h -> x_hat, trained to reconstruct.

    encoder     module, [N, *shape] -> [N, *code_shape]
    decoder     module, [N, *code_shape] -> [N, *shape], before the output function
    latent_dim  numbers of the code, or of its maps
    output      "sigmoid" (images in [0, 1]) or "linear" (any values)
    criterion   "squared error" or "cross-entropy" (needs the sigmoid), or what else a subclass has in `criteria`
    code_shape  of one code: (latent_dim,), a vector, or (latent_dim, height, width), a stack of maps

    `class Mine(Autoencoder, name="mine")` is what `build("mine")` makes. Every subclass comes through this constructor.

    ValueError for sizes that are none, an unknown output or criterion, or a name that another class has.
    """

    stages: tuple[str, ...] = ("end to end",)  # a model trained in rounds names them; `stage` is the current one
    stage: int = 0
    origin: str | None = None  # SHA-256 of the saved weights that it began with
    fit_defaults: ClassVar[dict] = {"lr": 1e-3, "optimizer": "adam"}  # what suits the model, unless `fit` is told
    criteria: ClassVar[dict[str, Callable[[Tensor, Tensor], Tensor]]] = RECONSTRUCTION

    def __init_subclass__(cls, name: str = "", **options):
        super().__init_subclass__(**options)
        guard(cls)
        if name:
            other = MODELS.get(name, cls)
            if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):  # a cell may run again
                raise ValueError(f"{other.__module__}.{other.__qualname__} is the model {name!r}; take another name")
            MODELS[name] = cls

    def __new__(cls, *args, **kwargs):
        """Notes the options before any constructor sees them, for `description`."""
        model = super().__new__(cls)
        vars(model)["_options"] = arguments(cls.__init__, args, kwargs)
        return model

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        shape: Sizes(),
        latent_dim: SIZE,
        output: OneOf(among=OUTPUTS) = "sigmoid",
        criterion="squared error",  # one of `criteria`, which are the class's own
        code_shape: Sizes() | None = None,
    ):
        super().__init__()
        code_shape = (latent_dim,) if code_shape is None else code_shape
        if code_shape[0] != latent_dim:
            raise ValueError(f"a code of shape {code_shape} has {code_shape[0]} numbers or maps; got {latent_dim}")
        OneOf(among=self.criteria)("criterion", criterion)
        if criterion == "cross-entropy" and output != "sigmoid":
            raise ValueError("cross-entropy compares probabilities: use output='sigmoid' with it")
        self.encoder, self.decoder = encoder, decoder
        self.shape, self.code_shape, self.latent_dim = shape, code_shape, latent_dim
        self.output, self.criterion = output, criterion

    @classmethod
    def known_as(cls) -> str | None:
        """The name by which `build` makes this class; None where it has none."""
        return next((name for name, known in MODELS.items() if class_name(known) == class_name(cls)), None)

    def description(self) -> dict[str, Any]:
        """What makes it this model and no other, for JSON: "model", "shape", "latent_dim" and all further "options".

        An option that the model keeps under its own name counts as it is now.
        """
        options = {name: describe(self._now(name, value)) for name, value in vars(self)["_options"].items()}
        face = {"shape": list(self.shape), "latent_dim": self.latent_dim}
        further = {name: value for name, value in options.items() if name not in face}
        return {"model": self.known_as() or class_name(type(self)), **face, "options": further}

    def _now(self, name: str, noted: Any) -> Any:
        """An option's value: the attribute of its name, where that is a plain value or a model, else as noted."""
        kept = getattr(self, name, None)
        return kept if isinstance(kept, bool | int | float | str | tuple | Autoencoder) else noted

    def encode(self, x: Tensor) -> Tensor:
        """The code h = f(x): [N, *shape] -> [N, *code_shape]."""
        return self.encoder(x)

    def decode(self, h: Tensor) -> Tensor:
        """The reconstruction x_hat = g(h): [N, *code_shape] -> [N, *shape], in [0, 1] when the output is a sigmoid."""
        return OUTPUTS[self.output](self.decoder(h))

    def forward(self, x: Tensor) -> Tensor:
        """x_hat = g(f(x)): [N, *shape] -> [N, *shape]."""
        return self.decode(self.encode(x))

    def loss(self, x: Tensor, target: Tensor | None = None) -> dict[str, Tensor]:
        """Loss parts by name; "loss" is what is minimised. `target` (default x) is what should come out."""
        return {"loss": self.reconstruction_loss(self.encode(x), x if target is None else target)}

    def mean_loss(self, batches: Iterable[tuple[Tensor, dict[str, Tensor]]]) -> dict[str, Tensor]:
        """The loss parts of many samples, mean over all of them: of float batches, each with its part of `drawn`."""
        totals, count = {}, 0
        for x, draws in batches:
            for name, part in self.loss(x, **draws).items():
                totals[name] = totals.get(name, 0) + part * len(x)
            count += len(x)
        return {name: total / count for name, total in totals.items()}

    def drawn(self, x: Tensor) -> dict[str, Tensor]:
        """What a measure draws for all samples [N, *shape] at once, [N, ...], by the keyword of `encode`, `forward` and
        `loss` that takes it: so that it does not depend on the batches."""
        return {}

    def reconstruction_loss(self, h: Tensor, target: Tensor) -> Tensor:
        """The criterion between g(h) and `target`: sum over pixels, mean over images."""
        # Cross-entropy takes the decoder's logits: the log of a sigmoid that has rounded to 0 or 1 has no gradient.
        x_hat = self.decoder(h) if self.criterion == "cross-entropy" else self.decode(h)
        return self.criteria[self.criterion](x_hat, target)


guard(Autoencoder)


def check_quarters(model: str, shape: tuple[int, ...]) -> None:
    """ValueError unless `shape` is that of images [C, H, W] with H and W multiples of 4, as two strided convolutions
    and the way back want them."""
    if len(shape) != 3 or shape[1] % 4 or shape[2] % 4:
        raise ValueError(f"{model} takes images [C, H, W] with H and W multiples of 4; got shape {tuple(shape)}")
