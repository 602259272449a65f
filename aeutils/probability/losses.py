"""The losses of the course. One convention everywhere: sum over the values of a sample, mean over samples.

x, x_hat: [N, ...] of the same shape; every loss returns a scalar tensor.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F


def squared_error(x_hat: Tensor, x: Tensor) -> Tensor:
    """Sum over pixels of (x_hat - x)^2, mean over images: -log of a Gaussian with variance 1/2, up to a constant."""
    return F.mse_loss(x_hat, x, reduction="sum") / len(x)


def cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """Sum over pixels of -x log p - (1-x) log(1-p) with p = sigmoid(logits), mean over images, in nats.

    x in [0, 1] may be grey: the smallest possible value is then the entropy of the pixels, not 0.
    """
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_variance)) || N(0, I)) in nats, [N, q] -> scalar (Kingma and Welling 2014)."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / len(mean)


RECONSTRUCTION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squared error": squared_error,
    "cross-entropy": cross_entropy,
}
