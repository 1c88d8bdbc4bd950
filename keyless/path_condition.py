"""The condition of a role assignment that holds blobs to paths (Azure ABAC, version 2.0). Pure text from plain values.

A condition names actions: what it does not name passes. So reading, listing and each way of writing is named, and what
no condition can hold is said beside the grant. Source: azure-docs, storage-auth-abac-attributes, read 2026-11.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from keyless.catalogue import PathFacts
from keyless.plan import RoleAssignment

MAX_BYTES = 8 * 1024  # azure-docs, conditions-faq


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Blobs whose path begins with `prefix`; `container` is empty where the scope of the grant is the container."""

    container: str
    prefix: str


@dataclass(frozen=True, slots=True)
class PathLimit:
    """Where a grant may read and list, and where it may write; None for its whole scope.

    `write` is empty where the role writes nothing. What is written may be read as well, so `read` holds it too.
    """

    read: tuple[Place, ...] | None
    write: tuple[Place, ...] | None


def joined(one: PathLimit, other: PathLimit) -> PathLimit:
    """What two uses of one target come to: no limit of one takes away what the other needs."""
    return PathLimit(_union(one.read, other.read), _union(one.write, other.write))


def _union(one: tuple[Place, ...] | None, other: tuple[Place, ...] | None) -> tuple[Place, ...] | None:
    if one is None or other is None:
        return None
    places = sorted({*one, *other})
    return tuple(place for place in places if not any(_holds(wider, place) for wider in places))


def _holds(wider: Place, place: Place) -> bool:
    return wider != place and wider.container == place.container and place.prefix.startswith(wider.prefix)


def limited(grant: RoleAssignment, limit: PathLimit, facts: PathFacts) -> RoleAssignment:
    """`grant` under the condition that `limit` asks for; as it is where it asks for none."""
    blocks: list[str] = []
    if limit.read is not None:
        path, listing = f"@Resource[{facts.path}]", f"@Request[{facts.prefix}]"
        for actions, attribute in (
            (f"ActionMatches{{'{facts.read}'}} AND NOT SubOperationMatches{{'{facts.listing}'}}", path),
            (f"ActionMatches{{'{facts.read}'}} AND SubOperationMatches{{'{facts.listing}'}}", listing),
        ):
            blocks.append(f"((!({actions})) OR {_begins(attribute, limit.read, facts)})")
    if limit.write:
        actions = " AND ".join(f"!(ActionMatches{{'{action}'}})" for action in facts.write)
        blocks.append(f"(({actions}) OR {_begins(f'@Resource[{facts.path}]', limit.write, facts)})")
    if not blocks:
        return grant
    wider = grant.wider
    if limit.write:
        reason = facts.wider["account" if limit.write[0].container else "container"]
        wider = reason if wider is None else f"{wider}; {reason}"
    return replace(grant, condition=" AND ".join(blocks), only=in_words(limit), wider=wider)


def _begins(attribute: str, places: Sequence[Place], facts: PathFacts) -> str:
    """`(a OR b)`, and `((a OR b) OR c)`: three beside each other without parentheses are refused."""
    text = ""
    for place in places:
        begins = f"{attribute} StringStartsWith '{place.prefix}'"
        if place.container:
            begins = f"(@Resource[{facts.container}] StringEquals '{place.container}' AND {begins})"
        text = f"({text} OR {begins})" if text else begins
    return text if text.startswith("(") else f"({text})"


def in_words(limit: PathLimit) -> str:
    """`only below a/, b/`, or what is read and what is written where they differ."""
    if limit.read is not None and limit.write in ((), limit.read):
        return f"only below {_listed(limit.read)}"
    read = "reads everything" if limit.read is None else f"reads below {_listed(limit.read)}"
    write = "writes everywhere" if limit.write is None else f"writes below {_listed(limit.write)}"
    return f"{read}, {write}"


def _listed(places: Iterable[Place]) -> str:
    return ", ".join(
        f"{place.container}/{place.prefix}" if place.container else place.prefix for place in places
    )


def too_long(grant: RoleAssignment) -> int | None:
    """The length of the grant's condition in bytes where Azure would refuse it."""
    size = len((grant.condition or "").encode())
    return size if size > MAX_BYTES else None
