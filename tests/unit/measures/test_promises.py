"""What every measure promises: it changes no model, says the same at every call, and does not depend on batches."""

import pytest
import torch
from torch import nn

import aeutils as ae

torch.manual_seed(0)
X = torch.rand(13, 1, 8, 8)
SHAPE = (1, 8, 8)
MEASURES = {
    "evaluate": ae.evaluate,
    "encode": ae.encode,
    "reconstruct": ae.reconstruct,
    "denoise": lambda model, x: ae.denoise(model, x + 0.1),
    "error_per_sample": ae.error_per_sample,
    "reconstruction_error": ae.reconstruction_error,
}
MODELS = {
    "context": lambda: ae.Context(SHAPE, 4, 4, mask="block"),
    "sparse-kl": lambda: ae.SparseKL(SHAPE, 6),
    "batch norm": lambda: noisy(),
    "vae": lambda: ae.VAE(SHAPE, 2, (4,)),
    "iwae": lambda: ae.IWAE(SHAPE, 2, (4,), draws=3),
}
DRAWN_BY_BATCH = {"vae", "iwae"}  # a sample's noise depends on those before it


class NormAndDropout(nn.Sequential):
    def __init__(self):
        super().__init__(nn.BatchNorm1d(4), nn.Dropout(0.5))


def noisy() -> ae.Dense:
    return ae.Dense(SHAPE, 2, (4,), activation=NormAndDropout)


def same(a, b) -> None:
    torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_measure_changes_nothing_and_says_the_same_again(make, measure):
    model = make().train()
    model.decoder.eval()  # some parts may be in another mode than others
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    state = torch.get_rng_state()
    first = measure(model, X)
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name]), name
    torch.manual_seed(7)
    again = measure(model.eval(), X)
    assert again == first if isinstance(first, float | dict) else torch.equal(again, first)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize("name", [name for name in MODELS if name not in DRAWN_BY_BATCH])
def test_batches_change_nothing(name, measure, monkeypatch):
    model = MODELS[name]()
    whole = measure(model, X)
    monkeypatch.setattr("aeutils.measures.evaluate.BATCH", 5)
    same(measure(model, X), whole)


def test_the_sparsity_of_many_samples_is_of_their_mean_activation():
    model = ae.SparseKL(SHAPE, 6)
    parts = ae.evaluate(model, X)
    h = model.encode(X)
    assert parts["sparsity"] == pytest.approx(model.sparsity(h).item(), rel=1e-5)
    assert parts["loss"] == pytest.approx(parts["reconstruction"] + model.strength * parts["sparsity"], rel=1e-5)


def test_an_interrupted_measure_leaves_the_mode():
    model = noisy().train()
    model.encode = lambda x: 1 / 0
    with pytest.raises(ZeroDivisionError):
        ae.encode(model, X)
    assert model.training


def test_a_likelihood_and_a_report_change_nothing():
    data = ae.load("digits8")
    data = ae.DataSet("digits8", "", data.classes, data.train.take(20), data.test.take(9))
    for make in (lambda: ae.VAE(SHAPE, 2, (4,)), noisy, lambda: ae.Context(SHAPE, 4, 4, mask="block")):
        model = make().train()
        first = ae.report(model, data)
        assert all(module.training for module in model.modules())
        assert ae.report(model, data) == first
    model = ae.VAE(SHAPE, 2, (4,), activation=NormAndDropout).train()
    first = ae.log_likelihood(model, X, draws=2)
    assert model.training
    assert torch.equal(first, ae.log_likelihood(model, X, draws=2))
