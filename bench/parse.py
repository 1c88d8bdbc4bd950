"""The floor of `keyless plan dev`: PyYAML's C loader over the files that it reads. `parse.py FOLDER`."""

import sys
from pathlib import Path

import yaml

folder = Path(sys.argv[1])
for path in sorted([*folder.glob("Pulumi.*.yaml"), *folder.glob("apps/**/*.yaml")]):
    yaml.load(path.read_bytes(), yaml.CSafeLoader)
