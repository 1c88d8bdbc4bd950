#!/bin/sh
# Rewrite every expected file: the plans of apps/ and examples/, and whatever else a test marked `golden` compares with.
set -eu
KEYLESS_GOLDEN=write .venv/bin/python -m pytest -q -m golden
echo "golden: what differs from the last commit; read it before you commit it"
git --no-pager diff --stat -- examples tests 2>/dev/null || true
git ls-files --others --exclude-standard -- examples tests 2>/dev/null || true
