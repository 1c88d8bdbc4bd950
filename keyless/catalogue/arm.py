"""What a posture comes to on each ARM type: property paths, forms of rules, limits, what closing cuts off, owners' lines."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import Field, TypeAdapter

from keyless.catalogue import read_facts
from keyless.environment import Frozen
from keyless.plan import Keys, Network

Value = bool | str


class Required(Frozen):
    """A property that must read one of `wanted` before it is safe to write; null: it is absent."""

    path: str
    wanted: tuple[Value | None, ...]
    because: str


class NetworkFacts(Frozen):
    """Values by property path for each way of being reached; a word that is missing cannot be had on the type."""

    public: Mapping[str, Value]
    firewall: Mapping[str, Value] | None = None
    private: Mapping[str, Value]
    requires: tuple[Required, ...] = ()

    def values(self, network: Network) -> Mapping[str, Value]:
        """What `network` sets; nothing for `endpoint`, which leaves public access as it is."""
        known = {"public": self.public, "firewall": self.firewall, "private": self.private}
        return known.get(network) or {}


class KeyFacts(Frozen):
    """Values that allow and forbid keys; `child` is where they stand, such as `databases/default`."""

    child: str | None = None
    allowed: Mapping[str, Value]
    forbidden: Mapping[str, Value]
    requires: tuple[Required, ...] = ()

    def values(self, keys: Keys) -> Mapping[str, Value]:
        """What `keys` sets."""
        return self.allowed if keys == "allowed" else self.forbidden


class AddressRules(Frozen):
    """Rules for IPv4 addresses: an array at `path` whose entries differ by `key`, or children of the type `child`.

    `limit` is how many Azure takes, null where that is not known. `single` is how a single address is written: `bare` where Azure refuses /31 and /32, else `prefixed`.
    `own_region` is False where the rules are ignored for callers in the resource's own region.
    """

    path: str | None = None
    key: str | None = None
    child: str | None = None
    entry: Mapping[str, str]
    limit: int | None
    single: Literal["bare", "prefixed"] = "bare"
    own_region: bool


class SubnetRules(Frozen):
    """Rules for subnets; a subnet needs `service_endpoint` for its rule to be taken."""

    path: str
    key: str
    entry: Mapping[str, str]
    limit: int
    service_endpoint: str


class CutsOff(Frozen):
    """Who is shut out by each step."""

    firewall: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


class Terraform(Frozen):
    """The owner's own lines in azurerm.

    `{addresses}` and `{subnets}` are lists, and their lines are left out where there are none; a line with
    `{subnet}` or `{rule}` stands once for each subnet or address.
    """

    resource: str
    firewall: tuple[str, ...] = ()
    private: tuple[str, ...]
    forbidden: tuple[str, ...] = ()
    warn_private: tuple[str, ...] = ()
    warn_forbidden: tuple[str, ...] = ()


class ArmType(Frozen):
    """One ARM type. `services` are the private link groups of an account that serves several."""

    api_version: str
    network: NetworkFacts
    keys: KeyFacts | None = None
    addresses: AddressRules | None = None
    subnets: SubnetRules | None = None
    services: tuple[str, ...] = ()
    cuts_off: CutsOff
    terraform: Terraform


class ArmFacts(Frozen):
    """The data file: where it comes from, when it was read, and the types."""

    source: str
    read: str
    types: Mapping[str, ArmType] = Field(min_length=1)


@cache
def arm_facts() -> ArmFacts:
    """Every type there is. Raises CatalogueError where the data file is wrong."""
    return read_facts("arm.yaml", TypeAdapter(ArmFacts))


def arm_type(name: str) -> ArmType:
    """The facts of the ARM type `name`, such as `Microsoft.Storage/storageAccounts`."""
    return arm_facts().types[name]


def child_rules(name: str) -> str | None:
    """The type of the children that are the firewall rules of the ARM type `name`; None where it has none."""
    found = arm_facts().types.get(name)
    child = found.addresses.child if found is not None and found.addresses is not None else None
    return None if child is None else f"{name}/{child}"
