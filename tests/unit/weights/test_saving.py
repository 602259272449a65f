"""Saved weights load as the model that was saved, and nothing good is lost on the way."""

import copy
import json
import pickle
import resource
from pathlib import Path

import pytest
import torch
from torch import nn

import aeutils as ae
from aeutils.__main__ import main
from aeutils.models import MODELS
from aeutils.models.superresolution import ResNetBlock
from aeutils.training.settings import Settings
from aeutils.weights import making, packing, places, recipes
from aeutils.weights import sets as weights
from aeutils.weights.making import Training

SHAPE = (1, 8, 8)
X = torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(0))


def saved(path, model, name="ae", recipe=None, **options):
    return ae.save_model(path, model, name, recipe or {}, **options)


def same(a, b):
    states = a.state_dict(), b.state_dict()
    return states[0].keys() == states[1].keys() and all(torch.equal(states[0][k], states[1][k]) for k in states[0])


OPTIONS = [
    ("top-k", {"keep": 2}),
    ("ae", {"hidden": (9, 5), "activation": nn.Tanh, "criterion": "cross-entropy"}),
    ("vae", {"beta": 3.0, "hidden": (7,)}),
    ("sparse", {"strength": 0.7, "activation": nn.Sigmoid, "output": "sigmoid"}),
    ("sparse-kl", {"rho": 0.2}),
    ("contractive", {"strength": 2}),
    ("deep-contractive", {"probes": 3, "hidden": (6,)}),
    ("recirculation", {"regression": 0.5}),
    ("iwae", {"draws": 2}),
    ("edsr", {"blocks": 1, "block": ResNetBlock, "scale": 4}),
    ("context", {"mask": "block", "fully_connected": False}),
    ("conv", {"channels": (2, 3)}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_the_options_come_from_the_model(name, options, tmp_path):
    model = ae.build(name, SHAPE, 4, **options)
    again, recipe = ae.load_model(saved(tmp_path / "m", model, name))
    assert again.description() == model.description()
    assert recipe["options"].keys() >= options.keys()
    assert same(model, again)
    torch.manual_seed(1)
    expected = model.eval()(X)
    torch.manual_seed(1)
    assert torch.equal(again(X), expected)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_comes_back(name, tmp_path):
    model = ae.build(name, SHAPE, 4)
    again, _ = ae.load_model(saved(tmp_path / "m", model, name))
    assert type(again) is MODELS[name]
    assert same(model, again)


def test_a_new_option_cannot_be_forgotten(tmp_path):
    """Nobody lists options: a parameter of the constructor is in recipe and checkpoint as soon as it is written."""

    class Doubtful(ae.Dense, name="doubtful"):
        def __init__(self, shape, latent_dim, doubt=0.5, layers=(3,), gate=nn.ReLU, **options):
            super().__init__(shape, latent_dim, layers, **options)
            self.share_of_doubt, self.gate = doubt, gate

    try:
        model = Doubtful(SHAPE, 2, doubt=0.25, gate=nn.Tanh, output="linear")
        again, recipe = ae.load_model(saved(tmp_path / "m", model, "doubtful"))
        assert (again.share_of_doubt, again.gate, again.output) == (0.25, nn.Tanh, "linear")
        assert recipe["options"] == {
            "doubt": 0.25,
            "layers": [3],
            "gate": {"class": "torch.nn.Tanh"},
            "output": "linear",
        }
        ae.fit(model, X, epochs=1, checkpoint=tmp_path / "c", show=False)
        with pytest.raises(ValueError, match=r"doubt 0\.25 there, 0\.5 now"):
            ae.fit(Doubtful(SHAPE, 2, gate=nn.Tanh, output="linear"), X, epochs=1, checkpoint=tmp_path / "c")
    finally:
        del MODELS["doubtful"]


def test_a_copy_knows_its_options():
    model = ae.VAE(SHAPE, 2, (4,), beta=3.0)
    assert copy.deepcopy(model).description() == pickle.loads(pickle.dumps(model)).description() == model.description()


def test_an_option_in_the_recipe_does_not_win_against_the_model(tmp_path):
    path = saved(tmp_path / "m", ae.VAE(SHAPE, 2, (4,), beta=3.0), "vae", {"options": {"beta": 1}, "latent_dim": 9})
    assert ae.load_model(path)[0].beta == 3.0


@pytest.mark.parametrize(
    ("model", "name", "reason"),
    [
        (lambda: ae.VAE(SHAPE, 2), "ae", "name is 'ae'; this model is 'vae'"),
        (lambda: ae.VAE(SHAPE, 2), "gan", "name is 'gan'; this model is 'vae'"),
        (lambda: ae.PCA.fit(X, 2), "pca", "this model is 'aeutils.models.pca.PCA'"),
        (lambda: ae.Context(SHAPE, 2, mask=lambda x: x[:, :1] > 0), "context", "mask is .*; a recipe holds"),
        (lambda: ae.Dense(SHAPE, 2, activation=lambda: nn.ReLU()), "ae", "activation is .*; a recipe holds"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(model, name, reason, tmp_path):
    with pytest.raises(ValueError, match=reason):
        saved(tmp_path / "m", model(), name)
    assert not list(tmp_path.iterdir())


def test_a_recipe_does_not_choose_what_code_runs(tmp_path):
    path = saved(tmp_path / "m", ae.Dense(SHAPE, 2))
    for home in ("subprocess.Popen", "os.system", "torch.nn.functional", "aeutils.models.base.check_quarters"):
        recipe = recipes.read_recipe(path)
        recipe["options"]["activation"] = {"class": home}
        recipes.write_recipe(path, recipe)
        with pytest.raises(ValueError, match=r"activation is .*; a recipe holds"):
            ae.load_model(path)


@pytest.mark.parametrize("recipe", [{"loss": float("nan")}, {"model of": ae.Dense}, {1: {2}}])
def test_a_recipe_that_json_cannot_hold_is_refused_before_anything_is_written(recipe, tmp_path):
    with pytest.raises(ValueError, match="a recipe holds finite numbers, texts, lists and dictionaries"):
        saved(tmp_path / "m", ae.Dense(SHAPE, 2), recipe=recipe)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "precision", "reason"),
    [
        (float("nan"), "float32", "weight holds 1 of .* numbers that are NaN or infinite"),
        (float("inf"), "int8", "NaN or infinite"),
        (1e6, "float16", r"weight reaches 1e\+06, which float16 cannot hold; store it as float32"),
    ],
)
def test_weights_that_would_not_come_back_are_refused(value, precision, reason, tmp_path):
    model = ae.Dense(SHAPE, 2, (4,))
    with torch.no_grad():
        model.encoder[1].weight[0, 0] = value
    with pytest.raises(ValueError, match=reason):
        saved(tmp_path / "m", model, precision=precision)
    assert not list(tmp_path.iterdir())


def test_numbers_too_small_for_float16_are_refused():
    with pytest.raises(ValueError, match=r"w reaches 1e-09, which float16 cannot hold"):
        packing.pack({"w": torch.full((3,), 1e-9)}, "float16")
    packing.pack({"w": torch.zeros(3), "none": torch.zeros(0), "most": torch.tensor([65_504.0, 1e-9])}, "float16")


def test_suffixes_are_appended_not_replaced(tmp_path):
    models = {name: ae.Dense(SHAPE, 2, (4,)) for name in ("lr0.01", "lr0.02", "m.v2", "m")}
    for name, model in models.items():
        assert saved(tmp_path / name, model) == tmp_path / f"{name}.safetensors"
    for name, model in models.items():
        assert same(ae.load_model(tmp_path / name)[0], model)
        assert same(ae.load_model(tmp_path / f"{name}.safetensors")[0], model)
        assert same(ae.load_model(str(tmp_path / f"{name}.json"))[0], model)


@pytest.mark.parametrize("path", [".", "", "..", "/"])
def test_a_folder_is_no_file(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"is a folder; name a file|path is ''"):
        saved(path, ae.Dense(SHAPE, 2))
    assert not list(tmp_path.iterdir())


def in_parts(path, model):
    saved(path, model, most=5_000)
    return len(recipes.files_of(path))


def test_parts_that_no_longer_belong_are_removed(tmp_path):
    large, small = ae.Dense(SHAPE, 2, (64, 32)), ae.Dense(SHAPE, 2, (4,))
    assert in_parts(tmp_path / "m", large) > 2
    assert in_parts(tmp_path / "m", small) == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.json", "m.safetensors"]


def test_a_part_never_takes_the_place_of_another_model(tmp_path):
    other, large = ae.Dense(SHAPE, 2, (4,)), ae.Dense(SHAPE, 2, (64, 32))
    saved(tmp_path / "m.2", other)
    with pytest.raises(ValueError, match=r"belongs to m\.2\.json already"):
        in_parts(tmp_path / "m", large)
    assert same(ae.load_model(tmp_path / "m.2")[0], other)
    assert in_parts(tmp_path / "n", large) > 1
    with pytest.raises(ValueError, match=r"belongs to n\.json already"):
        saved(tmp_path / "n.2", other)
    assert same(ae.load_model(tmp_path / "n")[0], large)


class Killed(BaseException):
    """No handler of the package may catch it, as none sees a SIGKILL."""


def killed_at(monkeypatch, step, save):
    """Run `save` until its file operation number `step`; True where it came to its end before."""
    done = 0

    def dying(method):
        def call(self, *arguments, **options):
            nonlocal done
            done += 1
            if done > step:
                raise Killed
            return method(self, *arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "rename", "unlink"):
            patch.setattr(Path, name, dying(getattr(Path, name)))
        patch.setattr(places.shutil, "rmtree", dying(places.shutil.rmtree))
        try:
            save()
            return True
        except Killed:
            return False


def test_after_a_kill_there_is_the_old_model_or_the_new_one(tmp_path, monkeypatch):
    """Several parts each, fewer in the new one; killed at every single operation on files."""
    old, new = ae.Dense(SHAPE, 2, (64, 64, 64)), ae.Dense(SHAPE, 2, (64, 32))
    assert in_parts(tmp_path / "count", old) > in_parts(tmp_path / "count", new) > 1
    seen = []
    for step in range(60):
        path = tmp_path / f"{step}" / "m"
        in_parts(path, old)
        ended = killed_at(monkeypatch, step, lambda path=path: in_parts(path, new))
        loaded = ae.load_model(path)[0]
        seen.append(same(loaded, new))
        assert seen[-1] or same(loaded, old)
        assert not [file for file in path.parent.glob("*") if file.name.endswith(".part")]
        if ended:
            break
    assert ended
    assert seen == sorted(seen)  # old until some moment, new from then on
    assert set(seen) == {False, True}


def test_a_full_disk_leaves_the_old_model(tmp_path):
    old = ae.Dense(SHAPE, 2, (4,))
    saved(tmp_path / "m", old)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, hard))
        with pytest.raises(OSError, match=r"m\.safetensors could not be written"):
            saved(tmp_path / "m", ae.Dense(SHAPE, 2, (64,)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert same(ae.load_model(tmp_path / "m")[0], old)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["m.json", "m.safetensors"]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("files", 10**9, "files is 1000000000; expected a whole number, from 1 to 1000"),
        ("files", "2", "files is '2'"),
        ("shape", [10**6, 10**6], "does not fit its recipe"),
        ("shape", [], "shape is"),
        ("shape", 784, "shape is 784"),
        ("latent_dim", 10**9, "does not fit its recipe"),
        ("latent_dim", True, "latent_dim is True"),
        ("model", ["ae"], "model is"),
        ("model", "vae", "holds weights of {'ae'}, and its recipe is of 'vae'"),
        ("options", {"hidden": [10**9]}, "does not fit its recipe"),
        ("options", {"depth": 3}, "cannot be made with the options"),
        ("options", [], "options is"),
        ("sha256", 5, "sha256 is 5"),
    ],
)
def test_a_recipe_of_another_model_is_refused(key, value, reason, tmp_path):
    path = saved(tmp_path / "m", ae.Dense(SHAPE, 2, (4,)))
    recipes.write_recipe(path, recipes.read_recipe(path) | {key: value})
    with pytest.raises(ValueError, match=reason):
        ae.load_model(path)


TINY = {
    "one": Training("ae", "digits8", 3, {"hidden": (16,)}, Settings(epochs=2)),
    "other": Training("vae", "digits8", 3, {"hidden": (16,)}, Settings(epochs=2)),
    "narrow": Training("ae", "digits8", 3, {"hidden": (8,)}, Settings(epochs=2)),
}


@pytest.fixture
def sets(monkeypatch, tmp_path, little):
    """A folder with the set `one`, as if made at the normal budget."""
    monkeypatch.setattr(weights, "SETS", TINY)
    weights.make("one", tmp_path)
    return tmp_path


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("name", ["other", "narrow"])
def test_a_set_under_the_name_of_another_is_refused(name, sets):
    for kind in ("json", "safetensors"):
        (sets / f"one.{kind}").rename(sets / f"{name}.{kind}")
    with pytest.raises(ValueError, match=f"is not {name} .* there, .* expected.: a file of another set"):
        ae.pretrained(name, sets)


def test_a_set_is_replaced_by_its_equal_alone(sets, monkeypatch):
    before = content(sets)
    with pytest.raises(SystemExit, match=r"is there, and this run would be another: 2 epochs at the budget look"):
        main(["weights", "one", "--out", str(sets)])
    monkeypatch.setattr(weights.environment, "budget", lambda: weights.environment.BUDGETS["normal"])
    for options in (["--epochs", "1"], ["--epochs", "3"]):
        with pytest.raises(SystemExit, match=f"{options[1]} epochs at the budget normal"):
            main(["weights", "one", "--out", str(sets), *options])
    assert content(sets) == before


def test_a_set_is_replaced_when_asked(sets):
    before = content(sets)
    main(["weights", "one", "--out", str(sets), "--epochs", "1", "--replace"])
    assert content(sets).keys() == before.keys()
    assert content(sets) != before


def test_a_set_that_is_stopped_replaces_nothing(sets, monkeypatch):
    before = content(sets)

    def stopped(*arguments, **options):
        history = ae.History()
        history.append({"loss": 1.0}, None, 1.0, 1)
        history.interrupted = True
        return history

    monkeypatch.setattr(making, "fit", stopped)
    with pytest.raises(SystemExit, match="one was stopped before its end; nothing was saved"):
        main(["weights", "one", "--out", str(sets), "--replace"])
    assert content(sets) == before


def test_zero_epochs_are_refused(sets):
    before = content(sets)
    with pytest.raises(SystemExit, match="epochs is 0; expected a whole number"):
        main(["weights", "one", "--out", str(sets), "--epochs", "0", "--replace"])
    assert content(sets) == before


def train(folder, *options):
    common = ["--model", "linear", "--data", "digits8", "--epochs", "1", "--latent", "2"]
    main(["train", *common, "--out", str(folder / "m"), *options])
    return content(folder)


@pytest.mark.usefixtures("little")
def test_a_run_of_another_seed_or_length_replaces_nothing(tmp_path):
    first = train(tmp_path)
    assert train(tmp_path).keys() == first.keys()  # the same run may be made again
    before = content(tmp_path)
    for options, reason in (
        (["--seed", "5"], "seed 0 there, 5 now"),
        (["--epochs", "20"], r"epochs \[1\] there, \[2\] now"),
        (["--lr", "0.1"], r"lr 0.01 there, 0.1 now"),
        (["--latent", "3"], "latent_dim 2 there, 3 now"),
        (["--model", "ae"], "model 'linear' there, 'ae' now"),
        (["--corrupt", "gaussian=0.5"], "corrupt None there, 'gaussian=0.5' now"),
    ):
        with pytest.raises(SystemExit, match=f"is of another run .*{reason}.*choose another --out, or --replace it"):
            train(tmp_path, *options)
    assert content(tmp_path) == before
    assert train(tmp_path, "--seed", "5", "--replace") != before


@pytest.mark.usefixtures("little")
def test_what_was_stopped_is_saved_beside_the_former_weights(tmp_path, monkeypatch, capsys):
    before = train(tmp_path)
    calls = iter(range(100))
    loss = ae.TiedLinear.loss

    def stop(self, x, target=None):
        if next(calls) == 1:
            raise KeyboardInterrupt
        return loss(self, x, target)

    monkeypatch.setattr(ae.TiedLinear, "loss", stop)
    after = train(tmp_path)
    assert after.keys() - before.keys() == {"m-stopped.json", "m-stopped.safetensors"}
    assert {name: after[name] for name in before} == before
    assert json.loads(after["m-stopped.json"])["epochs"] == [0]
    assert "m.safetensors stays as it was" in capsys.readouterr().out


@pytest.mark.usefixtures("little")
@pytest.mark.parametrize("out", [".", "there", "file/m"])
def test_a_place_that_takes_no_file_is_refused_before_the_training(out, tmp_path, monkeypatch):
    def forbidden(*arguments, **options):
        raise AssertionError("it was trained for nothing")

    monkeypatch.setattr(making, "fit", forbidden)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"error: .*(is a folder|cannot be written)"):
        main(["train", "--model", "linear", "--data", "digits8", "--out", out])
