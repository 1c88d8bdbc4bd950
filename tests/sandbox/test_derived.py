"""The world of an environment that has no world file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import derived
from sandbox.errors import SandboxError
from sandbox.project import read_project

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-00000000000d"
NETWORK = f"{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks/vnet"
ENVIRONMENT = f"""
config:
  keyless:environment:
    subscription: 00000000-0000-0000-0000-00000000000d
    location: koreacentral
    identities: {{resource_group: "rg-{{team}}-dev", name: "id-{{app}}"}}
    clusters:
      - {{name: one, context: ctx-one, issuer: "https://one/"}}
      - {{name: two, context: ctx-two, issuer: "https://two/"}}
    network: {{subnet: {NETWORK}/subnets/endpoints, resource_group: rg-zones,
               zones: {SUBSCRIPTION}/resourceGroups/rg-hub}}
    resources:
      orders: {{kind: storage, id: {SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/storders}}
      ai: {{kind: foundry, endpoint: "https://custom.openai.azure.com/",
            id: {SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.CognitiveServices/accounts/Ai}}
    apps:
      worker: {{clusters: [two], namespace: jobs-dev}}
      gone: {{absent: "later"}}
    include: [more/*.yaml]
"""
INCLUDED = f"""
resources:
  cache: {{kind: redis-managed, id: {SUBSCRIPTION}/resourceGroups/rg-data/providers/Microsoft.Cache/redisEnterprise/cache}}
"""
DEPLOYMENT = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: %s}}\n"


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Any]:
    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    write("Pulumi.dev.yaml", ENVIRONMENT)
    write("more/ml.yaml", INCLUDED)
    write(
        "apps/shop/api.yaml",
        "app: api\nteam: shop\nworkload: {kind: Deployment, namespace: shop, name: api, manifests: deploy/api}\n"
        "uses: {chat: {kind: foundry, account: ai, project: assist}}\n",
    )
    write(
        "apps/worker.yaml",
        "app: worker\nworkloads: [{namespace: jobs, name: worker, manifests: deploy/worker.yaml}]\n",
    )
    write(
        "apps/gone.yaml",
        "app: gone\nteam: lost\nworkload: {namespace: gone, name: gone, manifests: deploy/none.yaml}\n",
    )
    write("apps/shop/deploy/api/a.yaml", DEPLOYMENT % "api")
    write("apps/deploy/worker.yaml", DEPLOYMENT % "worker")
    return derived.derive(read_project(tmp_path, "dev"))


def resource(world: dict[str, Any], end: str) -> dict[str, Any]:
    (found,) = [one for one in world["azure"] if one["id"].endswith(end)]
    return found


@pytest.mark.parametrize(
    "end",
    [
        "/virtualNetworks/vnet", "/subnets/endpoints", "/storageAccounts/storders", "/databases/default",
        "/redisEnterprise/cache", "/accounts/Ai", "/accounts/Ai/projects/assist", "/resourceGroups/rg-data",
        "/resourceGroups/rg-shop-dev", "/resourceGroups/rg-shared-dev", "/resourceGroups/rg-zones",
        "/privateDnsZones/privatelink.blob.core.windows.net",
    ],
)  # fmt: skip
def test_what_the_environment_names_exists_with_its_parents_and_groups(world: dict[str, Any], end: str):
    assert resource(world, end)["id"].startswith(SUBSCRIPTION)


def test_resources_are_public_and_have_keys(world: dict[str, Any]):
    assert resource(world, "/storders")["properties"] == {
        "publicNetworkAccess": "Enabled",
        "allowSharedKeyAccess": True,
    }
    assert resource(world, "/databases/default")["properties"] == {"accessKeysAuthentication": "Enabled"}


def test_an_ai_account_has_its_kind_and_the_subdomain_of_its_endpoint(world: dict[str, Any]):
    account = resource(world, "/accounts/Ai")
    assert account["kind"] == "AIServices"
    assert account["properties"]["customSubDomainName"] == "custom"


def test_a_cluster_holds_the_manifests_of_the_apps_that_run_in_it(world: dict[str, Any]):
    one, two = world["clusters"]
    api = {"path": "apps/shop/deploy/api", "namespace": "shop"}
    assert (one["context"], one["namespaces"], one["apply"]) == ("ctx-one", ["shop"], [api])
    worker = {"path": "apps/deploy/worker.yaml", "namespace": "jobs-dev"}
    assert (two["context"], two["namespaces"], two["apply"]) == (
        "ctx-two",
        ["jobs-dev", "shop"],
        [api, worker],
    )


def test_an_environment_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path):
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "Pulumi.team.dev.yaml").write_text("config: {}\n")
    with pytest.raises(SandboxError, match=r"no environment 'prod'\n  fix: name one of: dev$"):
        read_project(tmp_path, "prod")
