"""The models of the course, each `nn.Module` with encode, decode, forward, loss and latent_dim; `build` by name."""

from aeutils.models.adversarial import Adversarial, Discriminator
from aeutils.models.base import Autoencoder
from aeutils.models.context import ChannelWise, Context
from aeutils.models.contractive import Contractive, DeepContractive
from aeutils.models.conv import Conv
from aeutils.models.denoising import Denoising
from aeutils.models.dense import Deep, Dense
from aeutils.models.iwae import IWAE
from aeutils.models.layers import Linear, mlp
from aeutils.models.pca import PCA
from aeutils.models.recirculation import Recirculation
from aeutils.models.sparse import Sparse, SparseKL, TopK
from aeutils.models.stacked import Stacked
from aeutils.models.superresolution import EDSR
from aeutils.models.tied import Tied, TiedLinear
from aeutils.models.vae import VAE
from aeutils.probability.linear_gaussian import LinearGaussian

MODELS: dict[str, type[Autoencoder]] = {
    "linear": TiedLinear,
    "ae": Dense,
    "deep": Deep,
    "conv": Conv,
    "stacked": Stacked,
    "recirculation": Recirculation,
    "sparse": Sparse,
    "sparse-kl": SparseKL,
    "top-k": TopK,
    "contractive": Contractive,
    "deep-contractive": DeepContractive,
    "vae": VAE,
    "iwae": IWAE,
    "denoising": Denoising,
    "edsr": EDSR,
    "context": Context,
}


def build(name: str, shape: tuple[int, ...] = (1, 28, 28), latent_dim: int = 32, **options) -> Autoencoder:
    """A fresh model by name, for samples of `shape`. ValueError for an unknown name."""
    if name not in MODELS:
        raise ValueError(f"there is no model {name!r}; expected one of {', '.join(MODELS)}")
    return MODELS[name](tuple(shape), latent_dim, **options)


__all__ = [
    "EDSR",
    "IWAE",
    "MODELS",
    "PCA",
    "VAE",
    "Adversarial",
    "Autoencoder",
    "ChannelWise",
    "Context",
    "Contractive",
    "Conv",
    "Deep",
    "DeepContractive",
    "Denoising",
    "Dense",
    "Discriminator",
    "Linear",
    "LinearGaussian",
    "Recirculation",
    "Sparse",
    "SparseKL",
    "Stacked",
    "Tied",
    "TiedLinear",
    "TopK",
    "build",
    "mlp",
]
