#!/bin/sh
# Rewrite every expected file: plans of apps/ and examples/, and whatever else a test compares with.
set -eu
KEYLESS_GOLDEN=write .venv/bin/python -m pytest -q -m golden || {
    code=$?
    [ "$code" = 5 ] || exit "$code"
    echo "golden: there is no test marked golden"
}
git --no-pager status --short
