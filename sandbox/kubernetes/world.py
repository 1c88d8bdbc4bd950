"""The objects of a cluster before the first `pulumi up`, and a dump of all clusters to compare."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from sandbox import store
from sandbox.kubernetes.backend import Ref
from sandbox.kubernetes.memory import NAMESPACES, MemoryBackend


def load(connection: sqlite3.Connection, cluster: str, objects: list[dict[str, Any]], manager: str) -> None:
    """Put objects into a cluster as `manager` would by an update, with their namespaces; what exists stays.

    Raises ApiError for an object that the API server would refuse.
    """
    backend = MemoryBackend(connection, cluster)
    with store.transaction(connection):
        for body in objects:
            metadata = body["metadata"]
            space = str(metadata.get("namespace") or "")
            ref = Ref(str(body["apiVersion"]), str(body["kind"]), space, str(metadata["name"]))
            home = Ref("v1", "Namespace", "", space)
            if space and space not in NAMESPACES and backend.get(home) is None:
                made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
                backend.create(home, made, manager)
            if backend.get(ref) is None:
                backend.create(ref, body, manager)


def snapshot(connection: sqlite3.Connection) -> bytes:
    """Every object of every cluster with its managers, byte for byte the same when nothing changed."""
    query = (
        "SELECT cluster, group_kind, namespace, name, body, managers FROM objects"
        " ORDER BY cluster, group_kind, namespace, name"
    )
    return "".join(f"{json.dumps(list(row))}\n" for row in connection.execute(query)).encode()
