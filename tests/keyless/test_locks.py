"""Delete locks: what cannot be taken back is told before anybody tries."""

from __future__ import annotations

from pathlib import Path

from keyless.plan import ManualStep, Plan
from tests.keyless.doors import guarded, posture_of
from tests.keyless.project import RESOURCES, app, apps_of, blob, facts, planned, storage

IDENTITIES = facts()["identities"]


def locked_steps(plan: Plan) -> list[ManualStep]:
    """The manual steps that say that something cannot be revoked."""
    return [one for stack in plan.stacks for one in stack.manual if one.step.startswith("cannot revoke")]


def test_a_locked_resource_marks_its_grants_and_says_the_step(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", {"network": "endpoint", "locked": True})
    (finding,) = plan.warnings
    assert (finding.rule, finding.severity) == ("cannot-revoke", "warning")
    assert finding.key == "config.keyless:environment.resources.orders.locked"
    assert "the grants of checkout (u) and its endpoint's connection" in finding.message
    (grant,) = apps_of(plan)["checkout"].grants
    assert grant.locked
    assert posture_of(plan).locked
    (step,) = locked_steps(plan)
    assert (step.stack, step.resource) == ("dev", "orders")
    assert f"az lock list --resource {posture_of(plan).id.text} " in step.command
    assert step.command.endswith("az lock delete --ids LOCK_ID")


def test_a_cache_that_is_locked_marks_its_grants_too(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "redis-managed", {"network": "public", "locked": True})
    assert [grant.locked for grant in apps_of(plan)["checkout"].grants] == [True]


def test_a_lock_holds_what_is_below_it_and_nothing_else(tmp_path: Path) -> None:
    cache = {"kind": "redis", "cache": "cache", "access": "read"}
    resources = {"orders": storage(locked=True), "cache": RESOURCES["cache"]}
    plan = planned(tmp_path, [app(uses={"b": blob(), "c": cache})], facts(resources=resources))
    grants = apps_of(plan)["checkout"].grants
    assert {(grant.uses, grant.locked) for grant in grants} == {(("b",), True), (("c",), False)}
    (finding,) = plan.warnings
    assert "the grants of checkout (b) and diagnostic settings can be added" in finding.message


def test_what_is_not_locked_says_nothing(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", {"network": "endpoint"})
    assert (plan.warnings, locked_steps(plan)) == ((), [])
    assert not any(grant.locked for grant in apps_of(plan)["checkout"].grants)


def test_a_lock_on_the_resource_does_not_hold_credentials(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", {"network": "endpoint", "locked": True})
    assert [one.locked for one in apps_of(plan)["checkout"].credentials] == [False]


def test_a_lock_on_the_identities_group_holds_credentials(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", {}, identities={**IDENTITIES, "locked": True})
    assert [one.locked for one in apps_of(plan)["checkout"].credentials] == [True]
    (step,) = locked_steps(plan)
    assert (step.stack, step.resource) == ("payments.dev", None)
    assert "of checkout is removed or replaced" in step.step
    assert "--resource-group rg-identities-payments-dev" in step.command
