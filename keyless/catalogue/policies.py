"""Azure's built-in policy definitions: what audits or denies keys and public access, what writes zone groups, what is a trap."""

from collections.abc import Mapping
from functools import cache

from pydantic import TypeAdapter

from keyless.catalogue import read_facts
from keyless.environment import Frozen
from keyless.plan import PolicySubject


class Definition(Frozen):
    """A definition that audits or denies; `effects` are what its parameter takes, the default first."""

    type: str
    subject: PolicySubject
    name: str
    id: str
    effects: tuple[str, ...]
    effect_parameter: str = "effect"
    note: str | None = None


class Missing(Frozen):
    """A subject for which no definition exists on an ARM type."""

    type: str
    subject: PolicySubject


class Trap(Frozen):
    """A definition that does more or other than its name says."""

    type: str
    id: str
    name: str
    because: str


class ZonePolicy(Frozen):
    """A definition that writes the zone group of an endpoint; `short` says what it leaves out."""

    name: str
    id: str
    short: str | None = None


class Policies(Frozen):
    """The data file."""

    source: str
    read: str
    definitions: tuple[Definition, ...]
    none: tuple[Missing, ...]
    credentials: tuple[Definition, ...]
    traps: tuple[Trap, ...]
    zones: Mapping[str, ZonePolicy]


@cache
def policies() -> Policies:
    """Every definition that is known. Raises CatalogueError where the data file is wrong."""
    return read_facts("policies.yaml", TypeAdapter(Policies))


def zone_policy(group_id: str) -> ZonePolicy:
    """What writes the zone groups of endpoints with the private link group `group_id`."""
    return policies().zones[group_id]
