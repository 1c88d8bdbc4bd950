"""The plugin process: `python -m sandbox.kubernetes`, started by the engine."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox import faults
from sandbox.kubernetes.provider import KubernetesProvider
from sandbox.plugin import serve

if __name__ == "__main__":
    serve(KubernetesProvider(Path(os.environ[faults.FOLDER_VARIABLE]), faults.from_environment()))
