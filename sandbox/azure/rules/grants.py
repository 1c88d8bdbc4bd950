"""Role assignments and management locks (facts §2.3; facts-doors §1.4)."""

from __future__ import annotations

from sandbox.access.conditions import MalformedCondition, parse
from sandbox.azure import ids, roles
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules, lacking, not_found
from sandbox.azure.rules.identities import IDENTITIES, identities, made_here
from sandbox.plugin import Refusal

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
MAX_ASSIGNMENTS = 4000
CONDITION_VERSION = "2.0"
UPDATE_REFUSED = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."


class AssignmentRules(Rules):
    """A role assignment: one name, one principal, one role, one scope, for good."""

    def refuse_request(self) -> tuple[str, str]:
        # The one 400 that goes away by itself: the directory has not heard of the principal yet.
        return "PrincipalNotFound", _not_in_directory("whose creation is under way")

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not ids.GUID.fullmatch(name):
            raise Refusal(
                400,
                "InvalidRoleAssignmentId",
                f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
            )
        own = properties(body)
        principal, role = str(own.get("principalId")), str(own.get("roleDefinitionId"))
        scope = ids.parent(arm_id) or arm_id
        if missing := lacking(cloud, scope):
            raise not_found(missing)
        _check_role(cloud, role, scope)
        _check_name(cloud, arm_id)
        if not ids.GUID.fullmatch(principal):
            raise Refusal(
                400, "InvalidPrincipalId", f"A valid principal ID must be provided: '{principal}' is no GUID."
            )
        _check_condition(own)
        _check_same(cloud, arm_id, scope, principal, role, existing)
        _check_principal(cloud, principal, own.get("principalType"))
        _check_limit(cloud, arm_id, existing)

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        own = body["properties"]
        own["scope"] = ids.parent(arm_id)
        # ARM answers with the role's id in the scope's own subscription, however it was written.
        own["roleDefinitionId"] = (
            f"{ids.subscription(arm_id)}{roles.PREFIX}{ids.name(own['roleDefinitionId'])}"
        )


def _check_role(cloud: Cloud, role: str, scope: str) -> None:
    subscription = ids.subscription(role)
    foreign = subscription is not None and not ids.same(subscription, ids.subscription(scope) or "")
    found = roles.definition(cloud, role)
    if found is None or foreign:
        where = f" in the scope's subscription {ids.subscription(scope)}" if foreign else ""
        raise Refusal(
            400,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{ids.name(role)}' does not exist{where}.",
        )
    if "/" not in found.assignable and not any(
        ids.same(one, place) for one in found.assignable for place in ids.scopes(scope)
    ):
        raise Refusal(
            400,
            "RoleAssignmentScopeNotAssignableToRoleDefinition",
            f"The scope '{scope}' is not assignable to role definition '{found.id}': its assignable scopes are"
            f" {', '.join(found.assignable)}.",
        )


def _check_name(cloud: Cloud, arm_id: str) -> None:
    """A name is one in the whole tenant: at another scope it is taken for a change of scope (facts §2.3 [K])."""
    query = "SELECT 1 FROM arm WHERE lower(type) = ? AND key LIKE ? AND key <> ?"
    words = (ASSIGNMENTS.lower(), f"%/{ids.name(arm_id).lower()}", ids.key(arm_id))
    if cloud.connection.execute(query, words).fetchone():
        raise Refusal(400, "RoleAssignmentUpdateNotPermitted", UPDATE_REFUSED)


def _check_condition(own: Body) -> None:
    condition, version = own.get("condition"), own.get("conditionVersion")
    if not condition:
        return
    if version != CONDITION_VERSION:
        raise Refusal(
            400,
            "InvalidConditionVersion",
            f"The condition version '{version}' is not valid: a condition needs conditionVersion '{CONDITION_VERSION}'.",
        )
    try:
        parse(str(condition))
    except MalformedCondition as error:
        # Only the first sentence is Azure's own.
        raise Refusal(
            400, "BadRequest", f"The given role assignment condition is invalid. ({error})"
        ) from None


def _check_same(
    cloud: Cloud, arm_id: str, scope: str, principal: str, role: str, existing: Body | None
) -> None:
    if existing:
        was = properties(existing)
        changed = str(was.get("principalId")).lower() != principal.lower() or ids.name(
            str(was.get("roleDefinitionId")).lower()
        ) != ids.name(role.lower())
        if changed:
            raise Refusal(400, "RoleAssignmentUpdateNotPermitted", UPDATE_REFUSED)
    for other in cloud.below(f"{scope}/providers/{ASSIGNMENTS}"):
        was = properties(other)
        same = str(was.get("principalId")).lower() == principal.lower() and ids.name(
            str(was.get("roleDefinitionId")).lower()
        ) == ids.name(role.lower())
        if same and not ids.same(other["id"], arm_id):
            raise Refusal(
                409,
                "RoleAssignmentExists",
                "The role assignment already exists. The ID of the existing role assignment is"
                f" {ids.name(other['id']).replace('-', '')}.",
            )


def _check_principal(cloud: Cloud, principal: str, principal_type: object) -> None:
    query = (
        "SELECT id FROM arm WHERE lower(type) = ?"
        " AND lower(json_extract(body, '$.properties.principalId')) = ?"
    )
    known = cloud.connection.execute(query, (IDENTITIES.lower(), principal.lower())).fetchone()
    found = known is not None or any(
        properties(one)["principalId"].lower() == principal.lower() for one in identities(cloud)
    )
    # Without a type ARM asks the directory, which has not heard of an identity that was made a minute ago.
    unheard = principal_type is None and known is not None and made_here(cloud, known[0])
    if not found or unheard:
        raise Refusal(400, "PrincipalNotFound", _not_in_directory(principal.replace("-", "")))
    if principal_type not in (None, "ServicePrincipal"):
        raise Refusal(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{principal.replace('-', '')}' has type 'ServicePrincipal' , which is different"
            f" from specified PrinciaplType '{principal_type}'.",
        )


def _check_limit(cloud: Cloud, arm_id: str, existing: Body | None) -> None:
    subscription = ids.subscription(arm_id)
    if existing or subscription is None:
        return
    if cloud.number(ASSIGNMENTS, subscription) >= MAX_ASSIGNMENTS:
        raise Refusal(
            400,
            "RoleAssignmentLimitExceeded",
            f"The role assignment limit for the subscription is {MAX_ASSIGNMENTS}: no more role assignments"
            " can be created.",
        )


def _not_in_directory(principal: str) -> str:
    return (
        f"Principal {principal} does not exist in the directory. Check that you have the correct principal"
        " ID. If you are creating this principal and then immediately assigning a role, this error might be"
        " related to a replication delay. In this case, set the role assignment principalType property to a"
        " value, such as ServicePrincipal, User, or Group."
    )


class LockRules(Rules):
    """A management lock."""

    locked = False
    LEVELS = ("CanNotDelete", "ReadOnly")

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        scope = ids.parent(arm_id) or arm_id
        if missing := lacking(cloud, scope):
            raise not_found(missing)
        level = properties(body).get("level")
        if level not in self.LEVELS:
            raise Refusal(
                400,
                "InvalidLockLevel",
                f"The lock level '{level}' is not valid: write one of {', '.join(self.LEVELS)}.",
            )
