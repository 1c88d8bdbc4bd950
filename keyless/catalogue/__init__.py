"""The facts of Azure that kinds decide with: roles, hosts, ports, zones, commands; one data file a kind.

A file states where its facts come from and when they were read. Nothing else in Keyless holds a role, a host
or a zone name.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from keyless.environment import Frozen
from keyless.errors import CatalogueError
from keyless.finding import Finding
from keyless.source import parse_document

T = TypeVar("T")

KINDS = ("blob", "foundry", "keyvault", "openai", "redis")


class Role(Frozen):
    """An Azure role or, without an id, a Redis access policy. `wider` says why it is more than its verb asks."""

    name: str
    id: str | None = None
    wider: str | None = None


class Firewall(Frozen):
    """Commands that let an address or a subnet in, and that turn all others away; None where there is none."""

    ip: str | None
    subnet: str | None
    deny: str | None


class Audit(Frozen):
    """The logs that say who used a resource: `of` is the child that they belong to, such as `blobServices/default`.

    `dedicated` asks for tables of the service's own; `table` is where the rows arrive. `answers` says how far they tell
    who read what, and who still uses a key. `rows` and `by_key` are KQL: the rows of the resources in `{names}` or `{ids}`
    with the columns Resource, Principal, Operation, What, Caller and Client, and of these rows the ones that a key let in;
    None where no row tells.
    """

    of: str | None
    categories: tuple[str, ...]
    dedicated: bool
    table: str
    answers: str
    rows: str | None
    by_key: str | None


class Target(Frozen):
    """Facts of one type of Azure resource. Hosts and zones by cloud; `{name}` and `{subdomain}` are filled in.

    `other_hosts` are what else may be stated for such a resource; its other words in braces are any one label.
    `keys_off_ends` says what turning keys off ends, beside clients that use a key.
    """

    type: str
    hosts: Mapping[str, str]
    other_hosts: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    port: int
    group_ids: tuple[str, ...]
    zones: Mapping[str, Mapping[str, tuple[str, ...]]]
    """By cloud, the private DNS zones of each private link group."""
    close: str
    keys_off: str | None
    keys_off_ends: str | None = None
    firewall: Firewall | None
    roles_on: str | None = None
    """The command that makes a resource with access rules of its own decide by roles."""
    driver_clouds: Mapping[str, str] = Field(default_factory=dict)
    """What the Secrets Store CSI driver's Azure provider calls a cloud, where it must be told."""
    audit: Audit


class PathFacts(Frozen):
    """Actions and attributes by which a condition holds a role to paths; `wider` says by scope what it cannot hold."""

    source: str
    read: str
    listing: str
    write: tuple[str, ...]
    path: str
    prefix: str
    container: str
    wider: Mapping[str, str]


class Entry(Frozen):
    """One kind: verbs to roles, narrowest first in `verbs`; `waivers` are the roles that a waiver may name, narrowest first; both by kind of resource.

    `scope` is the token scope by cloud: none where it is not known.
    `leaks` are names of variables that hold a key, `*` for any characters, case aside; `secret_leaks` those that do where a
    Secret gives them. `leaking_values` are regular expressions of values that hold one; their group `name`, where it
    matches, is the resource's name in Azure.
    """

    source: str
    read: str
    scope: Mapping[str, str]
    verbs: tuple[str, ...]
    roles: Mapping[str, Mapping[str, Role]]
    waivers: Mapping[str, tuple[Role, ...]]
    targets: Mapping[str, Target]
    leaks: tuple[str, ...]
    secret_leaks: tuple[str, ...] = ()
    leaking_values: tuple[str, ...] = ()
    paths: PathFacts | None = None


class Rights(Frozen):
    """Actions that one thing asks of whoever makes it; `delete` those to take it away again."""

    always: tuple[str, ...]
    delete: tuple[str, ...] = ()


class RightsFile(Frozen):
    """Rights by thing, with their source."""

    source: str
    read: str
    rights: Mapping[str, Rights]


class Refused(Frozen):
    """A role that no app gets, waiver or not, and the reason."""

    name: str
    id: str
    because: str


@cache
def entry(kind: str) -> Entry:
    """The facts of `kind`. Raises CatalogueError where the data file is wrong."""
    return read_facts(f"{kind}.yaml", TypeAdapter(Entry))


@cache
def refused() -> tuple[Refused, ...]:
    """Roles that are refused whatever a waiver says."""
    return read_facts("refused.yaml", TypeAdapter(tuple[Refused, ...]))


@cache
def _rights() -> RightsFile:
    return read_facts("rights.yaml", TypeAdapter(RightsFile))


def right(thing: str) -> Rights:
    """What making a `thing` of rights.yaml needs."""
    return _rights().rights[thing]


def read_facts(name: str, shape: TypeAdapter[T]) -> T:
    """What the data file `name` of this folder holds. Raises CatalogueError where it is wrong."""
    raw = resources.files("keyless.catalogue").joinpath(name).read_bytes()
    try:
        return shape.validate_python(parse_document(raw, f"catalogue/{name}").value, strict=False)
    except ValidationError as error:
        raise CatalogueError(
            Finding(rule="catalogue", message=str(error), fix="mend the data file", file=f"catalogue/{name}")
        ) from None
