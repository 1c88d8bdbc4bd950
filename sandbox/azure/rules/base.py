"""What all types share: resource groups, parents and locks; and the shape of one type's own rules."""

from __future__ import annotations

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.plugin import Refusal

LOCKS = "Microsoft.Authorization/locks"


class Rules:
    """One type's rules; the defaults refuse nothing and add nothing."""

    locked = True
    """Whether management locks guard the type; locks themselves are not guarded."""

    def in_turn(self, arm_id: str) -> str | None:
        """The resource below which only one write may run at a time, or None."""
        return None

    def overlap(self, holder: str) -> Refusal:
        """The refusal of a write that meets another one below `holder`."""
        raise NotImplementedError

    def conflict(self) -> tuple[str, str]:
        """Error code and message of an unexplained 409 on this type."""
        return "Conflict", "The request conflicts with the current state of the target resource."

    def refuse_request(self) -> tuple[str, str]:
        """Error code and message of an unexplained 400 on this type."""
        return "BadRequest", "The request is invalid."

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        """Raise Refusal where the service would refuse this PUT; `existing` is what stands there already."""

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        """Add what the service itself answers beside the request."""

    def shown(self, body: Body) -> Body:
        """A stored body as a GET answers it; worlds may leave out what every resource of the type has."""
        return body

    def check_delete(self, cloud: Cloud, arm_id: str) -> None:
        """Raise Refusal where the service would refuse to delete this resource."""


def check_place(cloud: Cloud, arm_id: str) -> None:
    """Refuse a write where subscription, resource group, scope or parent resource are missing."""
    subscription = ids.subscription(arm_id)
    if subscription is None or not cloud.has_below(subscription):
        shown = ids.name(subscription or arm_id)
        raise Refusal(404, "SubscriptionNotFound", f"The subscription '{shown}' could not be found.")
    group = ids.resource_group(arm_id)
    if group is not None and not cloud.has(group):
        raise Refusal(404, "ResourceGroupNotFound", f"Resource group '{ids.name(group)}' could not be found.")


def check_parent(cloud: Cloud, arm_id: str) -> None:
    """Refuse to write a child whose parent resource does not exist."""
    parent, kind = ids.parent(arm_id), ids.arm_type(arm_id).partition("/")[2]
    # A type of one word stands in a resource group or, as an extension, on a scope.
    if parent is None or "/" not in kind or cloud.has(parent):
        return
    raise Refusal(
        404,
        "ParentResourceNotFound",
        f"Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource"
        f" '{parent}' could not be found.",
    )


def check_locks(cloud: Cloud, arm_id: str, operation: str) -> None:
    """Refuse `write` below a ReadOnly lock and `delete` below any; a lock works at its scope and below."""
    for scope in ids.scopes(arm_id):
        for lock in cloud.below(f"{scope}/providers/{LOCKS}"):
            level = properties(lock).get("level")
            if level == "ReadOnly" or (level == "CanNotDelete" and operation == "delete"):
                raise Refusal(
                    409,
                    "ScopeLocked",
                    f"The scope '{arm_id}' cannot perform {operation} operation because following scope(s)"
                    f" are locked: '{scope}'. Please remove the lock and try again.",
                )


def not_found(arm_id: str) -> Refusal:
    """ARM's answer for a resource that does not exist."""
    group = ids.resource_group(arm_id)
    where = f" under resource group '{ids.name(group)}'" if group else ""
    return Refusal(
        404,
        "ResourceNotFound",
        f"The Resource '{ids.arm_type(arm_id)}/{ids.name(arm_id)}'{where} was not found."
        " For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def lacking(cloud: Cloud, scope: str) -> str | None:
    """The first part of a role's or lock's scope that does not exist, or None when all of it does.

    What lives in a data plane (containers, secrets) or is not listed by the world is taken as given below a
    parent that exists; once a world lists the containers of an account, another name is missing.
    """
    if ids.subscription(scope) is None:
        return scope
    if "/providers/" not in scope and ids.resource_group(scope) is None:
        return None if cloud.has_below(scope) else scope
    if cloud.has(scope):
        return None
    above = ids.parent(scope)
    if ids.arm_type(scope).lower() not in IMPLIED or above is None:
        return scope
    missing = lacking(cloud, above)
    if missing or ids.arm_type(scope).lower() in ALWAYS_THERE:
        return missing
    return scope if cloud.number(ids.arm_type(scope), above) else None


# Types that need no row of their own, by lower-case name: services of an account, and what they hold.
ALWAYS_THERE = frozenset(
    f"microsoft.storage/storageaccounts/{service}"
    for service in ("blobservices", "queueservices", "tableservices", "fileservices")
)
IMPLIED = ALWAYS_THERE | {
    "microsoft.storage/storageaccounts/blobservices/containers",
    "microsoft.storage/storageaccounts/queueservices/queues",
    "microsoft.storage/storageaccounts/tableservices/tables",
    "microsoft.storage/storageaccounts/fileservices/shares",
    "microsoft.keyvault/vaults/secrets",
    "microsoft.keyvault/vaults/keys",
    "microsoft.keyvault/vaults/certificates",
    "microsoft.cognitiveservices/accounts/projects",
    "microsoft.cognitiveservices/accounts/deployments",
}
