"""Plans the audit of an environment: diagnostic settings with the logs that say who read what, or who else makes them."""

import shlex
from collections.abc import Iterable, Iterator

from keyless import names
from keyless.plan import AppPlan, ArmId, DiagnosticSetting, Grant, ManualStep, RoleAssignment
from keyless.project import LoadedEnvironment
from keyless.resource import Resource


def diagnostic_settings(
    environment: LoadedEnvironment, apps: Iterable[AppPlan]
) -> dict[str, tuple[DiagnosticSetting, ...]]:
    """By stack, a setting for each resource in use; none without an `audit`, or where a policy makes them."""
    audit = environment.facts.audit
    found: dict[str, list[DiagnosticSetting]] = {}
    if audit is None or audit.workspace is None:
        return {}
    for name, resource in in_use(environment, apps):
        facts = resource.facts.audit
        setting = DiagnosticSetting(
            logical_name=names.logical(name, "audit"),
            resource=name,
            name=f"keyless-{environment.name}",
            target=audited(resource),
            workspace=audit.workspace,
            categories=facts.categories,
            dedicated=facts.dedicated,
        )
        found.setdefault(owner_stack(resource, environment), []).append(setting)
    return {stack: tuple(settings) for stack, settings in found.items()}


def audit_steps(environment: LoadedEnvironment, apps: Iterable[AppPlan]) -> Iterator[ManualStep]:
    """Where a policy makes the settings: what to look at, since Keyless cannot see whether it did."""
    audit = environment.facts.audit
    if audit is None or not audit.policy:
        return
    by_stack: dict[str, list[tuple[str, Resource]]] = {}
    for name, resource in in_use(environment, apps):
        by_stack.setdefault(owner_stack(resource, environment), []).append((name, resource))
    for stack, owned in sorted(by_stack.items()):
        wanted = "; ".join(f"{name}: {', '.join(one.facts.audit.categories)}" for name, one in owned)
        yield ManualStep(
            stack=stack,
            resource=None,
            app=None,
            step=f"see that the platform's policy made the diagnostic settings, with all logs or with these: {wanted} "
            "(a pipeline that made them would need the workspace's action sharedKeys, and could read its keys)",
            command="\n".join(
                f"az monitor diagnostic-settings list --resource {shlex.quote(audited(one).text)}"
                for _, one in owned
            ),
        )


def in_use(environment: LoadedEnvironment, apps: Iterable[AppPlan]) -> Iterator[tuple[str, Resource]]:
    """The resources on which an app of the environment has a grant, by name."""
    used = {_account(grant) for app in apps for grant in app.grants}
    for name, resource in sorted(environment.facts.resources.items()):
        if resource.id.key in used:
            yield name, resource


def audited(resource: Resource) -> ArmId:
    """What the logs of a resource belong to: itself, or the child that its kind names."""
    child = resource.facts.audit.of
    if child is None:
        return resource.id
    word, name = child.split("/")
    id_ = resource.id
    return ArmId(f"{id_.text}/{child}", id_.subscription, id_.resource_group, f"{id_.type}/{word}", name)


def owner_stack(resource: Resource, environment: LoadedEnvironment) -> str:
    """The stack that makes what belongs to a resource."""
    return environment.name if resource.team is None else f"{resource.team}.{environment.name}"


def _account(grant: Grant) -> str:
    """The top-level resource of a grant's scope, in lower case."""
    if not isinstance(grant, RoleAssignment):
        return grant.cache.key
    # "", subscriptions, S, resourceGroups, G, providers, Namespace, type, name, and what stands below.
    return "/".join(grant.scope.lower().split("/")[:9])
