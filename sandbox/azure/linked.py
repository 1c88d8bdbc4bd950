"""What a write asks of its caller beside the write itself: rights on what the body names, and reads on the way.

Source: facts-doors §6.1 and §0.10; written down here once more, by hand, so that the project's own list is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.azure import ids
from sandbox.azure.cloud import Body, properties
from sandbox.azure.rules.endpoints import connections_of
from sandbox.azure.rules.zones import network_of

NETWORKS = "Microsoft.Network/virtualNetworks"
SUBNETS = f"{NETWORKS}/subnets"
ZONES = "Microsoft.Network/privateDnsZones"
WORKSPACES = "Microsoft.OperationalInsights/workspaces"
GROUP_READ = "Microsoft.Resources/subscriptions/resourceGroups/read"

# An action and the scope where it is needed.
Needed = tuple[str, str]


def linked_actions(arm_id: str, body: Body, existing: Body | None) -> Iterator[Needed]:
    """Every action that this PUT or PATCH needs elsewhere."""
    find = BY_TYPE.get(ids.arm_type(arm_id).lower())
    if find is not None:
        yield from find(arm_id, body)
    yield from _new_subnets(body, existing)


def _in_group(arm_id: str, body: Body) -> Iterator[Needed]:
    """Resources that stand in a group by themselves."""
    if group := ids.resource_group(arm_id):
        yield GROUP_READ, group


def _below(*levels: str) -> Callable[[str, Body], Iterator[Needed]]:
    """Reading the parents of a child, the nearest first."""

    def find(arm_id: str, body: Body) -> Iterator[Needed]:
        parent = ids.parent(arm_id)
        for level in levels:
            if parent:
                yield f"{level}/read", parent
                parent = ids.parent(parent)

    return find


def _classic_cache(arm_id: str, body: Body) -> Iterator[Needed]:
    cache = ids.parent(arm_id) or arm_id
    yield "Microsoft.Cache/redis/read", cache
    yield "Microsoft.Cache/redis/accessPolicies/read", cache


def _assignment(arm_id: str, body: Body) -> Iterator[Needed]:
    yield "Microsoft.Authorization/roleDefinitions/read", ids.parent(arm_id) or arm_id


def _endpoint(arm_id: str, body: Body) -> Iterator[Needed]:
    yield from _in_group(arm_id, body)
    if subnet := _id(properties(body).get("subnet")):
        yield f"{SUBNETS}/read", subnet
        yield f"{SUBNETS}/join/action", subnet
    manual = properties(body).get("manualPrivateLinkServiceConnections") or []
    for one in connections_of(body):
        target = str(properties(one).get("privateLinkServiceId"))
        yield f"{ids.arm_type(target)}/read", target
        if one not in manual:
            yield f"{ids.arm_type(target)}/privateEndpointConnectionsApproval/action", target


def _zone_group(arm_id: str, body: Body) -> Iterator[Needed]:
    for config in properties(body).get("privateDnsZoneConfigs") or ():
        zone = str(properties(config).get("privateDnsZoneId"))
        yield f"{ZONES}/read", zone
        yield f"{ZONES}/join/action", zone


def _zone(arm_id: str, body: Body) -> Iterator[Needed]:
    """Zones and links are made in the background: whoever waits for them polls in the group."""
    yield from _in_group(arm_id, body)
    for word in ("privateDnsOperationResults", "privateDnsOperationStatuses"):
        yield f"Microsoft.Network/{word}/read", ids.resource_group(arm_id) or arm_id


def _link(arm_id: str, body: Body) -> Iterator[Needed]:
    yield from _zone(arm_id, body)
    yield f"{NETWORKS}/read", network_of(body)
    yield f"{NETWORKS}/join/action", network_of(body)


def _diagnostics(arm_id: str, body: Body) -> Iterator[Needed]:
    if workspace := properties(body).get("workspaceId"):
        yield f"{WORKSPACES}/read", str(workspace)
        yield f"{WORKSPACES}/sharedKeys/action", str(workspace)


def _new_subnets(body: Body, existing: Body | None) -> Iterator[Needed]:
    """Subnets that a firewall lets in from now on."""
    before = {ids.key(one) for one in _let_in(existing)}
    for subnet in _let_in(body):
        if ids.key(subnet) not in before:
            yield f"{SUBNETS}/joinViaServiceEndpoint/action", subnet


def _let_in(body: Body | None) -> Iterator[str]:
    rules = properties(body).get("networkAcls")
    for rule in (rules.get("virtualNetworkRules") or ()) if isinstance(rules, dict) else ():
        yield _id(rule)


def _id(value: object) -> str:
    return str(value.get("id") or "") if isinstance(value, dict) else ""


IDENTITY = "Microsoft.ManagedIdentity/userAssignedIdentities"
MANAGED = "Microsoft.Cache/redisEnterprise"
BY_TYPE: dict[str, Callable[[str, Body], Iterator[Needed]]] = {
    "microsoft.authorization/roleassignments": _assignment,
    "microsoft.cache/redis/accesspolicyassignments": _classic_cache,
    "microsoft.cache/redisenterprise/databases/accesspolicyassignments": _below(
        f"{MANAGED}/databases", MANAGED
    ),
    "microsoft.insights/diagnosticsettings": _diagnostics,
    "microsoft.managedidentity/userassignedidentities": _in_group,
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials": _below(IDENTITY),
    "microsoft.network/privateendpoints": _endpoint,
    "microsoft.network/privateendpoints/privatednszonegroups": _zone_group,
    "microsoft.network/privatednszones": _zone,
    "microsoft.network/privatednszones/virtualnetworklinks": _link,
}
