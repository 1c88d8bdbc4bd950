"""Finds the Pulumi command line and its Python parts: on PATH, by the official install, or built with Go.

The build comes from `tools/engine/go.mod` and is kept outside the checkout, by version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.files import write_atomically
from sandbox.gobuild import build_engine

VERSION = "3.259.0"
INSTALL_SECONDS = 10

LANGUAGE_PLUGIN = "pulumi-language-python"
DYNAMIC_PLUGIN = "pulumi-resource-pulumi-python"

# Beside the engine, not in the sandbox: the engine warns about language plugins that it finds on PATH only.
STAND_INS = {
    LANGUAGE_PLUGIN: """\
        #!/bin/sh
        # Stand-in for Pulumi's Python language plugin, used where the real one cannot be had.
        : "${KEYLESS_SANDBOX_PYTHON:?start this through python -m sandbox}"
        PYTHONPATH="$KEYLESS_SANDBOX_CODE${PYTHONPATH:+:$PYTHONPATH}"
        export PYTHONPATH
        exec "$KEYLESS_SANDBOX_PYTHON" -u -m sandbox.language "$@"
        """,
    DYNAMIC_PLUGIN: """\
        #!/bin/sh
        # Stand-in for the plugin that runs dynamic resources; it unpickles them from the project's modules.
        : "${KEYLESS_SANDBOX_PYTHON:?start this through python -m sandbox}"
        PYTHONPATH="$KEYLESS_SANDBOX/project${PYTHONPATH:+:$PYTHONPATH}:$KEYLESS_SANDBOX_CODE"
        export PYTHONPATH
        exec "$KEYLESS_SANDBOX_PYTHON" -u -m sandbox.dynamic "$@"
        """,
}


@dataclass(frozen=True)
class Engine:
    """A usable Pulumi: its executable, and its version as `X.Y.Z`."""

    pulumi: Path
    version: str

    @property
    def folder(self) -> Path:
        """Where the engine looks first for its language plugins."""
        return self.pulumi.parent


def cache_folder() -> Path:
    """Keyless's own cache, outside every checkout: `$XDG_CACHE_HOME/keyless` or `~/.cache/keyless`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keyless"


def find(tools: Path) -> Engine:
    """The engine to use; builds it from `tools` (the folder of its go.mod) when nothing else answers.

    Order: a `pulumi` on PATH that is new enough; a build of ours or an install that is there already; the official
    install, given ten seconds; a build of minutes, with progress on stderr. Raises SandboxError when none works.
    """
    on_path = shutil.which("pulumi")
    if on_path is not None:
        # Links followed: the engine looks for its plugins beside the real file.
        resolved = Path(on_path).resolve()
        version = version_of(resolved)
        if version is not None and new_enough(version):
            return Engine(resolved, version)
    built = cache_folder() / "engine" / f"v{VERSION}" / "pulumi"
    if not built.exists():
        installed = official_install()
        if installed is not None:
            return Engine(installed, VERSION)
        build_engine(tools, VERSION, built)
    add_stand_ins(built.parent)
    return Engine(built, VERSION)


def add_stand_ins(folder: Path) -> None:
    """Put the stand-in plugins beside an engine that we built; a real one there stays."""
    for name, text in STAND_INS.items():
        path = folder / name
        if not path.exists() or is_stand_in(path):
            write_atomically(path, textwrap.dedent(text), mode=0o755)


def is_stand_in(path: Path) -> bool:
    """Whether this executable is one of ours, from this version of the sandbox or another."""
    with path.open("rb") as stream:
        return b"KEYLESS_SANDBOX_PYTHON" in stream.read(400)


def version_of(pulumi: Path) -> str | None:
    """`X.Y.Z` as the executable says, or None where it does not answer within ten seconds."""
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        answer = subprocess.run(
            [pulumi, "version"], capture_output=True, text=True, timeout=10, env=environment, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v?(\d+\.\d+\.\d+)", answer.stdout)
    return match[1] if match else None


def new_enough(version: str) -> bool:
    """Whether `X.Y.Z` is of the same major version as ours and no older."""
    found = tuple(int(part) for part in version.split("."))
    wanted = tuple(int(part) for part in VERSION.split("."))
    return found[0] == wanted[0] and found >= wanted


def official_install() -> Path | None:
    """Pulumi's own install through its SDK, or None where the download does not answer in time.

    It runs in a process group of its own that is ended after ten seconds: the SDK sets no time limit.
    """
    root = cache_folder() / "engine" / f"official-v{VERSION}"
    pulumi = root / "bin" / "pulumi"
    if pulumi.exists():
        return pulumi
    program = (
        "import sys, semver, pulumi.automation as automation\n"
        "automation.PulumiCommand.install(root=sys.argv[1], version=semver.VersionInfo.parse(sys.argv[2]))\n"
    )
    say(f"Pulumi {VERSION} is not on PATH; asking its official install (at most {INSTALL_SECONDS} s)")
    staging = root.with_name(f"{root.name}.{os.getpid()}")
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(staging), VERSION],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        answered = process.wait(INSTALL_SECONDS) == 0
    except subprocess.TimeoutExpired:
        answered = False
        os.killpg(process.pid, 9)
        process.wait()
    if answered and (staging / "bin" / "pulumi").exists():
        try:
            staging.rename(root)
        except OSError:
            # Another process was first: its install is as good as ours.
            shutil.rmtree(staging, ignore_errors=True)
    else:
        shutil.rmtree(staging, ignore_errors=True)
    return pulumi if pulumi.exists() else None


def say(text: str) -> None:
    """One line of progress, on stderr."""
    print(f"sandbox: {text}", file=sys.stderr, flush=True)


def main() -> int:
    """`python -m sandbox.engine`: make sure that there is an engine, and print where it is."""
    try:
        engine = find(Path(__file__).resolve().parent.parent / "tools" / "engine")
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 2
    print(engine.pulumi)
    return 0


if __name__ == "__main__":
    sys.exit(main())
