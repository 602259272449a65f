"""`load`, and the data sets that are computed: shapes, ranges, seeds, and errors that say what was expected."""

import math

import pytest
import torch

from aeutils import environment
from aeutils.data import REGISTRY, DataSet, as_float, gaussians, load, spiral
from tests.tools import fake_mnist

NAMES = {"mnist", "fashion", "blocks", "glyphs", "letters", "digits8", "photos", "patches", "curve", "mixture", "noise"}
SMALL = {
    "glyphs": {"train": 50, "test": 20},
    "letters": {"train": 50, "test": 20},
    "blocks": {"train": 1_000},
    "digits8": {},
    "curve": {"count": 100},
    "mixture": {"count": 100},
    "noise": {"count": 100},
}


@pytest.fixture(autouse=True)
def own_folders(monkeypatch, tmp_path):
    monkeypatch.setenv("AEUTILS_OFFLINE", "1")
    monkeypatch.setenv("AEUTILS_DEVICE", "cpu")
    return fake_mnist.own_folders(monkeypatch, tmp_path)


def test_the_registry_has_every_name():
    assert set(REGISTRY) == NAMES


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="no data set 'minst'") as error:
        load("minst")
    assert all(name in str(error.value) for name in NAMES)


@pytest.mark.parametrize("name", SMALL)
def test_every_set_keeps_the_promises_of_a_data_set(name):
    data = load(name, **SMALL[name])
    assert isinstance(data, DataSet)
    assert data.name == name
    assert data.source
    for split in (data.train, data.test):
        assert len(split) == len(split.x) == len(split.labels) > 0
        assert split.labels.dtype == torch.int64
        assert split.x.is_contiguous()
        if split.x.dim() == 4:
            assert split.x.dtype == torch.uint8
            assert (split.x.min(), split.x.max()) == (0, 255)
        else:
            assert split.x.dtype == torch.float32
            assert split.x.isfinite().all()
        if split.labels.dim() == 1:
            assert 0 <= split.labels.min() <= split.labels.max() < len(data.classes)
        else:
            assert split.labels.shape[1] == len(data.classes)


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_decides_everything(name):
    one, same, other = (load(name, seed=seed, **SMALL[name]) for seed in (3, 3, 4))
    assert torch.equal(one.train.x, same.train.x)
    assert torch.equal(one.train.labels, same.train.labels)
    assert torch.equal(one.test.x, same.test.x)
    assert not torch.equal(one.train.x, other.train.x)


def test_the_budget_limits_what_is_loaded(monkeypatch):
    quick = environment.BUDGETS["quick"]
    monkeypatch.setenv("AEUTILS_BUDGET", "quick")
    data = load("blocks")
    assert len(data.train) == quick.train < 80_000
    assert len(data.test) == 784  # in order of size: no budget may cut it, or the large blocks would be missing
    monkeypatch.setenv("AEUTILS_BUDGET", "normal")
    assert len(load("blocks").train) == 80_000


def test_the_splits_move_to_the_chosen_device(monkeypatch):
    moved = []
    monkeypatch.setattr(DataSet, "to", lambda self, device: moved.append(device) or self)
    load("curve")
    assert moved == [torch.device("cpu")]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("glyphs", {"train": 0}, "train is 0; expected a whole number, from 1 to 100000000"),
        ("glyphs", {"test": -5}, "test is -5"),
        ("letters", {"train": 2.5}, "train is 2.5"),
        ("glyphs", {"seed": -1}, "seed is -1; expected a whole number, from 0 to 4294967295"),
        ("blocks", {"train": "many"}, "train is 'many'"),
        ("blocks", {"train": True}, "train is True"),
        ("digits8", {"seed": 2**32}, "seed is 4294967296; expected a whole number, from 0 to 4294967295"),
        ("curve", {"count": 0}, "count is 0"),
        ("curve", {"noise": -0.1}, "noise is -0.1; expected a number, 0 or above"),
        ("curve", {"noise": math.nan}, "noise is nan"),
        ("mixture", {"components": 0}, "components is 0"),
        ("mixture", {"spread": 0}, "spread is 0"),
        ("mixture", {"spread": math.inf}, "spread is inf"),
        ("noise", {"features": 0}, "features is 0"),
        ("noise", {"features": 4, "rank": 5}, "rank is 5; expected a whole number, from 1 to 4"),
        ("noise", {"rank": 0}, "rank is 0"),
        ("blocks", {"count": 5}, "blocks has no option 'count'; expected train, seed"),
        ("mnist", {"train": 5}, "mnist has no option 'train'; expected none"),
    ],
)
def test_bad_options_are_refused_by_name(name, options, message):
    with pytest.raises(ValueError, match="expected") as error:
        load(name, **options)
    assert message in str(error.value)


