"""A stand-in ARM over HTTP stands beside every sandboxed command, costs nothing unused, and ends with it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.places import Place
from tests.support.processes import pids_of, processes_of

ASK = """
import json, os, sys, urllib.request
url = os.environ["KEYLESS_ARM_ENDPOINT"] + sys.argv[1] + "?api-version=2025-08-01"
request = urllib.request.Request(url, headers={"Authorization": "Bearer sandbox:"})
print(json.load(urllib.request.urlopen(request))["properties"]["publicNetworkAccess"])
"""
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stone"


@pytest.fixture
def bare(tmp_path: Path, make_place: Callable[[Path], Place]) -> Place:
    """A project of one storage account and no program."""
    project = tmp_path / "a project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: bare\nruntime: python\n")
    facts = f"subscription: x, location: koreacentral, resources: {{one: {{kind: storage, id: {ACCOUNT}}}}}"
    (project / "Pulumi.dev.yaml").write_text(f"config:\n  keyless:environment: {{{facts}}}\n")
    (project / "ask.py").write_text(ASK)
    return make_place(project)


def gone(folder: Path) -> bool:
    deadline = time.monotonic() + 10
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)
    return processes_of(folder) == []


def test_a_command_reaches_the_cloud_of_its_sandbox_and_nothing_is_left_after_it(bare: Place):
    assert bare.ok("--", "python", "ask.py", ACCOUNT) == "Enabled\n"
    assert gone(bare.folder)


def test_a_command_that_never_asks_has_no_server_and_leaves_none(bare: Place):
    run = bare.start("--", "sh", "-c", "echo ready; sleep 0.5")
    assert run.stdout is not None
    assert run.stdout.readline() == "ready\n"
    assert len(processes_of(bare.folder)) > 1, "the socket is kept by a process of its own"
    assert not any("sandbox.azure.http" in one for one in processes_of(bare.folder))
    assert run.wait(10) == 0
    assert gone(bare.folder)


def test_a_killed_command_takes_its_server_with_it(bare: Place):
    run = bare.start("--", "sh", "-c", f"python ask.py {ACCOUNT}; exec sleep 60")
    assert run.stdout is not None
    assert run.stdout.readline() == "Enabled\n"
    assert any("sandbox.azure.http" in one for one in processes_of(bare.folder))
    run.kill()
    run.wait()
    assert gone(bare.folder)


def test_a_signal_from_the_terminal_does_not_end_the_server_before_the_command(bare: Place):
    ask = f"python ask.py {ACCOUNT}"
    run = bare.start("--", "sh", "-c", f"{ask}; while [ ! -e go ]; do sleep 0.05; done; {ask}")
    assert run.stdout is not None
    assert run.stdout.readline() == "Enabled\n"
    (server,) = [pid for pid, line in pids_of(bare.folder).items() if "sandbox.azure.http" in line]
    os.kill(server, signal.SIGINT)
    time.sleep(0.5)
    (bare.folder / "project" / "go").touch()
    output, _ = run.communicate(timeout=60)
    assert (run.returncode, output) == (0, "Enabled\n")
