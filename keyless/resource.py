"""Resource: a logical name that an environment maps to a real Azure resource, the base of every kind's other side."""

from typing import Annotated, ClassVar

from keyless.catalogue import Target, entry
from keyless.environment import ResourceFacts
from keyless.errors import ResourceError
from keyless.fields import arm_id_of
from keyless.finding import Finding
from keyless.plan import ArmId


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

    def zones(self, cloud: str) -> tuple[str, ...]:
        """Private DNS zones that this resource needs. Raises ResourceError where they are not known in `cloud`."""
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
        return found

    def group_ids(self) -> tuple[str, ...]:
        """The private link group ids: one endpoint each."""
        return self.facts.group_ids


def host(pattern_kind: str, target: str, cloud: str, field: str, **words: str) -> str:
    """The host of a resource from the catalogue's pattern. Raises ResourceError where it cannot be derived."""
    pattern = entry(pattern_kind).targets[target].hosts.get(cloud)
    if pattern is None:
        raise ResourceError(
            Finding(
                rule="unknown-host",
                key=field,
                message=f"the host of a {target} in the cloud '{cloud}' cannot be derived",
                fix=f"state it in the environment, as `{field}`",
            )
        )
    return pattern.format(**words)
