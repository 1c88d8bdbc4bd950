#!/bin/sh
# What every commit passes, in less than a minute: lint, format, layers, types, the fast tests.
set -eu
# Modules, not the scripts in .venv/bin: their first line cannot always hold the path of the folder.
python=.venv/bin/python
echo "check: lint and format (ruff)"
"$python" -m ruff check --quiet .
"$python" -m ruff format --check --quiet .
echo "check: layers (import-linter)"
layers='from importlinter.cli import lint_imports_command as lint; lint()'
"$python" -c "$layers" >/dev/null || "$python" -c "$layers"
echo "check: types (mypy, strict)"
"$python" -m mypy
[ "${1:-}" != --no-tests ] || exit 0
echo "check: fast tests (pytest)"
exec "$python" -m pytest -q -n auto -m "not slow"
