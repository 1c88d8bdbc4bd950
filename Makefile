# One word a chore; `make` alone prints them. Works in folders with spaces in their names.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup engine up check test bench golden docs clean

PYTHON ?= python3
PY := .venv/bin/python

help:  ## print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup:  ## make .venv with everything to run .venv/bin/keyless; the engine is built on first use
	@sh tools/setup.sh "$(PYTHON)"

engine: setup
	@$(PY) -m sandbox.engine >/dev/null

up: engine  ## pulumi up of dev and of every team's stack in dev, in the sandbox; then again, without change
	@sh tools/up.sh dev

check: setup  ## lint, format, types, layers and the fast tests, in less than a minute
	@sh tools/check.sh

test: setup  ## everything; a test that cannot run here is skipped by name, or fails where CI=true
	@sh tools/test.sh

bench: engine  ## measure Keyless beside its peers; prints the ratios of one run
	@$(PY) bench/run.py

golden: setup  ## rewrite every expected file
	@sh tools/golden.sh

docs: setup  ## rewrite what is generated: reference pages and schemas
	@sh tools/docs.sh

clean:  ## remove .venv, the sandbox and caches of this folder; engine and API server stay in the user's cache
	@rm -rf .venv .sandbox build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
	@find . -name '*.egg-info' -prune -exec rm -rf {} +
