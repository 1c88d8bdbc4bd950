"""Assignments for a platform team: a script that runs, a template with the same assignments, a page that tells the traps."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from keyless.cli import main
from keyless.render.policy import assignment_name, policy_files
from tests.keyless.doors import guarded
from tests.keyless.project import facts, planned, write_project

SCOPE = "/providers/Microsoft.Management/managementGroups/shop & co"
AZ = '#!/bin/sh\nprintf "%s\\n" "$@" --end-- >> "$TOLD"\n'


def assigned(tmp_path: Path, script: str, *words: str) -> list[list[str]]:
    """The arguments of each `az` that the script runs."""
    (tmp_path / "az").write_text(AZ, encoding="utf-8")
    (tmp_path / "az").chmod(0o755)
    (tmp_path / "assign.sh").write_text(script, encoding="utf-8")
    told = tmp_path / "told"
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TOLD": str(told)}
    subprocess.run(["sh", "assign.sh", *words], cwd=tmp_path, env=environment, check=True)
    calls = told.read_text(encoding="utf-8").split("--end--\n")[:-1]
    return [call.splitlines() for call in calls]


@pytest.mark.parametrize(("words", "effect"), [((SCOPE,), "Audit"), ((SCOPE, "Deny"), "Deny")])
def test_the_script_assigns_what_the_template_does(
    words: tuple[str, ...], effect: str, tmp_path: Path
) -> None:
    files = policy_files(planned(tmp_path, [], facts()))
    template = json.loads(files["policy/management-group.json"])
    wanted = [
        (one["name"], one["properties"]["displayName"], one["properties"]["policyDefinitionId"])
        for one in template["resources"]
    ]
    calls = assigned(tmp_path, files["policy/assign.sh"], *words)
    assert [(call[4], call[6], call[10]) for call in calls] == wanted
    assert len(wanted) == 9
    for call in calls:
        assert call[:4] == ["policy", "assignment", "create", "--name"]
        assert (call[7], call[8]) == ("--scope", SCOPE)
        assert json.loads(call[12]) == {"effect": {"value": effect}}


def test_a_script_without_a_scope_assigns_nothing(tmp_path: Path) -> None:
    files = policy_files(planned(tmp_path, [], facts()))
    with pytest.raises(subprocess.CalledProcessError):
        assigned(tmp_path, files["policy/assign.sh"])
    assert not (tmp_path / "told").exists()


def test_the_template_audits_unless_told_otherwise(tmp_path: Path) -> None:
    template = json.loads(policy_files(guarded(tmp_path, "storage", {}))["policy/management-group.json"])
    assert template["parameters"]["effect"]["defaultValue"] == "Audit"
    assert {one["properties"]["parameters"]["effect"]["value"] for one in template["resources"]} == {
        "[parameters('effect')]"
    }


def test_the_name_of_an_assignment_fits_a_management_group() -> None:
    assert assignment_name("8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54") == "keyless-8c6a50c6"


def test_the_page_tells_gaps_traps_and_what_may_deny_keyless(tmp_path: Path) -> None:
    page = policy_files(guarded(tmp_path / "redis", "redis-managed", {}))["policy/README.md"]
    assert "Azure has no built-in definition for:\n\n- redis-managed: keys\n- redis-managed: public" in page
    assert "denies Keyless's own credentials" in page
    assert "to be left alone" not in page
    page = policy_files(guarded(tmp_path / "openai", "openai", {}))["policy/README.md"]
    assert "`55eff01b-f2bd-4c32-9203-db285f709d30`: deploys the account anew" in page


def test_render_prints_the_files_or_writes_them(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [], facts())
    shown = CliRunner().invoke(main, ["-C", str(root), "render", "dev", "--policy"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.count("==> policy/") == 3
    out = tmp_path / "out"
    written = CliRunner().invoke(main, ["-C", str(root), "render", "dev", "--policy", "--out", str(out)])
    assert written.exit_code == 0, written.output
    assert sorted(file.name for file in (out / "policy").iterdir()) == [
        "README.md",
        "assign.sh",
        "management-group.json",
    ]
