"""Postures: every kind in every posture, under either management and every way of keeping zones, says the right values or a Finding."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from tests.keyless.doors import HUB, KINDS, guarded, network, patch_of, shared
from tests.keyless.project import DATA, SUBSCRIPTION, cluster

OPEN = {"publicNetworkAccess": "Enabled", "networkAcls.defaultAction": "Allow"}
RULES = {"publicNetworkAccess": "Enabled", "networkAcls.defaultAction": "Deny"}
CLOSED = {"publicNetworkAccess": "Disabled", "networkAcls.defaultAction": "Deny"}
WITH_RULES: dict[str, dict[str, Any]] = {
    "public": OPEN,
    "firewall": RULES,
    "endpoint": {},
    "private": CLOSED,
}
CACHE: dict[str, dict[str, Any]] = {
    "public": {"publicNetworkAccess": "Enabled"},
    "firewall": {"publicNetworkAccess": "Enabled"},
    "endpoint": {},
    "private": {"publicNetworkAccess": "Disabled"},
}
NETWORK = {
    "storage": WITH_RULES,
    "redis-cache": CACHE,
    "redis-managed": {word: values for word, values in CACHE.items() if word != "firewall"},
    "openai": WITH_RULES,
    "foundry": WITH_RULES,
    "keyvault": WITH_RULES,
}
KEYS: dict[str, dict[str, dict[str, Any]]] = {
    "storage": {"allowed": {"allowSharedKeyAccess": True}, "forbidden": {"allowSharedKeyAccess": False}},
    "redis-cache": {
        "allowed": {"disableAccessKeyAuthentication": False},
        "forbidden": {"disableAccessKeyAuthentication": True},
    },
    "redis-managed": {
        "allowed": {"accessKeysAuthentication": "Enabled"},
        "forbidden": {"accessKeysAuthentication": "Disabled"},
    },
    "openai": {"allowed": {"disableLocalAuth": False}, "forbidden": {"disableLocalAuth": True}},
    "foundry": {"allowed": {"disableLocalAuth": False}, "forbidden": {"disableLocalAuth": True}},
}
ZONES = {
    "storage": ["privatelink.blob.core.windows.net"],
    "redis-cache": ["privatelink.redis.cache.windows.net"],
    "redis-managed": ["privatelink.redis.azure.net"],
    "openai": ["privatelink.cognitiveservices.azure.com", "privatelink.openai.azure.com"],
    "foundry": [
        "privatelink.cognitiveservices.azure.com",
        "privatelink.openai.azure.com",
        "privatelink.services.ai.azure.com",
    ],
    "keyvault": ["privatelink.vaultcore.azure.net"],
}
GROUPS = {
    "storage": "blob",
    "redis-cache": "redisCache",
    "redis-managed": "redisEnterprise",
    "openai": "account",
    "foundry": "account",
    "keyvault": "vault",
}
MODES = ("managed", "policy", HUB)
EVERY = list(
    product(
        KINDS,
        ("public", "firewall", "endpoint", "private"),
        ("referenced", "patched", "terraform", "bicep"),
        MODES,
        ("allowed", "forbidden"),
    )
)


@pytest.mark.parametrize(("kind", "net", "who", "zones", "keys"), EVERY)
def test_every_posture_says_its_values_or_why_it_cannot_be(
    kind: str, net: str, who: str, zones: str, keys: str, tmp_path: Path
) -> None:
    entry = {"network": net, "keys": keys}
    entry |= {"management": "patched"} if who == "patched" else {}
    entry |= {"owner": who} if who in ("terraform", "bicep") else {}
    possible = net in NETWORK[kind] and (keys == "allowed" or kind in KEYS)
    if not possible:
        with pytest.raises(PlanError) as refused:
            guarded(tmp_path, kind, entry, net=network(zones=zones))
        assert {found.rule for found in refused.value.findings} == {"impossible-posture"}
        assert all(found.line and found.fix for found in refused.value.findings)
        return
    plan = guarded(tmp_path, kind, entry, net=network(zones=zones))
    made = shared(plan)
    steps = [step for stack in plan.stacks for step in stack.manual]
    values = {
        (patch.id.text.split("/providers/", 1)[1].count("/"), path): value
        for one in made.posture_patches
        for patch in one.patches
        for path, value in patch.values.items()
    }
    if who == "patched":
        below = 4 if kind == "redis-managed" else 2
        wanted = {(2, path): value for path, value in NETWORK[kind][net].items()}
        wanted |= {(below, path): value for path, value in KEYS.get(kind, {}).get(keys, {}).items()}
        assert (values, steps) == (wanted, [])
    else:
        assert values == {}
        assert len(steps) == (net in ("firewall", "private")) + (keys == "forbidden")
        assert all(step.command for step in steps)
    wants_endpoint = net in ("endpoint", "private")
    assert [one.group_id for one in made.private_endpoints] == ([GROUPS[kind]] if wants_endpoint else [])
    held = sorted(zone.name for one in made.private_endpoints for zone in one.zones)
    assert held == (ZONES[kind] if wants_endpoint and zones != "policy" else [])
    assert sorted(zone.name for zone in made.zones) == (held if zones == "managed" else [])
    proven = sorted(zone for one in made.posture_patches for proof in one.proofs for zone in proof.zones)
    assert proven == (ZONES[kind] if who == "patched" and wants_endpoint else [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", ["network", "keys"])
def test_a_patched_posture_must_be_written_out(kind: str, missing: str, tmp_path: Path) -> None:
    posture = {"network": "endpoint", "keys": "allowed", "management": "patched"}
    del posture[missing]
    if kind == "keyvault" and missing == "keys":
        (made,) = shared(guarded(tmp_path, kind, posture)).posture_patches
        assert [(one.values, one.rules) for one in made.patches] == [({}, ())]
        return
    with pytest.raises(PlanError) as refused:
        guarded(tmp_path, kind, posture)
    (finding,) = refused.value.findings
    assert finding.rule == "unwritten-posture"
    assert f"write {missing}: " in finding.fix


def test_one_resource_is_patched_in_one_call(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", {"network": "public", "keys": "forbidden", "management": "patched"})
    (patch,) = patch_of(plan).patches
    assert patch.id.text == f"{DATA}/Microsoft.Storage/storageAccounts/storders"
    assert dict(patch.values) == {**OPEN, "allowSharedKeyAccess": False}
    assert patch.api_version == "2025-08-01"


def test_managed_redis_is_one_posture_on_two_resources(tmp_path: Path) -> None:
    posture = {"network": "private", "keys": "forbidden", "management": "patched"}
    patch = patch_of(guarded(tmp_path, "redis-managed", posture))
    cluster_id = f"{DATA}/Microsoft.Cache/redisEnterprise/amr"
    assert [one.id.text for one in patch.patches] == [cluster_id, f"{cluster_id}/databases/default"]
    assert patch.patches[1].id.type == "Microsoft.Cache/redisEnterprise/databases"


def test_the_rules_of_a_firewall_stand_beside_others(tmp_path: Path) -> None:
    posture = {"network": "firewall", "keys": "allowed", "management": "patched"}
    away = cluster("far", location="koreasouth", egress=["20.0.1.0/24", "20.0.0.8/31", "20.0.0.4/32"])
    (patch,) = patch_of(
        guarded(tmp_path, "openai", posture, clusters=[cluster(egress=["20.0.0.10", "20.0.0.4"]), away])
    ).patches
    (rule,) = patch.rules
    assert (rule.path, rule.key, rule.limit) == ("networkAcls.ipRules", "value", 100)
    assert [dict(entry) for entry in rule.entries] == [
        {"value": "20.0.0.4"},
        {"value": "20.0.0.8"},
        {"value": "20.0.0.9"},
        {"value": "20.0.0.10"},
        {"value": "20.0.1.0/24"},
    ]


def test_a_vaults_rules_are_written_as_they_come_back(tmp_path: Path) -> None:
    posture = {"network": "firewall", "management": "patched"}
    (patch,) = patch_of(
        guarded(tmp_path, "keyvault", posture, clusters=[cluster(egress=["20.0.0.10", "20.0.1.0/31"])])
    ).patches
    assert [entry["value"] for rule in patch.rules for entry in rule.entries] == [
        "20.0.0.10/32",
        "20.0.1.0/32",
        "20.0.1.1/32",
    ]


def test_a_storage_rule_names_each_subnet_once_in_canonical_case(tmp_path: Path) -> None:
    nodes = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/rg-net/providers/microsoft.network/virtualnetworks/v/subnets/n"
    same = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/V/subnets/N"
    posture = {"network": "firewall", "keys": "allowed", "management": "patched"}
    (patch,) = patch_of(
        guarded(
            tmp_path, "storage", posture, clusters=[cluster(subnets=[nodes]), cluster("b", subnets=[same])]
        )
    ).patches
    (rule,) = patch.rules
    assert rule.path == "networkAcls.virtualNetworkRules"
    (entry,) = rule.entries
    assert entry["action"] == "Allow"
    assert entry["id"].startswith(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft")


def test_a_caches_rules_are_children_with_lasting_names(tmp_path: Path) -> None:
    posture = {"network": "firewall", "keys": "allowed", "management": "patched"}
    patch = patch_of(
        guarded(tmp_path, "redis-cache", posture, clusters=[cluster(egress=["20.0.0.16/30", "20.0.0.5"])])
    )
    assert [(child.id.text.rsplit("/", 2)[1:], dict(child.properties)) for child in patch.children] == [
        (["firewallRules", "keyless_aks_dev_20_0_0_5"], {"startIP": "20.0.0.5", "endIP": "20.0.0.5"}),
        (["firewallRules", "keyless_aks_dev_20_0_0_16_30"], {"startIP": "20.0.0.16", "endIP": "20.0.0.19"}),
    ]
    assert patch.patches[0].rules == ()


def test_a_closed_door_waits_for_its_endpoint(tmp_path: Path) -> None:
    posture = {
        "network": "private",
        "keys": "allowed",
        "management": "patched",
        "hierarchical_namespace": True,
    }
    patch = patch_of(guarded(tmp_path, "storage", posture, net=network(dns_timeout=45)))
    assert patch.dns_timeout == 45 * 60
    endpoints = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/privateEndpoints"
    )
    assert [(proof.endpoint.text, proof.zones) for proof in patch.proofs] == [
        (f"{endpoints}/pe-storders-blob-dev", ("privatelink.blob.core.windows.net",)),
        (f"{endpoints}/pe-storders-dfs-dev", ("privatelink.dfs.core.windows.net",)),
    ]


@pytest.mark.parametrize(
    ("kind", "path", "wanted"),
    [
        ("storage", "allowSharedKeyAccessForServices.blob.enabled", (False, None)),
        ("redis-cache", "redisConfiguration.aad-enabled", ("true", "True")),
    ],
)
def test_keys_are_called_off_only_after_a_look(
    kind: str, path: str, wanted: tuple[object, ...], tmp_path: Path
) -> None:
    posture = {"network": "endpoint", "management": "patched"}
    (off,) = patch_of(guarded(tmp_path / "a", kind, {**posture, "keys": "forbidden"})).patches
    (on,) = patch_of(guarded(tmp_path / "b", kind, {**posture, "keys": "allowed"})).patches
    assert {one.path: one.wanted for one in off.requires}[path] == wanted
    assert on.requires == ()


@pytest.mark.parametrize(
    ("network", "lake", "asked"),
    [
        ("private", False, True),
        ("private", True, False),
        ("firewall", False, False),
        ("public", False, False),
    ],
)
def test_an_account_that_turns_out_a_data_lake_is_not_closed_without_its_endpoint(
    network: str, lake: bool, asked: bool, tmp_path: Path
) -> None:
    posture = {"network": network, "keys": "allowed", "management": "patched", "hierarchical_namespace": lake}
    (patch,) = patch_of(guarded(tmp_path, "storage", posture)).patches
    wanted = {one.path: one.wanted for one in patch.requires}
    assert wanted["publicNetworkAccess"] == ("Enabled", "Disabled", None)
    assert wanted.get("isHnsEnabled") == ((False, None) if asked else None)


def test_the_subscription_of_a_patched_resource_is_one_of_its_stack(tmp_path: Path) -> None:
    other = SUBSCRIPTION.replace("2", "9")
    account = f"/subscriptions/{other}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/sta"
    posture = {"id": account, "network": "public", "keys": "allowed", "management": "patched"}
    plan = guarded(tmp_path, "storage", posture, used=False)
    assert [(stack.stack, stack.subscriptions) for stack in plan.stacks] == [("dev", (other,))]
