"""Manual steps: what a resource's posture wants and this stack may not do, as commands that can be pasted."""

import shlex
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from keyless.catalogue import Firewall
from keyless.environment import Cluster, Environment
from keyless.errors import ResourceError
from keyless.finding import Finding
from keyless.plan import ManualStep
from keyless.resource import Resource


def manual_steps(name: str, resource: Resource, stack: str, facts: Environment[Any]) -> Iterator[ManualStep]:
    """The steps left to people for one resource. Raises ResourceError where a posture cannot be had at all."""

    def step(text: str, *commands: str) -> ManualStep:
        return ManualStep(stack=stack, resource=name, app=None, step=text, command="\n".join(commands))

    if resource.network == "firewall":
        commands = tuple(_firewall(name, resource, facts))
        yield step(f"let the clusters reach {name}, then nobody else", *commands)
    if resource.network == "private":
        yield step(
            f"close public access to {name}, once its endpoint works", _filled(resource.facts.close, resource)
        )
    if resource.keys == "forbidden":
        if resource.facts.keys_off is None:
            raise _impossible("keys", f"a {resource.kind} has no keys to forbid", "remove `keys`")
        ends = f" (this ends {resource.facts.keys_off_ends})" if resource.facts.keys_off_ends else ""
        yield step(
            f"turn the keys of {name} off, once nothing uses them{ends}",
            _filled(resource.facts.keys_off, resource),
        )


def _firewall(name: str, resource: Resource, facts: Environment[Any]) -> Iterator[str]:
    firewall = resource.facts.firewall
    if firewall is None:
        fix = "write network: endpoint or private"
        raise _impossible("network", f"a {resource.kind} has no firewall rules", fix)
    rules = [rule for cluster in facts.clusters for rule in _rules(firewall, resource, cluster, facts)]
    if not rules:
        raise _impossible(
            "network",
            f"no cluster has an address or subnet that may enter '{name}', so its firewall would keep everyone out",
            "write `subnets` (or `egress`, for a resource in another region) on the clusters, or network: endpoint",
        )
    yield from dict.fromkeys(rules)
    if firewall.deny:
        yield _filled(firewall.deny, resource)


def _rules(
    firewall: Firewall, resource: Resource, cluster: Cluster, facts: Environment[Any]
) -> Iterator[str]:
    if firewall.subnet and cluster.subnets:
        for subnet in cluster.subnets:
            yield _filled(firewall.subnet, resource, subnet=subnet.text)
        return
    here = (resource.location or facts.location) == (cluster.location or facts.location)
    # Storage ignores IP rules for callers of its own region. Source: Azure Storage, network security limitations.
    if firewall.ip is None or (resource.kind == "storage" and here):
        return
    for text in cluster.egress:
        block = IPv4Network(text)
        yield _filled(
            firewall.ip,
            resource,
            ip=text.removesuffix("/32"),
            rule=f"{cluster.name}_{text}".replace("-", "_").replace(".", "_").replace("/", "_"),
            first=str(block[0]),
            last=str(block[-1]),
        )


def _filled(command: str, resource: Resource, **words: str) -> str:
    every = {"id": resource.id.text, "name": resource.id.name, "group": resource.id.resource_group, **words}
    return command.format(**{word: shlex.quote(text) for word, text in every.items()})


def _impossible(key: str, message: str, fix: str) -> ResourceError:
    return ResourceError(Finding(rule="impossible-posture", key=key, message=message, fix=fix))
