"""Who may enter where `network: firewall`: the clusters' subnets and addresses, in the forms that a kind's rules take."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

from keyless.environment import Cluster, Environment
from keyless.errors import ResourceError
from keyless.finding import Finding
from keyless.plan import ArmId
from keyless.resource import Resource


@dataclass(frozen=True, slots=True)
class Address:
    """Addresses that one cluster's traffic leaves from."""

    cluster: str
    network: IPv4Network


@dataclass(frozen=True, slots=True)
class WaysIn:
    """Subnets and addresses that may enter a resource; each once, sorted."""

    subnets: tuple[ArmId, ...] = ()
    addresses: tuple[Address, ...] = ()


def ways_in(
    name: str, resource: Resource, facts: Environment[Any], users: Mapping[str, tuple[str, ...]]
) -> WaysIn:
    """What lets every cluster of the environment into `resource`; `users` are the apps that use it, by cluster.

    Raises ResourceError where the kind has no rules, nobody could enter, a cluster of `users` could not, or there are
    more rules than Azure takes.
    """
    if resource.arm.network.firewall is None:
        fix = "write network: endpoint, then private"
        raise _impossible(f"'{name}' is a {resource.kind}, which has no firewall rules", fix)
    subnets: dict[str, ArmId] = {}
    addresses: dict[tuple[str, IPv4Network], Address] = {}
    shut_out: list[Cluster] = []
    for cluster in facts.clusters:
        mine = tuple(_addresses(resource, cluster, facts))
        reached = cluster.subnets if resource.arm.subnets else ()
        subnets |= {subnet.key: subnet for subnet in reached}
        addresses |= {(one.cluster, one.network): one for one in mine}
        if not mine and not reached:
            shut_out.append(cluster)
    if not subnets and not addresses:
        raise _impossible(
            f"no cluster has an address or subnet that may enter '{name}', so its firewall would keep everyone out"
            + _ignored(resource, facts.clusters, facts),
            _remedy(resource),
        )
    wrong = tuple(_shut_out(name, resource, facts, shut_out, users))
    if wrong:
        raise ResourceError(*wrong)
    ways = WaysIn(
        tuple(subnets[key] for key in sorted(subnets)),
        tuple(sorted(addresses.values(), key=lambda one: (one.network, one.cluster))),
    )
    _refuse_too_many(name, resource, ways)
    return ways


def _addresses(resource: Resource, cluster: Cluster, facts: Environment[Any]) -> Iterator[Address]:
    rules = resource.arm.addresses
    if rules is None or (not rules.own_region and _same_region(resource, cluster, facts)):
        return
    yield from (Address(cluster.name, IPv4Network(text)) for text in cluster.egress)


def _same_region(resource: Resource, cluster: Cluster, facts: Environment[Any]) -> bool:
    return (resource.location or facts.location) == (cluster.location or facts.location)


def _shut_out(
    name: str,
    resource: Resource,
    facts: Environment[Any],
    clusters: list[Cluster],
    users: Mapping[str, tuple[str, ...]],
) -> Iterator[Finding]:
    for cluster in clusters:
        apps = users.get(cluster.name, ())
        if apps:
            yield _finding(
                f"nothing of the cluster '{cluster.name}' may enter '{name}', and its firewall would keep out "
                f"{', '.join(apps)} there" + _ignored(resource, (cluster,), facts),
                _remedy(resource),
            )


def _ignored(resource: Resource, clusters: tuple[Cluster, ...], facts: Environment[Any]) -> str:
    """Why `egress` that is written does not help."""
    rules = resource.arm.addresses
    if rules is None or rules.own_region:
        return ""
    vain = [one.name for one in clusters if one.egress and _same_region(resource, one, facts)]
    if not vain:
        return ""
    region = resource.location or facts.location
    return f"; {resource.kind} ignores addresses of its own region ({region}), so `egress` of {', '.join(vain)} does nothing"


def _remedy(resource: Resource) -> str:
    subnets, addresses = resource.arm.subnets, resource.arm.addresses
    if subnets is None:
        return "write `egress` on the clusters, or network: endpoint"
    fix = f"write `subnets` on the clusters (with the service endpoint {subnets.service_endpoint})"
    if addresses is None:
        return f"{fix}, or network: endpoint"
    where = "" if addresses.own_region else ", for a resource in another region"
    return f"{fix}, or `egress`{where}, or network: endpoint"


def address_texts(resource: Resource, network: IPv4Network) -> tuple[str, ...]:
    """How the array of `resource` writes `network`: where single addresses stand bare, a /31 is two of them."""
    rules = resource.arm.addresses
    if rules is not None and rules.single == "bare" and network.prefixlen >= 31:
        return tuple(str(address) for address in network)
    return (str(network),)


def rule_name(address: Address) -> str:
    """The name of a rule that stands by itself: letters, digits and `_`, the same as long as cluster and address are."""
    text = f"keyless_{address.cluster}_{address.network.with_prefixlen.removesuffix('/32')}"
    return text.replace("-", "_").replace(".", "_").replace("/", "_")


def _refuse_too_many(name: str, resource: Resource, ways: WaysIn) -> None:
    arm = resource.arm
    count = sum(len(address_texts(resource, one.network)) for one in ways.addresses)
    for what, number, limit in (
        ("addresses", count, arm.addresses.limit if arm.addresses else None),
        ("subnets", len(ways.subnets), arm.subnets.limit if arm.subnets else None),
    ):
        if limit is not None and number > limit:
            raise _impossible(
                f"{number} {what} of clusters would enter '{name}', and Azure takes {limit}",
                "write wider networks in `egress`, fewer subnets, or network: endpoint",
            )


def _finding(message: str, fix: str) -> Finding:
    return Finding(rule="impossible-posture", key="network", message=message, fix=fix)


def _impossible(message: str, fix: str) -> ResourceError:
    return ResourceError(_finding(message, fix))
