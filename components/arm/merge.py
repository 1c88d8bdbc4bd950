"""Reads, merges, writes and reads again, until what is wanted stands beside what others wrote.

None of these PATCHes takes an ETag, and arrays are replaced whole (facts-doors §0.3, §1.3): so every try begins with a read,
sends all members that the read gave, and ends with another read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.arm.client import Client, Properties
from components.arm.errors import ArmError, Busy
from components.arm.model import Patch, Rules, keys, normal

# How long another writer, or a scaling cache, may keep a resource busy.
BUSY_SECONDS = 1800.0
# Writes that other writers may undo before this gives up.
MOST_WRITES = 8
# Writes after which a value that did not stick is taken for one that something else sets back.
MOST_LOST_VALUES = 2
# A writer that read before us writes within about this time: what it lost of ours shows in another look.
LOOK_SECONDS = 1.0
MOST_LOOKS = 5

Removals = frozenset[tuple[str, str]]
"""Entries to take out: path and `normal` key."""


@dataclass(frozen=True)
class Applied:
    """What it took: the entries that had to be added, as path and key, and whether anything was written at all."""

    added: frozenset[tuple[str, str]]
    wrote: bool


def apply_all(client: Client, patches: Sequence[tuple[Patch, Removals]]) -> list[Applied]:
    """Bring every resource to what its patch asks for, and look again until a look finds nothing to do.

    A writer that had read before us would undo our rules after our last look.
    """
    done = [apply(client, patch, removals) for patch, removals in patches]
    unsettled = [index for index, one in enumerate(done) if one.wrote]
    for _ in range(MOST_LOOKS):
        if not unsettled:
            break
        client.sleep(LOOK_SECONDS)
        again = {index: apply(client, *patches[index]) for index in unsettled}
        for index, one in again.items():
            done[index] = Applied(done[index].added | one.added, True)
        unsettled = [index for index, one in again.items() if one.wrote]
    return done


def apply(client: Client, patch: Patch, removals: Removals = frozenset()) -> Applied:
    """Bring one resource to what `patch` asks for, taking `removals` out in the same call.

    Writes nothing where nothing is to be changed. Raises ArmError.
    """
    added: set[tuple[str, str]] = set()
    pauses = client.pauses(BUSY_SECONDS)
    writes = lost = 0
    wrote = False
    while True:
        try:
            current = _read(client, patch)
            wanted = merged(current, patch, removals)
            if wanted == current:
                return Applied(frozenset(added), wrote)
            _check_limits(patch, wanted)
            lost += bool(writes) and any(True for _ in _wrong_values(current, patch))
            if lost >= MOST_LOST_VALUES:
                raise ArmError(_does_not_stick(current, patch))
            if writes == MOST_WRITES:
                raise ArmError(
                    f"{patch.id}: other writers changed {keys(patch.heads)} after each of {writes} writes;"
                    " run `pulumi up` again when they are done"
                )
            missing = missing_entries(current, patch)
            writes += 1
            wrote = True
            client.write("PATCH", patch.id, patch.version, {"properties": wanted}, BUSY_SECONDS)
            added |= missing
        except Busy as busy:
            pauses.outwait(busy)
            # The try did not count: nothing of it is known to have happened.
            writes = max(0, writes - 1)


def remove(client: Client, patch: Patch, removals: Removals) -> None:
    """Take entries out and change nothing else; `patch` tells where and by which member."""
    apply_all(client, [(Patch(patch.id, patch.version, {}, tuple(_emptied(patch.rules))), removals)])


def merged(current: Properties, patch: Patch, removals: Removals = frozenset()) -> Properties:
    """The touched members of `properties` as they must be sent: whole, with all that others wrote, in its order.

    Equal to `current` where nothing is to be changed.
    """
    result = copy.deepcopy(current)
    for path, value in patch.values.items():
        if not same(read_path(result, path), value):
            _set_path(result, path, value)
    for rules in patch.rules:
        found = read_path(result, rules.path)
        entries = found if isinstance(found, list) else []
        kept = [entry for entry in entries if (rules.path, rules.key_of(entry)) not in removals]
        present = {rules.key_of(entry) for entry in kept}
        new = [dict(entry) for entry in rules.entries if rules.key_of(entry) not in present]
        if new or len(kept) != len(entries):
            _set_path(result, rules.path, [*kept, *new])
    return result


def missing_entries(current: Properties, patch: Patch) -> frozenset[tuple[str, str]]:
    """The wanted entries that are not there, as path and key."""
    return frozenset(
        (rules.path, str(rules.key_of(entry)))
        for rules in patch.rules
        for entry in rules.entries
        if rules.key_of(entry) not in {rules.key_of(one) for one in read_path(current, rules.path) or ()}
    )


def differences(current: Properties, patch: Patch) -> list[str]:
    """How a resource differs from what is wanted, in words, sorted."""
    lacking = (f"{path} lacks {entry}" for path, entry in missing_entries(current, patch))
    return sorted([*_wrong_values(current, patch), *lacking])


def read_path(properties: Mapping[str, Any], path: str) -> Any:
    """The member at a dotted path, None where there is none."""
    found: Any = properties
    for word in path.split("."):
        found = found.get(word) if isinstance(found, Mapping) else None
    return found


def same(left: object, right: object) -> bool:
    """Whether two values are one to Azure, which ignores case."""
    return type(left) is type(right) and normal(left) == normal(right)


def _read(client: Client, patch: Patch) -> Properties:
    return client.settled(patch.id, patch.version, patch.heads, BUSY_SECONDS)


def _emptied(rules: tuple[Rules, ...]) -> Iterator[Rules]:
    for one in rules:
        yield Rules(one.path, one.key, ())


def _set_path(properties: Properties, path: str, value: Any) -> None:
    *words, last = path.split(".")
    place = properties
    for word in words:
        # A member that is null is as good as none.
        if not isinstance(place.get(word), dict):
            place[word] = {}
        place = place[word]
    place[last] = value


def _wrong_values(current: Properties, patch: Patch) -> Iterator[str]:
    for path, value in patch.values.items():
        found = read_path(current, path)
        if not same(found, value):
            yield f"{path} is {_word(found)}, not {_word(value)}"


def _word(value: object) -> str:
    # Only words and truth values are shown: what a member holds otherwise is nobody's business.
    return str(value) if isinstance(value, str | bool) else "unset" if value is None else "something else"


def _check_limits(patch: Patch, wanted: Properties) -> None:
    for rules in patch.rules:
        entries = read_path(wanted, rules.path) or []
        if rules.limit is not None and len(entries) > rules.limit:
            raise ArmError(
                f"{patch.id}: {rules.path} would hold {len(entries)} entries, others' included, and Azure takes"
                f" {rules.limit}\nfix: take out entries that nobody needs, or use a private endpoint"
            )


def unmet(client: Client, patch: Patch) -> list[str]:
    """What must hold before `patch` is written and does not, in words."""
    if not patch.requires:
        return []
    current = client.get(patch.id, patch.version, {one.path.partition(".")[0] for one in patch.requires})
    return [
        f"{one.path} is {_word(found)}: {one.because}"
        for one in patch.requires
        if not any(same(found := read_path(current, one.path), value) for value in one.wanted)
    ]


def check_required(client: Client, patch: Patch) -> None:
    """Raise ArmError where something must hold before `patch` is written and does not."""
    found = unmet(client, patch)
    if found:
        wanted = (f"{one.path} = {_words(one.wanted)}" for one in patch.requires)
        raise ArmError(
            f"{patch.id} is left as it is: {'; '.join(found)}\nfix: see to it first that {', '.join(wanted)}"
        )


def _words(values: Sequence[object]) -> str:
    return " or ".join(map(_word, values))


def _does_not_stick(current: Properties, patch: Patch) -> str:
    return (
        f"{patch.id}: was written and did not stick: {keys(_wrong_values(current, patch))}\n"
        "fix: a Modify policy, or another tool, sets it back; find the policy with"
        f" `az policy state list --resource {patch.id}` and ask its owner for an exemption"
    )
