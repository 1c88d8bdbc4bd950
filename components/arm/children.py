"""Children that a posture makes below a resource, such as the firewall rules of Azure Cache for Redis."""

from __future__ import annotations

from components.arm.client import Client
from components.arm.errors import ArmError, Busy, NotFound
from components.arm.merge import BUSY_SECONDS, same
from components.arm.model import Child, normal


def is_there(client: Client, child: Child) -> bool | None:
    """True where the child stands as wanted, False where it stands otherwise, None where there is none."""
    try:
        found = client.get(child.id, child.version, child.properties)
    except NotFound:
        return None
    return all(same(found.get(name), value) for name, value in child.properties.items())


def has_siblings(client: Client, child: Child) -> bool:
    """Whether another child of its kind stands beside it."""
    try:
        ids = client.ids(child.id.rpartition("/")[0], child.version)
    except NotFound:
        return False
    return any(normal(one) != child.key for one in ids)


def put(client: Client, child: Child) -> None:
    """Make the child as wanted, where it is not. Raises ArmError."""
    pauses = client.pauses(BUSY_SECONDS)
    while True:
        try:
            if is_there(client, child):
                return
            body = {"properties": dict(child.properties)}
            client.write("PUT", child.id, child.version, body, BUSY_SECONDS)
            if is_there(client, child):
                return
            raise ArmError(f"{child.id} was written, and reads otherwise: something else sets it back")
        except Busy as busy:
            pauses.outwait(busy)


def delete(client: Client, child: Child) -> None:
    """Take the child away; one that is gone is fine. Raises ArmError."""
    pauses = client.pauses(BUSY_SECONDS)
    while True:
        try:
            client.write("DELETE", child.id, child.version, None, BUSY_SECONDS)
            return
        except Busy as busy:
            pauses.outwait(busy)