def test_blocks_have_every_size_equally_often_and_labels_that_measure_them():
    data = load("blocks", train=784 * 3 + 5)
    sizes = data.train.labels
    _, often = sizes.unique(dim=0, return_counts=True)
    assert sorted(often.tolist()) == [3] * 779 + [4] * 5
    ink = data.train.x[:, 0] > 0
    assert torch.equal(ink.any(2).sum(1), sizes[:, 0])
    assert torch.equal(ink.any(1).sum(1), sizes[:, 1])
    assert torch.equal(ink.sum((1, 2)), sizes.prod(1))  # one solid rectangle
    assert set(data.train.x.unique().tolist()) == {0, 255}
    rows = ink.any(2).int()
    above, below = rows.argmax(1), rows.flip(1).argmax(1)
    assert ((below - above) == (28 - sizes[:, 0]) % 2).all()  # centred, up to half a pixel
    assert not torch.equal(sizes, sizes.sort(0).values)


def test_the_test_blocks_are_every_size_once():
    data = load("blocks", train=10)
    assert data.test.labels.tolist() == [[height, width] for height in range(1, 29) for width in range(1, 29)]
    assert len(data.test.x.flatten(1).unique(dim=0)) == 784


def test_digits8_are_those_of_scikit_learn_split_in_their_shares():
    from sklearn.datasets import load_digits

    data = load("digits8")
    assert (len(data.train), len(data.test)) == (1_500, 297)
    assert data.train.x.shape[1:] == (1, 8, 8)
    together = torch.cat([data.train.x, data.test.x]).flatten(1)
    original = torch.from_numpy(load_digits().data * (255 / 16)).round().to(torch.uint8)
    assert torch.equal(together.unique(dim=0), original.unique(dim=0))
    share = data.test.labels.bincount() / torch.cat([data.train.labels, data.test.labels]).bincount()
    assert (share - 297 / 1_797).abs().max() < 0.01


def test_the_curve_follows_the_spiral():
    data = load("curve", count=1_000, noise=0)
    line = spiral(torch.linspace(0, 1, 5_000))
    distance, nearest = torch.cdist(data.train.x, line).min(1)
    assert distance.max() < 1e-3
    assert ((nearest / 500).long() - data.train.labels).abs().max() <= 1
    assert data.train.labels.unique().tolist() == list(range(10))
    noisy = load("curve", count=4_000, noise=0.05).train.x
    distance = torch.cdist(noisy, line).min(1).values
    assert 0.03 < distance.mean() < 0.05  # the mean of |N(0, 0.05)| is 0.04
    assert not torch.equal(data.train.x, data.test.x)


def test_the_mixture_is_drawn_from_its_exact_density():
    data = load("mixture", count=20_000, components=5, spread=0.2)
    density = gaussians(components=5, spread=0.2)
    own = density.component_distribution
    for label in range(5):
        points = data.train.x[data.train.labels == label]
        assert torch.allclose(points.mean(0), own.mean[label], atol=0.02)
        assert torch.allclose(points.std(0), torch.full((2,), 0.2), atol=0.02)
    side = torch.linspace(-3, 3, 301)
    grid = torch.cartesian_prod(side, side)
    mass = density.log_prob(grid).exp().sum() * (6 / 300) ** 2
    assert abs(mass - 1) < 1e-3
    sampled = density.log_prob(density.sample((20_000,))).mean()
    assert abs(density.log_prob(data.test.x).mean() - sampled) < 0.05  # nats


@pytest.mark.parametrize("rank", [None, 1, 3, 8])
def test_noise_has_the_rank_it_was_asked_for(rank):
    x = load("noise", count=4_000, features=8, rank=rank).train.x
    assert x.shape == (4_000, 8)
    assert 0 <= x.min() <= x.max() <= 1
    variance = torch.linalg.eigvalsh(torch.cov(x.double().T)).flip(0)
    if rank is None:
        assert torch.allclose(variance, torch.full((8,), 1 / 12, dtype=torch.float64), atol=0.01)  # of one uniform
    else:
        assert variance[rank - 1] > 1e-5
        assert variance[rank:].sum() < 1e-9


def test_noise_mixes_train_and_test_alike():
    data = load("noise", count=500, features=6, rank=2)
    _, _, axes = torch.linalg.svd(data.train.x - data.train.x.mean(0))
    centred = data.test.x - data.train.x.mean(0)
    rest = centred - centred @ axes[:2].T @ axes[:2]
    assert rest.abs().max() < 1e-4


def test_as_float_keeps_shape_and_maps_255_to_1():
    x = as_float(torch.tensor([[0, 51, 255]], dtype=torch.uint8))
    assert torch.allclose(x, torch.tensor([[0.0, 0.2, 1.0]]))
    points = torch.rand(3, 2)
    assert as_float(points) is points
