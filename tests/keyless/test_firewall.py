"""Firewalls: whose subnets and addresses get in, and what is refused because it would keep somebody out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from tests.keyless.doors import KINDS, NODES, guarded, patch_of
from tests.keyless.project import cluster

FIREWALL: dict[str, Any] = {"network": "firewall", "keys": "allowed", "management": "patched"}
SUBNETS = "networkAcls.virtualNetworkRules"
ADDRESSES = "networkAcls.ipRules"


def paths(tmp_path: Path, kind: str, *clusters: dict[str, Any], **more: Any) -> dict[str, int]:
    """How many rules each array gets; children count below `children`."""
    patch = patch_of(guarded(tmp_path, kind, FIREWALL | more, clusters=list(clusters)))
    found = {rule.path: len(rule.entries) for one in patch.patches for rule in one.rules}
    return found | ({"children": len(patch.children)} if patch.children else {})


@pytest.mark.parametrize(
    ("kind", "region", "rules"),
    [
        ("storage", "koreacentral", {SUBNETS: 1}),
        ("storage", "koreasouth", {SUBNETS: 1, ADDRESSES: 1}),
        ("openai", "koreacentral", {SUBNETS: 1, ADDRESSES: 1}),
        ("foundry", "koreasouth", {SUBNETS: 1, ADDRESSES: 1}),
        ("keyvault", "koreacentral", {SUBNETS: 1, ADDRESSES: 1}),
        ("redis-cache", "koreacentral", {"children": 1}),
    ],
)
def test_a_cluster_enters_by_every_rule_that_works(
    kind: str, region: str, rules: dict[str, int], tmp_path: Path
) -> None:
    both = cluster(subnets=[NODES], egress=["20.0.0.10"])
    assert paths(tmp_path, kind, both, location=region) == rules


def refusal(tmp_path: Path, kind: str, *clusters: dict[str, Any], **more: Any) -> str:
    """The one message with which the posture is refused."""
    with pytest.raises(PlanError) as refused:
        guarded(tmp_path, kind, FIREWALL | more, clusters=list(clusters))
    (finding,) = refused.value.findings
    return finding.message


def test_an_address_of_the_accounts_own_region_is_told_to_do_nothing(tmp_path: Path) -> None:
    message = refusal(tmp_path, "storage", cluster(egress=["20.0.0.10"]))
    assert (
        "ignores addresses of its own region (koreacentral), so `egress` of aks-dev does nothing" in message
    )


def test_a_cluster_that_would_be_kept_out_is_refused_if_an_app_there_uses_the_resource(
    tmp_path: Path,
) -> None:
    message = refusal(tmp_path, "storage", cluster(subnets=[NODES]), cluster("aks-new"))
    assert (
        "nothing of the cluster 'aks-new' may enter 'orders', and its firewall would keep out checkout"
        in message
    )


def test_a_cluster_without_an_app_of_the_resource_may_be_kept_out(tmp_path: Path) -> None:
    plan = guarded(
        tmp_path, "storage", FIREWALL, clusters=[cluster(subnets=[NODES]), cluster("aks-new")], used=False
    )
    assert patch_of(plan).patches[0].rules[0].entries[0]["id"] == NODES


def test_more_rules_than_azure_takes_are_refused(tmp_path: Path) -> None:
    many = [f"20.{number // 256}.{number % 256}.7" for number in range(101)]
    assert paths(tmp_path / "fits", "openai", cluster(egress=many[:100])) == {ADDRESSES: 100}
    message = refusal(tmp_path / "more", "openai", cluster(egress=many))
    assert message == "101 addresses of clusters would enter 'assistant', and Azure takes 100"


def test_a_pair_of_addresses_counts_as_two(tmp_path: Path) -> None:
    pairs = [f"20.{number // 128}.{number % 128 * 2}.0/31" for number in range(51)]
    assert "102 addresses" in refusal(tmp_path / "openai", "openai", cluster(egress=pairs))
    assert paths(tmp_path / "vault", "keyvault", cluster(egress=pairs)) == {ADDRESSES: 102}


def test_more_subnets_than_azure_takes_are_refused(tmp_path: Path) -> None:
    subnets = [NODES + str(number) for number in range(101)]
    assert "101 subnets" in refusal(tmp_path, "openai", cluster(subnets=subnets))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"redis-managed"}))
def test_nobody_may_be_kept_out_altogether(kind: str, tmp_path: Path) -> None:
    assert "would keep everyone out" in refusal(tmp_path, kind, cluster())


def test_the_order_of_clusters_changes_nothing(tmp_path: Path) -> None:
    one, other = cluster("a", egress=["20.0.0.10"]), cluster("b", egress=["20.0.0.9"])
    first = guarded(tmp_path / "1", "redis-cache", FIREWALL, clusters=[one, other])
    second = guarded(tmp_path / "2", "redis-cache", FIREWALL, clusters=[other, one])
    assert patch_of(first) == patch_of(second)
