"""What the bench says bounds a network: its floor."""

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.bench import compare as bench


def test_the_products_of_a_dense_network_are_those_of_its_layers():
    for name, layers in (("deep", 8), ("vae", 4)):
        model = bench.CASES[name].ours()
        sizes = [(layer.in_features, layer.out_features) for layer in model.modules() if isinstance(layer, nn.Linear)]
        assert tuple(sizes) == bench.CASES[name].products
        assert len(sizes) == layers


def test_the_floor_of_the_denoiser_runs_every_convolution_and_nothing_else(monkeypatch):
    model, calls = bench.CASES["denoiser"].usual(), []

    def watch(layer):
        forward = layer.forward
        monkeypatch.setattr(layer, "forward", lambda x: calls.append(type(layer)) or forward(x))

    for layer in model.layers:
        watch(layer)
    assert bench.convolution_floor(model, torch.rand(4, 1, 28, 28), 2 * bench.BATCH) > 0
    once = [type(layer) for layer in model.layers]
    assert calls == once + 2 * [kind for kind in once if kind is not nn.ReLU]  # a pass for the inputs, two steps
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("name", bench.CASES)
def test_the_table_names_what_bounds_the_network(name):
    result = bench.bench(name, ae.load("glyphs").train.x[:256], 1)
    assert result["floor"] in result["seconds_per_epoch"]
    assert f"% of the speed of its {result['floor']}" in bench.table(result)
