"""Whether a packet from a cluster gets to a resource: by a private endpoint, by a rule, or in the open."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sandbox.access.targets import Target
from sandbox.access.trace import Trace
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.endpoints import ENDPOINTS, connections_of
from sandbox.azure.rules.zones import network_of
from sandbox.project import Mapping, Project, as_mapping


def check_reach(cloud: Cloud, project: Project, cluster: Mapping, target: Target, trace: Trace) -> bool:
    """Whether pods of the cluster reach the target; the reason goes to the trace."""
    name = ids.name(target.resource_id)
    by_endpoint = Trace()
    if _by_endpoint(cloud, project, cluster, target, by_endpoint):
        return trace.yes(by_endpoint.steps[-1].text, by_endpoint.steps[-1].text)
    own = properties(cloud.get(target.resource_id))
    why_not = f"; {by_endpoint.steps[-1].text}" if by_endpoint.steps else ""
    if str(own.get("publicNetworkAccess") or "Enabled").lower() != "enabled":
        return trace.no(f"{name} is closed to public networks and has no usable endpoint{why_not}")
    rules = as_mapping(own.get("networkAcls"))
    if str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return trace.yes(f"{name} is open to every network", "open network")
    return _by_rule(cloud, project, cluster, target, rules, why_not, trace)


def _by_rule(
    cloud: Cloud,
    project: Project,
    cluster: Mapping,
    target: Target,
    rules: Mapping,
    why_not: str,
    trace: Trace,
) -> bool:
    name, resource = ids.name(target.resource_id), cloud.get(target.resource_id) or {}
    allowed = {ids.key(str(one.get("id"))) for one in map(as_mapping, rules.get("virtualNetworkRules") or ())}
    for subnet in map(str, cluster.get("subnets") or ()):
        if ids.key(subnet) in allowed:
            return trace.yes(f"the firewall of {name} lets subnet {ids.name(subnet)} in", "firewall rule")
    ranges = [str(one.get("value")) for one in map(as_mapping, rules.get("ipRules") or ())]
    matching = [address for address in map(str, cluster.get("egress") or ()) if _inside(address, ranges)]
    region = str(cluster.get("location") or project.facts.get("location"))
    if matching and target.kind == "blob" and region == resource.get("location"):
        # Facts §0 item 3: requests from the account's own region do not come from a public address.
        return trace.no(
            f"{name} lets {matching[0]} in, but an IP rule has no effect from its own region{why_not}"
        )
    if matching:
        return trace.yes(f"the firewall of {name} lets {matching[0]} in", "firewall rule")
    return trace.no(
        f"the firewall of {name} lets neither subnet nor egress address of the cluster in{why_not}"
    )


def _by_endpoint(cloud: Cloud, project: Project, cluster: Mapping, target: Target, trace: Trace) -> bool:
    """Whether an approved endpoint is in the cluster's reach and its name resolves there."""
    networks = _networks(project, cluster)
    for endpoint in cloud.of_type(ENDPOINTS):
        connections = connections_of(endpoint)
        own = properties(connections[0]) if connections else {}
        is_it = ids.same(str(own.get("privateLinkServiceId")), target.resource_id)
        if not is_it or target.group_id not in (own.get("groupIds") or []):
            continue
        name = ids.name(endpoint["id"])
        status = as_mapping(own.get("privateLinkServiceConnectionState")).get("status", "Approved")
        subnet = str(as_mapping(properties(endpoint).get("subnet")).get("id"))
        home = ids.parent(subnet) or ""
        if status != "Approved":
            trace.no(f"endpoint {name} is {status}")
        elif not any(ids.same(home, one) or _peered(cloud, one, home) for one in networks):
            trace.no(f"endpoint {name} is in {ids.name(home)}, which the cluster's network does not reach")
        elif _resolves(cloud, project, networks, endpoint, target, trace):
            return trace.yes(f"private endpoint {name} leads to {ids.name(target.resource_id)}")
    return False


def _networks(project: Project, cluster: Mapping) -> list[str]:
    """The virtual networks of the cluster's nodes; without stated subnets, that of the environment."""
    stated = [str(one) for one in cluster.get("subnets") or ()]
    environment = as_mapping(project.facts.get("network")).get("subnet")
    subnets = stated or ([str(environment)] if environment else [])
    return [ids.parent(one) or one for one in subnets]


def _peered(cloud: Cloud, network: str, other: str) -> bool:
    body = cloud.get(network)
    inline = [as_mapping(one) for one in properties(body).get("virtualNetworkPeerings") or ()]
    peerings = [*cloud.below(f"{network}/virtualNetworkPeerings"), *inline]
    remotes = (as_mapping(properties(one).get("remoteVirtualNetwork")).get("id") for one in peerings)
    return any(ids.same(str(remote), other) for remote in remotes)


def _resolves(
    cloud: Cloud, project: Project, networks: list[str], endpoint: Body, target: Target, trace: Trace
) -> bool:
    """Whether the zone of the target's host holds the endpoint's address, and the cluster asks that zone."""
    name = ids.name(endpoint["id"])
    configs = [
        properties(config)
        for group in cloud.below(f"{endpoint['id']}/privateDnsZoneGroups")
        for config in properties(group).get("privateDnsZoneConfigs") or ()
    ]
    zones = [
        str(one.get("privateDnsZoneId"))
        for one in configs
        if ids.name(str(one.get("privateDnsZoneId"))).startswith(target.zone)
        and any(record.get("ipAddresses") for record in one.get("recordSets") or ())
    ]
    if not zones:
        return trace.no(f"endpoint {name} has no record in a zone {target.zone}*: the name stays public")
    linked = {
        ids.key(network_of(link)) for zone in zones for link in cloud.below(f"{zone}/virtualNetworkLinks")
    }
    if not linked and as_mapping(project.facts.get("network")).get("zones") != "managed":
        # A platform may ask its zones over resolvers of its own, so no link at all proves nothing.
        return True
    if all(ids.key(network) in linked for network in networks):
        return True
    apart = ", ".join(ids.name(network) for network in networks if ids.key(network) not in linked)
    return trace.no(f"zone {ids.name(zones[0])} is not linked to {apart}")


def _inside(address: str, ranges: Iterable[str]) -> bool:
    return any(ipaddress.ip_address(address) in ipaddress.ip_network(one, strict=False) for one in ranges)
