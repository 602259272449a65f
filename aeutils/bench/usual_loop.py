"""What `fit` is measured against: the training loop of the common example programs, and their models."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader


class UsualVAE(nn.Module):
    """784-400-20 as the common example programs write it, `nn.Linear` and all."""

    def __init__(self):
        super().__init__()
        self.hidden, self.mean, self.log_variance = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.decoder = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

    def loss(self, x: Tensor) -> Tensor:
        """-ELBO of images [N, 1, 28, 28], summed over the batch, in nats."""
        x = x.view(-1, 784)
        h = torch.relu(self.hidden(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        kl = -0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        return F.binary_cross_entropy(self.decoder(z), x, reduction="sum") + kl


class UsualDeep(nn.Module):
    """784-1000-500-250-30 and back."""

    def __init__(self):
        super().__init__()
        up = (nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 500), nn.ReLU(), nn.Linear(500, 250), nn.ReLU())
        down = (nn.Linear(250, 500), nn.ReLU(), nn.Linear(500, 1000), nn.ReLU(), nn.Linear(1000, 784), nn.Sigmoid())
        self.layers = nn.Sequential(*up, nn.Linear(250, 30), nn.Linear(30, 250), nn.ReLU(), *down)

    def loss(self, x: Tensor) -> Tensor:
        """Squared error of images [N, 1, 28, 28], summed over the batch."""
        x = x.view(-1, 784)
        return F.mse_loss(self.layers(x), x, reduction="sum")


class UsualDenoiser(nn.Module):
    """Convolutions to 32 maps of 7x7 and back; normal noise of 0.5 on the images."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),
        )

    def loss(self, x: Tensor) -> Tensor:
        """Cross-entropy between clean images [N, 1, 28, 28] and what becomes of noisy ones, summed over the batch."""
        noisy = x + 0.5 * torch.randn_like(x)
        return F.binary_cross_entropy_with_logits(self.layers(noisy), x, reduction="sum")


def usual_epoch(images: Tensor, model: nn.Module, batch_size: int = 128) -> float:
    """One epoch of the usual loop: torchvision's MNIST with ToTensor, DataLoader, Adam, `.item()` per step.

    Returns the mean loss per image.
    """
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    class Loaded(MNIST):  # torchvision's own __getitem__, over the images at hand
        def __init__(self):
            self.data, self.targets = images[:, 0].cpu(), torch.zeros(len(images), dtype=torch.int64)
            self.transform, self.target_transform = ToTensor(), None

    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    total = 0.0
    for x, _ in DataLoader(Loaded(), batch_size=batch_size, shuffle=True):
        optimizer.zero_grad()
        loss = model.loss(x.to(images.device))
        loss.backward()
        total += loss.item()
        optimizer.step()
    return total / len(images)
