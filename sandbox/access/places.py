"""Where a caller stands: what its network is, which address it comes from, and whose DNS it asks."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.azure import ids
from sandbox.project import Mapping, Project, as_mapping


@dataclass(frozen=True)
class Place:
    """One source of packets: a subnet with the public address that its traffic leaves from."""

    name: str
    network: str | None = None
    """The virtual network whose DNS it asks; None asks public DNS."""
    subnet: str | None = None
    address: str | None = None
    """The public IPv4 address; None is any address that no rule names."""
    region: str | None = None
    own_resolvers: bool = False
    """Whether its network may ask zones that no link leads to, by resolvers of the platform's own."""


INTERNET = Place("the internet")


def of_cluster(project: Project, cluster: Mapping) -> list[Place]:
    """Every source that pods of the cluster may have: each node subnet with each egress address.

    Without stated subnets the nodes are taken to be in the environment's network.
    """
    network = as_mapping(project.facts.get("network"))
    stated = [str(one) for one in cluster.get("subnets") or ()]
    home = ids.parent(str(network["subnet"])) if network.get("subnet") else None
    sources: list[tuple[str | None, str | None]] = [(ids.parent(one), one) for one in stated]
    addresses: list[str | None] = [str(one) for one in cluster.get("egress") or ()]
    return [
        Place(
            name=f"cluster {cluster.get('name')}",
            network=of,
            subnet=subnet,
            address=address,
            region=str(cluster.get("location") or project.facts.get("location")),
            own_resolvers=network.get("zones") != "managed",
        )
        for of, subnet in sources or [(home, None)]
        for address in addresses or [None]
    ]
