"""Finds what would keep a workload from its identity, in manifests, clusters and code."""
