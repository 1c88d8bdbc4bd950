"""Private DNS zones and their links to networks (facts §2.8)."""

from __future__ import annotations

import re

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.base import Rules, not_found
from sandbox.plugin import Refusal

ZONES = "Microsoft.Network/privateDnsZones"
LINKS = f"{ZONES}/virtualNetworkLinks"
NETWORKS = "Microsoft.Network/virtualNetworks"
POLICIES = ("Default", "NxDomainRedirect")
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
ZONE_NAME = re.compile(rf"{LABEL}(\.{LABEL}){{1,33}}", re.IGNORECASE)
LINK_NAME = re.compile(r"[a-zA-Z0-9]([a-zA-Z0-9._-]{0,78}[a-zA-Z0-9_])?")


class ZoneRules(Rules):
    """A private DNS zone."""

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not ZONE_NAME.fullmatch(name) or len(name) > 253:
            raise Refusal(
                400,
                "InvalidPrivateDnsZoneName",
                f"The private DNS zone name '{name}' is invalid: 2 to 34 labels of 1 to 63 letters, digits,"
                " hyphens and underscores.",
            )
        _check_global(body, ZONES)

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        body["properties"] = {"provisioningState": "Succeeded"}

    def check_delete(self, cloud: Cloud, arm_id: str) -> None:
        if cloud.has_below(f"{arm_id}/virtualNetworkLinks"):
            raise Refusal(
                409, "CannotDeleteResource", "Can not delete resource before nested resources are deleted."
            )


class LinkRules(Rules):
    """The link of a zone to a network: a network knows each zone name once."""

    def check(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        name = ids.name(arm_id)
        if not LINK_NAME.fullmatch(name):
            raise Refusal(
                400,
                "InvalidVirtualNetworkLinkName",
                f"The virtual network link name '{name}' is invalid: 1 to 80 letters, digits, underscores,"
                " periods and hyphens, beginning with a letter or digit.",
            )
        _check_global(body, LINKS)
        network = network_of(body)
        if ids.subscription(network) is None or ids.arm_type(network).lower() != NETWORKS.lower():
            raise Refusal(400, "BadRequest", f"The virtual network id '{network}' is invalid.")
        if not cloud.has(network):
            raise not_found(network)
        policy = properties(body).get("resolutionPolicy")
        if policy not in (None, *POLICIES):
            raise Refusal(
                400,
                "BadRequest",
                f"The resolution policy '{policy}' is invalid: write one of {', '.join(POLICIES)}.",
            )
        zone = ids.parent(arm_id) or arm_id
        for other in cloud.of_type(LINKS):
            linked = ids.parent(other["id"]) or ""
            same_name = ids.name(linked).lower() == ids.name(zone).lower()
            if same_name and ids.same(network_of(other), network) and not ids.same(other["id"], arm_id):
                raise Refusal(
                    400,
                    "BadRequest",
                    "A virtual network cannot be linked to multiple zones with overlapping namespaces. You"
                    f" tried to link virtual network with '{ids.name(zone)}' and '{ids.name(linked)}' zones.",
                )

    def complete(self, cloud: Cloud, arm_id: str, body: Body, existing: Body | None) -> None:
        own = body["properties"]
        own.setdefault("registrationEnabled", False)
        own.setdefault("resolutionPolicy", "Default")
        own.update(provisioningState="Succeeded", virtualNetworkLinkState="Completed")


def network_of(link: Body) -> str:
    """The id of the network that a link names."""
    return str((properties(link).get("virtualNetwork") or {}).get("id"))


def _check_global(body: Body, arm_type: str) -> None:
    if str(body.get("location")).lower() != "global":
        raise Refusal(
            400,
            "LocationNotAvailableForResourceType",
            f"The provided location '{body.get('location')}' is not available for resource type '{arm_type}'."
            " List of available regions for the resource type is 'global'.",
        )
