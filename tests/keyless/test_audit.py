"""The audit of an environment: which logs of which resource, in whose stack, or what is left to the platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.plan import DiagnosticSetting, Plan
from keyless.render.plan_table import render_plan_table
from tests.keyless.project import DATA, RESOURCES, app, blob, facts, planned

WORKSPACE = f"{DATA}/Microsoft.OperationalInsights/workspaces/log-shop"
USES: dict[str, Any] = {
    "invoices": blob(),
    "fast": {"kind": "redis", "cache": "cache", "access": "read"},
    "sessions": {"kind": "redis", "cache": "sessions", "access": "write"},
    "chat": {"kind": "openai", "account": "assistant", "deployment": "gpt-4o", "access": "use"},
    "agent": {"kind": "foundry", "account": "agents", "project": "fraud", "access": "use"},
    "seal": {"kind": "keyvault", "vault": "vault", "secret": "seal", "access": "read"},
}
# By resource: what the logs belong to below its id, the categories, and whether the tables are the service's own.
LOGS = {
    "orders": ("/blobServices/default", ("StorageDelete", "StorageRead", "StorageWrite"), False),
    "cache": ("", ("ConnectedClientList", "MSEntraAuthenticationAuditLog"), True),
    "sessions": ("/databases/default", ("ConnectionEvents",), True),
    "assistant": ("", ("Audit", "RequestResponse"), False),
    "agents": ("", ("Audit", "RequestResponse"), False),
    "vault": ("", ("AuditEvent",), True),
}


def plan_with(tmp_path: Path, uses: dict[str, Any], audit: dict[str, Any] | None, **changes: Any) -> Plan:
    return planned(tmp_path, [app(uses=uses)], facts(audit=audit, **changes))


def settings(plan: Plan) -> dict[str, tuple[str, DiagnosticSetting]]:
    """Stack and setting by resource."""
    return {d.resource: (s.stack, d) for s in plan.stacks for d in s.shared.diagnostic_settings}


@pytest.mark.parametrize("resource", LOGS)
def test_every_kind_sends_the_logs_that_say_who_read_what(tmp_path: Path, resource: str) -> None:
    stack, setting = settings(plan_with(tmp_path, USES, {"workspace": WORKSPACE}))[resource]
    below, categories, dedicated = LOGS[resource]
    assert stack == "dev"
    assert setting.target.text == RESOURCES[resource]["id"] + below
    assert (setting.categories, setting.dedicated) == (categories, dedicated)
    assert (setting.name, setting.logical_name) == ("keyless-dev", f"{resource}-audit")
    assert setting.workspace.text == WORKSPACE


def test_only_resources_in_use_are_audited(tmp_path: Path) -> None:
    assert set(settings(plan_with(tmp_path, {"invoices": blob()}, {"workspace": WORKSPACE}))) == {"orders"}


def test_the_owners_stack_makes_the_setting_and_has_the_resources_subscription(tmp_path: Path) -> None:
    elsewhere = RESOURCES["orders"]["id"].replace("0002", "0009")
    mine = {
        **RESOURCES,
        "orders": {**RESOURCES["orders"], "id": elsewhere, "team": "search", "consumers": ["payments"]},
    }
    plan = plan_with(tmp_path, {"invoices": blob()}, {"workspace": WORKSPACE}, resources=mine)
    assert settings(plan)["orders"][0] == "search.dev"
    (owner,) = (stack for stack in plan.stacks if stack.stack == "search.dev")
    assert "00000000-0000-0000-0000-000000000009" in owner.subscriptions


def test_without_an_audit_nothing_is_made_or_asked_for(tmp_path: Path) -> None:
    plan = plan_with(tmp_path, USES, None)
    assert settings(plan) == {}
    assert not [step for stack in plan.stacks for step in stack.manual if "diagnostic" in step.step]


def test_a_policy_makes_them_elsewhere_and_the_plan_says_why_and_how_to_look(tmp_path: Path) -> None:
    plan = plan_with(tmp_path, USES, {"policy": True})
    assert settings(plan) == {}
    (step,) = (s for stack in plan.stacks for s in stack.manual if "diagnostic" in s.step)
    assert "sharedKeys" in step.step
    assert "assistant: Audit, RequestResponse" in step.step
    assert len(step.command.splitlines()) == len(USES)
    assert f"--resource {RESOURCES['sessions']['id']}/databases/default" in step.command


def test_the_table_says_what_a_setting_costs_in_rights(tmp_path: Path) -> None:
    text = render_plan_table(plan_with(tmp_path, USES, {"workspace": WORKSPACE}))
    assert f"to {WORKSPACE}; making a setting needs that workspace's action sharedKeys" in text
