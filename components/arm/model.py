"""The inputs of a posture as values: what the provider is handed is plain JSON, and this is its only reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Any

Json = dict[str, Any]


def normal(value: object) -> object:
    """The form in which two values are the same: without case, without a last slash, an address without its /32."""
    if not isinstance(value, str):
        return value
    text = value.strip().rstrip("/").casefold()
    try:
        return str(IPv4Network(text)).removesuffix("/32")
    except ValueError:
        return text


@dataclass(frozen=True)
class Rules:
    """Entries that an array must hold beside others'; `path` below `properties`, `key` the member that tells them apart.

    `limit` is how many entries Azure takes, others' included; None where nobody says.
    """

    path: str
    key: str
    entries: tuple[Mapping[str, Any], ...]
    limit: int | None = None

    def key_of(self, entry: Any) -> object:
        """What tells an entry from others."""
        return normal(entry.get(self.key)) if isinstance(entry, Mapping) else None


@dataclass(frozen=True)
class Required:
    """A property that must read one of `wanted`, None for an absent one, before anything is written."""

    path: str
    wanted: tuple[Any, ...]
    because: str


@dataclass(frozen=True)
class Patch:
    """What is set on one resource."""

    id: str
    version: str
    values: Mapping[str, Any]
    rules: tuple[Rules, ...]
    requires: tuple[Required, ...] = ()

    @property
    def key(self) -> str:
        """The id for comparing."""
        return str(normal(self.id))

    @property
    def sets_access(self) -> bool:
        """Whether it says who gets in from public networks."""
        return any(path.startswith(("publicNetworkAccess", "networkAcls.")) for path in self.values)

    @property
    def heads(self) -> tuple[str, ...]:
        """The members of `properties` that are touched: each is sent whole."""
        paths = [*self.values, *(rules.path for rules in self.rules)]
        return tuple(sorted({path.partition(".")[0] for path in paths}))


@dataclass(frozen=True)
class Child:
    """A child resource with the properties that it must have."""

    id: str
    version: str
    properties: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The id for comparing."""
        return str(normal(self.id))


@dataclass(frozen=True)
class Proof:
    """An endpoint that must be approved, and the zones that must hold its address."""

    endpoint: str
    zones: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """All inputs of one posture."""

    resource: str
    cloud: str
    patches: tuple[Patch, ...]
    children: tuple[Child, ...]
    proofs: tuple[Proof, ...]
    dns_timeout: float
    opens: bool = False
    """Whether the last child may go, after which everybody gets in."""

    def rules(self) -> Iterator[tuple[Patch, Rules, Mapping[str, Any]]]:
        """Every entry with where it belongs."""
        for patch in self.patches:
            for rules in patch.rules:
                for entry in rules.entries:
                    yield patch, rules, entry

    def canonical(self) -> object:
        """What two sets of inputs have in common when they ask for the same; how long to wait is no part of it."""
        return (
            self.cloud,
            sorted(
                (
                    patch.key,
                    patch.version,
                    sorted((path, str(normal(value))) for path, value in patch.values.items()),
                    sorted(
                        (rules.path, sorted(str(rules.key_of(entry)) for entry in rules.entries))
                        for rules in patch.rules
                    ),
                )
                for patch in self.patches
            ),
            sorted(
                (child.key, child.version, sorted((n, str(v)) for n, v in child.properties.items()))
                for child in self.children
            ),
            sorted((normal(proof.endpoint), sorted(map(normal, proof.zones))) for proof in self.proofs),  # type: ignore[type-var]
        )


def parse(props: Mapping[str, Any]) -> Wanted:
    """The inputs as values."""
    patches = tuple(
        Patch(
            one["id"],
            one["apiVersion"],
            one.get("values") or {},
            tuple(
                Rules(rules["path"], rules["key"], tuple(rules.get("entries") or ()), rules.get("limit"))
                for rules in one.get("rules") or ()
            ),
            tuple(
                Required(required["path"], tuple(required["wanted"]), required["because"])
                for required in one.get("requires") or ()
            ),
        )
        for one in props.get("patches") or ()
    )
    return Wanted(
        resource=props["resource"],
        cloud=props["cloud"],
        patches=patches,
        children=tuple(
            Child(one["id"], one["apiVersion"], one.get("properties") or {})
            for one in props.get("children") or ()
        ),
        proofs=tuple(
            Proof(one["endpoint"], tuple(one.get("zones") or ())) for one in props.get("proofs") or ()
        ),
        dns_timeout=float(props.get("dnsTimeout") or 0),
        opens=bool(props.get("opens")),
    )


@dataclass(frozen=True)
class Own:
    """Rules and children by what tells them apart: `(resource, path, entry)` in `normal` form, and children's ids.

    In a state: `{"rules": {id: {path: [entry]}}, "children": [id]}`, sorted.
    """

    rules: frozenset[tuple[str, str, str]] = frozenset()
    children: frozenset[str] = frozenset()

    def to_json(self) -> Json:
        """As it stands in inputs and state."""
        rules: dict[str, dict[str, list[str]]] = {}
        for resource, path, entry in sorted(self.rules):
            rules.setdefault(resource, {}).setdefault(path, []).append(entry)
        return {"rules": rules, "children": sorted(self.children)}

    @staticmethod
    def from_json(given: Mapping[str, Any] | None) -> Own:
        """What `to_json` gave."""
        rules = (given or {}).get("rules") or {}
        return Own(
            frozenset(
                (resource, path, entry)
                for resource, paths in rules.items()
                for path, entries in paths.items()
                for entry in entries
            ),
            frozenset((given or {}).get("children") or ()),
        )


def wanted_of(wanted: Wanted) -> Own:
    """Every rule and child that is wanted, whoever made it."""
    return Own(
        frozenset(
            (patch.key, rules.path, str(rules.key_of(entry))) for patch, rules, entry in wanted.rules()
        ),
        frozenset(child.key for child in wanted.children),
    )


def keys(names: Iterable[object]) -> str:
    """Names for a sentence."""
    return ", ".join(str(name) for name in names)
