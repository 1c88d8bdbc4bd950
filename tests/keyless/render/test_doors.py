"""The doors of a plan as people read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.render.plan_table import render_plan_table
from tests.keyless.doors import NODES, guarded


def table(tmp_path: Path, kind: str, **posture: Any) -> str:
    """The plan of one resource in a posture, as text."""
    return render_plan_table(guarded(tmp_path, kind, posture))


@pytest.mark.parametrize(
    ("posture", "who"),
    [
        ({"network": "endpoint"}, "(left as it is)"),
        ({"network": "private"}, "hand"),
        ({"network": "private", "owner": "terraform"}, "Terraform"),
        ({"network": "public", "keys": "forbidden", "owner": "bicep"}, "Bicep"),
        ({"network": "public", "keys": "allowed", "management": "patched"}, "pulumi up"),
    ],
)
def test_each_resource_has_a_line_that_says_who_sets_its_posture(
    posture: dict[str, str], who: str, tmp_path: Path
) -> None:
    (line,) = [
        line for line in table(tmp_path, "storage", **posture).splitlines() if line.startswith("orders ")
    ]
    assert line.split()[1:4] == ["storage", posture["network"], posture.get("keys", "allowed")]
    assert line.endswith(who)


def test_a_kind_without_keys_shows_none(tmp_path: Path) -> None:
    assert "\nvault     keyvault  public   -     (left as it is)\n" in table(tmp_path, "keyvault")


def test_what_pulumi_sets_is_told_in_words_and_values(tmp_path: Path) -> None:
    told = table(tmp_path, "storage", network="private", keys="forbidden", management="patched")
    assert (
        """
pulumi up sets, and nothing else of these:
  orders: closes public access; turns keys off
    awaits, at most 30 minutes, that approved and found by name are pe-storders-blob-dev; else it closes nothing
    storders: allowSharedKeyAccess = false, networkAcls.defaultAction = Deny, publicNetworkAccess = Disabled
"""
        in told
    )


def test_rules_are_told_beside_those_of_others(tmp_path: Path) -> None:
    told = table(tmp_path / "rules", "openai", network="firewall", keys="allowed", management="patched")
    assert (
        "    adds to networkAcls.ipRules, beside what others wrote there (at most 100):\n      20.0.0.10\n"
        in told
    )
    assert f"      {NODES}\n" in told
    told = table(tmp_path / "child", "redis-cache", network="firewall", keys="allowed", management="patched")
    assert "    adds the rule keyless_aks_dev_20_0_0_10: 20.0.0.10 to 20.0.0.10\n" in told


def test_whom_doors_shut_out_is_told_once_for_all_resources(tmp_path: Path) -> None:
    told = table(tmp_path, "openai", network="private", keys="forbidden")
    assert "\nThese doors shut out:\n  assistant:\n    every caller outside the virtual network" in told


def test_a_locked_grant_and_resource_are_marked(tmp_path: Path) -> None:
    told = table(tmp_path, "storage", network="public", locked=True)
    assert "Storage Blob Data Reader (locked)\n" in told
    assert "\norders (locked)  storage" in told


def test_policies_are_told_with_what_they_would_flag(tmp_path: Path) -> None:
    told = table(tmp_path, "storage", network="private")
    assert "storage     keys           8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54  orders\n" in told
    assert "storage     public access  b2982f36-99f2-4db5-8eff-283140c09693  -\n" in told
    assert told.endswith("\n3 more can deny the credentials that Keyless makes\n")
