"""Who calls ARM, and whether they may: role assignments at the scope and above, their conditions, and linked scopes.

The caller is the identity whose client id stands in ARM_CLIENT_ID; without one it is an owner who may do all. Real
ARM takes minutes to hear of a new assignment; here it counts at once. Source: facts-doors §1.4, §5.3, §6.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.access import grants
from sandbox.access.conditions import Request
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.linked import linked_actions
from sandbox.azure.rules.grants import ASSIGNMENTS
from sandbox.azure.rules.identities import identities
from sandbox.plugin import Refusal

# ARM's own words for what stands above resources.
ACTIONS = {
    ids.GROUP_TYPE: "Microsoft.Resources/subscriptions/resourceGroups",
    ids.SUBSCRIPTION_TYPE: "Microsoft.Resources/subscriptions",
}


def principal_of(cloud: Cloud, client_id: str) -> str:
    """The principal id of a client id. Raises Refusal where there is no such identity."""
    for one in identities(cloud):
        if properties(one)["clientId"].lower() == client_id.lower():
            return str(properties(one)["principalId"])
    raise Refusal(
        401,
        "InvalidAuthenticationToken",
        f"There is no identity with the client id '{client_id}' (AADSTS700016).",
    )


def check_read(cloud: Cloud, caller: str | None, arm_id: str) -> None:
    """Refuse a GET that the caller may not do."""
    if caller:
        _check(cloud, principal_of(cloud, caller), f"{_type(arm_id)}/read", arm_id)


def check_delete(cloud: Cloud, caller: str | None, arm_id: str, existing: Body | None) -> None:
    """Refuse a DELETE that the caller may not do."""
    if caller:
        attributes = dict(_attributes("@Resource", cloud, existing))
        _check(cloud, principal_of(cloud, caller), f"{_type(arm_id)}/delete", arm_id, attributes)


def check_write(cloud: Cloud, caller: str | None, arm_id: str, body: Body, existing: Body | None) -> None:
    """Refuse a PUT or PATCH that the caller may not do, there or on what the body names."""
    if not caller:
        return
    principal, action = principal_of(cloud, caller), f"{_type(arm_id)}/write"
    attributes = {
        **dict(_attributes("@Request", cloud, body)),
        **dict(_attributes("@Resource", cloud, existing)),
    }
    _check(cloud, principal, action, arm_id, attributes)
    for needed, scope in linked_actions(arm_id, body, existing):
        if needed.endswith("/read"):
            _check(cloud, principal, needed, scope)
        elif not _may(cloud, principal, Request(needed), scope):
            raise Refusal(
                403,
                "LinkedAuthorizationFailed",
                f"The client '{principal}' with object id '{principal}' has permission to perform action"
                f" '{action}' on scope '{arm_id}'; however, it does not have permission to perform action(s)"
                f" '{needed}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid.",
            )


def check_action(cloud: Cloud, caller: str | None, action: str, scope: str) -> None:
    """Refuse a POST, such as `Microsoft.Storage/storageAccounts/listkeys/action`, that the caller may not do."""
    if caller:
        _check(cloud, principal_of(cloud, caller), action, scope)


def _check(
    cloud: Cloud, principal: str, action: str, scope: str, attributes: dict[str, str] | None = None
) -> None:
    if not _may(cloud, principal, Request(action, None, attributes or {}), scope):
        raise Refusal(
            403,
            "AuthorizationFailed",
            f"The client '{principal}' with object id '{principal}' does not have authorization to perform action"
            f" '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please"
            " refresh your credentials.",
        )


def _may(cloud: Cloud, principal: str, request: Request, scope: str) -> bool:
    return any(held.gives_control(request) for held in grants.assignments(cloud, scope, principal))


def _type(arm_id: str) -> str:
    found = ids.arm_type(arm_id)
    return ACTIONS.get(found, found)


def _attributes(source: str, cloud: Cloud, assignment: Body | None) -> Iterator[tuple[str, str]]:
    """What a condition may ask of a role assignment that is written or deleted."""
    if assignment is None or str(assignment.get("type")).lower() != ASSIGNMENTS.lower():
        return
    own = properties(assignment)
    principal = str(own.get("principalId"))
    known = any(properties(one)["principalId"].lower() == principal.lower() for one in identities(cloud))
    yield f"{source}[{ASSIGNMENTS}:RoleDefinitionId]", ids.name(str(own.get("roleDefinitionId")))
    yield f"{source}[{ASSIGNMENTS}:PrincipalId]", principal
    # Left out, ARM asks the directory, which here knows identities alone.
    stated = own.get("principalType") or ("ServicePrincipal" if known else "Unknown")
    yield f"{source}[{ASSIGNMENTS}:PrincipalType]", str(stated)
