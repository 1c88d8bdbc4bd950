"""Resource: a logical name that an environment maps to a real Azure resource, the base of every kind's other side."""

import re
from collections.abc import Iterator
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from keyless.catalogue import Target, entry
from keyless.catalogue.arm import ArmType, arm_type
from keyless.environment import ResourceFacts
from keyless.errors import ResourceError
from keyless.fields import arm_id_of
from keyless.finding import Finding
from keyless.plan import ArmId, Precondition


class Resource(ResourceFacts):
    """What every resource has, whatever its kind; a kind adds its own, and says which uses it serves."""

    serves: ClassVar[tuple[str, ...]]
    catalogued: ClassVar[str]
    kind: str
    """What it is."""
    id: Annotated[ArmId, arm_id_of()]
    """The ARM id of the Azure resource."""

    @property
    def facts(self) -> Target:
        """What the catalogue knows of this type of resource."""
        return entry(self.catalogued).targets[self.kind]

    @property
    def arm(self) -> ArmType:
        """What the catalogue knows of its ARM type: what a posture sets there."""
        return arm_type(self.facts.type)

    def zones(self, cloud: str, group_id: str) -> tuple[str, ...]:
        """Private DNS zones that the endpoint of `group_id` needs. Raises ResourceError where unknown in `cloud`."""
        found = self.facts.zones.get(cloud)
        if found is None:
            raise ResourceError(
                Finding(
                    rule="unknown-zone",
                    key="network",
                    message=f"the private DNS zones of {self.kind} in the cloud '{cloud}' are not known",
                    fix="write network: public or firewall",
                )
            )
        return found[group_id]

    def preconditions(self) -> tuple[Precondition, ...]:
        """What must read as the entry says before its network is touched, beyond what holds for the whole type."""
        return ()

    def group_ids(self) -> tuple[str, ...]:
        """The private link group ids: one endpoint each."""
        return self.facts.group_ids


def custom_subdomain(account: Resource, cloud: str) -> str:
    """The custom subdomain of an OpenAI or AIServices account: of its stated endpoint, else the account's name.

    Raises ResourceError where the endpoint is no host of such an account: a client would send its token there.
    """
    stated: str | None = getattr(account, "endpoint", None)
    if stated is None:
        return account.id.name.lower()
    host_name = urlsplit(stated).hostname or ""
    suffixes = sorted({pattern.removeprefix("{subdomain}") for pattern in _account_hosts(cloud)})
    for suffix in suffixes:
        subdomain = host_name.removesuffix(suffix)
        if subdomain != host_name and re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", subdomain):
            return subdomain
    raise ResourceError(
        Finding(
            rule="foreign-endpoint",
            key="endpoint",
            message=f"'{host_name}' is not the host of an OpenAI or AIServices account in the cloud '{cloud}'",
            fix="write https://<subdomain> and one of: " + ", ".join(suffixes),
        )
    )


def _account_hosts(cloud: str) -> Iterator[str]:
    for kind in ("openai", "foundry"):
        for target in entry(kind).targets.values():
            yield from target.other_hosts.get(cloud, ())
            if cloud in target.hosts:
                yield target.hosts[cloud]


def host(pattern_kind: str, target: str, cloud: str, field: str, **words: str) -> str:
    """The host of a resource from the catalogue's pattern. Raises ResourceError where it cannot be derived."""
    pattern = entry(pattern_kind).targets[target].hosts.get(cloud)
    if pattern is None:
        raise ResourceError(
            Finding(
                rule="unknown-host",
                key=field,
                message=f"the host of a {target} in the cloud '{cloud}' cannot be derived",
                fix=f"state it in the environment, as `{field}`"
                if field == "host"
                else "use another kind there",
            )
        )
    return pattern.format(**words)
