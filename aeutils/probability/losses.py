"""The losses of the course. One convention everywhere: sum over the values of a sample, mean over samples.

x, x_hat: [N, ...] of the same shape; every loss returns a scalar tensor. What comes from a network is not searched for
NaN, which shows in the loss. A model of the course, within its training step, calls a loss's `.inside`, without checks.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from aeutils.checks import checked
from aeutils.checks.tensors import Batch, Images
from aeutils.private import pytorch


@checked
def squared_error(x_hat: Batch("N *shape"), x: Batch("N *shape")) -> Tensor:
    """Sum over pixels of (x_hat - x)^2, mean over images: -log of a Gaussian with variance 1/2, up to a constant."""
    return F.mse_loss(x_hat, x, reduction="sum") / len(x)


@checked
def cross_entropy(logits: Batch("N *shape"), x: Images("N *shape")) -> Tensor:
    """Sum over pixels of -x log p - (1-x) log(1-p) with p = sigmoid(logits), mean over images, in nats.

    x in [0, 1] may be grey: the smallest possible value is then the entropy of the pixels, not 0.
    """
    return bernoulli.inside(logits, x).sum() / len(x)


@checked
def bernoulli(logits: Batch("*shape"), x: Batch("*shape")) -> Tensor:
    """-x log p - (1-x) log(1-p) with p = sigmoid(logits), in nats, for every value: [...] of one shape -> [...].

    `F.binary_cross_entropy_with_logits`, on a CPU in a third of its time.
    """
    if logits.dtype in (torch.bfloat16, torch.float16):  # 8 or 11 bits of a number are too few to subtract
        logits = logits.float()
    alike = logits.shape == x.shape and logits.dtype == x.dtype
    if logits.device.type != "cpu" or not alike or pytorch.transformed():
        return F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return Bernoulli.apply(logits, x)


class Bernoulli(torch.autograd.Function):
    """(1 - x) a - log sigmoid(a) for logits a and x of one shape, with any number of derivatives.

    F's log sigmoid takes log1p, on a CPU 10 to 40 times as slow as log. log(1 + exp(-|a|)) is as exact as float32 goes
    beside a loss of one nat: its error is below 1e-7 (log1p's, relative to a value near 0, would be smaller).
    """

    @staticmethod
    def forward(ctx, a: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(a, x)
        # In place, because memory that is in the cache already is what such passes are bound by.
        minus_log_sigmoid = a.abs().neg_().exp_().add_(1).log_().sub_(a.clamp(max=0))
        return torch.rsub(x, 1).mul_(a).add_(minus_log_sigmoid)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        a, x = ctx.saved_tensors
        need_a, need_x = ctx.needs_input_grad
        if torch.is_grad_enabled():  # someone will ask for the derivative of this derivative
            return (a.sigmoid() - x) * gradient if need_a else None, -a * gradient if need_x else None
        return a.sigmoid().sub_(x).mul_(gradient) if need_a else None, -a * gradient if need_x else None


@checked
def gaussian_kl(mean: Batch("N q"), log_variance: Batch("N q")) -> Tensor:
    """KL(N(mean, diag exp(log_variance)) || N(0, I)) in nats, [N, q] -> scalar (Kingma and Welling 2014)."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum() / len(mean)


RECONSTRUCTION: dict[str, Callable[[Tensor, Tensor], Tensor]] = {  # within a training step
    "squared error": squared_error.inside,
    "cross-entropy": cross_entropy.inside,
}
