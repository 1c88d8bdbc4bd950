"""Builds the Pulumi command line with Go: once per version, under a lock, saying how far it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.files import locked

PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
SECONDS_BETWEEN_LINES = 10


def build_engine(tools: Path, version: str, target: Path) -> None:
    """Build the engine `version` (`X.Y.Z`) named by `tools/go.mod` into the file `target`.

    A second process waits for the first and finds its result. Raises SandboxError when Go is missing or fails.
    """
    if not target.exists() and not target.parent.joinpath(f"{target.name}.lock").exists():
        print(f"sandbox: Pulumi {version} is not here yet; building it with Go", file=sys.stderr, flush=True)
    with locked(target.with_name(f"{target.name}.lock")):
        if target.exists():
            return
        go = shutil.which("go")
        if go is None:
            raise SandboxError(
                f"Pulumi {version} is not on PATH and cannot be built: the command `go` is missing.\n"
                "  fix: install Go 1.26 or newer (https://go.dev/dl), or Pulumi itself "
                "(https://www.pulumi.com/docs/install), and run this again"
            )
        if not (tools / "go.mod").exists():
            raise SandboxError(
                f"{tools / 'go.mod'} is missing: it names the Pulumi to build; restore it from git"
            )
        # A version must be linked in, else the Automation API takes the engine for a development build.
        flags = f"-s -w -X {VERSION_VARIABLE}=v{version}"
        with tempfile.TemporaryDirectory(prefix="build-", dir=target.parent) as folder:
            result = Path(folder) / target.name
            command = [go, "build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-v", "-ldflags", flags]
            run_with_progress([*command, "-o", str(result), PACKAGE], tools, f"Pulumi {version}")
            os.replace(result, target)


def run_with_progress(command: list[str], folder: Path, what: str) -> None:
    """Run a Go build, printing a line about every ten seconds; shows the tail of its output if it fails."""
    started = time.monotonic()
    lines: list[str] = []
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        reader = threading.Thread(target=collect, args=(process, lines), daemon=True)
        reader.start()
        report(f"building {what}: 4 to 7 minutes on two cores, then kept for good")
        try:
            while True:
                try:
                    code = process.wait(SECONDS_BETWEEN_LINES)
                    break
                except subprocess.TimeoutExpired:
                    report(progress(lines, time.monotonic() - started))
        except BaseException:
            process.terminate()
            raise
        reader.join()
    if code != 0:
        tail = "\n".join(f"    {line}" for line in lines[-15:])
        raise SandboxError(
            f"Go could not build {what} (exit code {code}):\n{tail}\n"
            "  fix: the Go module proxy must be reachable (go env GOPROXY) and Go must be 1.26 or newer (go version)"
        )
    report(f"{what} is built, after {time.monotonic() - started:.0f} s")


def collect(process: subprocess.Popen[str], lines: list[str]) -> None:
    """Append what the process prints to `lines`, until it closes its output."""
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip())


def progress(lines: list[str], seconds: float) -> str:
    """One line: what the build did last, and for how long it has run."""
    compiled = sum(not line.startswith("go: ") for line in lines)
    if compiled == 0:
        what = f"{len(lines)} modules downloaded" if lines else "preparing"
    else:
        what = f"{compiled} packages compiled, last {lines[-1]}"
    return f"{seconds:4.0f} s: {what}"


def report(text: str) -> None:
    """A line of progress, on stderr."""
    print(f"sandbox: {text}", file=sys.stderr, flush=True)
