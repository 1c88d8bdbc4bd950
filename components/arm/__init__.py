"""Patches what a posture sets on resources that someone else made: a client of ARM, and a Pulumi dynamic provider on it.

Knows no plan: `components/postures.py` turns one into the plain inputs of `provider.Posture`.
"""
