"""ARM ids: compared without case, kept in the case given; parents, scopes and types read from their words."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

GROUP_TYPE = "Microsoft.Resources/resourceGroups"
SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Whatever the stand-in has to invent follows from the id it belongs to.
INVENTED = uuid.uuid5(uuid.NAMESPACE_URL, "https://management.azure.com/")


def key(arm_id: str) -> str:
    """The form in which two ids of one resource are equal."""
    return arm_id.rstrip("/").lower()


def same(left: str, right: str) -> bool:
    """Whether two ids name one resource."""
    return key(left) == key(right)


def name(arm_id: str) -> str:
    """The last word of the id."""
    return arm_id.rstrip("/").rpartition("/")[2]


def subscription(arm_id: str) -> str | None:
    """`/subscriptions/<id>` of an id, or None for one outside of subscriptions."""
    match = re.match(r"/subscriptions/[^/]+", arm_id, re.IGNORECASE)
    return match[0] if match else None


def resource_group(arm_id: str) -> str | None:
    """`/subscriptions/<id>/resourceGroups/<name>` of an id, or None."""
    match = re.match(r"/subscriptions/[^/]+/resourceGroups/[^/]+", arm_id, re.IGNORECASE)
    return match[0] if match else None


def arm_type(arm_id: str) -> str:
    """`Microsoft.Cache/redisEnterprise/databases` for a database; of an extension resource, its own type.

    The spelling is that of the id.
    """
    before, provider, after = arm_id.rstrip("/").rpartition("/providers/")
    if not provider:
        return GROUP_TYPE if resource_group(before or arm_id) else SUBSCRIPTION_TYPE
    words = after.split("/")
    return "/".join([words[0], *words[1::2]])


def parent(arm_id: str) -> str | None:
    """The id one level up: parent resource, else the scope or resource group; None above a subscription."""
    words = arm_id.rstrip("/").split("/")
    if len(words) <= 3:
        return None
    # .../providers/Namespace/type/name: four words belong to the top level, two to each child.
    top_level = len(words) >= 5 and words[-4].lower() == "providers"
    return "/".join(words[: -4 if top_level else -2])


def scopes(arm_id: str) -> Iterator[str]:
    """The id itself and every scope above it, up to the subscription."""
    scope: str | None = arm_id.rstrip("/")
    while scope:
        yield scope
        scope = parent(scope)


def guid(*words: object) -> str:
    """A GUID that follows from the words: the same for the same words, on every machine."""
    return str(uuid.uuid5(INVENTED, " ".join(map(str, words))))
