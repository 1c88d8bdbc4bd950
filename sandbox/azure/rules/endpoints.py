"""Private endpoints and their zone groups (facts §2.8; facts-doors §2)."""

from __future__ import annotations

import hashlib
import re

from sandbox import store
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules, not_found
from sandbox.azure.rules.zones import ZONES
from sandbox.plugin import Refusal

ENDPOINTS = "Microsoft.Network/privateEndpoints"
ENDPOINT_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9._-]{0,78}[a-zA-Z0-9_])?")
STORAGE_GROUPS = ("blob", "dfs", "file", "queue", "table", "web")
# Sub-resources that a private endpoint may name, by the target's lower-case type.
GROUPS = {
    "microsoft.storage/storageaccounts": (*STORAGE_GROUPS, *(f"{one}_secondary" for one in STORAGE_GROUPS)),
    "microsoft.cache/redis": ("redisCache",),
    "microsoft.cache/redisenterprise": ("redisEnterprise",),
    "microsoft.cognitiveservices/accounts": ("account",),
    "microsoft.keyvault/vaults": ("vault",),
}
MAX_CONFIGS = 5
SUBNETS = "Microsoft.Network/virtualNetworks/subnets"


class EndpointRules(Rules):
    """A private endpoint in a subnet, to one group of one target."""

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not ENDPOINT_NAME.fullmatch(name):
            raise Refusal(
                400,
                "InvalidResourceName",
                f"Resource name {name} is invalid: 1 to 80 letters, digits, underscores, periods and hyphens,"
                " beginning with a letter or digit and ending with a letter, digit or underscore.",
            )
        network = _check_subnet(cloud, arm_id, body)
        location = str(body.get("location"))
        if _region(location) != _region(str(network.get("location", location))):
            raise Refusal(
                400,
                "InvalidResourceReference",
                f"Resource {network['id']} referenced by resource {arm_id} was not found in region"
                f" '{location}': it is in '{network.get('location')}'.",
            )
        connections = connections_of(body)
        if len(connections) != 1:
            raise Refusal(
                400,
                "PrivateEndpointMustHaveOneConnection",
                f"Private endpoint {arm_id} must have exactly one private link service connection,"
                f" not {len(connections)}.",
            )
        _check_target(cloud, arm_id, properties(connections[0]))
        _check_unchanged(body, existing)

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        own = body["properties"]
        own["provisioningState"] = "Succeeded"
        # Named anew with each creation: it is how one tells an endpoint from an earlier one of its name.
        made = properties(existing).get("networkInterfaces") if existing else None
        number = 0 if made else store.count(cloud.connection, f"nic/{ids.key(arm_id)}")
        nic = (
            own.get("customNetworkInterfaceName")
            or (ids.name(made[0]["id"]) if made else None)
            or f"{ids.name(arm_id)}.nic.{ids.guid('nic', ids.key(arm_id), str(number))}"
        )
        group = ids.resource_group(arm_id)
        own["networkInterfaces"] = [{"id": f"{group}/providers/Microsoft.Network/networkInterfaces/{nic}"}]
        own.setdefault("customDnsConfigs", [])
        for manual in (False, True):
            for one in own.get(_connections_key(manual)) or []:
                one["id"] = f"{arm_id}/{_connections_key(manual)}/{one.get('name')}"
                one["properties"]["provisioningState"] = "Succeeded"
                one["properties"]["privateLinkServiceConnectionState"] = {
                    "status": "Pending" if manual else "Approved",
                    "description": "Awaiting Approval" if manual else "Auto-Approved",
                    "actionsRequired": "None",
                }


class ZoneGroupRules(Rules):
    """The zone group of an endpoint: at most one, with the zones that get its records."""

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        endpoint = ids.parent(arm_id) or arm_id
        for other in cloud.below(f"{endpoint}/privateDnsZoneGroups"):
            if not ids.same(other["id"], arm_id):
                raise Refusal(
                    409,
                    "PrivateDnsZoneGroupLimitReached",
                    f"Private endpoint {endpoint} already has the DNS zone group '{ids.name(other['id'])}';"
                    " an endpoint takes one.",
                )
        configs = properties(body).get("privateDnsZoneConfigs")
        if not isinstance(configs, list) or not 1 <= len(configs) <= MAX_CONFIGS:
            raise Refusal(
                400,
                "InvalidPrivateDnsZoneConfigs",
                f"A private DNS zone group must have 1 to {MAX_CONFIGS} zone configurations.",
            )
        zones = [str(properties(one).get("privateDnsZoneId")) for one in configs]
        for zone in zones:
            if ids.subscription(zone) is None or ids.arm_type(zone).lower() != ZONES.lower():
                raise Refusal(
                    400, "InvalidPrivateDnsZoneIds", f"'{zone}' is not the id of a private DNS zone."
                )
            if not cloud.has(zone):
                raise not_found(zone)
        for what, words in (("name", [str(one.get("name")) for one in configs]), ("zone", zones)):
            if twice := sorted(word for word in words if [*map(ids.key, words)].count(ids.key(word)) > 1):
                raise Refusal(
                    400,
                    "InvalidPrivateDnsZoneConfigs",
                    f"The {what} '{twice[0]}' stands in more than one zone configuration of a zone group.",
                )

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        endpoint = cloud.get(ids.parent(arm_id) or arm_id)
        connections = connections_of(endpoint or {})
        target = ids.name(str(properties(connections[0]).get("privateLinkServiceId"))) if connections else ""
        body["properties"]["provisioningState"] = "Succeeded"
        for config in body["properties"]["privateDnsZoneConfigs"]:
            zone = ids.name(config["properties"]["privateDnsZoneId"])
            config["properties"]["recordSets"] = [
                {
                    "recordType": "A",
                    "recordSetName": target.lower(),
                    "fqdn": f"{target.lower()}.{zone}",
                    "ttl": 10,
                    "ipAddresses": [_address(arm_id)],
                    "provisioningState": "Succeeded",
                }
            ]


