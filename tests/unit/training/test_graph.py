"""Steps as CUDA graphs: on a CPU by recording them (fake_graph.py), on a GPU where there is one. And short memory."""

from contextlib import nullcontext

import pytest
import torch

import aeutils as ae
from aeutils.training import graph, run
from tests.tools import fake_graph
from tests.tools.fake_graph import Graph


@pytest.fixture(scope="module")
def images():
    return ae.load("glyphs", train=1100, test=200)


@pytest.fixture
def gpu(monkeypatch):
    """A CPU that captures and replays. Five looks at the loss in an epoch of 110 steps."""
    fake_graph.install(monkeypatch)
    monkeypatch.setattr(run, "CHECK_EVERY", 25)


def build(kind=ae.VAE, **options):
    torch.manual_seed(0)
    return kind(latent_dim=3, hidden=(16,), **options)


def fit(model, images, **options):
    x = images.train if isinstance(images, ae.DataSet) else images
    return ae.fit(model, x, **({"epochs": 3, "batch_size": 10, "lr": 3e-3, "show": False} | options))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


@pytest.fixture(scope="module")
def expected(images):
    """Without graphs: the weights and the history of the default run."""
    model = build()
    return model, fit(model, images, test=images.test)


def test_replayed_steps_are_the_same_steps(images, expected, gpu, capsys):
    model = build()
    history = fit(model, images, test=images.test)
    assert (Graph.made, Graph.replays) == (1, 14)  # 5 groups of 22 in 3 epochs; the first of all runs one by one
    assert torch.equal(weights(model), weights(expected[0]))  # the same random draws, rates, batches
    assert (history.train, history.test) == (expected[1].train, expected[1].test)
    assert capsys.readouterr().out == ""


WAITING = not hasattr(torch.ops.aten._fused_adagrad_, "tensor_lr")  # as in torch 2.4, and on the CPU alone
ADAGRAD = pytest.param("adagrad", marks=pytest.mark.skipif(WAITING, reason="fused Adagrad reads the rate's value"))


@pytest.mark.parametrize("optimizer", ["adam", ADAGRAD, "sgd"])
def test_every_optimiser_and_a_corruption_replay(images, monkeypatch, optimizer):
    options = {"optimizer": optimizer, "lr": 1e-3, "corrupt": ae.corruption("gaussian=0.5|masking=0.2|shift=2")}
    plain, replayed, odd = build(ae.Dense), build(ae.Dense), images.train.x[:1090]
    fit(plain, odd, **options)
    fake_graph.install(monkeypatch)
    fit(replayed, odd, **options)
    assert (Graph.made, Graph.replays) == (2, 8)  # groups of 37, 36 and 36
    assert torch.equal(weights(plain), weights(replayed))


@pytest.mark.parametrize("stage", [0, 2])
def test_a_stage_that_leaves_weights_out_replays(images, monkeypatch, stage):
    plain, replayed = build(ae.Stacked), build(ae.Stacked)
    plain.stage = replayed.stage = stage
    fit(plain, images, epochs=2)
    fake_graph.install(monkeypatch)
    fit(replayed, images, epochs=2)
    assert Graph.replays == 9  # 5 groups of 22
    assert torch.equal(weights(plain), weights(replayed))


