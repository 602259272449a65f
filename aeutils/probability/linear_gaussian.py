"""The linear-Gaussian model: a latent variable model of which everything is known in closed form."""

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from aeutils.checks import Number, Whole, checked
from aeutils.checks.tensors import Numbers


class LinearGaussian:
    """p(z) = N(0, I), p(x|z) = N(W z + b, noise^2 I): probabilistic PCA (Tipping and Bishop 1999), or a linear VAE.

    weight  W [n, q]; bias  b [n]; noise  standard deviation, above 0

    Its q(z|x) is the independent Gaussian that is closest to the posterior in KL(q || p(z|x)), so that estimates with
    it can be held against the exact log p(x). ValueError for other shapes, a noise of 0 or below, and values that are
    not finite.
    """

    @checked
    def __init__(self, weight: Numbers("n q"), bias: Numbers("n"), noise: Number(above=0)):
        self.weight, self.bias, self.noise = weight, bias.to(weight), noise
        self.latent_dim, self.shape = weight.shape[1], (len(weight),)
        self.border = {"n": (len(weight), "the weight"), "q": (weight.shape[1], "the weight"), "like": weight}
        self.precision = torch.eye(self.latent_dim).to(weight) + weight.T @ weight / noise**2  # of p(z|x), [q, q]

    @checked
    def sample(self, count: Whole(1)) -> Tensor:
        """Points x drawn from p(x): [count, n]."""
        z = torch.randn(count, self.latent_dim).to(self.weight)
        return z @ self.weight.T + self.bias + self.noise * torch.randn(count, *self.shape).to(self.weight)

    @checked
    def log_p(self, x: Numbers("N n")) -> Tensor:
        """log p(x) in nats, exact: p(x) = N(b, W W^T + noise^2 I), [N, n] -> [N]."""
        covariance = self.weight @ self.weight.T + self.noise**2 * torch.eye(len(self.weight)).to(self.weight)
        return MultivariateNormal(self.bias, covariance).log_prob(x)

    @checked
    def true_posterior(self, x: Numbers("N n")) -> tuple[Tensor, Tensor]:
        """Means [N, q] of p(z|x), by Bayes' rule, and its covariance [q, q], which is the same for every x."""
        covariance = torch.linalg.inv(self.precision)
        return (x - self.bias) @ self.weight @ covariance / self.noise**2, covariance

    @checked
    def posterior(self, x: Numbers("N n")) -> tuple[Tensor, Tensor]:
        """Mean and log variance of the best independent q(z|x), [N, q] each (Bishop 2006, section 10.1.2)."""
        mean, _ = self.true_posterior(x)
        return mean, -self.precision.diagonal().log().expand_as(mean)

    @checked
    def elbo(self, x: Numbers("N n")) -> Tensor:
        """E_q[log p(x|z)] - KL(q(z|x) || p(z)) in nats, both in closed form: [N, n] -> [N]."""
        mean, log_variance = self.posterior(x)
        variance = log_variance.exp()
        spread = (self.weight.square() @ variance.T).T.sum(1)  # E ||W (z - mean)||^2
        error = (x - self.bias - mean @ self.weight.T).square().sum(1) + spread
        log_likelihood = -0.5 * error / self.noise**2 - len(self.weight) * math.log(self.noise * math.sqrt(2 * math.pi))
        return log_likelihood - 0.5 * (mean.square() + variance - log_variance - 1).sum(1)

    @checked
    def log_p_x_given_z(self, x: Numbers("N n"), z: Numbers("N q")) -> Tensor:
        """log p(x|z) in nats: x [N, n], z [N, q] -> [N]."""
        error = (x - self.bias - z @ self.weight.T).square().sum(1)
        return -0.5 * error / self.noise**2 - len(self.weight) * math.log(self.noise * math.sqrt(2 * math.pi))
