"""Whether a packet from somewhere gets to a resource: by a private endpoint, by a rule, or in the open."""

from __future__ import annotations

from sandbox.access.firewalls import by_public_address
from sandbox.access.names import look_up
from sandbox.access.places import Place
from sandbox.access.targets import Door
from sandbox.access.trace import Step
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.project import as_mapping


def way(cloud: Cloud, place: Place, resource: Body, door: Door) -> Step:
    """Whether a caller at `place` gets to the resource by `door`, and how.

    A name that leads to an endpoint leads nowhere else: whoever cannot reach that endpoint is cut off, however
    open the public address is.
    """
    name = ids.name(resource["id"])
    found = look_up(cloud, place, resource["id"], door)
    if found.lost:
        return Step(False, found.lost)
    for endpoint in found.endpoints:
        home = ids.parent(str(as_mapping(properties(endpoint).get("subnet")).get("id"))) or ""
        if not _reaches(cloud, str(place.network), home):
            return Step(
                False,
                f"{name} resolves to endpoint {ids.name(endpoint['id'])} in {ids.name(home)},"
                " which the cluster's network does not reach",
            )
    if found.endpoints:
        text = f"private endpoint {ids.name(found.endpoints[0]['id'])} leads to {name}"
        return Step(True, text, text)
    return by_public_address(cloud, place, resource, found.aside)


def _reaches(cloud: Cloud, network: str, other: str) -> bool:
    """Whether packets get from one network to the other: they are the same, or peered."""
    if ids.same(network, other):
        return True
    inline = [as_mapping(one) for one in properties(cloud.get(network)).get("virtualNetworkPeerings") or ()]
    peerings = [properties(one) for one in (*cloud.below(f"{network}/virtualNetworkPeerings"), *inline)]
    return any(
        ids.same(str(as_mapping(one.get("remoteVirtualNetwork")).get("id")), other)
        and str(one.get("peeringState") or "Connected") == "Connected"
        for one in peerings
    )
