"""The facts of Azure's built-in policies: each definition once, and none that is a trap."""

from __future__ import annotations

import uuid

from keyless.catalogue.arm import arm_facts
from keyless.catalogue.policies import policies

KNOWN = policies()
ASSIGNED = (*KNOWN.definitions, *KNOWN.credentials)


def test_every_id_is_a_guid_and_stands_once() -> None:
    ids = [one.id for one in (*ASSIGNED, *KNOWN.traps, *KNOWN.zones.values())]
    assert [str(uuid.UUID(one)) for one in ids] == ids
    assert len(set(ids)) == len(ids)


def test_what_is_assigned_only_audits_or_denies() -> None:
    assert {one.effects for one in ASSIGNED} == {("Audit", "Deny")}


def test_every_type_has_a_definition_or_says_that_there_is_none() -> None:
    covered = {(one.type, one.subject) for one in (*KNOWN.definitions, *KNOWN.none)}
    for name, arm in arm_facts().types.items():
        assert (name, "keys") in covered or arm.keys is None
        assert (name, "public") in covered or (name, "firewall") in covered


def test_a_trap_says_why() -> None:
    assert all(trap.because for trap in KNOWN.traps)
    assert {trap.type for trap in KNOWN.traps} <= set(arm_facts().types)
