"""A checkpoint knows all that makes its run, and no byte of it is believed that was not written."""

import functools
import random

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.files import read_tensors, write_tensors
from aeutils.models.description import describe, differences

X = torch.rand(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))
SHAPE = (1, 4, 4)


def run(model, path, **options):
    return ae.fit(model, X, checkpoint=path, show=False, **{"epochs": 1, "batch_size": 30} | options)


OPTIONS = {  # a model, an option, two of its values
    "vae": ("beta", 1.0, 50.0),
    "sparse": ("strength", 0.1, 0.2),
    "sparse-kl": ("rho", 0.05, 0.1),
    "top-k": ("keep", 2, 3),
    "contractive": ("strength", 0.2, 0.3),
    "deep-contractive": ("probes", 1, 2),
    "recirculation": ("regression", 0.75, 0.5),
    "ae": ("activation", nn.ReLU, nn.Tanh),
    "linear": (None, None, None),
    "context": ("mask", "central", "block"),
    "iwae": ("draws", 3, 4),
    "stacked": ("hidden", (3,), (2,)),
    "conv": ("criterion", "squared error", "cross-entropy"),
    "denoising": ("channels", 3, 4),
}


@pytest.mark.parametrize("name", [name for name in OPTIONS if OPTIONS[name][0]])
def test_a_run_of_another_option_is_refused(name, tmp_path):
    option, first, second = OPTIONS[name]
    run(ae.build(name, SHAPE, 4, **{option: first}), tmp_path / "run")
    assert run(ae.build(name, SHAPE, 4, **{option: first}), tmp_path / "run").epochs == 1
    with pytest.raises(ValueError, match=f"another run .*{option}.* there, .* now"):
        run(ae.build(name, SHAPE, 4, **{option: second}), tmp_path / "run")


def test_an_option_changed_afterwards_counts_as_it_is(tmp_path):
    model = ae.VAE(SHAPE, 2, (4,))
    run(model, tmp_path / "run")
    model.beta = 4.0
    with pytest.raises(ValueError, match=r"beta 1\.0 there, 4\.0 now"):
        run(model, tmp_path / "run")


def test_a_player_against_another_discriminator_or_of_another_model_is_refused(tmp_path):
    def player(mask="central", channels=2, weight=1.0):
        return ae.Adversarial(ae.Context(SHAPE, 2, mask=mask), ae.Discriminator(SHAPE, channels), weight)

    run(player(), tmp_path / "run")
    for other in (player(mask="block"), player(channels=3), player(weight=2.0)):
        with pytest.raises(ValueError, match="another run"):
            run(other, tmp_path / "run")


def scaled(factor):
    return lambda x: x * factor


FACTOR = 0.5


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (None, ae.corruption("gaussian=0.5")),
        (ae.corruption("gaussian=0.5"), ae.corruption("gaussian=0.6")),
        (ae.corruption("gaussian=0.5|masking=0.1"), ae.corruption("masking=0.1|gaussian=0.5")),
        (lambda x: x * 0.5, lambda x: x * 0.6),
        (lambda x: x * 0.5, lambda x: x + 0.5),
        (scaled(0.5), scaled(0.6)),
        (functools.partial(torch.clamp, max=0.5), functools.partial(torch.clamp, max=0.6)),
        (torch.zeros_like, torch.ones_like),
    ],
)
def test_a_run_of_another_corruption_is_refused(first, second, tmp_path):
    run(ae.Dense(SHAPE, 2, (4,)), tmp_path / "run", corrupt=first)
    assert run(ae.Dense(SHAPE, 2, (4,)), tmp_path / "run", corrupt=first).epochs == 1
    with pytest.raises(ValueError, match="another run"):
        run(ae.Dense(SHAPE, 2, (4,)), tmp_path / "run", corrupt=second)


def test_a_function_is_known_by_what_it_reads_from_around_it(monkeypatch):
    def dimmed(x):
        return x * FACTOR

    before = describe(dimmed)
    assert describe(dimmed) == before
    monkeypatch.setitem(globals(), "FACTOR", 0.6)
    assert list(differences(before, describe(dimmed))) == ["held.FACTOR 0.5 there, 0.6 now"]
    assert describe(scaled(X)) != describe(scaled(X + 1))


def test_other_samples_to_test_on_are_another_run(tmp_path):
    run(ae.Dense(SHAPE, 2, (4,)), tmp_path / "run", test=X[:9])
    for test in (None, X[:8], X[1:10]):
        with pytest.raises(ValueError, match=r"another run .*test"):
            run(ae.Dense(SHAPE, 2, (4,)), tmp_path / "run", test=test)


def test_other_saved_weights_to_begin_with_are_another_run(tmp_path):
    saved = [ae.save_model(tmp_path / name, ae.Dense(SHAPE, 2), "ae", {}) for name in ("a", "b")]
    run(ae.load_model(saved[0])[0], tmp_path / "run")
    with pytest.raises(ValueError, match=r"another run .*origin"):
        run(ae.load_model(saved[1])[0], tmp_path / "run")


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_a_run_goes_on_with_the_threads_it_began_with(tmp_path, capsys):
    """Other threads add in another order. Afterwards the process has its own number again."""
    seen = []

    class Watching(ae.Dense):
        def loss(self, x, target=None):
            seen.append(torch.get_num_threads())
            if len(seen) == 3:
                raise KeyboardInterrupt
            return super().loss(x, target)

    torch.set_num_threads(2)
    assert run(Watching(SHAPE, 2, (4,)), tmp_path / "run", epochs=3).epochs == 1
    torch.set_num_threads(1)
    assert run(Watching(SHAPE, 2, (4,)), tmp_path / "run", epochs=3).epochs == 3
    assert seen == [2] * 7
    assert torch.get_num_threads() == 1
    assert "goes on with 2 threads, as it began" in capsys.readouterr().out


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "run"
    run(ae.Dense(SHAPE, 2, (4,)), path)
    good = path.read_bytes()
    places = random.Random(0)
    for _ in range(60):
        bad = bytearray(good)
        bad[places.randrange(len(bad))] ^= 1 << places.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(ValueError, match="run is damaged"):
            run(ae.Dense(SHAPE, 2, (4,)), path)
    path.write_bytes(good)
    assert run(ae.Dense(SHAPE, 2, (4,)), path).epochs == 1


def test_tensors_of_every_type_come_back(tmp_path):
    shared = torch.rand(3)
    tensors = {"half": shared.bfloat16(), "a": shared, "b": shared, "turned": torch.rand(2, 3).T, "n": torch.tensor(3)}
    write_tensors(tmp_path / "file", tensors, {"note": [1, "ä"]})
    found, about = read_tensors(tmp_path / "file")
    assert about == {"note": [1, "ä"]}
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensors[name]) for name in tensors)


def test_the_same_content_is_the_same_bytes(tmp_path):
    for name in range(8):
        write_tensors(tmp_path / str(name), {"b": X, "a": X + 1}, {"note": 1, "another": 2})
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


def test_a_checkpoint_that_is_a_folder_is_refused_before_training(tmp_path):
    model = ae.Dense(SHAPE, 2, (4,))
    with pytest.raises(ValueError, match="is a folder; name a file"):
        run(model, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file/run could not be written"):
        run(model, tmp_path / "file" / "run")
