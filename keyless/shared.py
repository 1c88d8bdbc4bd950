"""What the environment or a team owns: private endpoints and their zones, postures, and the steps left to people."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keyless.audit import audit_steps, diagnostic_settings
from keyless.cut_off import cuts_off
from keyless.endpoints import endpoints_of, twin_endpoints, unserved_zones
from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.firewall import WaysIn, ways_in
from keyless.locks import locked_resource
from keyless.manual import manual_steps
from keyless.plan import (
    AppPlan,
    CacheAccess,
    ManualStep,
    Posture,
    PosturePatch,
    PrivateDnsZone,
    PrivateEndpoint,
    SharedPlan,
)
from keyless.postures import posture_patch, refuse_keyless_kind, refuse_unwritten
from keyless.project import LoadedEnvironment
from keyless.resource import Resource


@dataclass(frozen=True, slots=True)
class Shared:
    """The shared plan of each stack that has one, and all manual steps, sorted; `warnings` change nothing."""

    by_stack: dict[str, SharedPlan]
    manual: tuple[ManualStep, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Guarded:
    """What one resource comes to."""

    endpoints: tuple[PrivateEndpoint, ...]
    posture: Posture
    patch: PosturePatch | None
    manual: tuple[ManualStep, ...]
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What one stack owns."""

    endpoints: list[PrivateEndpoint] = field(default_factory=list)
    postures: list[Posture] = field(default_factory=list)
    patches: list[PosturePatch] = field(default_factory=list)


def shared_of(environment: LoadedEnvironment, apps: tuple[AppPlan, ...]) -> Shared:
    """Endpoints, zones, postures and manual steps of every resource. Raises PlanError."""
    by_stack: dict[str, _Rows] = {environment.name: _Rows()}
    manual: list[ManualStep] = []
    zones: dict[str, PrivateDnsZone] = {}
    wrong: list[Finding] = []
    warnings: list[Finding] = []
    users = _users(apps)
    _refuse_twins(environment)
    for name, resource in sorted(environment.facts.resources.items()):
        document, path = environment.where("resources", name)
        stack = environment.name if resource.team is None else f"{resource.team}.{environment.name}"
        mine = tuple(users.get(resource.id.key, ()))
        try:
            made = _guarded(name, resource, stack, environment, mine, zones)
        except PlanError as error:
            wrong.extend(
                document.finding(found.rule, (*path, found.key or "network"), found.message, found.fix)
                for found in error.findings
            )
            continue
        rows = by_stack.setdefault(stack, _Rows())
        rows.endpoints.extend(made.endpoints)
        rows.postures.append(made.posture)
        rows.patches.extend([made.patch] if made.patch else [])
        manual.extend(made.manual)
        warnings.extend(
            replace(
                document.finding(found.rule, (*path, found.key or "network"), found.message, found.fix),
                severity="warning",
            )
            for found in made.warnings
        )
    wrong.extend(twin_endpoints(environment, [one for rows in by_stack.values() for one in rows.endpoints]))
    if wrong:
        raise PlanError(*wrong)
    made_zones = tuple(zones[name] for name in sorted(zones))
    settings = diagnostic_settings(environment, apps)
    manual.extend(audit_steps(environment, apps))
    plans = {
        stack: SharedPlan(
            zones=made_zones if stack == environment.name else (),
            private_endpoints=tuple(rows.endpoints),
            postures=tuple(rows.postures),
            posture_patches=tuple(rows.patches),
            diagnostic_settings=settings.get(stack, ()),
        )
        for stack, rows in by_stack.items()
    }
    return Shared(plans, tuple(manual), tuple(warnings))


def _guarded(
    name: str,
    resource: Resource,
    stack: str,
    environment: LoadedEnvironment,
    users: tuple[AppPlan, ...],
    zones: dict[str, PrivateDnsZone],
) -> _Guarded:
    """Endpoints, posture, and who sets it: `pulumi up` or people. Raises PlanError, keys relative to the entry."""
    facts = environment.facts
    refuse_keyless_kind(name, resource)
    refuse_unwritten(name, resource)
    names = tuple(sorted(app.app for app in users))
    by_cluster = _by_cluster(users)
    endpoints = tuple(endpoints_of(name, resource, stack, environment, names, zones))
    ways = ways_in(name, resource, facts, by_cluster) if resource.network == "firewall" else WaysIn()
    patched = resource.management == "patched"
    posture = Posture(
        resource=name,
        kind=resource.kind,
        id=resource.id,
        stack=stack,
        network=resource.network,
        keys=resource.keys,
        keyed=resource.arm.keys is not None,
        management=resource.management,
        owner=resource.owner,
        override=resource.override.because if resource.override else None,
        locked=resource.locked,
        cuts_off=tuple(cuts_off(resource, facts, by_cluster)),
    )
    told, steps = locked_resource(name, resource, stack, users)
    return _Guarded(
        endpoints=endpoints,
        posture=posture,
        patch=posture_patch(name, resource, facts, ways, endpoints) if patched else None,
        manual=(*(() if patched else manual_steps(name, resource, stack, ways)), *steps),
        warnings=(*unserved_zones(name, resource, environment), *told),
    )


def _users(apps: tuple[AppPlan, ...]) -> Mapping[str, list[AppPlan]]:
    """The apps with a grant on or below each resource, by its key."""
    found: dict[str, dict[str, AppPlan]] = {}
    for app in apps:
        for grant in app.grants:
            scope = grant.cache.key if isinstance(grant, CacheAccess) else grant.scope.lower()
            # /subscriptions/<s>/resourceGroups/<g>/providers/<namespace>/<type>/<name>, then what is below it
            found.setdefault("/".join(scope.split("/")[:9]), {})[app.app] = app
    return {key: list(users.values()) for key, users in found.items()}


def _by_cluster(users: tuple[AppPlan, ...]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for app in users:
        for credential in app.credentials:
            found.setdefault(credential.cluster, set()).add(app.app)
    return {cluster: tuple(sorted(names)) for cluster, names in found.items()}


def _refuse_twins(environment: LoadedEnvironment) -> None:
    seen: dict[str, str] = {}
    for name, resource in sorted(environment.facts.resources.items()):
        twin = seen.setdefault(resource.id.key, name)
        if twin != name:
            document, path = environment.where("resources", name)
            raise PlanError(
                document.finding(
                    "same-resource",
                    (*path, "id"),
                    f"'{twin}' is the same Azure resource",
                    "keep one name for it",
                )
            )
