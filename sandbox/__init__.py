"""A stand-in Azure and Kubernetes behind the real Pulumi engine.

It imports neither `keyless` nor `components`: a mistake shared with them would hide itself.
"""
