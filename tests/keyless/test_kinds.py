"""Each kind: the smallest role, its scope, and the settings with their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.plan import CacheAccess, Ref, RoleAssignment
from tests.keyless.project import DATA, app, apps_of, blob, planned

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
