"""Faults on purpose: operations that fail, take long, or are the engine's last.

Switches stand in KEYLESS_SANDBOX_FAULTS as JSON: `{"fail": [{"code": 409, "count": 2, "type": null}],
"delay": null, "die_after": null}`. Counts are kept in the store: one command runs several provider processes.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox import store

VARIABLE = "KEYLESS_SANDBOX_FAULTS"
FOLDER_VARIABLE = "KEYLESS_SANDBOX"


@dataclass(frozen=True)
class Failure:
    """Answer the next `count` operations with HTTP status `code`; with `type` only those on that type."""

    code: int
    count: int
    type: str | None = None

    def concerns(self, token: str) -> bool:
        """Whether a resource type is meant: the whole token, or its last word as in `RoleAssignment`."""
        return self.type is None or self.type.lower() in (token.lower(), token.rpartition(":")[2].lower())


@dataclass(frozen=True)
class Faults:
    """The switches of one command. Call `before` ahead of each attempt at a change, `made` right after it.

    Reads and previews are never disturbed.
    """

    folder: Path
    run: str
    failures: tuple[Failure, ...] = ()
    delay: float = 0.0
    die_after: int | None = None

    def before(self, token: str) -> int | None:
        """Wait the set delay; then the HTTP status to answer instead of doing it, or None."""
        if self.delay:
            time.sleep(self.delay)
        for index, failure in enumerate(self.failures):
            if failure.concerns(token) and self._count(f"fail/{index}", failure.count) <= failure.count:
                return failure.code
        return None

    def made(self) -> None:
        """Count an operation that the cloud has made; the last one takes engine and provider with it."""
        if self.die_after is None or self._count("made", self.die_after) != self.die_after:
            return
        # The engine first: it must not hear of the change that it lost.
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)

    def _count(self, name: str, limit: int) -> int:
        """The number of this operation, from 1; past the limit it is not counted any more."""
        key = f"fault/{self.run}/{name}"
        connection = store.connect(self.folder)
        try:
            with store.transaction(connection):
                row = connection.execute("SELECT value FROM counter WHERE name = ?", (key,)).fetchone()
                seen = int(row[0]) if row else 0
                return limit + 1 if seen > limit else store.count(connection, key)
        finally:
            connection.close()


def from_environment(environment: Mapping[str, str] = os.environ) -> Faults:
    """The faults of the command that runs this provider; none without the variable.

    Raises ValueError where the variable holds something else than the documented JSON.
    """
    folder = Path(environment[FOLDER_VARIABLE])
    text = environment.get(VARIABLE)
    if not text:
        return Faults(folder, "")
    try:
        switches = json.loads(text)
        failures = tuple(
            Failure(int(one["code"]), int(one["count"]), one.get("type"))
            for one in switches.get("fail") or ()
        )
        die_after = switches.get("die_after")
        return Faults(
            folder=folder,
            run=str(switches.get("run") or _run()),
            failures=failures,
            delay=float(switches.get("delay") or 0),
            die_after=None if die_after is None else int(die_after),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{VARIABLE} is not the JSON that `sandbox.faults` describes: {text}") from error


def _run() -> str:
    """A name for the running command: its engine, which is the parent of all its providers."""
    parent = os.getppid()
    try:
        # Field 22, the start time: process ids come round again within a sandbox's life.
        started = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        started = ""
    return f"{parent}-{started}"
