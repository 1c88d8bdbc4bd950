"""Makes a Deployer from a stack's plan: a pure value that is printed as commands or as JSON."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from keyless import names
from keyless.deployer.condition import fits, grant_condition
from keyless.deployer.credential import Credential
from keyless.deployer.remains import remains_of, wanted_elsewhere
from keyless.deployer.rights import Right, rights_of
from keyless.fields import below_group, resource_group_id
from keyless.plan import AppPlan, RoleAssignment, StackPlan

# Any fixed namespace does; it may never change, or every role would be made anew.
_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "keyless:deployer:v1")


@dataclass(frozen=True, slots=True)
class DeployerIdentity:
    """The user-assigned identity that the pipeline signs in as. Whoever owns the subscription makes it."""

    name: str
    subscription: str
    resource_group: str
    location: str

    @property
    def id(self) -> str:
        """Its ARM id."""
        group = resource_group_id(self.subscription, self.resource_group)
        return below_group(group, "Microsoft.ManagedIdentity/userAssignedIdentities", self.name).text


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomRole:
    """A custom role of one purpose; `id` is its GUID, `assignable_scopes` are resource groups or subscriptions."""

    id: str
    name: str
    purpose: str
    actions: tuple[str, ...]
    assignable_scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A custom role of the deployer at one scope; `id` is the GUID that names the assignment."""

    id: str
    role: CustomRole
    scope: str
    condition: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployer:
    """All that one stack's pipeline gets. `remains` says what it could do beyond its plan, `elsewhere` what it lacks."""

    stack: str
    environment: str
    tenant: str
    identity: DeployerIdentity
    credential: Credential | None
    roles: tuple[CustomRole, ...]
    assignments: tuple[Assignment, ...]
    remains: tuple[str, ...]
    elsewhere: tuple[str, ...]


def make_deployer(
    plan: StackPlan,
    identity: DeployerIdentity,
    credential: Credential | None,
    principals: Mapping[str, str],
    own_principal: str | None,
    neighbours: tuple[str, ...],
) -> Deployer:
    """The deployer of `plan`. `principals` are ids of apps' identities as far as they are known, by app.

    `neighbours` are other stacks that write identities into a group of this one; `own_principal` is the deployer's.
    """
    rights = rights_of(plan)
    roles: list[CustomRole] = []
    assignments: list[Assignment] = []
    loose: list[str] = []
    for purpose, group in groupby(rights, key=lambda one: one.purpose):
        found = tuple(group)
        role = _role(plan, identity, purpose, found)
        roles.append(role)
        for scope in sorted({one.scope for one in found}):
            condition = None
            if purpose == "grants":
                condition, pinned = _condition(plan, scope, principals, own_principal)
                if not pinned:
                    loose.append(scope)
            assignments.append(
                Assignment(
                    id=str(uuid.uuid5(_NAMES, f"{identity.id}|{purpose}|{scope}".lower())),
                    role=role,
                    scope=scope,
                    condition=condition,
                )
            )
    return Deployer(
        stack=plan.stack,
        environment=plan.environment,
        tenant=plan.tenant,
        identity=identity,
        credential=credential,
        roles=tuple(roles),
        assignments=tuple(assignments),
        remains=tuple(remains_of(plan, rights, tuple(loose), own_principal, neighbours)),
        elsewhere=tuple(wanted_elsewhere(plan)),
    )


def _role(plan: StackPlan, identity: DeployerIdentity, purpose: str, rights: tuple[Right, ...]) -> CustomRole:
    # A role's name is unique in the tenant, and another project may have a stack of this name.
    digest = hashlib.sha256(identity.id.lower().encode()).hexdigest()[:8]
    return CustomRole(
        id=str(uuid.uuid5(_NAMES, f"{identity.id}|{purpose}".lower())),
        name=f"Keyless {plan.stack} {purpose} ({digest})",
        purpose=purpose,
        actions=tuple(sorted({one.action for one in rights})),
        assignable_scopes=tuple(sorted({_assignable(one.scope) for one in rights})),
    )


def _assignable(scope: str) -> str:
    """The resource group of a scope: a custom role can be kept to one, and not to less."""
    return "/".join(scope.split("/")[:5])


def _condition(
    plan: StackPlan, scope: str, principals: Mapping[str, str], own_principal: str | None
) -> tuple[str, bool]:
    """The condition at one scope, and whether it names every principal that may get something there."""
    here = [(app, grant.role_id) for app, grant in _grants(plan.apps) if grant.scope.lower() == scope.lower()]
    roles = sorted({role for _, role in here})
    apps = sorted({app for app, _ in here})
    if all(app in principals for app in apps):
        condition = grant_condition(roles, [principals[app] for app in apps], None)
        if fits(condition):
            return condition, True
    return grant_condition(roles, (), own_principal), False


def _grants(apps: Iterable[AppPlan]) -> Iterable[tuple[str, RoleAssignment]]:
    """The role assignments that are made."""
    return (
        (app.app, grant)
        for app in apps
        for grant in app.grants
        if isinstance(grant, RoleAssignment) and grant.made
    )


def identity_name(stack: str) -> str:
    """`id-deploy-payments-dev` for the stack `payments.dev`."""
    return names.shortened(f"id-deploy-{stack.replace('.', '-')}", 128)
