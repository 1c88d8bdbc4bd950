"""Which doors of a resource an access key opens, read from the switches that ARM has for each type (facts-doors §1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.access.targets import BLOB, CLASSIC, MANAGED, MODELS, PROJECTS, Door
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.project import as_mapping

# Services of a storage account that take its key, each with a door of its own.
STORAGE = {
    "blob": BLOB,
    "dfs": Door("dfs", "privatelink.dfs."),
    "file": Door("file", "privatelink.file."),
    "queue": Door("queue", "privatelink.queue."),
    "table": Door("table", "privatelink.table."),
}
# One switch for both: `dfs` is another way to the same blobs.
SWITCHED_AS = {"dfs": "blob"}
COGNITIVE = (MODELS, Door("account", "privatelink.cognitiveservices."))


@dataclass(frozen=True)
class Lock:
    """A door, and whether the key turns in it."""

    door: Door
    opens: bool
    says: str


def locks(cloud: Cloud, resource: Body) -> Iterator[Lock]:
    """Every door of the resource that knows keys; none where the type has no keys."""
    kind = ids.arm_type(resource["id"]).lower()
    if kind in KINDS:
        yield from KINDS[kind](cloud, resource)


def _storage(cloud: Cloud, resource: Body) -> Iterator[Lock]:
    own, name = properties(resource), ids.name(resource["id"])
    # Null is as good as true.
    account = own.get("allowSharedKeyAccess") is not False
    services = as_mapping(own.get("allowSharedKeyAccessForServices"))
    for word, door in STORAGE.items():
        said = as_mapping(services.get(SWITCHED_AS.get(word, word))).get("enabled")
        # Which of the two switches wins is not documented: a key counts as off where neither lets it in.
        if account:
            yield Lock(door, True, f"{name} takes its account keys (allowSharedKeyAccess is not false)")
        elif said is True:
            yield Lock(
                door,
                True,
                f"{name} may take its account keys for {word}: allowSharedKeyAccess is false, but"
                f" allowSharedKeyAccessForServices.{SWITCHED_AS.get(word, word)}.enabled is true",
            )
        else:
            yield Lock(door, False, f"{name} takes no account key: allowSharedKeyAccess is false")


def _cognitive(cloud: Cloud, resource: Body) -> Iterator[Lock]:
    off = properties(resource).get("disableLocalAuth") is True
    says = _told(resource, off, "disableLocalAuth", "true")
    projects = (PROJECTS,) if resource.get("kind") == "AIServices" else ()
    for door in (*COGNITIVE, *projects):
        yield Lock(door, not off, says)


def _classic(cloud: Cloud, resource: Body) -> Iterator[Lock]:
    off = properties(resource).get("disableAccessKeyAuthentication") is True
    yield Lock(CLASSIC, not off, _told(resource, off, "disableAccessKeyAuthentication", "true"))


def _managed(cloud: Cloud, resource: Body) -> Iterator[Lock]:
    for database in cloud.below(f"{resource['id']}/databases"):
        if ids.same(ids.parent(database["id"]) or "", resource["id"]):
            off = properties(database).get("accessKeysAuthentication") == "Disabled"
            yield Lock(MANAGED, not off, _told(database, off, "accessKeysAuthentication", "Disabled"))


def _told(resource: Body, off: bool, switch: str, value: str) -> str:
    name = ids.name(resource["id"])
    if off:
        return f"{name} takes no access key: {switch} is {value}"
    return f"{name} takes its access keys ({switch} is not {value})"


KINDS: dict[str, Callable[[Cloud, Body], Iterator[Lock]]] = {
    "microsoft.storage/storageaccounts": _storage,
    "microsoft.cognitiveservices/accounts": _cognitive,
    "microsoft.cache/redis": _classic,
    "microsoft.cache/redisenterprise": _managed,
}
