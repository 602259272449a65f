"""The whole of training on one page, in plain PyTorch: a VAE, its loss, the loop, and digits drawn from noise.

Read it first. `fit` does the same for every model of the course, faster and with more around it (a test holds the two
together). Run it: `python -m aeutils.training.micro`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VAE(nn.Module):
    """The variational autoencoder of Kingma and Welling (2014), 784-400-20, for images x [N, 1, 28, 28] in [0, 1]."""

    def __init__(self, latent_dim: int = 20, hidden: int = 400, pixels: int = 784):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Flatten(),  # [N, 1, 28, 28] -> [N, 784]
            nn.Linear(pixels, hidden),
            nn.ReLU(),
            nn.Linear(hidden, 2 * latent_dim),  # the mean and the log variance of q(z|x)
        )
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim, hidden),
            nn.ReLU(),
            nn.Linear(hidden, pixels),  # the logit of every pixel of p(x|z)
        )

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """[N, 1, 28, 28] -> mean and log variance of q(z|x), each [N, latent_dim]."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        return mean, log_variance

    def reparameterize(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """A draw from q(z|x), [N, latent_dim], through which gradients pass: all chance is in epsilon."""
        epsilon = torch.randn_like(mean)
        return mean + (0.5 * log_variance).exp() * epsilon

    def decode(self, z: Tensor) -> Tensor:
        """[N, latent_dim] -> the probability of white of every pixel, [N, 1, 28, 28]."""
        return self.decoder(z).sigmoid().unflatten(1, (1, 28, 28))


def negative_elbo(model: VAE, x: Tensor) -> tuple[Tensor, Tensor]:
    """Reconstruction and KL of images x [N, 1, 28, 28]; their sum is -ELBO, in nats: sum over pixels, mean over images.

    log p(x) >= E_q[log p(x|z)] - KL(q(z|x) || p(z)): the first part by one draw of z, the second in closed form.
    """
    mean, log_variance = model.encode(x)
    logits = model.decoder(model.reparameterize(mean, log_variance))
    reconstruction = F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="sum")
    kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
    return reconstruction / len(x), kl / len(x)


def train(
    model: VAE, images: Tensor, epochs: int, batch_size: int = 128, lr: float = 1e-3, seed: int = 0
) -> list[float]:
    """Train `model` in place on uint8 images [N, 1, 28, 28]; the mean loss of every epoch, in nats per image."""
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    batches = len(images) // batch_size  # what an epoch leaves over comes in another one: the order is new each time
    losses = []
    for epoch in range(epochs):
        torch.manual_seed(seed * 1_000_003 + epoch)  # the same seed, the same run
        order = torch.randperm(len(images))[: batches * batch_size]
        total = 0.0
        for index in order.view(batches, batch_size):
            x = images[index].float() / 255
            reconstruction, kl = negative_elbo(model, x)
            loss = reconstruction + kl
            optimizer.zero_grad()
            loss.backward()  # the gradient of the loss in every weight
            optimizer.step()  # a small step against it
            total += loss.item()
        losses.append(total / batches)
    return losses


@torch.no_grad()
def sample(model: VAE, count: int) -> Tensor:
    """New images, [count, 1, 28, 28]: draw z from the prior N(0, I) and decode it."""
    z = torch.randn(count, model.decoder[0].in_features)
    return model.decode(z)


def main() -> None:
    """Train on the course's digits for three epochs; print the losses and a digit drawn from noise, in characters."""
    from aeutils.data import load

    torch.manual_seed(0)
    model = VAE()
    for epoch, loss in enumerate(train(model, load("mnist").train.x.cpu(), epochs=3), 1):
        print(f"epoch {epoch}: -ELBO {loss:.1f} nats per image")
    for row in sample(model, 1)[0, 0, 2:26:2]:
        print("".join(" .:*#"[int(4.99 * value)] * 2 for value in row[2:26]))


if __name__ == "__main__":
    main()
