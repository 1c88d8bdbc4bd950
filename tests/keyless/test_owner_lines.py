"""The owner's own lines: what Terraform or Bicep must say, and what it breaks there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.keyless.doors import KINDS, NODES, guarded, network
from tests.keyless.project import cluster

TERRAFORM = {
    "storage": (
        "azurerm_storage_account",
        "public_network_access_enabled = false",
        "shared_access_key_enabled",
    ),
    "redis-cache": (
        "azurerm_redis_cache",
        "public_network_access_enabled = false",
        "access_keys_authentication_enabled = false",
    ),
    "redis-managed": (
        "azurerm_managed_redis",
        'public_network_access = "Disabled"',
        "default_database { access_keys_authentication_enabled = false }",
    ),
    "openai": ("azurerm_cognitive_account", "public_network_access_enabled = false", "local_auth_enabled"),
    "foundry": ("azurerm_cognitive_account", "public_network_access_enabled = false", "local_auth_enabled"),
    "keyvault": ("azurerm_key_vault", "public_network_access_enabled = false", None),
}


def steps(tmp_path: Path, kind: str, **posture: Any) -> list[tuple[str, str]]:
    """Each manual step with its lines."""
    plan = guarded(tmp_path, kind, posture)
    return [(step.step, step.command) for stack in plan.stacks for step in stack.manual]


@pytest.mark.parametrize("kind", KINDS)
def test_terraform_is_told_in_its_own_words(kind: str, tmp_path: Path) -> None:
    resource, closed, off = TERRAFORM[kind]
    keys = {"keys": "forbidden"} if off else {}
    found = steps(tmp_path, kind, network="private", owner="terraform", **keys)
    assert len(found) == (2 if off else 1)
    assert all(step.endswith("in the Terraform that makes it") for step, _ in found)
    assert all(f"# in {resource} of " in lines for _, lines in found)
    assert closed in found[0][1]
    if off:
        assert off in found[1][1]
    assert not any("az " in lines for _, lines in found)


def test_terraform_is_warned_of_what_breaks_in_its_provider(tmp_path: Path) -> None:
    _, (_, keys) = steps(tmp_path, "storage", network="private", keys="forbidden", owner="terraform")
    assert "# first set storage_use_azuread = true in the provider" in keys
    assert "azurerm_storage_share(_file) read by key all the same" in keys


def test_a_firewall_in_terraform_holds_subnets_and_addresses(tmp_path: Path) -> None:
    plan = guarded(
        tmp_path,
        "storage",
        {"network": "firewall", "owner": "terraform"},
        clusters=[cluster(subnets=[NODES], egress=["20.0.0.10"], location="koreasouth")],
        net=network(location="koreasouth"),
    )
    (step,) = [one for stack in plan.stacks for one in stack.manual]
    assert step.command.split("\n") == [
        "# in azurerm_storage_account of storders",
        "# beside the rules that stand there",
        "public_network_access_enabled = true",
        "# here, or in azurerm_storage_account_network_rules if they stand there: never in both",
        "network_rules {",
        '  default_action             = "Deny"',
        '  ip_rules                   = ["20.0.0.10"]',
        f'  virtual_network_subnet_ids = ["{NODES}"]',
        "}",
    ]


def test_a_caches_firewall_in_terraform_is_a_resource_for_each_rule(tmp_path: Path) -> None:
    (found,) = steps(tmp_path, "redis-cache", network="firewall", owner="terraform")
    assert 'resource "azurerm_redis_firewall_rule" "keyless_aks_dev_20_0_0_10" {' in found[1]
    assert '  start_ip = "20.0.0.10"' in found[1]


def test_an_accounts_subnets_in_terraform_are_a_block_each(tmp_path: Path) -> None:
    (found,) = steps(tmp_path, "openai", network="firewall", owner="terraform")
    assert f'  virtual_network_rules {{ subnet_id = "{NODES}" }}' in found[1]


def test_bicep_is_told_the_properties(tmp_path: Path) -> None:
    network, keys = steps(tmp_path, "storage", network="private", keys="forbidden", owner="bicep")
    assert network[0].endswith("in the Bicep that makes it")
    assert network[1].split("\n") == [
        "// in 'Microsoft.Storage/storageAccounts@2025-08-01' of storders",
        "properties: {",
        "  networkAcls: {",
        "    defaultAction: 'Deny'",
        "  }",
        "  publicNetworkAccess: 'Disabled'",
        "}",
    ]
    assert keys[1].split("\n")[1:] == ["properties: {", "  allowSharedKeyAccess: false", "}"]


def test_bicep_is_told_of_the_database_of_managed_redis(tmp_path: Path) -> None:
    (keys,) = steps(tmp_path, "redis-managed", network="public", keys="forbidden", owner="bicep")
    assert keys[1].startswith("// in 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' of amr/default\n")
    assert "accessKeysAuthentication: 'Disabled'" in keys[1]


def test_a_firewall_in_bicep_holds_rules_and_children(tmp_path: Path) -> None:
    (rules,) = steps(tmp_path / "rules", "openai", network="firewall", owner="bicep")
    assert "      { value: '20.0.0.10' }" in rules[1]
    (child,) = steps(tmp_path / "child", "redis-cache", network="firewall", owner="bicep")
    kind = "Microsoft.Cache/redis/firewallRules@2024-11-01"
    assert f"resource keyless_aks_dev_20_0_0_10 '{kind}' = {{" in child[1]
