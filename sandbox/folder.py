"""The sandbox's folder: a marker says that it is one, and a lock says that a command runs in it."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.errors import SandboxError

MARKER = ".keyless-sandbox"
RUNNING = "running"


def claim(project: Path, sandbox: Path) -> None:
    """Make a missing or empty folder a sandbox; call this before anything is written into it.

    Raises SandboxError for a folder of someone else's, for a path that no sandbox can have and for a new sandbox of no
    project; it changes nothing then.
    """
    if os.pathsep in str(sandbox):
        raise SandboxError(
            f"{sandbox} cannot hold a sandbox, for PATH would end at the {os.pathsep!r}\n"
            "  fix: name another folder in KEYLESS_SANDBOX"
        )
    if not sandbox.exists() and not (project / "Pulumi.yaml").is_file():
        raise SandboxError(
            f"{project} holds no Pulumi.yaml\n  fix: run this in the project's folder, or name it with -C"
        )
    try:
        sandbox.mkdir(parents=True, exist_ok=True)
        names = [entry.name for entry in sandbox.iterdir()]
        # Asked once more after the listing: another command may be making the same sandbox.
        if MARKER in names or (sandbox / MARKER).exists():
            return
        if not names:
            (sandbox / MARKER).write_text("A sandbox of Keyless: `keyless sandbox reset` empties it.\n")
            return
    except OSError as error:
        raise SandboxError(
            f"{sandbox} cannot hold a sandbox: {error.strerror} ({error.filename})\n"
            "  fix: name another folder in KEYLESS_SANDBOX"
        ) from error
    raise SandboxError(
        f"{sandbox} holds something else than a sandbox, so nothing was written and nothing was removed\n"
        "  fix: name an empty or a new folder in KEYLESS_SANDBOX"
        f" (only a sandbox made by an older Keyless: touch {sandbox / MARKER})"
    )


def hold(sandbox: Path) -> None:
    """Mark this process as a command of the sandbox, also after it has become another program; waits for `alone`.

    A POSIX record lock: it stays through exec, no child inherits it, and it goes with the process however that ends.
    """
    handle = os.open(sandbox / RUNNING, os.O_RDWR | os.O_CREAT, 0o644)
    os.set_inheritable(handle, True)
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        print("sandbox: waiting for a reset or a recovery to end", file=sys.stderr, flush=True)
        fcntl.lockf(handle, fcntl.LOCK_SH)


@contextmanager
def alone(sandbox: Path, what: str) -> Iterator[None]:
    """Keep every other command out while the block runs. Raises SandboxError where one runs: `what` cannot be done."""
    handle = os.open(sandbox / RUNNING, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SandboxError(
                f"a command still runs in {sandbox}, so {what} would tear the cloud from under it; nothing was changed\n"
                f"  fix: let it end, or stop it, then {what} again"
            ) from None
        yield
    finally:
        os.close(handle)
