"""What a training run leaves behind: the loss parts of every epoch, and its speed."""

from dataclasses import asdict, dataclass, field

from aeutils.checks import checked


@checked
@dataclass
class History:
    """Loss parts by name, one number an epoch (mean over the epoch's batches); `history["loss"]` is a list.

    test: the same parts on the test samples, when `fit` was given some. seconds: of every epoch, tests excluded.
    ValueError for a part with more or fewer numbers than there are seconds.
    """

    criterion: str = ""
    train: dict[str, list[float]] = field(default_factory=dict)
    test: dict[str, list[float]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    samples: int = 0  # trained on in an epoch
    interrupted: bool = False

    def __post_init__(self):
        for name, values in (*self.train.items(), *self.test.items()):
            if len(values) != self.epochs:
                raise ValueError(f"{name} has {len(values)} values for {self.epochs} epochs; expected one for each")

    def __getitem__(self, part: str) -> list[float]:
        return self.train[part]

    @property
    def epochs(self) -> int:
        """Epochs that were completed."""
        return len(self.seconds)

    @property
    def samples_per_second(self) -> float:
        """Speed of training over all completed epochs."""
        return self.samples * self.epochs / sum(self.seconds)

    def append(self, train: dict[str, float], test: dict[str, float] | None, seconds: float, samples: int) -> None:
        """Add one epoch."""
        for parts, values in ((self.train, train), (self.test, test or {})):
            for name, value in values.items():
                parts.setdefault(name, []).append(value)
        self.seconds.append(seconds)
        self.samples = samples

    def as_dict(self) -> dict:
        """Plain lists and numbers, for JSON."""
        return asdict(self)
