"""Builds the kube-apiserver that conformance tests run: once per version, under a lock, saying how far it is.

`python tools/apiserver/build.py` prints the path of the binary on stdout, progress on stderr.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from sandbox.engine import cache_folder  # noqa: E402  (a script has no package of its own)
from sandbox.errors import SandboxError  # noqa: E402
from sandbox.files import locked  # noqa: E402
from sandbox.gobuild import run_with_progress  # noqa: E402

VERSION = "v1.37.2"
PACKAGE = "k8s.io/kubernetes/cmd/kube-apiserver"


def target() -> Path:
    """Where the binary is or will be: outside every checkout, keyed by version."""
    return cache_folder() / "apiserver" / VERSION / "kube-apiserver"


def build() -> Path:
    """The binary's path, building it first where it is missing. Raises SandboxError."""
    result = target()
    if result.exists():
        return result
    go = shutil.which("go")
    if go is None:
        raise SandboxError(
            "kube-apiserver cannot be built: the command `go` is missing.\n"
            "  fix: install Go 1.26 or newer (https://go.dev/dl) and run this again"
        )
    result.parent.mkdir(parents=True, exist_ok=True)
    with locked(result.with_name(f"{result.name}.lock")):
        if result.exists():
            return result
        # Beside its place, so that the last step is one rename.
        with tempfile.TemporaryDirectory(prefix="build-", dir=result.parent) as folder:
            made = Path(folder) / result.name
            command = [
                go,
                "build",
                "-mod=readonly",
                "-buildvcs=false",
                "-trimpath",
                "-v",
                "-ldflags",
                "-s -w",
            ]
            run_with_progress([*command, "-o", str(made), PACKAGE], HERE, f"kube-apiserver {VERSION}")
            os.replace(made, result)
    return result


if __name__ == "__main__":
    try:
        print(build())
    except SandboxError as error:
        sys.exit(f"apiserver: {error}")
