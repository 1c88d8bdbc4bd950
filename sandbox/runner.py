"""Runs a command inside a sandbox: prepares its folder, engine and cloud, then becomes the command.

It replaces itself with the command, so terminal, signals and exit code are the command's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from sandbox import overlay, standby, world
from sandbox.engine import find
from sandbox.errors import SandboxError
from sandbox.files import locked
from sandbox.folder import claim, hold
from sandbox.home import CODE, environment, make_home

# Commands that ask before they act; without a terminal they refuse unless told --yes.
ASKING = {"up", "update", "destroy", "refresh", "cancel", "import", "watch"}
ANSWERED = {"--yes", "-y", "--skip-preview", "-f", "--preview-only", "--help", "-h"}
# Commands that make, pick or forget a stack themselves.
STACK_KEEPERS = {("stack", "init"), ("stack", "rm"), ("stack", "ls"), ("stack", "select")}


def folder_of(project: Path) -> Path:
    """The sandbox's folder, absolute: `$KEYLESS_SANDBOX`, else `.sandbox` in the project."""
    named = os.environ.get("KEYLESS_SANDBOX")
    return (Path(named) if named else project / ".sandbox").absolute()


def prepare(project: Path, sandbox: Path, faults: str | None = None) -> dict[str, str]:
    """Make the sandbox usable, loading the worlds on first use, and return the environment of its commands.

    Raises SandboxError when there is no engine, no project, or a world that cannot be loaded.
    """
    claim(project, sandbox)
    # Outside the lock: a build takes minutes and has a lock of its own.
    engine = find(CODE / "tools" / "engine")
    with locked(sandbox / "lock"):
        make_home(sandbox, engine)
        (sandbox / "state").mkdir(exist_ok=True)
        overlay.refresh(project, sandbox)
        world.load_new(project, sandbox)
    return environment(sandbox, faults)


def run(project: Path, sandbox: Path, command: Sequence[str], faults: str | None = None) -> int:
    """Prepare the sandbox and become `command` in its folder; returns only where there is no such command."""
    claim(project, sandbox)
    hold(sandbox)
    variables = prepare(project, sandbox, faults)
    arguments = list(command)
    if Path(arguments[0]).name == "pulumi":
        arguments = ["pulumi", *arguments[1:]]
        init_missing_stack(project, sandbox, arguments, variables)
        if not sys.stdin.isatty():
            arguments = with_answer(arguments)
    variables = standby.start(variables, str(CODE))
    os.chdir(sandbox / "project")
    # A shell does the same; some programs trust it more than the working directory.
    variables["PWD"] = str(sandbox / "project")
    try:
        os.execvpe(arguments[0], arguments, variables)
    except OSError as error:
        raise SandboxError(f"cannot run {arguments[0]!r}: {error.strerror}") from error


def words(arguments: Sequence[str]) -> list[str]:
    """The words of a `pulumi` command line that are no options, without `pulumi` itself."""
    return [word for word in arguments[1:] if not word.startswith("-")]


def stack_of(arguments: Sequence[str], variables: dict[str, str]) -> str | None:
    """The stack that a `pulumi` command line names, by -s, --stack or PULUMI_STACK."""
    for index, word in enumerate(arguments):
        if word in ("-s", "--stack") and index + 1 < len(arguments):
            return arguments[index + 1]
        if word.startswith("--stack="):
            return word.removeprefix("--stack=")
        if word.startswith("-s") and not word.startswith("--") and len(word) > 2:
            return word[2:].removeprefix("=")
    return variables.get("PULUMI_STACK") or None


def with_answer(arguments: list[str]) -> list[str]:
    """`--yes` for a command that would ask, since nobody is there to answer; with a note on stderr."""
    named = words(arguments)
    if not named or named[0] not in ASKING or ANSWERED & set(arguments):
        return arguments
    note("stdin is no terminal, so --yes is added")
    position = arguments.index(named[0]) + 1
    return [*arguments[:position], "--yes", *arguments[position:]]


def init_missing_stack(project: Path, sandbox: Path, arguments: list[str], variables: dict[str, str]) -> None:
    """`pulumi stack init` for a stack that a command names and that does not exist yet, with a note on stderr.

    Only for stacks of an environment that the project has: a misspelt name stays Pulumi's own error.
    """
    stack = stack_of(arguments, variables)
    if stack is None or tuple(words(arguments)[:2]) in STACK_KEEPERS or {"--help", "-h"} & set(arguments):
        return
    environment_file = project / f"Pulumi.{stack.rpartition('.')[2]}.yaml"
    with locked(sandbox / "init-lock"):
        if not environment_file.exists() or stack_exists(project, sandbox, stack):
            return
        note(f"stack {stack} is new: pulumi stack init {stack}")
        answer = subprocess.run(
            ["pulumi", "stack", "init", stack, "--no-select", "--non-interactive"],
            cwd=sandbox / "project",
            env=variables,
            executable=sandbox / "bin" / "pulumi",
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    if answer.returncode != 0:
        raise SandboxError(f"pulumi stack init {stack} failed:\n{answer.stdout}{answer.stderr}")


def stack_exists(project: Path, sandbox: Path, stack: str) -> bool:
    """Whether the sandbox's file backend holds this stack."""
    stacks = sandbox / "state" / ".pulumi" / "stacks" / project_name(project)
    return any((stacks / f"{stack}.{suffix}").exists() for suffix in ("json", "json.gz"))


def project_name(project: Path) -> str:
    """The project's name, from Pulumi.yaml."""
    content = yaml.load((project / "Pulumi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str):
        raise SandboxError(f"{project / 'Pulumi.yaml'} names no project\n  fix: write `name: ...` at its top")
    return name


def note(text: str) -> None:
    """One line for the reader, on stderr."""
    print(f"sandbox: {text}", file=sys.stderr, flush=True)
