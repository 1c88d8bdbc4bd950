"""Manual steps: commands that let the clusters in before they keep others out, and postures that cannot be had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from tests.keyless.project import SUBSCRIPTION, app, cluster, facts, planned

SUBNET = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"


def commands(tmp_path: Path, resource: str, posture: dict[str, Any], *clusters: dict[str, Any]) -> list[str]:
    """The commands of the one step that the posture of one resource asks for."""
    resources = facts()["resources"]
    resources = {**resources, resource: {**resources[resource], **posture}}
    plan = planned(tmp_path, [app()], facts(resources=resources, clusters=list(clusters) or [cluster()]))
    (step,) = [one for stack in plan.stacks for one in stack.manual if one.resource == resource]
    return step.command.split("\n")


def test_a_storage_firewall_lets_the_subnet_in_before_it_denies(tmp_path: Path) -> None:
    allow, deny = commands(tmp_path, "orders", {"network": "firewall"}, cluster(subnets=[SUBNET]))
    assert allow.startswith("az storage account network-rule add ")
    assert allow.endswith(f"--subnet {SUBNET}")
    assert "--default-action Deny" in deny


def test_a_storage_account_of_another_region_takes_the_egress_address(tmp_path: Path) -> None:
    posture = {"network": "firewall", "location": "koreasouth"}
    allow, _ = commands(tmp_path, "orders", posture, cluster(egress=["20.0.0.10"]))
    assert allow.endswith("--ip-address 20.0.0.10")


def test_a_storage_account_of_the_clusters_region_cannot_take_an_address(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="keep everyone out"):
        commands(tmp_path, "orders", {"network": "firewall"}, cluster(egress=["20.0.0.10"]))


def test_a_cache_takes_a_block_as_its_first_and_last_address(tmp_path: Path) -> None:
    (rule,) = commands(tmp_path, "cache", {"network": "firewall"}, cluster(egress=["20.0.0.16/30"]))
    assert "--rule-name keyless_aks_dev_20_0_0_16_30 " in rule
    assert rule.endswith("--start-ip 20.0.0.16 --end-ip 20.0.0.19")


@pytest.mark.parametrize(
    ("resource", "posture"), [("sessions", {"network": "firewall"}), ("vault", {"keys": "forbidden"})]
)
def test_what_cannot_be_had_is_refused(resource: str, posture: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(PlanError) as refused:
        commands(tmp_path, resource, posture)
    (finding,) = refused.value.findings
    assert finding.rule == "impossible-posture"
    assert finding.key == f"config.keyless:environment.resources.{resource}.{next(iter(posture))}"


def test_a_pair_of_addresses_is_two_commands_where_azure_refuses_the_pair(tmp_path: Path) -> None:
    posture = {"network": "firewall", "location": "koreasouth"}
    *allow, _ = commands(tmp_path, "orders", posture, cluster(egress=["20.0.0.8/31", "20.0.0.8"]))
    assert [command.rsplit(" ", 1)[1] for command in allow] == ["20.0.0.8", "20.0.0.9"]


@pytest.mark.parametrize("management", ["referenced", "patched"])
def test_what_pulumi_sets_is_no_manual_step(management: str, tmp_path: Path) -> None:
    resources = facts()["resources"]
    posture = {"network": "public", "keys": "forbidden", "management": management}
    resources = {**resources, "orders": {**resources["orders"], **posture}}
    plan = planned(tmp_path, [app()], facts(resources=resources))
    steps = [one.resource for stack in plan.stacks for one in stack.manual]
    assert ("orders" in steps) == (management == "referenced")


def test_keys_are_turned_off_by_hand(tmp_path: Path) -> None:
    (off,) = commands(tmp_path, "orders", {"keys": "forbidden"})
    assert off.endswith("--allow-shared-key-access false")
