"""Delete locks: what can be given below one and not taken back, told before `pulumi up` fails at it.

Source: Azure Resource Manager, lock resources; a lock is inherited by everything below it, read 2026-11.
"""

import shlex
from collections.abc import Iterator

from keyless.environment import Identities
from keyless.finding import Finding
from keyless.plan import AppPlan, CacheAccess, Grant, ManualStep
from keyless.resource import Resource

_FIX = "nothing, as long as access is only added; to take some away, take the lock away first and put it back after"


def locked_resource(
    name: str, resource: Resource, stack: str, users: tuple[AppPlan, ...]
) -> tuple[tuple[Finding, ...], tuple[ManualStep, ...]]:
    """A warning and a step for what is granted on a locked resource; nothing on one that is not locked."""
    if not resource.locked:
        return (), ()
    grants = [
        f"{app.app} ({', '.join(grant.uses)})"
        for app in sorted(users, key=lambda app: app.app)
        for grant in app.grants
        if _below(grant, resource)
    ]
    more = ["its endpoint's connection"] if resource.network in ("endpoint", "private") else []
    held = ", ".join([f"the grants of {', '.join(grants)}"] if grants else []) or "what is granted there"
    what = " and ".join([held, *more, "diagnostic settings"])
    finding = Finding(
        rule="cannot-revoke",
        severity="warning",
        key="locked",
        message=f"cannot revoke on '{name}' while its delete lock stands: {what} can be added, and neither removed nor replaced",
        fix=_FIX,
    )
    step = ManualStep(
        stack=stack,
        resource=name,
        app=None,
        step=f"cannot revoke on {name}: take its delete lock away before {what} are removed or replaced, and put it back after",
        command="\n".join(
            _commands(f"--resource {shlex.quote(resource.id.text)}", resource.id.resource_group)
        ),
    )
    return (finding,), (step,)


def locked_credentials(identities: Identities, apps: tuple[AppPlan, ...]) -> Iterator[ManualStep]:
    """One step for each group whose lock keeps federated credentials from being taken away."""
    if not identities.locked:
        return
    groups: dict[tuple[str, str, str], list[str]] = {}
    for app in apps:
        if app.identity.made and app.credentials:
            key = (app.stack, app.identity.id.subscription, app.identity.resource_group)
            groups.setdefault(key, []).append(app.app)
    for (stack, subscription, group), names in sorted(groups.items()):
        scope = f"--resource-group {shlex.quote(group)} --subscription {subscription}"
        yield ManualStep(
            stack=stack,
            resource=None,
            app=None,
            step=f"cannot revoke in {group}: take its delete lock away before a credential or the identity of "
            f"{', '.join(sorted(names))} is removed or replaced, and put it back after",
            command=f"az lock list {scope} --output table\naz lock delete --ids LOCK_ID",
        )


def _below(grant: Grant, resource: Resource) -> bool:
    scope = grant.cache.key if isinstance(grant, CacheAccess) else grant.scope.lower()
    return scope == resource.id.key or scope.startswith(resource.id.key + "/")


def _commands(scope: str, group: str) -> Iterator[str]:
    yield f"az lock list {scope} --output table"
    yield f"az lock list --resource-group {shlex.quote(group)} --output table"
    yield "az lock delete --ids LOCK_ID"
