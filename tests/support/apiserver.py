"""A real kube-apiserver with its etcd on loopback, for as long as a test needs it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.engine import cache_folder
from sandbox.kubernetes.apiserver import ApiServerBackend
from sandbox.kubernetes.backend import ApiError

TOKEN = "loopback"
VERSION = "v1.37.2"
START_SECONDS = 120.0


def missing() -> str | None:
    """What the machine lacks to run an API server, for a skip; None when nothing."""
    if not binary().exists():
        return "kube-apiserver is not built (python tools/apiserver/build.py)"
    lacking = [name for name in ("etcd", "openssl") if not shutil.which(name)]
    return f"{' and '.join(lacking)} not installed (tools/apt.txt)" if lacking else None


def binary() -> Path:
    """Where tools/apiserver/build.py puts it."""
    return cache_folder() / "apiserver" / VERSION / "kube-apiserver"


@contextmanager
def running(folder: Path) -> Iterator[ApiServerBackend]:
    """Start both in `folder` and stop them after the block; their logs stay in it."""
    client, peer, port = _free_ports(3)
    etcd_url = f"http://127.0.0.1:{client}"
    key, tokens = folder / "sa.key", folder / "tokens.csv"
    subprocess.run(["openssl", "genrsa", "-out", str(key), "2048"], check=True, capture_output=True)
    tokens.write_text(f"{TOKEN},admin,admin,system:masters\n", encoding="utf-8")
    etcd = [
        "etcd", "--data-dir", str(folder / "etcd"), "--listen-client-urls", etcd_url,
        "--advertise-client-urls", etcd_url, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
        "--initial-cluster", f"default=http://127.0.0.1:{peer}", "--unsafe-no-fsync",
    ]  # fmt: skip
    server = [
        str(binary()), "--etcd-servers", etcd_url, "--bind-address", "127.0.0.1", "--secure-port", str(port),
        "--cert-dir", str(folder / "certs"), "--token-auth-file", str(tokens),
        "--disable-admission-plugins", "ServiceAccount", "--authorization-mode", "AlwaysAllow",
        "--service-cluster-ip-range", "10.0.0.0/24", "--service-account-issuer", "https://loopback",
        "--service-account-key-file", str(key), "--service-account-signing-key-file", str(key),
    ]  # fmt: skip
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for name, command in (("etcd", etcd), ("apiserver", server)):
            with (folder / f"{name}.log").open("wb") as log:
                environment = {**os.environ, "ETCD_UNSUPPORTED_ARCH": "arm64"}
                processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))
        backend = ApiServerBackend(f"https://127.0.0.1:{port}", TOKEN)
        _wait(backend, processes, folder)
        yield backend
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def kubeconfig(backend: ApiServerBackend, context: str) -> dict[str, Any]:
    """A kubeconfig in which `context` is this server; its certificate is of its own making, so none is named."""
    return {
        "clusters": [{"name": context, "cluster": {"server": f"https://{backend.host}:{backend.port}"}}],
        "users": [{"name": context, "user": {"token": backend.token}}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
    }


def _wait(backend: ApiServerBackend, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and all(process.poll() is None for process in processes):
        try:
            if any(one["metadata"]["name"] == "default" for one in backend.list("/Namespace")):
                return
        except (OSError, ApiError):
            pass
        time.sleep(0.2)
    log = (folder / "apiserver.log").read_text(encoding="utf-8", errors="replace")
    raise RuntimeError(f"kube-apiserver did not start:\n{log[-2000:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