MODELS = {
    "linear": ae.TiedLinear,
    "recirculation": ae.Recirculation,
    "conv": ae.Conv,
    "iwae": lambda **size: ae.IWAE(**size, hidden=(8,), draws=3),
    "top-k": lambda **size: ae.TopK(**size, keep=1),
    "deep contractive": lambda **size: ae.DeepContractive(**size, hidden=(8,)),
    "context": lambda **size: ae.Context(**size, mask="block"),
    "adversarial": lambda **size: ae.Adversarial(ae.Conv(**size), ae.Discriminator(), 0.01),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_model_of_the_course_replays(images, monkeypatch, name):
    """Adversarial training included, holes drawn anew for every batch too."""
    monkeypatch.setattr(run, "CHECK_EVERY", 2)
    models = []
    for _ in range(2):
        torch.manual_seed(0)
        models.append(MODELS[name](latent_dim=2))
        fit(models[-1], images.train.x[:360], epochs=2, batch_size=60)  # 6 steps an epoch
        if len(models) == 1:
            fake_graph.install(monkeypatch)
    assert (Graph.made, Graph.replays) == (1, 4)  # of 6 groups of 2, the first two are the warm-up
    assert torch.equal(weights(models[0]), weights(models[1]))


class Waits(ae.VAE):
    """Asks for a value at every step."""

    def loss(self, x, target=None):
        parts = super().loss(x, target)
        assert parts["loss"].item() > 0
        return parts


class Breaks(ae.VAE):
    """Uses an operation that a capture refuses, and that waits for nothing."""

    def loss(self, x, target=None):
        torch.erf(x)
        return super().loss(x, target)


def test_a_model_that_waits_for_the_gpu_trains_step_by_step_and_says_why(images, expected, gpu, capsys):
    model = build(Waits)
    fit(model, images, label="waits")
    line = "waits: goes on step by step, not as a CUDA graph (called a synchronizing CUDA operation)\n"
    assert capsys.readouterr().out == line
    assert (Graph.made, Graph.replays) == (0, 0)
    assert torch.equal(weights(model), weights(expected[0]))


def test_a_capture_that_fails_costs_nothing_but_a_line(images, expected, gpu, capsys, monkeypatch):
    monkeypatch.setattr(fake_graph.Capture, "forbidden", frozenset({torch.ops.aten.erf.default}))
    model = build(Breaks)
    fit(model, images)
    line = (
        "Breaks: goes on step by step, not as a CUDA graph (CUDA error: erf not permitted when stream is capturing)\n"
    )
    assert capsys.readouterr().out == line  # the first error, not the one that ended the capture
    assert (Graph.made, Graph.replays) == (1, 0)  # the one made is the empty one that ends a broken capture
    assert torch.equal(weights(model), weights(expected[0]))


def test_the_stop_button_between_replays(images, expected, gpu, capsys):
    Graph.interrupt_at = 12
    model = build()
    history = fit(model, images)
    assert history.interrupted
    assert history.epochs == 2
    assert history.train["loss"] == expected[1].train["loss"][:2]
    assert "stopped by you in epoch 3 of 3" in capsys.readouterr().out
    assert weights(model).isfinite().all()


def test_a_loss_that_explodes_in_a_replay_is_noticed(images, gpu):
    model = build(ae.Dense, output="linear")
    with pytest.raises(ae.NonFiniteLoss, match="stopped being finite in epoch 1"):
        fit(model, images, lr=50.0, optimizer="sgd", schedule="constant")
    assert weights(model).isfinite().all()


def test_a_run_resumed_between_replays_ends_as_an_undisturbed_one(images, expected, gpu, tmp_path):
    Graph.interrupt_at = 12
    fit(build(), images, checkpoint=tmp_path / "run")
    Graph.interrupt_at = None
    resumed = build()
    history = fit(resumed, images, checkpoint=tmp_path / "run")
    assert torch.equal(weights(resumed), weights(expected[0]))
    assert history.train == expected[1].train


def test_compiled_steps_and_the_way_back(images, expected, gpu, capsys, monkeypatch):
    calls = []

    def compiles(function, dynamic):
        def compiled(*arguments):
            calls.append(dynamic)
            return function(*arguments)

        return compiled

    def refuses(function, dynamic):
        def compiled(*arguments):
            raise RuntimeError("no C compiler\nand much more")

        return compiled

    for fake, said in (compiles, ""), (refuses, "VAE: goes on without torch.compile (no C compiler)\n"):
        monkeypatch.setattr(torch, "compile", fake)
        model = build()
        fit(model, images, compiled=True)
        assert capsys.readouterr().out == said
        assert torch.equal(weights(model), weights(expected[0]))
    assert calls == [False] * (22 + 22)  # the first group, and the capture of the second


def test_short_runs_are_not_compiled(images, gpu, monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda *_, **__: pytest.fail("compiled"))
    fit(build(), images, epochs=1)
    monkeypatch.setattr(run, "COMPILE_PAYS", 100)
    with pytest.raises(pytest.fail.Exception):
        fit(build(), images, epochs=1)


class Large(ae.Dense):
    """Does not fit into memory with more than `most` samples at once."""

    most = 4

    def loss(self, x, target=None):
        if len(x) > self.most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return super().loss(x, target)


@pytest.mark.parametrize("most", [4, 1])
def test_a_batch_too_large_for_the_memory_goes_in_pieces(images, capsys, monkeypatch, most):
    monkeypatch.setattr(Large, "most", most)
    small, whole = build(Large), build(ae.Dense)
    history = fit(small, images, epochs=1)
    out = capsys.readouterr().out.splitlines()
    assert out[:2] == [
        "Large: out of memory with 10 samples at once; each batch goes on in 2 pieces, same result",
        "Large: out of memory with 5 samples at once; each batch goes on in 4 pieces, same result",
    ]
    assert len(out) == {4: 2, 1: 4}[most]
    assert history["loss"] == pytest.approx(fit(whole, images, epochs=1)["loss"], rel=1e-4)
    torch.testing.assert_close(weights(small), weights(whole), rtol=1e-2, atol=1e-3)


def test_a_sample_too_large_for_the_memory_is_an_error(images, capsys, monkeypatch):
    monkeypatch.setattr(Large, "most", 0)
    with pytest.raises(MemoryError, match="out of memory with a single sample; take a smaller model"):
        fit(build(Large), images)


def test_bfloat16_learns_about_the_same(images):
    losses = [fit(build(ae.Dense), images, bfloat16=half)["loss"] for half in (False, True)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_bfloat16_reaches_products_and_convolutions_and_lays_images_channels_last(images):
    seen = {}

    def look(module, arguments, out):
        last = arguments[0].is_contiguous(memory_format=torch.channels_last) if out.ndim == 4 else None
        seen.setdefault(type(module).__name__, []).append((out.dtype, last))

    model = ae.EDSR((3, 28, 28), 4, blocks=1)
    squares = images.train.x.expand(-1, 3, -1, -1).contiguous()
    for trained, x in ((model, squares), (build(ae.Dense, shape=(1, 28, 28)), images)):
        hooks = [m.register_forward_hook(look) for m in trained.modules() if type(m).__name__ in ("Conv2d", "Linear")]
        fit(trained, x, epochs=1, batch_size=550, bfloat16=True)
        for hook in hooks:
            hook.remove()
    assert set(seen["Conv2d"]) == {(torch.bfloat16, True)}
    assert set(seen["Linear"]) == {(torch.bfloat16, None)}  # 550 x 784 x 16 products are enough for oneDNN in float32
    assert all(weight.dtype == torch.float32 and weight.is_contiguous() for weight in model.parameters())


on_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")


@on_a_gpu
@pytest.mark.parametrize("kind", [ae.VAE, ae.Dense])
def test_on_a_gpu_graphs_train_as_single_steps_do(images, monkeypatch, capsys, kind):
    losses = []
    for on in (True, False):
        monkeypatch.setattr(graph, "on_gpu", lambda x, on=on: on)
        losses.append(fit(build(kind), images, corrupt=ae.corruption("gaussian=0.3"))["loss"])
    assert capsys.readouterr().out == ""
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


@on_a_gpu
@pytest.mark.parametrize("kind", [Waits, Breaks])
def test_on_a_gpu_a_model_that_cannot_be_captured_trains_all_the_same(images, capsys, monkeypatch, kind):
    if kind is Breaks:  # found out in the capture alone
        monkeypatch.setattr(graph, "no_waiting", nullcontext)
        kind = Waits
    assert fit(build(kind), images).epochs == 3
    assert "goes on step by step, not as a CUDA graph" in capsys.readouterr().out
    assert fit(build(), images).epochs == 3  # random draws work again, and so do captures
    assert capsys.readouterr().out == ""
