"""What each service takes as `networkAcls`: rules, their limits and forms (facts §2.7, facts-doors §1.3)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.plugin import Refusal

SHARED = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True)
class Acls:
    """The firewall of one service."""

    provider: str
    """What a subnet's service endpoint must name, such as `Microsoft.Storage`."""
    addresses: int
    """How many IP rules it takes."""
    subnets: int
    bypass: frozenset[str]
    error: str
    """The error code of a rule that is refused."""
    small_ranges: bool = False
    """Whether /31 and /32 are taken."""
    listed: bool = False
    """Whether several words of `bypass` may stand side by side, parted by commas."""

    def check(self, cloud: Cloud, acls: Any) -> None:
        """Raise Refusal where the service would not take these rules."""
        if not isinstance(acls, dict):
            raise Refusal(400, "InvalidRequestFormat", "networkAcls must be an object.")
        action = acls.get("defaultAction")
        if action not in ("Allow", "Deny"):
            raise Refusal(
                400,
                "MissingDefaultAction",
                f"networkAcls.defaultAction is required: write Allow or Deny, not {action!r}.",
            )
        self._check_bypass(acls.get("bypass"))
        self._check_addresses(_list(acls, "ipRules"))
        self._check_subnets(cloud, _list(acls, "virtualNetworkRules"))

    def _check_bypass(self, bypass: Any) -> None:
        if bypass is None:
            return
        words = [word.strip() for word in str(bypass).split(",")] if self.listed else [str(bypass)]
        if not set(words) <= self.bypass:
            known = ", ".join(sorted(self.bypass)) or "nothing, for this kind of account"
            raise Refusal(
                400, "InvalidBypass", f"networkAcls.bypass '{bypass}' is not supported: it takes {known}."
            )

    def _check_addresses(self, rules: list[Body]) -> None:
        if len(rules) > self.addresses:
            raise Refusal(
                400,
                "TooManyIpRules",
                f"networkAcls.ipRules has {len(rules)} rules; at most {self.addresses}.",
            )
        for rule in rules:
            value = str(rule.get("value"))
            if reason := self._refused(value):
                raise Refusal(
                    400,
                    self.error,
                    f"Values for request parameters are invalid: networkAcls.ipRules[*].value '{value}' {reason}.",
                )
        values = [str(rule.get("value")) for rule in rules]
        if len(set(values)) != len(values):
            raise Refusal(400, "DuplicateIpRules", "networkAcls.ipRules holds an address twice.")

    def _refused(self, value: str) -> str | None:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError:
            return "is no IPv4 address or range"
        if network.is_private or network.overlaps(SHARED) or network.is_multicast:
            return "is not a public address"
        if "/" in value and network.prefixlen > 30 and not self.small_ranges:
            return "is smaller than /30: write single addresses without a prefix"
        return None

    def _check_subnets(self, cloud: Cloud, rules: list[Body]) -> None:
        if len(rules) > self.subnets:
            raise Refusal(
                400,
                "TooManyVirtualNetworkRules",
                f"networkAcls.virtualNetworkRules has {len(rules)} rules; at most {self.subnets}.",
            )
        for rule in rules:
            subnet = subnet_of(cloud, str(rule.get("id")))
            if subnet is None:
                raise Refusal(
                    400,
                    "SubnetNotFound",
                    f"Validation of network acls failure: the subnet '{rule.get('id')}' does not exist.",
                )
            if not self._has_endpoint(subnet) and not rule.get("ignoreMissingVnetServiceEndpoint"):
                raise Refusal(
                    400,
                    "NetworkAclsValidationFailure",
                    "Validation of network acls failure: SubnetsHaveNoServiceEndpointsConfigured: subnet"
                    f" {rule.get('id')} has no service endpoint {self.provider}: add it to the subnet first.",
                )

    def _has_endpoint(self, subnet: Body) -> bool:
        services = {
            str(one.get("service")).removesuffix(".Global")
            for one in properties(subnet).get("serviceEndpoints") or ()
        }
        return self.provider in services


def subnet_of(cloud: Cloud, subnet: str) -> Body | None:
    """A subnet as a row of its own or inside its network, or None."""
    found = cloud.get(subnet)
    if found is not None or ids.arm_type(subnet).lower() != "microsoft.network/virtualnetworks/subnets":
        return found
    for one in properties(cloud.get(ids.parent(subnet) or "")).get("subnets") or ():
        if str(one.get("name")).lower() == ids.name(subnet).lower():
            return dict(one)
    return None


def with_added(existing: Any, sent: Any, key: str, added: Body, lower: bool = False) -> list[Body]:
    """`sent` as the service keeps it: entries that are new get `added`, and their `key` in lower case where it does so."""
    return list(_completed(existing or [], sent or [], key, added, lower))


def _completed(existing: list[Body], sent: list[Body], key: str, added: Body, lower: bool) -> Iterator[Body]:
    known = {str(one.get(key)).lower(): one for one in existing}
    for one in sent:
        before = known.get(str(one.get(key)).lower())
        if before is not None and {**before, **one} == before:
            yield before
        elif before is not None:
            yield one
        else:
            yield {**added, **one, **({key: str(one[key]).lower()} if lower else {})}


def _list(acls: Body, name: str) -> list[Body]:
    value = acls.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refusal(400, "InvalidRequestFormat", f"networkAcls.{name} must be a list of objects.")
    return value
