"""Who is shut out once a posture is made: services of the account, apps in other networks, holders of keys."""

from collections.abc import Iterator, Mapping
from typing import Any

from keyless.environment import Cluster, Environment
from keyless.fields import virtual_network
from keyless.resource import Resource


def cuts_off(
    resource: Resource, facts: Environment[Any], users: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """One sentence for each thing or app that the posture of `resource` shuts out; `users` are its apps by cluster."""
    told = resource.arm.cuts_off
    if resource.network == "firewall":
        yield from told.firewall
    if resource.network == "private":
        left = [one for one in resource.arm.services if one not in resource.group_ids()]
        if left:
            yield f"{', '.join(left[:-1])} and {left[-1]}, for which Keyless makes no private endpoint"
        yield from told.private
        yield from _elsewhere(facts, users)
    if resource.keys == "forbidden":
        yield from told.forbidden


def _elsewhere(facts: Environment[Any], users: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if facts.network is None:
        return
    here = virtual_network(facts.network.subnet.text)
    for cluster in facts.clusters:
        apps = users.get(cluster.name)
        if not apps:
            continue
        who = f"{', '.join(apps)} in {cluster.name}"
        others = _networks(cluster) - {here.lower()}
        if not cluster.subnets:
            yield f"{who}, if it is not in {_name(here)}: it states no `subnets`, so that is not known"
        elif others:
            yield (
                f"{who}, whose nodes are in {', '.join(sorted(map(_name, others)))}, unless that network is peered with "
                f"{_name(here)} and finds the names of its endpoint"
            )


def _networks(cluster: Cluster) -> set[str]:
    return {virtual_network(subnet.key) for subnet in cluster.subnets}


def _name(network: str) -> str:
    return network.rsplit("/", 1)[1]
