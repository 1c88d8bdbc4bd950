"""Whether a principal may do what a use asks for, once it has signed in and reached the resource."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sandbox.access.targets import Target
from sandbox.access.trace import Trace
from sandbox.azure import ids, roles
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import lacking
from sandbox.azure.rules.grants import ASSIGNMENTS

# What the built-in access policies of Azure Cache for Redis allow; `default` is Managed Redis's only one.
POLICIES = {
    "Data Owner": ("read", "write"),
    "Data Contributor": ("read", "write"),
    "Data Reader": ("read",),
    "default": ("read", "write"),
}


def check_target(cloud: Cloud, target: Target, trace: Trace) -> bool:
    """Whether the resource is there and takes Entra tokens at all."""
    resource = cloud.get(target.resource_id)
    name = ids.name(target.resource_id)
    if resource is None:
        return trace.no(f"{target.resource_id} does not exist")
    if target.must_exist and lacking(cloud, target.must_exist):
        inner = target.must_exist[len(target.resource_id) :].lstrip("/")
        return trace.no(f"{name} has no {inner}")
    own = properties(resource)
    if target.kind in ("openai", "foundry") and not own.get("customSubDomainName"):
        return trace.no(f"{name} has no custom subdomain, so it takes no Entra token")
    if str((own.get("redisConfiguration") or {}).get("aad-enabled", "true")).lower() != "true":
        return trace.no(f"{name} has Entra authentication off")
    return True


def check_grant(cloud: Cloud, target: Target, principal: str, trace: Trace) -> bool:
    """Whether the principal holds what the verb needs, by roles or by an access policy."""
    vault = properties(cloud.get(target.resource_id)) if target.kind == "keyvault" else {}
    if vault.get("enableRbacAuthorization") is False:
        return _check_vault_policy(vault, target, principal, trace)
    if not target.data_actions:
        return _check_policy(cloud, target, principal, trace)
    assigned = list(_assignments(cloud, target.scope, principal))
    missing = [
        action for action in target.data_actions if not any(role.allows(action) for role, _, _ in assigned)
    ]
    if missing:
        held = ", ".join(f"{role.name} at {_short(scope)}" for role, scope, _ in assigned) or "no role there"
        needed = ", ".join(action.partition("/")[2] for action in missing)
        return trace.no(f"{needed} on {_short(target.scope)} is not granted: the identity has {held}")
    giving = {
        f"{role.name} at {_short(scope)}{' under a condition, not looked at here' if condition else ''}"
        for role, scope, condition in assigned
        if any(role.allows(action) for action in target.data_actions)
    }
    given = ", ".join(sorted(giving))
    return trace.yes(f"the identity has {given}", given)


def _assignments(cloud: Cloud, scope: str, principal: str) -> Iterator[tuple[roles.Role, str, object]]:
    """Roles of a principal at a scope and above, with the scope and condition of each."""
    for place in ids.scopes(scope):
        for one in cloud.below(f"{place}/providers/{ASSIGNMENTS}"):
            own = properties(one)
            role = roles.definition(cloud, str(own.get("roleDefinitionId")))
            if role and str(own.get("principalId")).lower() == principal.lower():
                yield role, place, own.get("condition")


def _check_policy(cloud: Cloud, target: Target, principal: str, trace: Trace) -> bool:
    for one in cloud.below(f"{target.scope}/accessPolicyAssignments"):
        own = properties(one)
        object_id = own.get("objectId") or (own.get("user") or {}).get("objectId")
        if str(object_id).lower() != principal.lower():
            continue
        policy = str(own.get("accessPolicyName"))
        allowed = target.access in _allowed_by(cloud, target.scope, policy)
        enough = "allows" if allowed else "does not allow"
        given = f"access policy {policy} on {_short(target.scope)}"
        return trace.say(allowed, f"the {given} {enough} {target.access}", given)
    return trace.no(f"the identity has no access policy on {_short(target.scope)}")


def _check_vault_policy(vault: Body, target: Target, principal: str, trace: Trace) -> bool:
    """A vault in access-policy mode: roles do nothing there, and a policy is for all secrets or none."""
    name = ids.name(target.resource_id)
    for policy in vault.get("accessPolicies") or ():
        if str(policy.get("objectId")).lower() == principal.lower():
            secrets = {str(one).lower() for one in (policy.get("permissions") or {}).get("secrets") or ()}
            if secrets & {"get", "all"}:
                given = f"an access policy on {name}, for every secret"
                return trace.yes(f"the identity has {given}", given)
    return trace.no(f"{name} decides by its own access policies, not by roles, and has none for the identity")


def _allowed_by(cloud: Cloud, cache: str, policy: str) -> tuple[str, ...]:
    if policy in POLICIES:
        return POLICIES[policy]
    body: Body | None = cloud.get(f"{cache}/accessPolicies/{policy}")
    permissions = str(properties(body).get("permissions"))
    everything = re.search(r"(^|\s)(\+@all|allcommands)(\s|$)", permissions) is not None
    return tuple(verb for verb in ("read", "write") if everything or f"+@{verb}" in permissions.split())


def _short(scope: str) -> str:
    """A scope without subscription and group: `storageAccounts/storders/.../containers/invoices`."""
    _, provider, rest = scope.rpartition("/providers/")
    return rest.partition("/")[2] if provider else scope
