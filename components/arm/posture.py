"""What is done for one posture: close or open as wanted, look for drift, take back what was added.

Whatever a posture finds in place stays its maker's: only rules and children that were added here are ever taken away, values
are never set back, and a resource is never deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from components.arm import children, merge
from components.arm.client import Client
from components.arm.errors import NotFound
from components.arm.merge import Removals
from components.arm.model import Child, Own, Patch, Rules, Wanted, wanted_of
from components.arm.proofs import await_proofs


def find_present(client: Client, wanted: Wanted, new: Own) -> Own:
    """Which of the `new` rules and children stand there already, so that they are never taken for ours.

    Raises NotFound where a resource is gone, and ArmError for a child of other properties.
    """
    rules: set[tuple[str, str, str]] = set()
    for patch in wanted.patches:
        if not any(resource == patch.key for resource, _, _ in new.rules):
            continue
        current = client.get(patch.id, patch.version, patch.heads)
        lacking = merge.missing_entries(current, patch)
        rules |= {one for one in new.rules if one[0] == patch.key and (one[1], one[2]) not in lacking}
    there = {child.key for child in wanted.children if child.key in new.children and _stands(client, child)}
    return Own(frozenset(rules), frozenset(there))


def establish(client: Client, wanted: Wanted, old: Wanted | None, old_own: Own, found: Own) -> Own:
    """Make the resources what `wanted` says, without what `old_own` has and `wanted` lacks; gives what is ours now.

    Where it says who gets in, or takes a way in away, it writes nothing before every proof holds. Raises ArmError.
    """
    asked = wanted_of(wanted)
    before = wanted_of(old) if old else Own()
    obsolete = Own(old_own.rules - asked.rules, old_own.children - asked.children)
    # Rules that go are a way in that somebody may be using: not before the private one is proven.
    if obsolete != Own() or any(patch.sets_access for patch in wanted.patches):
        await_proofs(client, wanted)
    for patch in wanted.patches:
        merge.check_required(client, patch)
    own = set(old_own.rules & asked.rules) | (asked.rules - before.rules - found.rules)
    applied = merge.apply_all(client, [(patch, _removals(obsolete, patch)) for patch in wanted.patches])
    for patch, one in zip(wanted.patches, applied, strict=True):
        own |= {(patch.key, path, entry) for path, entry in one.added}
    for child in wanted.children:
        children.put(client, child)
    stayed: frozenset[str] = frozenset()
    if old is not None:
        kept = {patch.key: {rules.path for rules in patch.rules} for patch in wanted.patches}
        _take_rules(client, old, obsolete, kept)
        stayed = _take_children(client, old, obsolete, wanted.opens)
    new_children = (old_own.children & asked.children) | (asked.children - before.children - found.children)
    return Own(frozenset(own), frozenset(new_children | stayed))


def take_back(client: Client, wanted: Wanted, own: Own) -> None:
    """Take away the rules and children that are ours. Doors and keys stay as they are. Raises ArmError."""
    _take_rules(client, wanted, own, {})
    _take_children(client, wanted, own, opens=False)


def find_drift(client: Client, wanted: Wanted) -> list[str]:
    """How the resources differ from what was wanted, in words, sorted. Raises NotFound where one is gone."""
    found: list[str] = []
    for patch in wanted.patches:
        current = client.get(patch.id, patch.version, patch.heads)
        found += [f"{patch.id}: {one}" for one in merge.differences(current, patch)]
        found += [f"{patch.id}: {one}" for one in merge.unmet(client, patch)]
    for child in wanted.children:
        is_there = children.is_there(client, child)
        if not is_there:
            found.append(f"{child.id} is {'gone' if is_there is None else 'changed'}")
    return sorted(found)


def _stands(client: Client, child: Child) -> bool:
    is_there = children.is_there(client, child)
    if is_there is False:
        raise ValueError(
            f"{child.id} exists with other properties and is not overwritten; fix: delete it, or rename it"
        )
    return bool(is_there)


def _removals(own: Own, patch: Patch) -> Removals:
    """What of `own` is to be taken out of lists that `patch` writes anyway."""
    paths = {rules.path for rules in patch.rules}
    return frozenset((path, entry) for key, path, entry in own.rules if key == patch.key and path in paths)


def _take_rules(client: Client, old: Wanted, own: Own, done: Mapping[str, set[str]]) -> None:
    """Take `own` out, but for the lists of `done`, which are written already; a resource that is gone is fine."""
    for patch in old.patches:
        left = tuple(_left(patch.rules, done.get(patch.key, set())))
        only = Patch(patch.id, patch.version, {}, left)
        removals = _removals(own, only)
        if removals:
            try:
                merge.remove(client, only, removals)
            except NotFound:
                continue


def _left(rules: tuple[Rules, ...], done: set[str]) -> Iterator[Rules]:
    for one in rules:
        if one.path not in done:
            yield one


def _take_children(client: Client, known: Wanted, own: Own, opens: bool) -> frozenset[str]:
    """Delete our children; unless the posture opens, not the last of its kind: without any, everybody gets in.

    Gives those that had to stay, which remain ours.
    """
    kept: set[str] = set()
    for key in sorted(own.children):
        child = Child(key, _version_of(known, key), {})
        if opens or children.has_siblings(client, child):
            children.delete(client, child)
        else:
            kept.add(key)
    return frozenset(kept)


def _version_of(known: Wanted, key: str) -> str:
    """The api-version of a child: its own, or that of the resource above it where it is wanted no longer."""
    own = [child.version for child in known.children if child.key == key]
    above = [patch.version for patch in known.patches if key.startswith(f"{patch.key}/")]
    return [*own, *above][0]
