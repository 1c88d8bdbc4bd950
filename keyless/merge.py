"""Several uses of one target by one app are one grant, with the widest verb."""

from collections.abc import Sequence
from dataclasses import replace

from keyless.plan import Grant, RoleAssignment

VERBS = ("use", "read", "write")  # narrowest first


def clashing(grants: Sequence[Grant]) -> tuple[Grant, Grant] | None:
    """Two of the `grants` of one target that must each have a right of its own; None where one right does for all.

    What a waiver's role gives cannot be compared with what a verb gives, so the two must be the same right.
    """
    if len(grants) == 1:
        return None
    needed = [one for one in grants if _names_role(one)]
    widest = _widest(grants)
    if widest is not None:
        needed.append(widest)
    needed.sort(key=lambda grant: grant.uses)
    other = next((one for one in needed if _right(one) != _right(needed[0])), None)
    return None if other is None else (needed[0], other)


def merged(grants: Sequence[Grant]) -> Grant:
    """The one grant for all of `grants`, of one target. A waiver stays only where no use has its right without one."""
    if len(grants) == 1:
        return grants[0]
    widest = _widest(grants)
    named = [one for one in grants if _names_role(one)]
    uses = tuple(sorted(use for grant in grants for use in grant.uses))
    access = max((grant.access for grant in grants), key=VERBS.index)
    right = widest or max(named, key=lambda grant: VERBS.index(grant.access))
    waiver = right.waiver
    if waiver is not None:
        reasons = dict.fromkeys(grant.waiver.because for grant in grants if grant.waiver is not None)
        waiver = replace(waiver, because="; ".join(reasons))
    return replace(right, uses=uses, access=access, because=f"{access} for {', '.join(uses)}", waiver=waiver)


def _widest(grants: Sequence[Grant]) -> Grant | None:
    """The grant of the widest verb, of those whose right is the verb's own."""
    own = [one for one in grants if not _names_role(one)]
    return max(own, key=lambda grant: VERBS.index(grant.access), default=None)


def _names_role(grant: Grant) -> bool:
    return grant.waiver is not None and grant.waiver.role is not None


def _right(grant: Grant) -> str:
    return grant.role_id if isinstance(grant, RoleAssignment) else grant.policy
