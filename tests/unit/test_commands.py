"""The command line, saved weights with their recipes, the bench."""

import json
import re
import subprocess
import sys
from dataclasses import fields, replace
from importlib import import_module

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils import __main__ as command_line
from aeutils.__main__ import main
from aeutils.bench import compare as bench
from aeutils.bench.growth import growth
from aeutils.bench.usual_loop import UsualVAE, usual_epoch
from aeutils.data import REGISTRY
from aeutils.measures.measure import line
from aeutils.models import MODELS
from aeutils.training.settings import Settings
from aeutils.weights.making import Training, run


def train(tmp_path, *options):
    main(["train", "--data", "glyphs", "--epochs", "1", "--latent", "4", "--out", str(tmp_path / "m"), *options])
    return tmp_path / "m.safetensors"


def test_help_names_every_command_with_a_line():
    text = subprocess.run(
        [sys.executable, "-m", "aeutils", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in command_line.COMMANDS:
        line = next(line for line in text.splitlines() if line.split()[:1] == [command.__name__])
        assert len(line.split()) > 4


@pytest.mark.parametrize(("command", "names"), [("train", [*MODELS, *REGISTRY]), ("bench", bench.CASES)])
def test_help_of_a_command_names_what_there_is(command, names, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")  # names are cut at hyphens where a line ends
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert set(names) <= set(re.findall(r"[\w-]+", capsys.readouterr().out))


def test_only_the_command_that_runs_gets_its_options():
    """To list the models takes an import of seconds."""
    arguments, rest = command_line.parser(only="data").parse_known_args(["train", "--model", "ae"])
    assert rest == ["--model", "ae"]
    assert not hasattr(arguments, "epochs")
    assert command_line.parser().parse_args(["train", "--model", "ae"]).model == "ae"


def test_train_reports_its_error_beside_pcas_and_saves_both_files(tmp_path, capsys):
    weights = train(tmp_path, "--model", "ae")
    out = capsys.readouterr().out
    model, recipe = ae.load_model(weights)
    data = ae.load("glyphs")
    error, error_pca = recipe["measures"].values()
    assert ae.reconstruction_error(model, data.test) == pytest.approx(error, rel=1e-5)
    assert f"squared error per test image: {error:.2f}" in out
    assert f"PCA with as many numbers: {error_pca:.2f}" in out
    assert (recipe["lr"], recipe["optimizer"]) == (1e-3, "adam")  # what was used, not what was left out
    assert {"data", "seconds", "device", "test", "code", "sha256"} <= recipe.keys()
    assert {setting.name for setting in fields(Settings)} <= recipe.keys()


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("ae", "deep", "denoising", "edsr", "iwae")])
def test_models_train_by_name(tmp_path, name):
    model, recipe = ae.load_model(train(tmp_path, "--model", name))
    assert type(model) is MODELS[name]
    assert len(recipe["epochs"]) == len(model.stages)


def test_the_importance_weighted_one_reports_its_likelihood(tmp_path, monkeypatch, capsys):
    """With fewer draws than by default, which are meant for a long run."""
    monkeypatch.setattr(import_module("aeutils.measures.report"), "DRAWS", 20)
    options = {"hidden": (16,), "draws": 3}
    training = Training("iwae", "glyphs", 4, options, Settings(epochs=1), out=tmp_path / "m.safetensors")
    model, recipe = ae.load_model(run(training))
    assert model.draws == 3
    loose, tight = recipe["measures"]["nll_one_draw"], recipe["measures"]["nll"]
    assert 50 < tight < loose < 400
    assert line("nll", tight) in capsys.readouterr().out


@pytest.mark.usefixtures("little")
def test_a_code_larger_than_the_image_is_compared_with_all_components(tmp_path, capsys):
    train(tmp_path, "--data", "digits8", "--latent", "70")
    assert "PCA with as many numbers: 0.00" in capsys.readouterr().out


@pytest.mark.usefixtures("little")
def test_any_model_denoises(tmp_path, capsys):
    _, recipe = ae.load_model(train(tmp_path, "--model", "linear", "--corrupt", "gaussian=0.5|hole=0,0,4,4"))
    out = capsys.readouterr().out
    assert recipe["corrupt"] == "gaussian=0.5|hole=0,0,4,4,0.0"
    assert all(line(key, value) in out for key, value in recipe["measures"].items())
    assert sum("psnr" in key for key in recipe["measures"]) == 4


def test_the_denoiser_denoises_unasked(tmp_path, capsys):
    _, recipe = ae.load_model(train(tmp_path, "--model", "denoising"))
    assert recipe["corrupt"] == "gaussian=0.5"
    noisy, model, *filters = recipe["measures"].values()
    assert noisy < model
    assert len(filters) == 2
    assert "PSNR after the best Gaussian filter: " in capsys.readouterr().out


def test_super_resolution_is_measured_beside_bicubic(tmp_path, capsys):
    model, recipe = ae.load_model(train(tmp_path, "--model", "edsr", "--latent", "8"))
    ours, bicubic = recipe["measures"].values()
    assert ours > bicubic + 1
    assert f"PSNR of enlarged test images: {ours:.2f} dB" in capsys.readouterr().out
    assert model.encode(torch.rand(1, 1, 28, 28)).shape == (1, 8, 14, 14)


@pytest.mark.usefixtures("little")
def test_same_seed_same_weights(tmp_path):
    first = train(tmp_path, "--seed", "3").read_bytes()
    assert train(tmp_path, "--seed", "3").read_bytes() == first
    assert train(tmp_path, "--seed", "4", "--replace").read_bytes() != first


@pytest.mark.usefixtures("little")
def test_train_resumes_from_its_checkpoint(tmp_path, capsys):
    train(tmp_path, "--checkpoint", str(tmp_path / "c.safetensors"))
    first = torch.cat([p.flatten() for p in ae.load_model(tmp_path / "m")[0].parameters()])
    assert (tmp_path / "c.0.safetensors").exists()
    train(tmp_path, "--checkpoint", str(tmp_path / "c.safetensors"))
    assert torch.equal(first, torch.cat([p.flatten() for p in ae.load_model(tmp_path / "m")[0].parameters()]))


@pytest.mark.usefixtures("little")
def test_train_starts_from_saved_weights(tmp_path, capsys):
    first = train(tmp_path, "--model", "vae").rename(tmp_path / "first.safetensors")
    (tmp_path / "m.json").rename(tmp_path / "first.json")
    assert "start" not in ae.load_model(first)[1]
    fresh = ae.load_model(train(tmp_path, "--model", "vae", "--lr", "1e-9"))[1]
    recipe = ae.load_model(train(tmp_path, "--model", "vae", "--lr", "1e-9", "--replace", "--start", str(first)))[1]
    assert recipe["start"] == "first"
    assert recipe["test"]["loss"] == pytest.approx(ae.load_model(first)[1]["test"]["loss"], rel=0.01)
    assert recipe["test"]["loss"] < fresh["test"]["loss"] / 2
    with pytest.raises(SystemExit, match=f"error: {first} has weights of the sizes 400x784.*512x784"):
        train(tmp_path, "--model", "ae", "--replace", "--start", str(first))
    with pytest.raises(SystemExit, match=r"none\.json"):
        train(tmp_path, "--start", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "gan"], "there is no model 'gan'; expected one of ae, context"),
        (["--data", "cifar"], "there is no data set 'cifar'; expected one of mnist"),
        (["--data", "photos"], "photos are of various sizes"),
        (["--lr", "-1"], "lr is -1.0; expected a number above 0"),
        (["--corrupt", "gaussian=-1"], "sigma is -1; expected a number, 0 or above"),
        (["--corrupt", "hole=20,20,14,14"], "beyond images of 28 x 28"),
        (["--latent", "0"], "latent_dim is 0; expected a whole number"),
        (["--model", "conv", "--data", "digits8", "--latent", "99", "--lr", "1e30"], "stopped being finite"),
    ],
)
def test_bad_input_ends_with_one_line(tmp_path, options, reason):
    with pytest.raises(SystemExit, match=f"error: .*{reason}"):
        train(tmp_path, *options)
    assert not list(tmp_path.glob("m.*"))


