"""Built-in policies: which audit or deny what a plan closes, and what of it each would flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyless.plan import BuiltInPolicy, Plan
from tests.keyless.doors import guarded


def about(plan: Plan, subject: str) -> list[BuiltInPolicy]:
    """The policies about one subject."""
    return [one for one in plan.policies if one.subject == subject]


@pytest.mark.parametrize(
    ("posture", "flagged"),
    [
        ({"network": "public", "keys": "allowed"}, {"keys", "public", "firewall"}),
        ({"network": "endpoint", "keys": "forbidden"}, {"public", "firewall"}),
        ({"network": "firewall", "keys": "forbidden"}, {"public"}),
        ({"network": "private", "keys": "allowed"}, {"keys"}),
        ({"network": "private", "keys": "forbidden"}, set()),
    ],
)
def test_a_policy_flags_what_is_still_open(
    posture: dict[str, str], flagged: set[str], tmp_path: Path
) -> None:
    plan = guarded(tmp_path, "storage", posture)
    assert {one.subject for one in plan.policies if one.flags} == flagged
    assert {one.flags for one in plan.policies if one.flags} <= {("orders",)}


def test_nothing_is_built_in_for_managed_redis_and_that_is_said(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "redis-managed", {})
    assert [(one.subject, one.definition) for one in plan.policies if one.kinds] == [
        ("keys", None),
        ("public", None),
    ]


def test_a_vault_is_asked_nothing_about_keys(tmp_path: Path) -> None:
    assert about(guarded(tmp_path, "keyvault", {}), "keys") == []


def test_policies_about_credentials_come_with_identities_alone(tmp_path: Path) -> None:
    assert len(about(guarded(tmp_path / "used", "storage", {}), "credentials")) == 3
    assert about(guarded(tmp_path / "unused", "storage", {}, used=False), "credentials") == []
