"""What the environment or a team owns: private endpoints and their zones, postures, and the steps left to people."""

from collections.abc import Iterator
from dataclasses import dataclass

from keyless import names
from keyless.audit import audit_steps, diagnostic_settings
from keyless.environment import Network
from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.manual import manual_steps
from keyless.plan import (
    AppPlan,
    ArmId,
    CacheAccess,
    ManualStep,
    Posture,
    PrivateDnsZone,
    PrivateEndpoint,
    SharedPlan,
)
from keyless.project import LoadedEnvironment
from keyless.resource import Resource


@dataclass(frozen=True, slots=True)
class Shared:
    """The shared plan of each stack that has one, and all manual steps, sorted."""

    by_stack: dict[str, SharedPlan]
    manual: tuple[ManualStep, ...]


def shared_of(environment: LoadedEnvironment, apps: tuple[AppPlan, ...]) -> Shared:
    """Endpoints, zones, postures and manual steps of every resource. Raises PlanError."""
    by_stack: dict[str, list[tuple[tuple[PrivateEndpoint, ...], Posture]]] = {}
    manual: list[ManualStep] = []
    zones: dict[str, PrivateDnsZone] = {}
    wrong: list[Finding] = []
    _refuse_twins(environment)
    for name, resource in sorted(environment.facts.resources.items()):
        stack = environment.name if resource.team is None else f"{resource.team}.{environment.name}"
        posture = Posture(
            resource=name,
            stack=stack,
            network=resource.network,
            keys=resource.keys,
            management=resource.management,
            override=resource.override.because if resource.override else None,
        )
        try:
            endpoints = tuple(_endpoints(name, resource, stack, environment, apps, zones))
            steps = tuple(manual_steps(name, resource, stack, environment.facts))
        except PlanError as error:
            document, path = environment.where("resources", name)
            wrong.extend(
                document.finding(found.rule, (*path, found.key or "network"), found.message, found.fix)
                for found in error.findings
            )
            continue
        by_stack.setdefault(stack, []).append((endpoints, posture))
        manual.extend(steps)
    wrong.extend(_twin_endpoints(environment, by_stack))
    if wrong:
        raise PlanError(*wrong)
    made = tuple(zones[name] for name in sorted(zones))
    by_stack.setdefault(environment.name, [])
    settings = diagnostic_settings(environment, apps)
    manual.extend(audit_steps(environment, apps))
    plans = {
        stack: SharedPlan(
            zones=made if stack == environment.name else (),
            private_endpoints=tuple(endpoint for endpoints, _ in rows for endpoint in endpoints),
            postures=tuple(posture for _, posture in rows),
            diagnostic_settings=settings.get(stack, ()),
        )
        for stack, rows in by_stack.items()
    }
    return Shared(plans, tuple(manual))


def _twin_endpoints(
    environment: LoadedEnvironment, by_stack: dict[str, list[tuple[tuple[PrivateEndpoint, ...], Posture]]]
) -> Iterator[Finding]:
    """Two accounts of one name in different groups would give their endpoints one name."""
    seen: dict[str, str] = {}
    for endpoint in (one for rows in by_stack.values() for endpoints, _ in rows for one in endpoints):
        twin = seen.setdefault(endpoint.name, endpoint.resource)
        if twin != endpoint.resource:
            document, path = environment.where("resources", endpoint.resource)
            yield document.finding(
                "same-endpoint",
                (*path, "network"),
                f"its private endpoint would be called '{endpoint.name}', like that of '{twin}'",
                "make the endpoint of one of them yourself and write network: public or firewall here",
            )


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


def _endpoints(
    name: str,
    resource: Resource,
    stack: str,
    environment: LoadedEnvironment,
    apps: tuple[AppPlan, ...],
    zones: dict[str, PrivateDnsZone],
) -> Iterator[PrivateEndpoint]:
    if resource.network not in ("endpoint", "private"):
        return
    network = environment.facts.network
    if network is None:
        raise PlanError(
            Finding(
                rule="no-network",
                key="network",
                message=f"network: {resource.network} needs a private endpoint, and the environment has no `network`",
                fix="write network: {subnet: ..., resource_group: ..., zones: managed} in the environment",
            )
        )
    facts = environment.facts
    ids = tuple(_zone_ids(resource, network, environment))
    if network.zones == "managed":
        for zone in ids:
            zones.setdefault(zone.name, _zone(zone, network, environment))
    users = tuple(
        sorted(
            {
                app.app
                for app in apps
                for grant in app.grants
                if _reaches(
                    grant.cache.key if isinstance(grant, CacheAccess) else grant.scope.lower(),
                    resource.id.key,
                )
            }
        )
    )
    for group_id in resource.group_ids():
        logical = names.logical(name, group_id.lower(), "endpoint")
        yield PrivateEndpoint(
            logical_name=logical,
            zone_group_logical_name=f"{logical}-zones",
            resource=name,
            stack=stack,
            name=names.shortened(f"pe-{resource.id.name}-{group_id}-{environment.name}".lower(), 80),
            subscription=network.subnet.subscription,
            resource_group=network.resource_group,
            location=network.location or facts.location,
            subnet=network.subnet.text,
            target=resource.id,
            group_id=group_id,
            zones=ids,
            used_by=users,
            protected=facts.protected,
            tags=dict(sorted(facts.tags.items())),
        )


def _reaches(scope: str, resource: str) -> bool:
    return scope == resource or scope.startswith(resource + "/")


def _zone_ids(resource: Resource, network: Network, environment: LoadedEnvironment) -> Iterator[ArmId]:
    if network.zones == "policy":
        return
    if network.zones == "managed":
        group = f"/subscriptions/{network.subnet.subscription}/resourceGroups/{network.resource_group}"
    else:
        group = network.zones
    _, _, subscription, _, resource_group = group.split("/")
    for zone in resource.zones(environment.facts.cloud):
        kind = "Microsoft.Network/privateDnsZones"
        yield ArmId(f"{group}/providers/{kind}/{zone}", subscription, resource_group, kind, zone)


def _zone(zone: ArmId, network: Network, environment: LoadedEnvironment) -> PrivateDnsZone:
    virtual_network = network.subnet.text.rsplit("/subnets/", 1)[0]
    return PrivateDnsZone(
        logical_name=names.logical(zone.name, "zone"),
        id=zone,
        link_logical_name=names.logical(zone.name, "link"),
        link_name=names.shortened(virtual_network.rsplit("/", 1)[1], 80),
        virtual_network=virtual_network,
        protected=environment.facts.protected,
        tags=dict(sorted(environment.facts.tags.items())),
    )
