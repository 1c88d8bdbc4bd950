"""Which processes belong to a sandbox."""

from __future__ import annotations

from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that run in the sandbox `folder`, zombies left out."""
    return list(pids_of(folder).values())


def pids_of(folder: Path) -> dict[int, str]:
    """The same by process id."""
    mark = f"KEYLESS_SANDBOX={folder}".encode()
    found: dict[int, str] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(process.name)] = line
        except OSError:
            continue  # It ended meanwhile, or is another user's.
    return found
