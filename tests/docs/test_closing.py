"""The guide that closes a resource: each of its entries plans, says what the guide says, and the way back opens it again."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from keyless.catalogue import KINDS, entry
from keyless.catalogue.arm import arm_type
from tests.keyless.doors import guarded, patch_of, shared

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "guides" / "closing-a-resource.md").read_text(
    encoding="utf-8"
)
ENTRIES = [
    yaml.safe_load(textwrap.dedent(block))["orders"]
    for block in re.findall(r"^ *```yaml\n(.*?)^ *```$", GUIDE, re.MULTILINE | re.DOTALL)
]
TYPES = {name: arm_type(target.type) for kind in KINDS for name, target in entry(kind).targets.items()}


def test_the_road_and_the_way_back_are_shown() -> None:
    shown = [(one["network"], one["keys"]) for one in ENTRIES]
    assert shown == [
        ("public", "allowed"),
        ("endpoint", "allowed"),
        ("private", "allowed"),
        ("private", "forbidden"),
        ("firewall", "allowed"),
        ("public", "allowed"),
    ]


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_each_entry_plans(number: int, tmp_path: Path) -> None:
    posture = {key: value for key, value in ENTRIES[number].items() if key != "kind"}
    plan = guarded(tmp_path, "storage", posture)
    (patch,) = patch_of(plan).patches
    public = {"public": "Enabled", "firewall": "Enabled", "private": "Disabled"}.get(posture["network"])
    assert patch.values.get("publicNetworkAccess") == public
    assert patch.values["allowSharedKeyAccess"] == (posture["keys"] == "allowed")
    assert bool(patch_of(plan).proofs) == (posture["network"] in ("endpoint", "private"))
    assert bool(shared(plan).private_endpoints) == (posture["network"] in ("endpoint", "private"))
    assert patch_of(plan).opens == (posture["network"] == "public")


def test_the_table_of_rules_is_the_catalogues() -> None:
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \| ([^|]+) \|$", GUIDE, re.MULTILINE)
    told = {kind: row[1:] for row in rows for kind in re.findall(r"`([^`]+)`", row[0])}
    assert set(told) == set(TYPES)
    for kind, arm in TYPES.items():
        subnets, addresses = told[kind]
        assert subnets.startswith("yes") == (arm.subnets is not None)
        assert arm.subnets is None or f"`{arm.subnets.service_endpoint}`" in subnets
        assert addresses.startswith("no") == (arm.addresses is None)
        assert addresses.startswith("only") == (arm.addresses is not None and not arm.addresses.own_region)
