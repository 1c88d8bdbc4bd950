"""Whether a principal may do what a use asks for, once it has signed in and reached the resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.access.conditions import MalformedCondition, Request, parse
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
    assigned = list(assignments(cloud, target.scope, principal))
    missing = [one for one in target.requests if not any(held.gives_data(one) for held in assigned)]
    if missing:
        held = ", ".join(map(str, assigned)) or "no role there"
        needed = ", ".join(dict.fromkeys(_asked(missing)))
        if target.prefixes:
            needed += f" below {', '.join(target.prefixes)}"
        return trace.no(f"{needed} on {_short(target.scope)} is not granted: the identity has {held}")
    giving = {str(held) for held in assigned if any(held.gives_data(one) for one in target.requests)}
    given = ", ".join(sorted(giving))
    return trace.yes(f"the identity has {given}", given)


@dataclass(frozen=True)
class Held:
    """A role that a principal holds at a scope, and the condition under which."""

    role: roles.Role
    scope: str
    condition: str | None

    def __str__(self) -> str:
        return f"{self.role.name} at {_short(self.scope)}{' under a condition' if self.condition else ''}"

    def gives_data(self, request: Request) -> bool:
        """Whether it lets a request to the data pass."""
        return self.role.allows(request.action) and self._holds(request)

    def gives_control(self, request: Request) -> bool:
        """Whether it lets a request to ARM pass."""
        return self.role.permits(request.action) and self._holds(request)

    def _holds(self, request: Request) -> bool:
        if not self.condition:
            return True
        try:
            return parse(self.condition)(request)
        except MalformedCondition:
            # A world may hold what ARM would have refused: it lets nothing pass.
            return False


def assignments(cloud: Cloud, scope: str, principal: str) -> Iterator[Held]:
    """Roles of a principal at a scope and above."""
    for place in ids.scopes(scope):
        for one in cloud.below(f"{place}/providers/{ASSIGNMENTS}"):
            own = properties(one)
            if str(own.get("principalId")).lower() != principal.lower():
                continue
            role = roles.definition(cloud, str(own.get("roleDefinitionId")))
            if role:
                yield Held(role, place, own.get("condition"))


def _asked(requests: list[Request]) -> Iterator[str]:
    """Each action without its provider; a listing only where reading itself is granted."""
    plain = {one.action for one in requests if one.sub_operation is None}
    for one in requests:
        if one.sub_operation is None:
            yield one.action.partition("/")[2]
        elif one.action not in plain:
            yield f"{one.sub_operation} of {one.action.partition('/')[2]}"


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
