"""Benchmarks: Keyless beside its peers, in one run. See run.py."""
