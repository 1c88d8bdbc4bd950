"""The plugin process: `python -m sandbox.azure`, started by the engine."""

from __future__ import annotations

import os
from pathlib import Path

from sandbox import faults
from sandbox.azure.provider import AzureProvider
from sandbox.plugin import serve

if __name__ == "__main__":
    serve(AzureProvider(Path(os.environ[faults.FOLDER_VARIABLE]), faults.from_environment()))
