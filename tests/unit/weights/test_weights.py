"""Weights that come with the course: made by one command, packed, checked when they are loaded."""

import json
from pathlib import Path

import pytest
import torch

import aeutils as ae
from aeutils.__main__ import main
from aeutils.training.settings import Settings
from aeutils.weights import packing, recipes
from aeutils.weights import sets as weights
from aeutils.weights.making import Training

pytestmark = pytest.mark.usefixtures("little")

SHIPPED = dict(weights.SETS)
TINY = {
    "tiny": Training("ae", "glyphs", 3, {"hidden": (16,)}, Settings(epochs=1, lr=3e-3), precision="int8"),
    "noisy": Training("conv", "glyphs", 4, {}, Settings(epochs=1), corrupt="gaussian=0.5", precision="float16"),
    "real": Training("ae", "mnist", 3, {}, Settings(epochs=1)),
    "second": Training("ae", "glyphs", 3, {"hidden": (16,)}, Settings(epochs=1), start=Path("tiny")),
}


@pytest.fixture(autouse=True)
def tiny(monkeypatch):
    monkeypatch.setattr(weights, "SETS", TINY)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with both sets, made by the command."""
    folder = tmp_path_factory.mktemp("weights")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "SETS", TINY)
        patch.setenv("AEUTILS_BUDGET", "look")
        main(["weights", "tiny", "noisy", "--out", str(folder)])
    return folder


@pytest.mark.parametrize("name", ["tiny", "noisy"])
def test_a_set_is_made_and_loaded_by_name(made, name, capsys):
    model = ae.pretrained(name, made)
    assert f"{name}: weights loaded, trained beforehand (1 epochs on glyphs" in capsys.readouterr().out
    recipe = json.loads((made / f"{name}.json").read_text())
    known = {"data", "samples", "seed", "epochs", "seconds", "device", "measures", "code", "torch", "sha256", "bytes"}
    assert known <= recipe.keys()
    assert recipe["bytes"] == (made / f"{name}.safetensors").stat().st_size
    tested = ae.evaluate(model, ae.load("glyphs").test)
    assert tested == pytest.approx(recipe["test as stored"])
    assert tested["loss"] == pytest.approx(recipe["test"]["loss"], rel=weights.COST)
    assert not model.training


def test_a_set_goes_on_from_another(made, tmp_path, capsys):
    with pytest.raises(SystemExit, match="second goes on from tiny; make that first: python -m aeutils weights tiny"):
        main(["weights", "second", "--out", str(tmp_path)])
    copied(made, tmp_path)
    main(["weights", "second", "--out", str(tmp_path)])
    first, second = (recipes.read_recipe(tmp_path / name) for name in ("tiny", "second"))
    assert second["start"] == "tiny"
    assert second["test"]["loss"] < first["test"]["loss"]


def test_loading_draws_no_random_numbers(made):
    state = torch.get_rng_state()
    ae.pretrained("tiny", made)
    assert torch.equal(torch.get_rng_state(), state)


def test_options_of_the_model_and_of_fit_are_kept(made):
    assert ae.pretrained("tiny", made).encoder[1].out_features == 16
    recipe = json.loads((made / "noisy.json").read_text())
    assert recipe["corrupt"] == "gaussian=0.5"
    assert "psnr_denoised" in recipe["measures"]


def copied(made, tmp_path):
    for suffix in ("safetensors", "json"):
        (tmp_path / f"tiny.{suffix}").write_bytes((made / f"tiny.{suffix}").read_bytes())
    return tmp_path / "tiny.safetensors", tmp_path / "tiny.json"


DAMAGES = {
    "truncated": lambda data: data[:-1],
    "tampered": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_weights_are_refused(made, tmp_path, damage):
    file, _ = copied(made, tmp_path)
    file.write_bytes(DAMAGES[damage](file.read_bytes()))
    with pytest.raises(
        ValueError, match=r"tiny.safetensors is not what its recipe was written for .*: truncated or al"
    ):
        ae.pretrained("tiny", tmp_path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "tiny.json is damaged"),
        ("{}", "is no recipe of weights: it lacks model, shape, latent_dim, sha256"),
        ("3", "tiny.json is damaged"),
    ],
)
def test_a_damaged_recipe_is_refused(made, tmp_path, text, reason):
    _, recipe = copied(made, tmp_path)
    recipe.write_text(text)
    with pytest.raises(ValueError, match=reason):
        ae.pretrained("tiny", tmp_path)


def test_without_its_recipe_a_file_is_not_loaded(made, tmp_path):
    _, recipe = copied(made, tmp_path)
    recipe.unlink()
    with pytest.raises(FileNotFoundError, match=r"tiny\.json"):
        ae.pretrained("tiny", tmp_path)


def test_where_there_are_none_a_notebook_goes_on(tmp_path, capsys):
    assert ae.pretrained("tiny", tmp_path) is None
    line = "tiny: no trained weights here; `python -m aeutils weights tiny` makes them\n"
    assert capsys.readouterr().out == line


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there are no weights 'gan'; expected one of tiny, noisy, real, second"):
        ae.pretrained("gan", tmp_path)
    with pytest.raises(SystemExit, match="error: there are no weights 'gan'"):
        main(["weights", "gan", "--out", str(tmp_path)])


def test_a_stand_in_is_no_data_for_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "load", lambda name: ae.load("glyphs"))
    with pytest.raises(ValueError, match="real is trained on mnist, and only glyphs is there"):
        weights.make("real", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("MOST", r"bytes, more than 1,000"),
        ("MOST_IN_ALL", r"bytes with all others, more than 1,000"),
        ("COST", r"rounding costs .*% of the test loss, more than -100%"),
    ],
)
def test_weights_too_large_or_too_coarse_are_not_kept(tmp_path, monkeypatch, limit, reason):
    monkeypatch.setattr(weights, limit, -1 if limit == "COST" else 1_000)
    with pytest.raises(ValueError, match=reason):
        weights.make("tiny", tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_for_one_file_goes_on_in_others(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "MOST", 18_500)
    path = weights.make("tiny", tmp_path)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert files == [tmp_path / "tiny.2.safetensors", path]
    assert all(file.stat().st_size <= 18_500 for file in files)
    model = ae.pretrained("tiny", tmp_path)
    recipe = json.loads((tmp_path / "tiny.json").read_text())
    assert recipe["bytes"] == sum(file.stat().st_size for file in files)
    assert ae.evaluate(model, ae.load("glyphs").test) == pytest.approx(recipe["test as stored"])
    content = bytearray(files[0].read_bytes())
    content[-1] ^= 1
    files[0].write_bytes(content)
    with pytest.raises(ValueError, match="truncated or altered"):
        ae.pretrained("tiny", tmp_path)
    files[0].unlink()
    with pytest.raises(FileNotFoundError, match=r"tiny\.2\.safetensors"):
        ae.pretrained("tiny", tmp_path)


def test_packing():
    torch.manual_seed(0)
    tensors = {"w": torch.randn(5, 3, 2), "zeros": torch.zeros(2, 4), "b": torch.randn(7), "n": torch.tensor(3)}
    for precision, error in (("float32", 0), ("float16", 2**-11), ("int8", 0.5 / 127)):
        unpacked = packing.unpack(packing.pack(tensors, precision))
        assert unpacked.keys() == tensors.keys()
        for name, tensor in tensors.items():
            largest = tensor.abs().max().item()
            assert (unpacked[name] - tensor).abs().max() <= 1.01 * error * largest
            assert unpacked[name].dtype == tensor.dtype
    rows = packing.unpack(packing.pack({"w": torch.tensor([[1e-3, 5e-4], [1e3, 5e2]])}, "int8"))["w"]
    torch.testing.assert_close(rows, torch.tensor([[1e-3, 5e-4], [1e3, 5e2]]), rtol=0.01, atol=0)  # a scale a row
    assert packing.pack(tensors, "int8")["w"].dtype == torch.int8
    with pytest.raises(ValueError, match="precision is 'int4'; expected one of float32, float16, int8"):
        packing.pack(tensors, "int4")


def test_every_shipped_set_has_a_recipe_and_fits(monkeypatch):
    """What stands in data/weights is listed, loads, and keeps the limits; nothing is left over from another set."""
    monkeypatch.setattr(weights, "SETS", SHIPPED)
    files = set(weights.WEIGHTS.glob("*.safetensors"))
    assert sum(file.stat().st_size for file in files) <= weights.MOST_IN_ALL
    assert max(file.stat().st_size for file in files) <= weights.MOST
    for name in SHIPPED:
        path = weights.WEIGHTS / f"{name}.safetensors"
        files -= set(recipes.files_of(path))
        model, recipe = ae.pretrained(name), ae.recipe(name)
        assert sum(p.numel() for p in model.parameters()) > 0
        assert not recipe["code"].endswith("-dirty")
    assert not files
