"""What an update did, from the engine's own events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

# Components and stacks have no life of their own in the cloud.
NO_OPERATION = {"same", "read", "refresh"}


def operations(events: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The operation on each custom resource that was touched, by `type name`; a replacement is one `replace`."""
    found: dict[str, str] = {}
    for event in events:
        metadata = (event.get("resOutputsEvent") or {}).get("metadata")
        if metadata is None or metadata["op"] in NO_OPERATION or not is_custom(metadata):
            continue
        operation = "replace" if "replace" in metadata["op"] else metadata["op"]
        found[name_of(metadata["urn"])] = operation
    return found


def is_custom(metadata: dict[str, Any]) -> bool:
    """Whether the step concerns something in a cloud: no stack, component or provider."""
    token = metadata["type"]
    return token.startswith(("azure-native:", "kubernetes:", "pulumi-python:"))


def name_of(urn: str) -> str:
    """`RoleAssignment checkout-orders-invoices-grant` for a URN."""
    parts = urn.split("::")
    return f"{parts[2].rpartition(':')[2]} {parts[3]}"
