"""Each kind: the smallest role, its scope, and the settings with their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError
from keyless.plan import CacheAccess, Ref, RoleAssignment
from tests.keyless.project import DATA, RESOURCES, account, app, apps_of, blob, facts, planned

PRINCIPAL = Ref("identity.principal_id")
AI = "https://cognitiveservices.azure.com/.default"
CONTAINER = f"{DATA}/Microsoft.Storage/storageAccounts/storders/blobServices/default/containers/invoices"
ROLES: list[tuple[dict[str, Any], str, str, str, dict[str, str]]] = [
    (
        blob(),
        "Storage Blob Data Reader",
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        CONTAINER,
        {"U_ENDPOINT": "https://storders.blob.core.windows.net", "U_CONTAINER": "invoices"},
    ),
    (
        blob("write"),
        "Storage Blob Data Contributor",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        CONTAINER,
        {"U_ENDPOINT": "https://storders.blob.core.windows.net", "U_CONTAINER": "invoices"},
    ),
    (
        {"kind": "openai", "account": "assistant", "deployment": "gpt-4o", "access": "use"},
        "Cognitive Services OpenAI User",
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        f"{DATA}/Microsoft.CognitiveServices/accounts/oai-shop",
        {
            "U_ENDPOINT": "https://oai-shop.openai.azure.com/",
            "U_BASE_URL": "https://oai-shop.openai.azure.com/openai/v1/",
            "U_DEPLOYMENT": "gpt-4o",
            "U_SCOPE": AI,
        },
    ),
    (
        {"kind": "openai", "account": "agents", "deployment": "gpt-4o", "access": "use"},
        "Cognitive Services OpenAI User",
        "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd",
        f"{DATA}/Microsoft.CognitiveServices/accounts/aif-shop",
        {
            "U_ENDPOINT": "https://aif-shop.openai.azure.com/",
            "U_BASE_URL": "https://aif-shop.openai.azure.com/openai/v1/",
            "U_DEPLOYMENT": "gpt-4o",
            "U_SCOPE": AI,
        },
    ),
    (
        {"kind": "foundry", "account": "agents", "project": "Fraud", "access": "use"},
        "Foundry User",
        "53ca6127-db72-4b80-b1b0-d745d6d5456d",
        f"{DATA}/Microsoft.CognitiveServices/accounts/aif-shop/projects/Fraud",
        {
            "U_ENDPOINT": "https://aif-shop.services.ai.azure.com/api/projects/Fraud",
            "U_SCOPE": "https://ai.azure.com/.default",
        },
    ),
    (
        {"kind": "keyvault", "vault": "vault", "secret": "psp", "access": "read"},
        "Key Vault Secrets User",
        "4633458b-17de-408a-b874-0445c86b69e6",
        f"{DATA}/Microsoft.KeyVault/vaults/kv-shop/secrets/psp",
        {"U_VAULT_URL": "https://kv-shop.vault.azure.net", "U_SECRET": "psp"},
    ),
]


@pytest.mark.parametrize(
    ("use", "role", "role_id", "scope", "settings"),
    ROLES,
    ids=["read", "write", "openai", "ai", "foundry", "kv"],
)
def test_role_scope_and_settings(
    tmp_path: Path, use: dict[str, Any], role: str, role_id: str, scope: str, settings: dict[str, str]
) -> None:
    made = apps_of(planned(tmp_path, [app(uses={"u": use})]))["checkout"]
    (grant,) = made.grants
    assert isinstance(grant, RoleAssignment)
    assert (grant.role, grant.role_id, grant.scope) == (role, role_id, scope)
    assert grant.role_definition_id.endswith(f"/roleDefinitions/{role_id}")
    assert (grant.wider is not None) == (use["kind"] == "foundry")
    assert made.settings == settings


@pytest.mark.parametrize(
    ("cache", "access", "policy", "host", "port", "database"),
    [
        ("cache", "read", "Data Reader", "rdc.redis.cache.windows.net", "6380", None),
        ("cache", "write", "Data Contributor", "rdc.redis.cache.windows.net", "6380", None),
        ("sessions", "write", "default", "amr.koreacentral.redis.azure.net", "10000", "default"),
    ],
)
def test_redis_policy_and_settings(
    tmp_path: Path, cache: str, access: str, policy: str, host: str, port: str, database: str | None
) -> None:
    uses = {"u": {"kind": "redis", "cache": cache, "access": access}}
    made = apps_of(planned(tmp_path, [app(uses=uses)]))["checkout"]
    (grant,) = made.grants
    assert isinstance(grant, CacheAccess)
    assert (grant.policy, grant.database) == (policy, database)
    assert (grant.wider is not None) == (cache == "sessions")
    assert made.settings == {
        "U_HOST": host,
        "U_PORT": port,
        "U_SCOPE": "https://redis.azure.com/.default",
        "U_USERNAME": PRINCIPAL,
    }


def _cache(tmp_path: Path, cache: str, host: str, cloud: str = "public") -> Any:
    uses = {"u": {"kind": "redis", "cache": cache, "access": "write"}}
    resources = {cache: {**RESOURCES[cache], "host": host}}
    made = apps_of(planned(tmp_path, [app(uses=uses)], facts(resources=resources, cloud=cloud)))
    return made["checkout"].settings["U_HOST"]


@pytest.mark.parametrize(
    ("cache", "host"),
    [
        ("cache", "rdc.redis.cache.windows.net"),
        ("cache", "pair.geo.redis.cache.windows.net"),
        ("sessions", "amr.koreacentral.redis.azure.net"),
        ("sessions", "amr.koreacentral.redisenterprise.cache.azure.net"),
    ],
)
def test_a_stated_host_of_the_cache_is_taken(tmp_path: Path, cache: str, host: str) -> None:
    assert _cache(tmp_path, cache, host) == host


@pytest.mark.parametrize(
    ("cache", "host", "cloud"),
    [
        ("cache", "evil.example.com", "public"),
        ("cache", "10.0.0.1", "public"),
        ("cache", "other.redis.cache.windows.net", "public"),
        ("cache", "rdc.redis.cache.chinacloudapi.cn", "public"),
        ("cache", "rdc.redis.cache.windows.net.example.com", "public"),
        ("cache", "rdcxredisxcachexwindowsxnet.example.com", "public"),
        ("sessions", "amr.redis.azure.net", "public"),
        ("sessions", "other.koreacentral.redis.azure.net", "public"),
        ("sessions", "amr.evil.example.com.redis.azure.net", "public"),
        ("sessions", "amr.usgovvirginia.redis.azure.net", "usgov"),
    ],
)
def test_a_token_goes_to_no_host_but_the_caches(tmp_path: Path, cache: str, host: str, cloud: str) -> None:
    with pytest.raises(PlanError) as caught:
        _cache(tmp_path, cache, host, cloud)
    assert [one.rule for one in caught.value.findings] == ["foreign-host"]


@pytest.mark.parametrize(
    ("use", "rule"),
    [
        ({"kind": "redis", "cache": "cache", "access": "write"}, "unknown-scope"),
        ({"kind": "openai", "account": "assistant", "deployment": "d", "access": "use"}, "unknown-scope"),
        ({"kind": "foundry", "account": "agents", "project": "fraud", "access": "use"}, "unknown-host"),
    ],
)
@pytest.mark.parametrize("cloud", ["usgov", "china"])
def test_what_is_not_known_of_a_cloud_is_refused_and_not_guessed(
    tmp_path: Path, use: dict[str, Any], rule: str, cloud: str
) -> None:
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, [app(uses={"u": use})], facts(cloud=cloud))
    (found,) = caught.value.findings
    assert (found.rule, found.file) == (rule, "Pulumi.dev.yaml")
    assert f"keyless/catalogue/{use['kind']}.yaml" in found.fix


def test_blob_needs_no_scope_in_any_cloud(tmp_path: Path) -> None:
    made = apps_of(planned(tmp_path, [app()], facts(cloud="china")))["checkout"]
    assert made.settings["INVOICES_ENDPOINT"] == "https://storders.blob.core.chinacloudapi.cn"


@pytest.mark.parametrize("name", ["OAI_Shop", "oai.shop", "oai-", "x" * 64])
def test_an_endpoint_that_the_accounts_name_cannot_give_is_stated(tmp_path: Path, name: str) -> None:
    uses = {"u": {"kind": "openai", "account": "ai", "deployment": "d", "access": "use"}}
    with pytest.raises(PlanError) as caught:
        planned(tmp_path / "bare", [app(uses=uses)], facts(resources={"ai": account("openai", name)}))
    assert [(one.rule, one.key) for one in caught.value.findings] == [
        ("unknown-host", "config.keyless:environment.resources.ai.endpoint")
    ]
    stated = account("openai", name, endpoint="https://oai-shop.openai.azure.com")
    made = apps_of(planned(tmp_path / "stated", [app(uses=uses)], facts(resources={"ai": stated})))
    assert made["checkout"].settings["U_ENDPOINT"] == "https://oai-shop.openai.azure.com/"
