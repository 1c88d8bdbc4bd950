"""Long-running writes: accepted at once, done a while later, meanwhile in nobody else's way."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud
from sandbox.azure.http.kinds import Kind
from sandbox.plugin import Refusal


@dataclass(frozen=True)
class Operation:
    """A long-running write: `status` is what it comes to, or InProgress."""

    id: str
    status: str


def holder(arm_id: str) -> str:
    """What a write to this resource keeps busy: the resource, or the cache or cluster that it is a part of."""
    above = ids.parent(arm_id) or ""
    is_cache = ids.arm_type(arm_id).lower().startswith("microsoft.cache/")
    return holder(above) if is_cache and "/providers/" in above.lower() else arm_id


def check_busy(cloud: Cloud, kind: Kind, arm_id: str) -> None:
    """Refuse a write while another one to the same resource is under way."""
    key = ids.key(holder(arm_id))
    row = cloud.connection.execute("SELECT until FROM busy WHERE key = ?", (key,)).fetchone()
    if row and row[0] > time.time():
        raise Refusal(
            409,
            kind.busy,
            f"Cannot modify resource with id '{arm_id}' because its provisioning state is not terminal."
            " Please wait for it to become terminal and then retry the request.",
        )


def begin(cloud: Cloud, arm_id: str, before: Body | None, seconds: float, status: str) -> Operation:
    """Note that a write takes `seconds` from now and then comes to `status`."""
    until = time.time() + seconds
    number = cloud.count(f"operation/{ids.key(arm_id)}")
    operation = Operation(ids.guid("operation", ids.key(arm_id), number), status)
    query = "INSERT OR REPLACE INTO operation (id, key, until, before, status) VALUES (?, ?, ?, ?, ?)"
    shown = json.dumps(before or {}, sort_keys=True)
    cloud.connection.execute(query, (operation.id, ids.key(arm_id), until, shown, status))
    query = "INSERT OR REPLACE INTO busy (key, until) VALUES (?, ?)"
    cloud.connection.execute(query, (ids.key(holder(arm_id)), until))
    return operation


def find(cloud: Cloud, operation_id: str) -> Operation | None:
    """An operation as it stands now, or None where there is none of this id."""
    query = "SELECT until, status FROM operation WHERE id = ?"
    row = cloud.connection.execute(query, (operation_id,)).fetchone()
    if row is None:
        return None
    return Operation(operation_id, row[1] if row[0] <= time.time() else "InProgress")


def under_way(cloud: Cloud, arm_id: str) -> Body | None:
    """What a GET shows while a write to this resource is under way: the state before it; None otherwise."""
    query = "SELECT before FROM operation WHERE key = ? AND until > ? ORDER BY until LIMIT 1"
    row = cloud.connection.execute(query, (ids.key(arm_id), time.time())).fetchone()
    return json.loads(row[0]) if row else None
