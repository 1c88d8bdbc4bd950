"""Uses of one target are one grant: with the widest verb, and with a waiver only where a right needs it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from keyless.plan import RoleAssignment
from tests.keyless.project import app, apps_of, blob, planned

CONTRIBUTOR, OWNER = "Storage Blob Data Contributor", "Storage Blob Data Owner"


def _role(role: str, because: str = "sets ACLs") -> dict[str, Any]:
    return {"waiver": {"role": role, "because": because}}


def _account(because: str = "lists containers") -> dict[str, Any]:
    return {"waiver": {"scope": "account", "because": because}}


# The uses of one container, and what they come to: role, verb, reason of the waiver; None where they cannot be one grant.
CASES: dict[str, tuple[list[dict[str, Any]], tuple[str, str, str | None] | None]] = {
    "a waiver for what another use has anyway": (
        [blob("write"), blob("read", **_role(CONTRIBUTOR))],
        (CONTRIBUTOR, "write", None),
    ),
    "the same with a third, narrower use": (
        [blob("read", **_role(CONTRIBUTOR)), blob("read"), blob("write")],
        (CONTRIBUTOR, "write", None),
    ),
    "two waivers of one role": (
        [blob("read", **_role(OWNER, "one")), blob("write", **_role(OWNER, "two"))],
        (OWNER, "write", "one; two"),
    ),
    "two of the account": (
        [blob("read", **_account("one")), blob("write", **_account("two"))],
        (CONTRIBUTOR, "write", "one; two"),
    ),
    "a waiver beside a plain use": ([blob("read"), blob("read", **_role(CONTRIBUTOR))], None),
    "a waiver above the widest verb": ([blob("write"), blob("write", **_role(OWNER))], None),
    "two roles": ([blob("read", **_role(CONTRIBUTOR)), blob("read", **_role(OWNER))], None),
}


@pytest.mark.parametrize("case", CASES)
def test_one_target_is_one_grant_in_whatever_order(tmp_path: Path, case: str) -> None:
    uses, expected = CASES[case]
    for number, order in enumerate(permutations(uses)):
        apps = [app(uses={f"u{index}": use for index, use in enumerate(order)})]
        if expected is None:
            with pytest.raises(PlanError) as caught:
                planned(tmp_path / str(number), apps)
            assert [one.rule for one in caught.value.findings] == ["mixed-waiver"]
            continue
        (grant,) = apps_of(planned(tmp_path / str(number), apps))["checkout"].grants
        assert isinstance(grant, RoleAssignment)
        role, access, because = expected
        assert (grant.role, grant.access) == (role, access)
        assert len(grant.uses) == len(uses)
        reasons = None if grant.waiver is None else sorted(grant.waiver.because.split("; "))
        assert reasons == (None if because is None else because.split("; "))
