"""A sandbox of a test's own, used as a person does: by command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.world import same_as_world

ROOT = Path(__file__).resolve().parents[2]
# A run that hangs must end the test, not the test run.
SECONDS = 300


@dataclass(frozen=True)
class Place:
    """A project and a sandbox, used by command line only."""

    project: Path
    folder: Path

    def start(self, *command: str, switches: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Begin `python -m sandbox SWITCHES -- COMMAND`, or a subcommand where `command` has no such thing."""
        dashes = ("--",) if command[0] == "pulumi" else ()
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        variables |= {
            "KEYLESS_SANDBOX": str(self.folder),
            "PULUMI_DEBUG_COMMANDS": "true",  # knows --event-log, with which the tests read what was done
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--project", str(self.project), *switches, *dashes, *command],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *command: str, switches: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        """Run it to its end; its stderr is part of stdout, in order."""
        process = self.start(*command, switches=switches)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return subprocess.CompletedProcess(command, process.returncode, output)

    def ok(self, *command: str, switches: tuple[str, ...] = ()) -> str:
        """Run a command that must succeed; its output."""
        answer = self.run(*command, switches=switches)
        assert answer.returncode == 0, answer.stdout
        return answer.stdout

    def up(self, stack: str, *options: str, switches: tuple[str, ...] = ()) -> str:
        """`pulumi up` without a preview, which must succeed."""
        return self.ok("pulumi", "up", "--yes", "--skip-preview", "-s", stack, *options, switches=switches)

    def destroy(self, stack: str) -> str:
        """`pulumi destroy` without a preview, which must succeed."""
        return self.ok("pulumi", "destroy", "--yes", "--skip-preview", "-s", stack)

    def state(self, stack: str) -> dict[str, Any]:
        """The stack's deployment as the backend keeps it."""
        (file,) = (self.folder / "state" / ".pulumi" / "stacks").glob(f"*/{stack}.json")
        return json.loads(file.read_text())["checkpoint"]["latest"]

    def ids(self, stack: str) -> dict[str, str]:
        """Id of each custom resource of a stack, by URN; the providers left out."""
        resources = self.state(stack).get("resources") or []
        return {
            one["urn"]: one["id"]
            for one in resources
            if one.get("id") and "pulumi:providers:" not in one["urn"]
        }

    def events(self, stack: str, *command: str, switches: tuple[str, ...] = ()) -> list[dict[str, Any]]:
        """The engine's events of a command that must succeed."""
        log = self.folder / f"events-{len(list(self.folder.glob('events-*')))}.json"
        self.ok(*command, "-s", stack, "--event-log", str(log), switches=switches)
        return [json.loads(line) for line in log.read_text().splitlines()]

    def differences(self) -> list[str]:
        """How the stand-in cloud differs from its world."""
        return same_as_world(self.folder)
