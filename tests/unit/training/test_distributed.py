"""Training by two processes: the result of one process, and what remains when one dies.

torchrun starts a Python for each, which takes seconds: one test does so, the others set the variables that it sets.
"""

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
import torch

import aeutils as ae
from aeutils.__main__ import main
from aeutils.files import read_tensors
from aeutils.training import distributed
from aeutils.training.run import Run
from aeutils.training.settings import Settings
from tests.tools.forked import Forked

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
EPOCHS = 40  # of a small network: long enough to be killed in the middle
PATIENCE = 240  # seconds; a start takes 5 on two idle cores


def command(out, epochs=EPOCHS):
    train = ["train", "--model", "linear", "--data", "glyphs", "--latent", "4", "--batch-size", "1000"]
    return [*train, "--epochs", str(epochs), "--out", str(out)]


def test_processes_share_the_batches_of_one_and_draw_noise_of_their_own(monkeypatch):
    images = ae.load("glyphs", train=300, test=10).train.x

    def first_batches(rank, size):
        monkeypatch.setattr(distributed, "rank", lambda: rank)
        monkeypatch.setattr(distributed, "size", lambda: size)
        model = ae.Dense(latent_dim=2)
        run = Run(model, images, None, None, Settings(epochs=1, batch_size=60, seed=3).for_model(model), "", False)
        with torch.random.fork_rng():
            return run._order(epoch=1), torch.rand(2)

    (whole, noise), *parts = first_batches(0, 1), *(first_batches(rank, 3) for rank in range(3))
    assert whole.shape == (5, 60)
    assert torch.equal(torch.cat([order for order, _ in parts], 1), whole)
    assert torch.equal(parts[0][1], noise)
    assert len({tuple(noise.tolist()) for _, noise in parts}) == 3
    with pytest.raises(ValueError, match="batches of 60 cannot be shared by 7 processes; choose a multiple of 7"):
        first_batches(0, 7)


def run_by_two(arguments, scratch):
    """Runs a command of ours in two processes, with the variables that torchrun sets: the lines that they print."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    both = [
        Forked(scratch / f"printed{rank}", main, arguments, RANK=str(rank), LOCAL_RANK=str(rank), **common)
        for rank in range(2)
    ]
    return [line for process in both for line in process.lines(PATIENCE)]


def workers(process):
    """Process ids of the two workers that have come as far as training."""
    return [child.pid for child in psutil.Process(process.pid).children() if "aeutils" in child.cmdline()]


def test_two_processes_learn_the_weights_of_one(tmp_path):
    """Two epochs, after which rounding has not yet grown where there is hardly a gradient: Adam divides by it."""
    main(command(tmp_path / "one", epochs=2))
    run_by_two(command(tmp_path / "two", epochs=2), tmp_path)
    one, two = (ae.load_model(tmp_path / name)[0] for name in ("one", "two"))
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_a_killed_worker_ends_the_run_which_resumed_gives_the_result_of_one_process(tmp_path, tmp_path_factory, capsys):
    """SIGKILL in the middle of training: the run ends soon and non-zero, says so, and goes on from its checkpoint."""
    main(command(tmp_path / "one"))
    alone = capsys.readouterr().out.splitlines()
    checkpoint = tmp_path / "two.0.checkpoint"
    # torchrun looks after its workers every few seconds only: else it may end the other one before that has spoken.
    started = [*TORCHRUN, "--monitor-interval=5", "-m", "aeutils", *command(tmp_path / "two")]
    process = subprocess.Popen(started, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + PATIENCE
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(workers(process)[-1], signal.SIGKILL)
    printed, said = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "if one dies, the same command goes on from" in printed
    assert "another process of this run is gone" in said
    assert "The same command goes on from the last checkpoint" in said
    assert not (tmp_path / "two.safetensors").exists()
    seconds = read_tensors(checkpoint)[1]["history"]["seconds"]
    done = len(seconds)
    assert 1 <= done < EPOCHS

    shared = run_by_two(command(tmp_path / "two"), tmp_path_factory.mktemp("printed"))
    first, second = (ae.load_model(tmp_path / name)[1] for name in ("one", "two"))
    assert second["epochs"] == [EPOCHS]
    assert second["history"][0]["seconds"][:done] == seconds  # these epochs were not done again
    assert (first["processes"], second["processes"]) == (1, 2)
    losses = (recipe["history"][0]["train"]["loss"] for recipe in (first, second))
    assert next(losses) == pytest.approx(next(losses), rel=1e-5)  # the same sums, in another order
    assert shared[0] == alone[0]
    assert sum("squared error per test image:" in line for line in shared) == 1  # the first process alone speaks
    names = {f"{name}.{kind}" for name in ("one", "two") for kind in ("json", "safetensors")}
    assert {path.name for path in tmp_path.iterdir()} == names  # no checkpoint of a run that is done