def test_unknown_options_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--speed", "9"])
    assert "unknown options: --speed 9" in capsys.readouterr().err


def test_data_says_where_a_set_came_from(capsys):
    main(["data", "digits8", "blocks"])
    assert "digits8: digits8, 1,500 + 297 samples" in capsys.readouterr().out


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-9] + b"\0" + data[-8:]])
def test_altered_weights_are_refused(tmp_path, damage):
    torch.manual_seed(0)
    path = ae.save_model(tmp_path / "w", ae.Dense(latent_dim=2), "ae", {"note": "untrained"})
    assert ae.load_model(path)[1]["note"] == "untrained"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"is not what its recipe was written for .* truncated or altered"):
        ae.load_model(path)


def test_bench_times_three_loops_and_writes_json(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "load", lambda name: ae.load("glyphs", train=4_000, test=10))
    out = tmp_path / "folder" / "bench.json"
    main(["bench", "vae", "--rounds", "3", "--quick", "--out", str(out)])
    result = json.loads(out.read_text())["models"]["vae"]
    assert list(result["seconds_per_epoch"]) == ["usual loop", "aeutils.fit", "matrix products alone"]
    assert f"fit is {result['ratio']:.2f} times as fast" in capsys.readouterr().out
    assert result["ratio"] > 1.5  # one thread beside other tests; alone, on two cores, the README's figure
    assert 0.3 < result["share_of_floor"] < 2


