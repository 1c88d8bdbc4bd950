"""Where the host name of a resource leads to in a virtual network: to an endpoint, to the public address, or nowhere.

A resource with an approved endpoint is an alias in public DNS: `<name>.privatelink.<suffix>`. A network that is
linked to a private zone of that suffix asks the zone, and nobody else: what the zone lacks does not exist,
unless the link says NxDomainRedirect (facts-doors §2.3). Whether each service of an account gets an alias of its
own is not documented; here one endpoint makes an alias of them all, which can only keep more callers out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.access.places import Place
from sandbox.access.targets import Door
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.endpoints import ENDPOINTS, connections_of
from sandbox.azure.rules.zones import LINKS, network_of
from sandbox.project import Mapping, as_mapping


@dataclass(frozen=True)
class Lookup:
    """`endpoints` that a name leads to; without any it is `lost`, for that reason, or leads to the public address."""

    endpoints: tuple[Body, ...] = ()
    lost: str = ""
    aside: str = ""
    """Why the name is public although the resource has an endpoint."""


def look_up(cloud: Cloud, place: Place, resource_id: str, door: Door) -> Lookup:
    """What the host of `door` leads to from `place`."""
    endpoints = list(_endpoints(cloud, resource_id))
    if place.network is None or not endpoints:
        return Lookup()
    approved = [one for one in endpoints if _status(one) == "Approved"]
    if not approved:
        return Lookup(aside=f"endpoint {ids.name(endpoints[0]['id'])} is {_status(endpoints[0])}")
    mine = [one for one in approved if door.group_id in (_connection(one).get("groupIds") or [])]
    link = _link(cloud, place.network, door.zone)
    if link is not None:
        return _in_zone(cloud, resource_id, mine, link)
    if not mine:
        return Lookup()
    name = ids.name(mine[0]["id"])
    zones = {zone: one for one in mine for zone in _zones(cloud, one, door.zone)}
    if not zones:
        return Lookup(aside=f"endpoint {name} has no record in a zone {door.zone}*: the name stays public")
    unlinked = [zone for zone in zones if not cloud.has_below(f"{zone}/virtualNetworkLinks")]
    if unlinked and place.own_resolvers:
        # A platform may ask its zones over resolvers of its own, so no link at all proves nothing.
        return Lookup(tuple(zones[zone] for zone in unlinked))
    zone = next(iter(zones))
    return Lookup(aside=f"zone {ids.name(zone)} is not linked to {ids.name(place.network)}")


def _in_zone(cloud: Cloud, resource_id: str, mine: list[Body], link: Body) -> Lookup:
    zone = ids.parent(link["id"]) or ""
    found = tuple(one for one in mine if any(ids.same(zone, other) for other in _zones(cloud, one)))
    if found:
        return Lookup(found)
    name, asked = ids.name(resource_id), f"zone {ids.name(zone)}, linked to {ids.name(network_of(link))},"
    for address in _written_by_hand(cloud, zone, name):
        leading = tuple(one for one in mine if address in _addresses(cloud, one))
        if not leading:
            return Lookup(lost=f"{asked} leads {name} to {address}, where no endpoint of it is")
        return Lookup(leading)
    if properties(link).get("resolutionPolicy") == "NxDomainRedirect":
        return Lookup(aside=f"{asked} has no record of it and redirects")
    return Lookup(lost=f"{asked} has no record of {name} and no NxDomainRedirect: its name does not resolve")


def _endpoints(cloud: Cloud, resource_id: str) -> Iterator[Body]:
    for endpoint in cloud.of_type(ENDPOINTS):
        if ids.same(str(_connection(endpoint).get("privateLinkServiceId")), resource_id):
            yield endpoint


def _connection(endpoint: Body) -> Mapping:
    connections = connections_of(endpoint)
    return properties(connections[0]) if connections else {}


def _status(endpoint: Body) -> str:
    state = as_mapping(_connection(endpoint).get("privateLinkServiceConnectionState"))
    return str(state.get("status", "Approved"))


def _link(cloud: Cloud, network: str, zone: str) -> Body | None:
    """The link of `network` to the zone that begins with `zone`: a network has at most one of each name."""
    for link in cloud.of_type(LINKS):
        if ids.name(ids.parent(link["id"]) or "").startswith(zone) and ids.same(network_of(link), network):
            return link
    return None


def _configs(cloud: Cloud, endpoint: Body) -> Iterator[Mapping]:
    for group in cloud.below(f"{endpoint['id']}/privateDnsZoneGroups"):
        for config in properties(group).get("privateDnsZoneConfigs") or ():
            yield properties(config)


def _zones(cloud: Cloud, endpoint: Body, prefix: str = "") -> Iterator[str]:
    """Zones in which the endpoint's zone group has a record with an address."""
    for config in _configs(cloud, endpoint):
        zone = str(config.get("privateDnsZoneId"))
        if ids.name(zone).startswith(prefix) and any(
            record.get("ipAddresses") for record in config.get("recordSets") or ()
        ):
            yield zone


def _addresses(cloud: Cloud, endpoint: Body) -> set[str]:
    records = [record for config in _configs(cloud, endpoint) for record in config.get("recordSets") or ()]
    records += properties(endpoint).get("customDnsConfigs") or []
    return {address for record in records for address in record.get("ipAddresses") or ()}


def _written_by_hand(cloud: Cloud, zone: str, name: str) -> Iterator[str]:
    """Addresses of the A record `name` that somebody wrote into the zone, without a zone group."""
    for record in properties(cloud.get(f"{zone}/A/{name}")).get("aRecords") or ():
        yield str(as_mapping(record).get("ipv4Address"))
