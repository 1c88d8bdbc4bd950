"""Private endpoints and the zones that hold their names: once per resource, network and private link group."""

from collections.abc import Iterator

from keyless import names
from keyless.catalogue.policies import zone_policy
from keyless.environment import Network
from keyless.errors import PlanError, ResourceError
from keyless.fields import below_group, resource_group_id, virtual_network
from keyless.finding import Finding
from keyless.plan import ArmId, PrivateDnsZone, PrivateEndpoint
from keyless.project import LoadedEnvironment
from keyless.resource import Resource


def endpoints_of(
    name: str,
    resource: Resource,
    stack: str,
    environment: LoadedEnvironment,
    users: tuple[str, ...],
    zones: dict[str, PrivateDnsZone],
) -> Iterator[PrivateEndpoint]:
    """The endpoints of `resource`, if its posture wants any; zones that Keyless makes are added to `zones`.

    Raises PlanError whose keys are relative to the resource's entry.
    """
    if resource.network not in ("endpoint", "private"):
        return
    facts = environment.facts
    network = facts.network
    if network is None:
        raise PlanError(
            Finding(
                rule="no-network",
                key="network",
                message=f"network: {resource.network} needs a private endpoint, and the environment has no `network`",
                fix="write network: {subnet: ..., resource_group: ..., zones: managed} in the environment",
            )
        )
    for group_id in resource.group_ids():
        ids = tuple(_zone_ids(resource, group_id, network, environment))
        if network.zones == "managed":
            for zone in ids:
                zones.setdefault(zone.name, _zone(zone, network, environment))
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


def unserved_zones(name: str, resource: Resource, environment: LoadedEnvironment) -> Iterator[Finding]:
    """Under `zones: policy`, what the built-in definitions leave without a record; keys are relative to the entry."""
    network = environment.facts.network
    if network is None or network.zones != "policy" or resource.network not in ("endpoint", "private"):
        return
    for group_id in resource.group_ids():
        policy = zone_policy(group_id)
        try:
            zones = resource.zones(environment.facts.cloud, group_id)
        except ResourceError:
            continue  # told as an error where the endpoint is proven
        if policy.short is not None:
            yield Finding(
                rule="policy-zones",
                severity="warning",
                key="network",
                message=f"'{name}' needs records in {', '.join(zones)}, and the built-in policy '{policy.name}' {policy.short}",
                fix="assign a definition of your own that writes them all, or write `zones:` as the id of the resource group that holds the zones",
            )


def twin_endpoints(environment: LoadedEnvironment, endpoints: list[PrivateEndpoint]) -> Iterator[Finding]:
    """Two accounts of one name in different groups would give their endpoints one name."""
    seen: dict[str, str] = {}
    for endpoint in endpoints:
        twin = seen.setdefault(endpoint.name, endpoint.resource)
        if twin != endpoint.resource:
            document, path = environment.where("resources", endpoint.resource)
            yield document.finding(
                "same-endpoint",
                (*path, "network"),
                f"its private endpoint would be called '{endpoint.name}', like that of '{twin}'",
                "make the endpoint of one of them yourself and write network: public or firewall here",
            )


def _zone_ids(
    resource: Resource, group_id: str, network: Network, environment: LoadedEnvironment
) -> Iterator[ArmId]:
    if network.zones == "policy":
        return
    if network.zones == "managed":
        group = resource_group_id(network.subnet.subscription, network.resource_group)
    else:
        group = network.zones
    for zone in resource.zones(environment.facts.cloud, group_id):
        yield below_group(group, "Microsoft.Network/privateDnsZones", zone)


def _zone(zone: ArmId, network: Network, environment: LoadedEnvironment) -> PrivateDnsZone:
    linked = virtual_network(network.subnet.text)
    return PrivateDnsZone(
        logical_name=names.logical(zone.name, "zone"),
        id=zone,
        link_logical_name=names.logical(zone.name, "link"),
        link_name=names.shortened(linked.rsplit("/", 1)[1], 80),
        virtual_network=linked,
        protected=environment.facts.protected,
        tags=dict(sorted(environment.facts.tags.items())),
    )
