"""The plugin as a process: it prints its port, reports its version and ends with its engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

COMMAND = [sys.executable, "-u", "-m", "sandbox.azure", "127.0.0.1:1"]
PROJECT = Path(__file__).parents[3]
# Stands for an engine that is killed once its provider runs.
KILLED_ENGINE = """
import os, signal, subprocess, sys
provider = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
print(provider.pid, provider.stdout.readline(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    own = {"KEYLESS_SANDBOX": str(tmp_path), "SANDBOX_PLUGIN_VERSION": "3.29.0", "PYTHONPATH": str(PROJECT)}
    return {**os.environ, **own}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_serves_until_it_is_told_to_stop_and_says_nothing_then(variables: dict[str, str], how: int) -> None:
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables
    ) as process:
        assert process.stdout and process.stderr
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            assert stub.GetPluginInfo(empty_pb2.Empty()).version == "3.29.0"
            assert not stub.Handshake(provider_pb2.ProviderHandshakeRequest()).accept_secrets
            assert '"azure-native"' in stub.GetSchema(provider_pb2.GetSchemaRequest()).schema
        process.send_signal(how)
        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == "" and process.stderr.read() == ""


def test_ends_when_its_engine_was_killed(variables: dict[str, str]) -> None:
    engine = subprocess.run(
        [sys.executable, "-c", KILLED_ENGINE, *COMMAND],
        stdout=subprocess.PIPE,
        text=True,
        env=variables,
        timeout=60,
        check=False,
    )
    provider = int(engine.stdout.split()[0])
    for _ in range(300):
        try:
            os.kill(provider, 0)
        except ProcessLookupError:
            return
        # A process that nobody waits for stays as a zombie where the container has no init.
        if "Z" in Path(f"/proc/{provider}/stat").read_text().rpartition(")")[2].split()[:1]:
            return
        time.sleep(0.1)
    os.kill(provider, signal.SIGKILL)
    pytest.fail("the provider outlived its engine")
