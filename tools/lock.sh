#!/bin/sh
# Rewrite requirements.lock from pyproject.toml: every extra, every platform, each file by its hash.
set -eu
exec .venv/bin/python -m uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-annotate \
    --custom-compile-command "sh tools/lock.sh" --python-version 3.11 --output-file requirements.lock "$@"
