"""The course's JupyterLab: its options, and a real start."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from tornado.websocket import websocket_connect

from aeutils.jupyter import launch as lab
from tests.tools.lab_server import lab_server

# What LAUNCH does, and one line in the log for each kernel's websocket: is TCP_NODELAY set?
LAUNCH_WATCHED = """
import socket, sys
from aeutils.jupyter.launch import launch
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection as Connection

connect = Connection.connect
def watched(self):
    stream = self.websocket_handler.ws_connection.stream
    print("TCP_NODELAY:", bool(stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
    return connect(self)
Connection.connect = watched
sys.exit(launch(sys.argv[1:]))
"""


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("02_later.ipynb", "01_first.ipynb", "notes.txt"):
        (folder / name).write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return folder


def test_it_opens_the_first_notebook(course):
    assert "--LabApp.default_url=/lab/tree/01_first.ipynb" in lab.command([], course)
    assert lab.first_page(course.parent) == "/lab"


def test_the_users_options_come_last_and_win(course):
    options = lab.command(["--ServerApp.root_dir=elsewhere", "--port=1234"], course)
    assert [option for option in options if "root_dir" in option] == ["--ServerApp.root_dir=elsewhere"]
    assert options[-1] == "--port=1234"
    assert not [option for option in lab.command(["--notebook-dir=elsewhere"], course) if "root_dir" in option]


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_to_root(course, monkeypatch, user, allowed):
    monkeypatch.setattr(lab, "os", SimpleNamespace(geteuid=lambda: user))
    assert ("--allow-root" in lab.command([], course)) is allowed


@pytest.mark.parametrize("options", [[], ["--no-browser"], ["--port", "8890"], ["--no-browser", "--port=8890"]])
def test_it_starts_with_and_without_options(course, monkeypatch, options):
    """As the README says: without any."""
    started = []
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", lambda argv: started.append(argv))
    assert lab.launch(options, course) == 0
    assert started == [lab.command(options, course)]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no notebooks at"):
        lab.launch([], tmp_path / "nowhere")


def test_the_launcher_loads_no_web_server():
    """Importing it costs nothing beyond the package itself."""
    script = "import sys, aeutils; before = set(sys.modules); import aeutils.jupyter.launch"
    script += "; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert "aeutils.jupyter.launch" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("jupyterlab", "jupyter_server", "tornado")]


def test_a_real_start(course, tmp_path):
    with lab_server(course, tmp_path) as server:
        page = server.get("/lab/tree/01_first.ipynb")
        contents = json.loads(server.get("/api/contents"))
    assert '"name": "read-only"' in page, "the extension manager would use the network"
    assert '"news": {"disabled": true}' in page
    assert {entry["name"] for entry in contents["content"]} == {path.name for path in course.iterdir()}


def test_kernel_messages_leave_at_once(course, tmp_path):
    with lab_server(course, tmp_path, launch=[sys.executable, "-c", LAUNCH_WATCHED]) as server:
        kernel = server.post("/api/kernels")["id"]
        channels = server.url(f"/api/kernels/{kernel}/channels").replace("http", "ws", 1)
        with ThreadPoolExecutor(1) as thread:  # the browser tests' event loop may run in this one
            thread.submit(asyncio.run, open_websocket(channels)).result()
    assert "TCP_NODELAY: True" in server.log.read_text()


async def open_websocket(url: str) -> None:
    """Connects, waits for the kernel's first message, and leaves."""
    connection = await websocket_connect(url)
    await asyncio.wait_for(connection.read_message(), timeout=60)
    connection.close()
