"""What `train` reports: the default measures against their definitions, and another model's own."""

import pytest
import torch

import aeutils as ae
from aeutils.measures.denoising import denoising
from aeutils.measures.measure import MEASURES, line
from aeutils.measures.report import report
from aeutils.weights.published import ROWS
from aeutils.weights.recipes import read_recipe
from aeutils.weights.sets import file


@pytest.fixture(scope="module")
def data():
    return ae.load("glyphs", train=600, test=200)


def test_default_is_squared_error_beside_pcas(data):
    model = ae.Dense(latent_dim=3, hidden=(8,))
    measures = ae.report(model, data)
    ours, theirs = measures["squared_error"], measures["squared_error_pca"]
    assert len(measures) == 2
    assert ours == pytest.approx((model(ae.as_float(data.test.x)) - data.test.x / 255).square().sum().item() / 200)
    assert theirs == ae.reconstruction_error(ae.PCA.fit(data.train, 3), data.test)


def test_a_model_registers_its_own(data):
    class Odd(ae.Dense):
        pass

    @report.register
    def _(model: Odd, data) -> dict[str, float]:
        return {"oddness": 3.0}

    assert ae.report(Odd(latent_dim=2, hidden=(8,)), data) == {"oddness": 3.0}
    assert len(ae.report(ae.Dense(latent_dim=2, hidden=(8,)), data)) == 2


def test_denoising_is_measured_by_psnr_and_leaves_the_generator_alone(data):
    class Nothing(ae.Dense):
        def forward(self, x):
            return x

    model = Nothing(latent_dim=2)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    measures = denoising(model, data, ae.corruption("gaussian=0.5"))
    assert torch.equal(torch.rand(3), expected)
    noisy, after, *filtered = measures.values()
    assert noisy == after  # a model that does nothing
    assert 8 < noisy < 11
    assert all(noisy + 2 < value < 20 for value in filtered)
    assert {MEASURES[key].unit for key in measures} == {"dB"}


def test_the_denoiser_and_super_resolution_report_psnr_beside_their_baselines(data):
    assert (
        ae.report(ae.Denoising(latent_dim=4), data).keys()
        == denoising(ae.Dense(latent_dim=2, hidden=(8,)), data, ae.corruption("gaussian=0.5")).keys()
    )
    model = ae.EDSR(latent_dim=4, blocks=1, scale=4)
    ours, bicubic = ae.report(model, data).values()
    x = ae.as_float(data.test.x)
    assert ours == pytest.approx(ae.psnr(model(x), x))
    assert 8 < bicubic < 25


def test_pca_gets_as_many_components_as_a_code_of_maps_has_numbers():
    data = ae.load("digits8")
    model = ae.Denoising((1, 8, 8), 3, channels=2, criterion="squared error")
    game = ae.Adversarial(model, ae.Discriminator((1, 8, 8), 2), 1.0)
    expected = ae.reconstruction_error(ae.PCA.fit(data.train, 12), data.test)
    assert ae.report(game, data)["squared_error_pca"] == expected


def test_a_line_says_what_is_measured_and_its_unit():
    assert line("psnr_hole", 11.918) == "PSNR in the hole: 11.92 dB"
    assert line("squared_error", 3.0) == "squared error per test image: 3.00"
    assert line("oddness", 3.0) == "oddness: 3.00"
    assert all(key == measure.key for key, measure in MEASURES.items())


def test_recipes_and_their_table_know_measures_by_their_keys():
    for row in ROWS:
        assert {row.measure, row.baseline or row.measure} <= MEASURES.keys()
        assert read_recipe(file(row.name))["measures"].keys() <= MEASURES.keys()
