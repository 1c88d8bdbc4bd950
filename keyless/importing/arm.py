"""What `az` prints: lists, single resources, Resource Graph rows, identities, credentials and grants; each told by itself."""

from collections.abc import Mapping
from typing import Any

from keyless.catalogue.imports import imports
from keyless.importing.inventory import IDENTITIES, FoundResource, Inventory, arm_id, arm_kind, region, traits

# Below a resource that is read; they say nothing that an entry needs.
_PARTS = ("microsoft.cache/redisenterprise/databases",)


def take_arm(document: Any, found: Inventory) -> None:
    """Put what a document of `az` holds into `found`."""
    if isinstance(document, list):
        for item in document:
            take_arm(item, found)
    elif not isinstance(document, dict):
        found.unread += 1
    elif isinstance(document.get("data"), list):
        take_arm(document["data"], found)
    else:
        _take_one(document, found)


def _take_one(item: Mapping[str, Any], found: Inventory) -> None:
    own = item.get("properties")
    # The CLI lifts properties of some types to the top, ARM and Resource Graph do not.
    flat = {**item, **own} if isinstance(own, dict) else dict(item)
    type_ = str(item.get("type") or "").lower()
    if "roleDefinitionId" in flat:
        found.add_grant(
            item.get("id"), flat["roleDefinitionId"], flat.get("principalId"), flat.get("condition")
        )
    elif "accessPolicyName" in flat:
        user = flat.get("user")
        holder = user.get("objectId") if isinstance(user, dict) else flat.get("objectId")
        found.add_grant(item.get("id"), flat["accessPolicyName"], holder, None)
    elif "issuer" in flat and "subject" in flat:
        found.add_credential(item.get("id"), flat["issuer"], flat["subject"])
    elif type_ == IDENTITIES.lower() or ("clientId" in item and "principalId" in item):
        found.add_identity(item.get("id"), flat.get("principalId"))
    elif not _take_resource(item, type_, found) and type_ not in _PARTS:
        if "type" in item and "id" in item:
            found.leave(item["type"])
        else:
            found.unread += 1


def _take_resource(item: Mapping[str, Any], type_: str, found: Inventory) -> bool:
    known = {name.lower(): name for name in imports().types}
    if type_ not in known:
        return False
    add_resource(known[type_], item, found)
    return True


def add_resource(type_: str, item: Mapping[str, Any], found: Inventory, *, terraform: bool = False) -> None:
    """Add a resource of `type_` in ARM's own words."""
    words = imports().types[type_]
    own = item.get("properties")
    sku = item.get("sku")
    texts, flags = traits(own if isinstance(own, dict) else {}, words.texts, words.flags)
    texts |= traits({"sku": sku.get("name") if isinstance(sku, dict) else None}, {"sku": "sku"}, {})[0]
    parsed = arm_id(item.get("id"), type_)
    if parsed is None:
        found.unread += 1
        return
    found.add_resource(
        FoundResource(
            id=parsed,
            type=type_,
            arm_kind=arm_kind(item.get("kind")),
            texts=texts,
            flags=flags,
            location=region(item.get("location")),
            terraform=terraform,
            detailed=isinstance(own, dict),
        )
    )
