#!/bin/sh
# Rewrite what is generated: the reference pages and the JSON Schemas.
set -eu
exec .venv/bin/python -m docs.generate
