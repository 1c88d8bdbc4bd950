"""Private endpoints that must work before a door is closed: approved as the target sees it, with an address in every zone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from components.arm.client import Client
from components.arm.errors import ArmError, Busy, NotFound
from components.arm.model import Proof, Wanted, keys, normal

# Zone groups, at this version: pulumi-azure-native 3.29.0's own default of Microsoft.Network.
NETWORK_VERSION = "2024-05-01"
CONNECTIONS = "privateEndpointConnections"


def await_proofs(client: Client, wanted: Wanted) -> None:
    """Wait until every endpoint of `wanted` is proven. Raises ArmError that says what is missing, zone by zone."""
    if not wanted.proofs:
        return
    pauses = client.pauses(wanted.dns_timeout)
    while True:
        missing = list(_missing(client, wanted))
        if not missing:
            return
        if not pauses.wait():
            told = "\n".join(f"  - {one}" for one in missing)
            raise ArmError(
                f"public access of resource {wanted.resource} stays as it is, and nothing was closed: its private way is"
                f" not proven after {wanted.dns_timeout:.0f} s. Missing:\n{told}\n"
                "fix: approve the endpoint; where Azure Policy writes zone groups, remediate it or give it more time"
                " (`dns_timeout`); then run `pulumi up` again"
            )


def _missing(client: Client, wanted: Wanted) -> Iterator[str]:
    try:
        connections = [
            one
            for patch in wanted.patches
            for one in client.get(patch.id, patch.version, (CONNECTIONS,)).get(CONNECTIONS) or ()
        ]
        for proof in wanted.proofs:
            yield from _unapproved(proof, connections)
            yield from _without_address(client, proof)
    except Busy as busy:
        yield str(busy)


def _unapproved(proof: Proof, connections: list[Any]) -> Iterator[str]:
    """The connection as the target sees it: what the endpoint says of itself does not count."""
    own = [_properties(one) for one in connections]
    states = [
        str(_mapping(one.get("privateLinkServiceConnectionState")).get("status"))
        for one in own
        if normal(_mapping(one.get("privateEndpoint")).get("id")) == normal(proof.endpoint)
    ]
    if not states:
        yield f"endpoint {proof.endpoint}: the target knows no connection from it"
    elif "approved" not in {state.lower() for state in states}:
        yield f"endpoint {proof.endpoint}: its connection is {keys(states)}, not Approved"


def _without_address(client: Client, proof: Proof) -> Iterator[str]:
    try:
        groups = client.members(
            f"{proof.endpoint}/privateDnsZoneGroups", NETWORK_VERSION, ("privateDnsZoneConfigs",)
        )
    except NotFound:
        groups = []
    configs = [_properties(config) for group in groups for config in group.get("privateDnsZoneConfigs") or ()]
    for zone in proof.zones:
        of_zone = [
            config
            for config in configs
            if str(config.get("privateDnsZoneId")).rpartition("/")[2].lower() == zone.lower()
        ]
        records = [
            record for config in of_zone for record in config.get("recordSets") or () if _mapping(record)
        ]
        if any(record.get("ipAddresses") for record in records):
            continue
        why = "has no record with an address" if of_zone else "is in no zone group"
        yield f"zone {zone} {why} of endpoint {proof.endpoint}"


def _properties(value: Any) -> Mapping[str, Any]:
    return _mapping(_mapping(value).get("properties"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
