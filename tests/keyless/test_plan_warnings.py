"""Warnings: worth a look, with a line to look at, and no obstacle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from keyless import plan_warnings
from keyless.cli import main
from keyless.finding import Finding
from tests.keyless.project import SUBSCRIPTION, app, blob, facts, planned, storage, write_project

ELSEWHERE = "00000000-0000-0000-0000-000000000009"


def _two() -> list[dict[str, Any]]:
    return [app(uses={"a": blob(container="one"), "b": blob(container="two")}), app("other")]


def _warnings(tmp_path: Path, apps: list[dict[str, Any]], environment: dict[str, Any]) -> list[Finding]:
    found = list(planned(tmp_path, apps, environment).warnings)
    assert all(one.severity == "warning" and one.file and one.line and one.fix for one in found)
    return found


@pytest.mark.parametrize(("near", "told"), [(3, True), (4, False)])
def test_a_subscription_that_is_nearly_full_is_told(
    near: int, told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_warnings, "NEAR_ASSIGNMENTS", near)
    found = _warnings(tmp_path, _two(), facts())
    assert [one.rule for one in found] == ["assignment-limit"] * told
    if told:
        assert found[0].key == "config.keyless:environment.subscription"
        assert found[0].line == 4
        assert found[0].message == (
            f"3 role assignments are planned in the subscription {SUBSCRIPTION}, and Azure takes 4000"
        )


def test_a_full_subscription_of_resources_alone_is_told_at_the_resources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_warnings, "NEAR_ASSIGNMENTS", 1)
    orders = storage()
    orders["id"] = orders["id"].replace(SUBSCRIPTION, ELSEWHERE)
    (found,) = _warnings(tmp_path, [app()], facts(resources={"orders": orders}))
    assert (found.rule, found.key) == ("assignment-limit", "config.keyless:environment.resources")
    assert ELSEWHERE in found.message


@pytest.mark.parametrize(("team", "fix"), [(None, "give apps a `team`"), ("payments", "another `team`")])
def test_a_large_stack_is_told_with_what_can_be_done(
    team: str | None, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_warnings, "MAX_APPS", 1)
    (found,) = _warnings(tmp_path, [app(team=team), app("other", team=team)], facts())
    assert found.rule == "large-stack"
    assert fix in found.fix


def test_an_app_that_runs_nowhere_is_told(tmp_path: Path) -> None:
    (found,) = _warnings(tmp_path, [app()], facts(clusters=[]))
    assert (found.rule, found.key, found.line) == (
        "no-credential",
        "config.keyless:environment.clusters",
        8,
    )


def test_templates_that_cannot_be_read_do_not_fail_the_check(tmp_path: Path) -> None:
    spec = app()
    spec["workload"]["manifests"] = "deploy"
    root = write_project(tmp_path / "project", [spec], facts())
    (root / "apps" / "deploy").mkdir()
    (root / "apps" / "deploy" / "chart.yaml").write_text("kind: {{ .Values.kind }}\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["-C", str(root), "check"])
    assert (result.exit_code, result.stdout) == (0, "dev: 1 app in 2 stacks, all right\n")
    assert result.stderr.startswith("apps/0.yaml:7:3: workload.manifests: could not read 1 template ")
