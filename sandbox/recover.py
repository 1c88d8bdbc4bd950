"""Mends a stack of the sandbox after a crash, with the commands that a user types on a real stack."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sandbox import standby, store
from sandbox.errors import SandboxError
from sandbox.files import write_atomically
from sandbox.folder import alone, claim
from sandbox.home import CODE
from sandbox.pending import mend
from sandbox.runner import note, prepare, stack_exists


def recover(project: Path, sandbox: Path, stack: str) -> None:
    """Unlock `stack`, take in what was being created, refresh. Prints each command on stderr as it is run.

    Raises SandboxError where there is no such stack, or a command fails.
    """
    claim(project, sandbox)
    with alone(sandbox, "recover"):
        _recover(project, sandbox, stack)


def _recover(project: Path, sandbox: Path, stack: str) -> None:
    variables = prepare(project, sandbox)
    if not stack_exists(project, sandbox, stack):
        raise SandboxError(
            f"there is no stack {stack!r} in {sandbox}\n  fix: name one that was brought up here"
        )

    variables = standby.start(variables, str(CODE))

    def pulumi(arguments: Sequence[str], text: str | None = None, show: bool = False) -> str:
        answer = subprocess.run(
            ["pulumi", *arguments, "-s", stack],
            executable=sandbox / "bin" / "pulumi",
            cwd=sandbox / "project",
            env=variables,
            input=text if text is not None else "",
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            text=True,
            check=False,
        )
        if answer.returncode != 0:
            said = "" if show else f":\n{answer.stdout}{answer.stderr}"
            raise SandboxError(
                f"pulumi {' '.join(arguments)} -s {stack} failed with {answer.returncode}{said}"
            )
        return answer.stdout or ""

    restore_torn_state(sandbox, stack)
    note(f"pulumi cancel --yes -s {stack}")
    pulumi(["cancel", "--yes"])
    wait_for_lost_writes(sandbox)
    exported = json.loads(pulumi(["stack", "export"]))
    mended = mend(exported)
    if mended.taken_in or mended.renewed:
        note(f"pulumi stack export -s {stack} | python -m sandbox.pending | pulumi stack import -s {stack}")
        pulumi(["stack", "import"], json.dumps(exported))
    for urn, resource_id in mended.taken_in:
        note(f"  was being created: {urn.rpartition('::')[2]}, as {resource_id}")
    for urn, _ in mended.renewed:
        note(f"  was being updated: {urn.rpartition('::')[2]}, with the record of what it had found")
    for urn, why in mended.left:
        note(f"  left pending: {urn}: {why}")
    note(f"pulumi refresh --yes -s {stack}")
    pulumi(["refresh", "--yes", "--skip-preview"], show=True)
    note(f"{stack} is mended; pulumi up -s {stack} does what is left")


def restore_torn_state(sandbox: Path, stack: str) -> None:
    """Put the backup in place of a state file that the kill cut short: a file backend writes it in place.

    The backup is one save older. What began after it is not in it, and nothing begins before its save has ended;
    what ended after it stands in it as pending, and is taken in below. Raises SandboxError without a whole backup.
    """
    for state in (sandbox / "state" / ".pulumi" / "stacks").glob(f"*/{stack}.json"):
        attributes = state.with_name(f"{state.name}.attrs")
        if attributes.exists() and not _is_whole(attributes):
            note(
                f"rm {attributes.name}   (in {state.parent}: the kill cut it short, and the backend needs none)"
            )
            attributes.unlink()
        if _is_whole(state):
            continue
        backup = state.with_name(f"{state.name}.bak")
        if not _is_whole(backup):
            raise SandboxError(
                f"{state} was cut short, and there is no whole {backup.name} beside it\n  fix: reset the sandbox"
            )
        note(f"cp {backup.name} {state.name}   (in {state.parent}: the kill cut the state short)")
        write_atomically(state, backup.read_text(encoding="utf-8"))


def _is_whole(state: Path) -> bool:
    try:
        json.loads(state.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def wait_for_lost_writes(sandbox: Path) -> None:
    """Wait until Azure has done with what the killed run was writing: a few seconds, as on the real one."""
    with closing(store.connect(sandbox)) as cloud:
        (until,) = cloud.execute("SELECT max(until) FROM busy").fetchone()
    if until is not None and until > time.time():
        note("waiting for a write that the killed command had begun")
        time.sleep(max(0.0, until - time.time()))
