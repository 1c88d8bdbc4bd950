#!/bin/sh
# Make .venv from requirements.lock with the given Python; does nothing when it fits already.
set -eu
python=$1

if ! command -v "$python" >/dev/null 2>&1; then
    echo "setup: there is no command '$python'; fix: install Python 3.11 or newer, or run: make setup PYTHON=/path/to/python3" >&2
    exit 2
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "setup: $("$python" --version) is too old; Keyless needs 3.11 or newer; fix: make setup PYTHON=python3.12" >&2
    exit 2
fi

stamp=.venv/.keyless-stamp
# The path is part of it: a venv that was moved or copied does not work.
wanted="$(pwd) $(cksum requirements.lock pyproject.toml)"
if [ -x .venv/bin/python ] && [ -x .venv/bin/keyless ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

echo "setup: making .venv with $("$python" --version), then installing what requirements.lock names (a minute or two)" >&2
[ -x .venv/bin/python ] && .venv/bin/python -c pass 2>/dev/null || "$python" -m venv --clear .venv
# `python -m pip`, never .venv/bin/pip: a shebang cannot hold a path with spaces, or one that is very long.
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes -r requirements.lock
# The build backend is in the lock, so nothing is downloaded that the lock does not name.
pip install --no-deps --no-build-isolation -e .
printf '%s' "$wanted" >"$stamp"
echo "setup: done; try .venv/bin/keyless --help" >&2
