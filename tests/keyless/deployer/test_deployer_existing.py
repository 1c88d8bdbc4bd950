"""What the environment says exists is read by the deployer and left: no right to write, delete or grant there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyless.cli import main
from keyless.errors import PlanError
from tests.keyless.project import app, blob, facts, planned, write_project
from tests.keyless.test_existing import ASSIGNMENT, CACHE, IDENTITY, INVOICES, MANAGED, USES

WRITTEN = {"invoices": ASSIGNMENT, "cache": CACHE, "sessions": MANAGED}


def scopes_of(value: dict[str, Any], action: str) -> set[str]:
    """Where the deployer holds an action."""
    roles = {role["id"] for role in value["roles"] if action in role["actions"]}
    return {one["scope"].rpartition("/")[2] for one in value["assignments"] if one["role_id"] in roles}


def test_an_existing_grant_is_read_and_nothing_else(tmp_path: Path) -> None:
    override = {"checkout": {"identity": IDENTITY, "grants": WRITTEN}}
    root = write_project(tmp_path / "project", [app(uses=USES)], facts(apps=override))
    words = ["-C", str(root), "deployer", "payments.dev", "--group", "rg-deploy", "--format", "json"]
    value = json.loads(CliRunner().invoke(main, words).stdout)
    assert scopes_of(value, "Microsoft.Authorization/roleAssignments/write") == {"drafts"}
    assert scopes_of(value, "Microsoft.Authorization/roleAssignments/read") == {
        "drafts",
        INVOICES.rpartition("/")[2],
    }
    for cache in ("redis", "redisEnterprise/databases"):
        assert scopes_of(value, f"Microsoft.Cache/{cache}/accessPolicyAssignments/read")
        assert not scopes_of(value, f"Microsoft.Cache/{cache}/accessPolicyAssignments/write")
    assert not [one for one in value["remains"] if "any access policy" in one]


def test_a_prefix_beside_an_existing_grant_is_refused(tmp_path: Path) -> None:
    override = {"checkout": {"identity": IDENTITY, "grants": {"invoices": ASSIGNMENT}}}
    uses = {"invoices": blob(prefix="2026/")}
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, [app(uses=uses)], facts(apps=override))
    assert [one.rule for one in caught.value.findings] == ["grant-condition"]
