"""Refuses networks, zones and endpoints that are right one by one and cannot be together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from keyless.between import ZONES_FIX
from keyless.fields import virtual_network
from keyless.finding import Finding
from keyless.plan import Plan, PosturePatch, PrivateEndpoint
from keyless.project import CONFIG_KEY, LoadedEnvironment, Project

_NETWORK = ("config", CONFIG_KEY, "network")


def refuse_regions(environment: LoadedEnvironment) -> Iterator[Finding]:
    """A virtual network is in one region: whoever has subnets in it, nodes or endpoints, is there too."""
    facts = environment.facts
    regions: dict[str, tuple[str, str]] = {}
    if facts.network is not None:
        network = virtual_network(facts.network.subnet.key)
        regions[network] = (facts.network.location or facts.location, "`network`")
    for number, cluster in enumerate(facts.clusters):
        for subnet in cluster.subnets:
            network = virtual_network(subnet.key)
            mine = cluster.location or facts.location
            region, whose = regions.setdefault(network, (mine, f"the cluster '{cluster.name}'"))
            if region != mine:
                path = ("config", CONFIG_KEY, "clusters", number)
                yield environment.document.finding(
                    "subnet-region",
                    (*path, "location" if cluster.location else "subnets"),
                    f"'{cluster.name}' is in {mine}, and its subnet is in {virtual_network(subnet.text).rsplit('/', 1)[1]}, "
                    f"which {whose} puts in {region}",
                    "write the region that the network is in as `location` of both, or the subnet of the right network",
                )
                break


@dataclass(frozen=True, slots=True)
class _Zone:
    """One zone as one environment wants it: made by Keyless, or there already."""

    environment: LoadedEnvironment
    id: str
    name: str
    network: str
    managed: bool


def refuse_overlaps(plans: Sequence[Plan], project: Project) -> Iterator[Finding]:
    """What two environments would make or write both: zones, names of one service in one network, postures."""
    yield from _zones([zone for plan in plans for zone in _zones_of(plan, project)])
    yield from _endpoints(plans, project)
    yield from _patches(plans, project)


def _zones_of(plan: Plan, project: Project) -> Iterator[_Zone]:
    environment = project.environments[plan.environment]
    network = environment.facts.network
    if network is None:
        return
    home = virtual_network(network.subnet.key)
    managed = {zone.id.key for stack in plan.stacks for zone in stack.shared.zones}
    found = {
        zone.key: zone
        for stack in plan.stacks
        for endpoint in stack.shared.private_endpoints
        for zone in endpoint.zones
    }
    for key, zone in sorted(found.items()):
        yield _Zone(environment, key, zone.name, home, key in managed)


def _zones(zones: list[_Zone]) -> Iterator[Finding]:
    told: set[str] = set()
    by_id: dict[str, _Zone] = {}
    by_network: dict[tuple[str, str], _Zone] = {}
    for zone in zones:
        for first in (
            by_id.setdefault(zone.id, zone),
            by_network.setdefault((zone.network, zone.name), zone),
        ):
            name = zone.environment.name
            if first.environment.name == name or name in told or not (first.managed or zone.managed):
                continue
            told.add(name)
            yield zone.environment.document.finding(
                "zone-overlap", (*_NETWORK, "zones"), _overlap(first, zone), ZONES_FIX
            )


def _overlap(first: _Zone, zone: _Zone) -> str:
    other = first.environment.name
    if first.id != zone.id:
        return (
            f"{other} has a zone {zone.name} for the same network in another resource group, and a network can be linked "
            "to one zone of a name"
        )
    if first.managed and zone.managed:
        return f"{other} makes the same zone {zone.name} in the same resource group"
    maker, user = (first, zone) if first.managed else (zone, first)
    return (
        f"{maker.environment.name} makes the zone {zone.name} and {user.environment.name} uses it as one that exists: "
        f"it would go with the last endpoint of {maker.environment.name}"
    )


def _endpoints(plans: Sequence[Plan], project: Project) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str], tuple[str, PrivateEndpoint]] = {}
    for plan in plans:
        environment = project.environments[plan.environment]
        for one in (one for stack in plan.stacks for one in stack.shared.private_endpoints):
            place = (one.target.key, one.group_id, virtual_network(one.subnet.lower()))
            first, twin = seen.setdefault(place, (plan.environment, one))
            if first != plan.environment:
                document, path = environment.where("resources", one.resource)
                yield document.finding(
                    "twin-endpoint",
                    (*path, "network"),
                    f"{first} makes an endpoint of the same resource in the same network, as '{twin.resource}'; "
                    "of two records with one name each deletes the other",
                    "leave the endpoint to one of them: it serves the whole network",
                )


def _patches(plans: Sequence[Plan], project: Project) -> Iterator[Finding]:
    seen: dict[str, tuple[str, PosturePatch]] = {}
    for plan in plans:
        environment = project.environments[plan.environment]
        for one in (one for stack in plan.stacks for one in stack.shared.posture_patches):
            for key in {patch.id.key for patch in one.patches}:
                first, _ = seen.setdefault(key, (plan.environment, one))
                if first != plan.environment:
                    document, path = environment.where("resources", one.resource)
                    yield document.finding(
                        "twin-posture",
                        (*path, "management"),
                        f"{first} sets the posture of the same resource, so each would undo the other's",
                        "write management: referenced here",
                    )
                    break
