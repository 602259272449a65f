"""`fit` leaves its process as it was."""

import random

import numpy as np
import pytest
import torch

import aeutils as ae
from aeutils.training.process import flushes_denormals

X = torch.rand(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))


def model():
    return ae.Dense((1, 4, 4), 2, (4,))


def failing():
    class Failing(ae.Dense):
        def loss(self, x, target=None):
            raise RuntimeError("as models may")

    return Failing((1, 4, 4), 2, (4,))


@pytest.fixture
def denormals():
    before = flushes_denormals()
    yield
    torch.set_flush_denormal(before)


@pytest.mark.usefixtures("denormals")
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("kind", [model, failing])
def test_denormal_numbers_are_treated_as_before(before, kind):
    torch.set_flush_denormal(before)
    assert flushes_denormals() is before
    trained = kind()
    if kind is model:
        ae.fit(trained, X, epochs=1, show=False)
    else:
        with pytest.raises(RuntimeError):
            ae.fit(trained, X, epochs=1, show=False)
    assert flushes_denormals() is before
    tiny = torch.full((3,), 1, dtype=torch.int32).view(torch.float32) * 1  # 1.4e-45
    assert bool((tiny.view(torch.int32) == 0).all()) is before


def test_threads_and_generators_are_as_before():
    trained = ae.VAE((1, 4, 4), 2, (4,))
    for generator in (random.seed, np.random.seed, torch.manual_seed):
        generator(3)
    expected = torch.rand(2), random.random(), np.random.rand()
    for generator in (random.seed, np.random.seed, torch.manual_seed):
        generator(3)
    threads = torch.get_num_threads()
    ae.fit(trained, X, epochs=2, test=X, corrupt=ae.corruption("gaussian=0.5"), show=False)
    assert torch.equal(torch.rand(2), expected[0])
    assert (random.random(), np.random.rand()) == expected[1:]
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("without", [torch.no_grad, torch.inference_mode])
def test_it_trains_where_gradients_are_switched_off_and_leaves_them_so(without):
    trained = model()
    before = ae.reconstruction_error(trained, X)
    with without():
        ae.fit(trained, X, epochs=2, lr=0.01, show=False)
        assert not torch.is_grad_enabled()
    assert ae.reconstruction_error(trained, X) < before