# How far losses may lie apart. In ten draws of weights and batches: up to 1.0, 3.5 and 0.3 %; hence the seed.
APART = {"vae": 0.015, "deep": 0.03, "denoiser": 0.01}


@pytest.mark.parametrize("name", bench.CASES)
def test_the_two_loops_of_the_bench_train_the_same_network(name):
    """The comparison is fair: as many weights, and from the same ones after an epoch about the same loss."""
    torch.manual_seed(0)
    images, case = ae.load("glyphs").train.x[:2048], bench.CASES[name]
    usual, ours = case.usual(), case.ours()
    sizes = [sum(p.numel() for p in model.parameters()) for model in (usual, ours)]
    assert sizes[0] == sizes[1]
    nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(matched(usual, ours)), usual.parameters())
    losses = usual_epoch(images, usual), replace(case, ours=lambda: ours).fit(images)["loss"][0]
    assert losses[0] == pytest.approx(losses[1], rel=APART[name])


def matched(usual, ours):
    """Our weights in the order of the usual model's; the VAE's two heads are one layer of ours."""
    found = list(ours.parameters())
    if isinstance(usual, UsualVAE):
        (mean, log_variance), (b_mean, b_log_variance) = found[2].chunk(2), found[3].chunk(2)
        found[2:4] = mean, b_mean, log_variance, b_log_variance
    return found


def test_an_unknown_bench_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="error: there is no bench of 'gan'; expected one of vae, deep, denoiser"):
        main(["bench", "gan", "--out", str(tmp_path / "bench.json")])


@pytest.mark.usefixtures("little")
def test_the_bench_tells_how_time_and_memory_grow(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "starting", lambda: {"import torch": 2.0})  # thrice a fresh Python
    monkeypatch.setattr(bench, "load", lambda name: ae.load("glyphs", train=1_280, test=10))
    monkeypatch.setattr(bench, "growth", lambda: growth((1_000,), (2,)))
    monkeypatch.setattr(bench.latency, "CHROMIUM", None)
    out = tmp_path / "bench.json"
    main(["bench", "vae", "--rounds", "1", "--out", str(out)])
    assert "explorer: not measured" in capsys.readouterr().out
    result = json.loads(out.read_text())
    (once,), (twice,) = result["growth"]["images"], result["growth"]["epochs"]
    assert [(point["images"], point["epochs"]) for point in (once, twice)] == [(1_000, 1), (1_000, 2)]
    assert once["seconds"] > 0
    assert once["megabytes"] > once["megabytes_before"] > 0
    assert twice["megabytes"] < 1.1 * once["megabytes"]  # more epochs need no more memory
    assert out.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_starting_takes_seconds_not_minutes():
    found = bench.starting(rounds=1)
    assert list(found) == ["import torch", "import aeutils after it", "load mnist"]
    assert all(0 < seconds < 60 for seconds in found.values())
