"""The real engine around two programs of the same resources, with a provider that does nothing."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measure import Command
from sandbox.engine import find
from sandbox.home import CODE, environment, make_home

STACK = "dev"


def in_clear(value: Any) -> Any:
    """The value with what is secret in it as it was written: an export marks it and shows it as JSON."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return json.loads(value["plaintext"])
        return {key: in_clear(one) for key, one in value.items()}
    return [in_clear(one) for one in value] if isinstance(value, list) else value


@contextlib.contextmanager
def provider() -> Iterator[int]:
    """The port of a provider that serves as long as the block runs."""
    command = [sys.executable, str(CODE / "bench" / "provider.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class Project:
    """A Pulumi project with a state of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        home = folder / ".bench"
        (home / "state").mkdir(parents=True, exist_ok=True)
        make_home(home, find(CODE / "tools" / "engine"))
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("PULUMI_")}
        self.variables = environment(home, None, inherited) | {
            "PULUMI_DEBUG_PROVIDERS": f"azure-native:{port},kubernetes:{port}",
            "PYTHONPATH": str(CODE),
        }
        self.pulumi("stack", "init", STACK).run()

    def pulumi(self, *arguments: str, checkpoints: bool = True) -> Command:
        """A `pulumi` command; without `checkpoints` a first `up` stays linear."""
        extra = {} if checkpoints else {"PULUMI_SKIP_CHECKPOINTS": "true"}
        return Command(["pulumi", *arguments, "--non-interactive"], self.folder, self.variables | extra)

    @property
    def preview(self) -> Command:
        """A preview."""
        return self.pulumi("preview", "--stack", STACK)

    def up(self, checkpoints: bool = True) -> Command:
        """An update without a preview."""
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", STACK, checkpoints=checkpoints)

    def resources(self) -> list[dict[str, Any]]:
        """The custom resources of the state, providers included, in the order of their registration."""
        command = self.pulumi("stack", "export", "--stack", STACK, "--show-secrets")
        exported = subprocess.run(
            list(map(str, command.arguments)),
            cwd=self.folder,
            env=command.variables,
            stdout=subprocess.PIPE,
            check=True,
        )
        deployment = json.loads(exported.stdout)["deployment"]
        return [in_clear(resource) for resource in deployment["resources"] if resource["custom"]]