def connections_of(endpoint: Body) -> list[Body]:
    """All connections of an endpoint, those that wait for an approval by hand included."""
    own = properties(endpoint)
    return [one for manual in (False, True) for one in own.get(_connections_key(manual)) or []]


def _connections_key(manual: bool) -> str:
    return "manualPrivateLinkServiceConnections" if manual else "privateLinkServiceConnections"


def _check_subnet(cloud: Cloud, arm_id: str, body: Body) -> Body:
    """The network of the endpoint's subnet. Raises Refusal where there is none."""
    given = properties(body).get("subnet")
    subnet = str(given.get("id")) if isinstance(given, dict) else ""
    if subnet and (ids.subscription(subnet) is None or ids.arm_type(subnet).lower() != SUBNETS.lower()):
        raise Refusal(
            400,
            "InvalidRequestFormat",
            f"Cannot parse the request: '{subnet}' is no id of the type {SUBNETS}.",
        )
    network = cloud.get(ids.parent(subnet) or "") if subnet else None
    if network is None or not _has_subnet(cloud, network, subnet):
        raise Refusal(
            400,
            "InvalidResourceReference",
            f"Resource {subnet or 'subnet'} referenced by resource {arm_id} was not found. Please make sure"
            " that the referenced resource exists, and that both resources are in the same region.",
        )
    return network


def _has_subnet(cloud: Cloud, network: Body, subnet: str) -> bool:
    inline = properties(network).get("subnets") or []
    return cloud.has(subnet) or any(one.get("name", "").lower() == ids.name(subnet).lower() for one in inline)


def _check_target(cloud: Cloud, arm_id: str, connection: Body) -> None:
    target_id = str(connection.get("privateLinkServiceId"))
    target = cloud.get(target_id)
    if target is None:
        raise Refusal(
            400,
            "LinkedResourceNotFound",
            f"The private link service '{target_id}' that {arm_id} names was not found.",
        )
    kind = ids.arm_type(target_id).lower()
    groups = connection.get("groupIds")
    known = GROUPS.get(kind, ())
    if not isinstance(groups, list) or len(groups) != 1 or groups[0] not in known:
        raise Refusal(
            400,
            "PrivateEndpointUnsupportedGroupIds",
            f"The group ids {groups} are not valid for {target_id}: write one of {', '.join(known) or '-'}.",
        )
    if kind == "microsoft.cognitiveservices/accounts" and not properties(target).get("customSubDomainName"):
        raise Refusal(
            400,
            "AccountCustomSubDomainNameNotFound",
            f"A private endpoint needs a custom subdomain name, and {target_id} has none.",
        )


def _check_unchanged(body: Body, existing: Body | None) -> None:
    """What an endpoint keeps for good: its subnet and its target."""
    if existing is None:
        return
    for what, is_now, was in (
        ("subnet", _subnet_of(body), _subnet_of(existing)),
        ("target", _target_of(body), _target_of(existing)),
    ):
        if not ids.same(is_now, was):
            raise Refusal(
                400,
                "PrivateEndpointCannotBeUpdated",
                f"The {what} of a private endpoint cannot change: {was}.",
            )


def _subnet_of(endpoint: Body) -> str:
    return str((properties(endpoint).get("subnet") or {}).get("id"))


def _target_of(endpoint: Body) -> str:
    connections = connections_of(endpoint)
    return str(properties(connections[0]).get("privateLinkServiceId")) if connections else ""


def _region(location: str) -> str:
    return location.replace(" ", "").lower()


def _address(arm_id: str) -> str:
    digest = hashlib.sha256(ids.key(arm_id).encode()).digest()
    return f"10.{digest[0]}.{digest[1]}.{4 + digest[2] % 250}"
