"""Identities and grants that exist, as entries of the apps whose they are."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from keyless.app_planner import override_of, plan_app
from keyless.existing import scope_of
from keyless.importing.inventory import FoundGrant, FoundIdentity, Inventory
from keyless.plan import AppPlan, ArmId, Grant, RoleAssignment
from keyless.project import LoadedEnvironment, Project
from keyless.spec import LoadedApp
from keyless.wrongs import Wrong

# What people put before and behind an app's name.
_AFFIXES = re.compile(r"^(id|mi|uami|umi|msi|identity)-|-(id|mi|uami|umi|msi|identity)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppProposal:
    """An entry under `apps`: the identity, None where none is to be written, and ids of grants by use and of credentials by Keyless's names."""

    app: str
    identity: str | None
    grants: Mapping[str, str]
    credentials: Mapping[str, str]
    notes: tuple[str, ...]


def app_proposals(
    found: Inventory, project: Project, environment: LoadedEnvironment
) -> tuple[AppProposal, ...]:
    """A proposal for each app that one of the identities belongs to, by a credential that it trusts or by its name."""
    proposals = []
    for app in sorted(project.apps, key=lambda one: one.spec.app):
        if override_of(app, environment).absent is None:
            proposals.append(_proposal(app, found, environment))
    return tuple(one for one in proposals if one is not None)


def _proposal(app: LoadedApp, found: Inventory, environment: LoadedEnvironment) -> AppProposal | None:
    written = override_of(app, environment)
    plan = plan_app(app, environment, Wrong())
    notes: list[str] = []
    if written.identity is not None:
        chosen = found.identities.get(written.identity.key)
    else:
        matching = list(_matching(app, plan, found, environment))
        if len(matching) > 1:
            ids = ", ".join(one.id.text for one in matching)
            return AppProposal(
                app=app.spec.app, identity=None, grants={}, credentials={}, notes=(f"may be one of: {ids}",)
            )
        chosen = matching[0] if matching else None
    if chosen is None:
        return None
    held = list(_held(plan, chosen, found)) if plan else []
    grants = {grant.uses[0]: one.id for grant, one in held if grant.made}
    credentials = dict(_trusting(plan, chosen, found)) if plan else {}
    new = None if written.identity is not None else chosen.id.text
    if new is None and not grants and not credentials:
        return None
    if plan is None:
        notes.append("its grants are looked for once `keyless plan` works: run this again then")
    if app.spec.app in environment.facts.apps:
        notes.append("the app has an entry here already: these lines go into it")
    notes += _more(plan, chosen, found, {one.id for _, one in held})
    return AppProposal(
        app=app.spec.app, identity=new, grants=grants, credentials=credentials, notes=tuple(notes)
    )


def _matching(
    app: LoadedApp, plan: AppPlan | None, found: Inventory, environment: LoadedEnvironment
) -> Iterator[FoundIdentity]:
    """The identities that trust the app's ServiceAccount; else those with its name. Never the one that Keyless makes."""
    own = plan.identity.id if plan is not None and plan.identity.made else None
    others = [one for _, one in sorted(found.identities.items()) if own is None or one.id.key != own.key]
    subjects = {(one.issuer, one.subject) for one in plan.credentials} if plan else set()
    trusted = {one.identity for one in found.credentials.values() if (one.issuer, one.subject) in subjects}
    trusting = [one for one in others if one.id.key in trusted]
    if own is not None and own.key in found.identities and not trusting:
        return
    yield from trusting or [one for one in others if _is_named(one.id, app.spec.app, environment.name)]


def _is_named(identity: ArmId, app: str, environment: str) -> bool:
    name = re.sub(r"[^a-z0-9]+", "-", identity.name.lower())
    words = [word for word in name.split("-") if word != environment]
    bare = "-".join(words)
    while (shorter := _AFFIXES.sub("", bare)) != bare:
        bare = shorter
    return bare == app


def _held(plan: AppPlan, identity: FoundIdentity, found: Inventory) -> Iterator[tuple[Grant, FoundGrant]]:
    """The grants of the plan that the identity holds already."""
    mine = [one for _, one in sorted(found.grants.items()) if one.principal == identity.principal]
    for grant in plan.grants:
        for one in mine:
            if _is_it(one, grant):
                yield grant, one


def _trusting(plan: AppPlan, identity: FoundIdentity, found: Inventory) -> Iterator[tuple[str, str]]:
    """For each credential of the plan that the identity has already, under another name: that of Keyless, and the id."""
    mine = [one for _, one in sorted(found.credentials.items()) if one.identity == identity.id.key]
    for planned in plan.credentials:
        for one in mine:
            same = (one.issuer, one.subject) == (planned.issuer, planned.subject)
            if planned.made and same and one.id.name.lower() != planned.name.lower():
                yield planned.name, one.id.text


def _is_it(found: FoundGrant, grant: Grant) -> bool:
    right = grant.role_id if isinstance(grant, RoleAssignment) else grant.policy
    condition = grant.condition if isinstance(grant, RoleAssignment) else None
    return (
        found.form == grant.form
        and found.scope.lower() == scope_of(grant).lower()
        and found.right.lower() == right.lower()
        and found.condition == condition
    )


def _more(
    plan: AppPlan | None, identity: FoundIdentity, found: Inventory, held: Collection[str]
) -> Iterator[str]:
    """What the identity has that Keyless does not look after."""
    if identity.principal is None:
        yield "its grants are found with its principal id: add the output of az identity list"
    if identity.terraform:
        yield "Terraform makes this identity: it stays its own"
    taken = {one.name.lower() for one in plan.credentials if one.made} if plan else set()
    for _, one in sorted(found.credentials.items()):
        if one.identity == identity.id.key and one.id.name.lower() in taken:
            yield (
                f"its credential {one.id.name} has the name that Keyless would give one: delete it just before `up`:"
                f" az identity federated-credential delete --name {one.id.name}"
                f" --identity-name {identity.id.name} --resource-group {identity.id.resource_group}"
            )
    for _, other in sorted(found.grants.items()):
        if other.principal == identity.principal and other.id not in held:
            yield f"it also holds {other.right} at {other.scope}, which Keyless leaves as it is"
