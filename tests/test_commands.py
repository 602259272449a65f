"""The command line, saved weights with their recipes, the bench."""

import json
import subprocess
import sys

import pytest
import torch

import aeutils as ae
from aeutils import bench
from aeutils.__main__ import main
from aeutils.models import MODELS


def train(tmp_path, *options):
    main(["train", "--data", "glyphs", "--epochs", "1", "--latent", "4", "--out", str(tmp_path / "m"), *options])
    return tmp_path / "m.safetensors"


def test_help_names_every_command_with_a_line():
    text = subprocess.run(
        [sys.executable, "-m", "aeutils", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for command in ("lab", "train", "bench", "data"):
        line = next(line for line in text.splitlines() if line.split()[:1] == [command])
        assert len(line.split()) > 4


def test_train_reports_its_error_beside_pcas_and_saves_both_files(tmp_path, capsys):
    weights = train(tmp_path, "--model", "ae")
    out = capsys.readouterr().out
    model, recipe = ae.load_model(weights)
    data = ae.load("glyphs")
    assert ae.reconstruction_error(model, data.test) == pytest.approx(recipe["squared_error"], rel=1e-5)
    assert f"squared error per test image: {recipe['squared_error']:.2f}" in out
    assert f"PCA with 4 components {recipe['squared_error_pca']:.2f}" in out
    assert (recipe["lr"], recipe["optimizer"]) == (1e-3, "adam")  # what was used, not what was left out
    assert {"data", "seed", "epochs", "seconds", "device", "test", "code", "sha256"} <= recipe.keys()


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("ae", "deep")])
def test_every_model_trains_by_name(tmp_path, name):
    model, recipe = ae.load_model(train(tmp_path, "--model", name))
    assert type(model) is MODELS[name]
    assert len(recipe["epochs"]) == len(model.stages)


def test_a_code_larger_than_the_image_is_compared_with_all_components(tmp_path, capsys):
    train(tmp_path, "--data", "digits8", "--latent", "70")
    assert "PCA with 64 components 0.00" in capsys.readouterr().out


def test_same_seed_same_weights(tmp_path):
    first = train(tmp_path, "--seed", "3").read_bytes()
    assert train(tmp_path, "--seed", "3").read_bytes() == first
    assert train(tmp_path, "--seed", "4").read_bytes() != first


def test_train_resumes_from_its_checkpoint(tmp_path, capsys):
    train(tmp_path, "--checkpoint", str(tmp_path / "c.safetensors"))
    first = torch.cat([p.flatten() for p in ae.load_model(tmp_path / "m")[0].parameters()])
    assert (tmp_path / "c.0.safetensors").exists()
    train(tmp_path, "--checkpoint", str(tmp_path / "c.safetensors"))
    assert torch.equal(first, torch.cat([p.flatten() for p in ae.load_model(tmp_path / "m")[0].parameters()]))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "gan"], "there is no model 'gan'; expected one of linear"),
        (["--data", "cifar"], "there is no data set 'cifar'; expected one of mnist"),
        (["--data", "photos"], "photos are of various sizes"),
        (["--lr", "-1"], "lr is a finite number above 0"),
        (["--latent", "0"], "whole numbers above 0"),
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


def test_bench_times_three_loops_and_writes_json(tmp_path, capsys):
    out = tmp_path / "folder" / "bench.json"
    bench.main(out, rounds=3)
    result = json.loads(out.read_text())
    assert list(result["seconds_per_epoch"]) == ["usual loop", "aeutils.fit", "matrix products alone"]
    assert f"fit is {result['ratio']:.2f} times as fast" in capsys.readouterr().out
    assert result["ratio"] > 1.5  # one thread beside other tests; alone, on two cores, the README's figure
    assert 0.3 < result["share_of_floor"] < 2


def test_the_two_loops_of_the_bench_learn_the_same():
    """The comparison is fair: after an epoch each, the losses agree within a few percent."""
    images = ae.load("glyphs").train.x[:4096]
    torch.manual_seed(0)
    model = bench.UsualVAE()
    usual = bench.usual_epoch(images, model)
    torch.manual_seed(0)
    ours = ae.fit(ae.VAE(), images, epochs=1, batch_size=bench.BATCH, schedule="constant")["loss"][0]
    assert usual == pytest.approx(ours, rel=0.15)
