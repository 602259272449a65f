"""The models of the course, a file each: `nn.Module`s with encode, decode, forward, loss and code_shape.

base            what every model is, and MODELS: the classes by the names that `build` knows
dense           autoencoders of fully connected layers; layers has the layer, and the weights they start from
conv            the same code by convolutions
tied            decoders that share the encoder's matrices; pca is what the linear one finds
sparse          large codes of which few units speak
contractive     codes that hardly move when the image does
stacked, recirculation   trained layer after layer; trained without back-propagation
vae, iwae       variational, and importance-weighted
denoising, context, superresolution   images in, images out: the code is a stack of maps
adversarial     any of them against a discriminator

Whatever a file names in its `__all__` is here, too, and in `aeutils`.
"""

from importlib import import_module
from pkgutil import iter_modules

from aeutils.checks import SIZE, OneOf, Sizes, checked
from aeutils.models.base import MODELS, Autoencoder
from aeutils.probability.linear_gaussian import LinearGaussian

__all__ = ["MODELS", "LinearGaussian", "build"]

for _file in iter_modules(__path__):
    _module = import_module(f"{__name__}.{_file.name}")
    _names = getattr(_module, "__all__", [])
    globals().update({_name: getattr(_module, _name) for _name in _names})
    __all__ += _names


@checked
def build(name: str, shape: Sizes() = (1, 28, 28), latent_dim: SIZE = 32, **options) -> Autoencoder:
    """A fresh model by name, for samples of `shape`. ValueError for an unknown name, or options that it has not."""
    OneOf(*sorted(MODELS), none="there is no model")("name", name)
    try:
        return MODELS[name](shape, latent_dim, **options)
    except TypeError as error:
        raise ValueError(f"{name!r} cannot be made with the options {options}: {error}") from error
