"""A stand-in ARM over HTTP that costs nothing until somebody calls it.

A copy of this process keeps the listening socket; it becomes `python -m sandbox.azure.http` at the first connection, and
ends when its parent does.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
from collections.abc import Mapping

PARENT_CHECK_SECONDS = 0.2
VARIABLE = "KEYLESS_ARM_ENDPOINT"


def start(variables: Mapping[str, str], code: str) -> dict[str, str]:
    """`variables` with the address of a stand-in ARM, which lives as long as this process or what it becomes.

    `code` is the folder that holds the package `sandbox`.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    found = {**variables, VARIABLE: url}
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    if os.fork() == 0:
        _become(listener, parent, {**found, "PYTHONPATH": code})
    listener.close()
    return found


def _become(listener: socket.socket, parent: int, variables: Mapping[str, str]) -> None:
    """Wait for a connection or the parent's end. Never returns: a copy of the caller must not go on as the caller."""
    with contextlib.suppress(BaseException):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        # A reader of the command's output waits for the last copy of it to be closed.
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        while not select.select([listener], [], [], PARENT_CHECK_SECONDS)[0]:
            if os.getppid() != parent:
                os._exit(0)
        listener.set_inheritable(True)
        arguments = ["--fd", str(listener.fileno()), "--parent", str(parent)]
        os.execve(sys.executable, [sys.executable, "-m", "sandbox.azure.http", *arguments], dict(variables))
    os._exit(1)
