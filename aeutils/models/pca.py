"""Principal component analysis (scikit-learn's) with the face of a model, so that plots and metrics take both."""

from math import prod

import torch
from torch import Tensor

from aeutils.checks import Sizes, Whole, checked
from aeutils.checks.tensors import Numbers
from aeutils.data.base import Samples, as_float
from aeutils.models.base import Autoencoder

__all__ = ["PCA", "subspace_cosines"]


class PCA(Autoencoder):
    """The best linear encoder and decoder: h = W (x - mean), x_hat = W^T h + mean, W [q, n] orthonormal rows.

    PCA.fit(samples, q) makes one; `pca.first(k)` keeps the k strongest components, in falling order of variance.
    ValueError for a weight or a mean [n] that does not fit samples of `shape`.
    """

    def __init__(self, shape: Sizes(), weight: Numbers("..."), mean: Numbers("...")):
        n = prod(shape)
        if weight.ndim != 2 or weight.shape[1] != n or mean.shape != (n,):
            found = f"{list(weight.shape)} and {list(mean.shape)}"
            raise ValueError(f"PCA of samples {shape} takes weight [q, {n}] and mean [{n}]; got {found}")
        flatten, unflatten = torch.nn.Flatten(), torch.nn.Unflatten(1, shape)
        super().__init__(flatten, unflatten, shape, len(weight), output="linear")
        self.register_buffer("weight", weight)
        self.register_buffer("mean", mean)

    @classmethod
    @checked
    def fit(cls, samples: Samples("N D ..."), latent_dim: Whole(1)) -> "PCA":
        """Principal components of samples [N, *shape]. ValueError unless 1 <= latent_dim <= min(N, n)."""
        from sklearn.decomposition import PCA as Components  # here, because its import takes half a second

        x, shape = samples, tuple(samples.shape[1:])
        most = min(len(x), prod(shape))
        if latent_dim > most:
            raise ValueError(f"latent_dim is between 1 and {most} for samples {list(x.shape)}; got {latent_dim}")
        flat = as_float(x).flatten(1).cpu().numpy()
        found = Components(latent_dim, svd_solver="covariance_eigh").fit(flat)
        weight, mean = (torch.from_numpy(array).float().to(x.device) for array in (found.components_, found.mean_))
        return cls(shape, weight, mean)

    @checked
    def first(self, count: Whole(1)) -> "PCA":
        """The PCA of the `count` strongest components."""
        if count > self.latent_dim:
            raise ValueError(f"this PCA has {self.latent_dim} components; asked for the first {count}")
        return PCA(self.shape, self.weight[:count], self.mean)

    def encode(self, x: Tensor) -> Tensor:
        """h = W (x - mean): [N, *shape] -> [N, latent_dim]."""
        return (self.encoder(x) - self.mean) @ self.weight.T

    def decode(self, h: Tensor) -> Tensor:
        """x_hat = W^T h + mean: [N, latent_dim] -> [N, *shape]."""
        return self.decoder(h @ self.weight + self.mean)


@checked
def subspace_cosines(a: Numbers("q n"), b: Numbers("p n")) -> Tensor:
    """Cosines of the principal angles between the row spaces of a [q, n] and b [p, n] -> [min(p, q)], falling.

    All 1: the same subspace, whatever basis spans it (Bjorck and Golub 1973). ValueError for rows that depend on each
    other: they span fewer dimensions than they are.
    """
    from scipy.linalg import subspace_angles  # here, because few need it

    for name, rows in (("a", a), ("b", b)):
        rank = torch.linalg.matrix_rank(rows.detach().double()).item()
        if rank < len(rows):
            raise ValueError(
                f"{name} has {len(rows)} rows that span {rank} dimensions; leave out what depends on others"
            )
    angles = subspace_angles(a.detach().double().cpu().T.numpy(), b.detach().double().cpu().T.numpy())
    return torch.from_numpy(angles).cos().flip(0)
