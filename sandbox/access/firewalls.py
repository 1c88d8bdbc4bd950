"""Whether the public address of a resource lets a caller in: closed, open, or by the rules of its firewall."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from sandbox.access.places import Place
from sandbox.access.trace import Step
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.project import Mapping, as_mapping

STORAGE = "microsoft.storage/storageaccounts"
CLASSIC = "microsoft.cache/redis"
# Service endpoints that a subnet rule needs, by the resource's type.
SERVICES = {
    STORAGE: ("Microsoft.Storage", "Microsoft.Storage.Global"),
    "microsoft.cognitiveservices/accounts": ("Microsoft.CognitiveServices",),
    "microsoft.keyvault/vaults": ("Microsoft.KeyVault",),
}
Range = tuple[int, int]
EVERYWHERE: Range = (0, 2**32 - 1)


def by_public_address(cloud: Cloud, place: Place, resource: Body, aside: str) -> Step:
    """Whether `place` gets in by the public address; `aside` says why it does not come by an endpoint."""
    name, own, kind = ids.name(resource["id"]), properties(resource), ids.arm_type(resource["id"]).lower()
    why_not = f"; {aside}" if aside else ""
    if str(own.get("publicNetworkAccess") or "Enabled").lower() != "enabled":
        return Step(False, f"{name} is closed to public networks and has no usable endpoint{why_not}")
    if kind == CLASSIC:
        ranges = [_from_to(properties(one)) for one in cloud.below(f"{resource['id']}/firewallRules")]
        if ranges and not _covers(ranges, place.address):
            return Step(False, f"the firewall of {name} lets {_caller(place)} in{why_not}")
        return _in(name, place.address or place.name) if ranges else _open(name)
    rules = as_mapping(own.get("networkAcls"))
    if kind not in SERVICES or str(rules.get("defaultAction") or "Allow").lower() == "allow":
        return _open(name)
    return _by_rule(cloud, place, resource, rules, why_not)


def _by_rule(cloud: Cloud, place: Place, resource: Body, rules: Mapping, why_not: str) -> Step:
    name, kind = ids.name(resource["id"]), ids.arm_type(resource["id"]).lower()
    endpoint = _service_endpoint(cloud, place, kind)
    if _has_subnet_rule(place, rules):
        if endpoint is not False:
            return _in(name, f"subnet {ids.name(str(place.subnet))}")
        why_not = (
            f"; a rule names subnet {ids.name(str(place.subnet))}, which has no service endpoint{why_not}"
        )
    ranges = [_network(str(one.get("value"))) for one in map(as_mapping, rules.get("ipRules") or ())]
    if not _covers(ranges, place.address):
        return Step(False, f"the firewall of {name} lets {_caller(place)} in{why_not}")
    if kind == STORAGE and place.region and place.region == _region(resource):
        # Facts §0 item 3: requests from the account's own region do not come from a public address.
        return Step(
            False,
            f"{name} lets {place.address} in, but an IP rule has no effect from its own region{why_not}",
        )
    if endpoint:
        # Source: Virtual network service endpoints: the source address becomes private, so IP rules stop working.
        return Step(
            False,
            f"{name} lets {place.address} in, but subnet {ids.name(str(place.subnet))} comes by its service"
            f" endpoint, without that address{why_not}",
        )
    return _in(name, place.address or place.name)


def _has_subnet_rule(place: Place, rules: Mapping) -> bool:
    """Whether a rule names the place's subnet; one whose subnet was deleted meanwhile counts no more."""
    return any(
        place.subnet is not None
        and ids.same(str(one.get("id")), place.subnet)
        and str(one.get("state") or "Succeeded") == "Succeeded"
        for one in map(as_mapping, rules.get("virtualNetworkRules") or ())
    )


def _service_endpoint(cloud: Cloud, place: Place, kind: str) -> bool | None:
    """Whether the place's subnet has the service endpoint of `kind`; None where the world does not say."""
    own = properties(cloud.get(place.subnet)) if place.subnet else {}
    if not own:
        return None
    listed = {str(as_mapping(one).get("service")) for one in own.get("serviceEndpoints") or ()}
    return bool(listed & set(SERVICES[kind]))


def _caller(place: Place) -> str:
    if place.network is None and place.address is None:
        return "nobody from the internet"
    return "neither subnet nor egress address of the cluster"


def _open(name: str) -> Step:
    return Step(True, f"{name} is open to every network", "open network")


def _in(name: str, who: str) -> Step:
    return Step(True, f"the firewall of {name} lets {who} in", "firewall rule")


def _region(resource: Body) -> str:
    return str(resource.get("location")).replace(" ", "").lower()


def _network(written: str) -> Range:
    network = ipaddress.IPv4Network(written, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def _from_to(rule: Mapping) -> Range:
    first, last = (int(ipaddress.IPv4Address(str(rule.get(key)))) for key in ("startIP", "endIP"))
    return first, last


def _covers(ranges: Iterable[Range], address: str | None) -> bool:
    """Whether `address` is in a range; for no address in particular, whether the ranges let all of the internet in."""
    if address is not None:
        number = int(ipaddress.IPv4Address(address.partition("/")[0]))
        return any(first <= number <= last for first, last in ranges)
    reached = EVERYWHERE[0]
    for first, last in sorted(ranges):
        if first > reached:
            break
        reached = max(reached, last + 1)
    return reached > EVERYWHERE[1]
