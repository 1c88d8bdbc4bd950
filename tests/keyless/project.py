"""Small projects for tests: app and environment files as plain values, written to a folder and planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from keyless.plan import AppPlan, Plan
from keyless.planner import make_plan
from keyless.project import load_project

SUBSCRIPTION = "00000000-0000-0000-0000-000000000002"
DATA = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-data/providers"


def storage(name: str = "storders", **more: Any) -> dict[str, Any]:
    """A storage account."""
    return {"kind": "storage", "id": f"{DATA}/Microsoft.Storage/storageAccounts/{name}", **more}


def account(kind: str, name: str, **more: Any) -> dict[str, Any]:
    """An `openai` or `foundry` account."""
    return {"kind": kind, "id": f"{DATA}/Microsoft.CognitiveServices/accounts/{name}", **more}


RESOURCES: dict[str, Any] = {
    "orders": storage(),
    "cache": {"kind": "redis-cache", "id": f"{DATA}/Microsoft.Cache/redis/rdc"},
    "sessions": {
        "kind": "redis-managed",
        "id": f"{DATA}/Microsoft.Cache/redisEnterprise/amr",
        "host": "amr.koreacentral.redis.azure.net",
    },
    "assistant": account("openai", "oai-shop"),
    "agents": account("foundry", "aif-shop", keys="forbidden"),
    "vault": {"kind": "keyvault", "id": f"{DATA}/Microsoft.KeyVault/vaults/kv-shop"},
}


def cluster(name: str = "aks-dev", **more: Any) -> dict[str, Any]:
    """A cluster whose issuer ends in its name."""
    return {"name": name, "issuer": f"https://oidc.example.com/{name}/", "context": name, **more}


def facts(**changes: Any) -> dict[str, Any]:
    """The facts of an environment with one cluster and every kind of resource."""
    values: dict[str, Any] = {
        "tenant": "00000000-0000-0000-0000-000000000001",
        "subscription": SUBSCRIPTION,
        "location": "koreacentral",
        "identities": {"resource_group": "rg-identities-{team}-{env}"},
        "clusters": [cluster()],
        "resources": RESOURCES,
    }
    return values | changes


def workload(name: str = "checkout", kind: str = "Deployment", **more: Any) -> dict[str, Any]:
    """A workload in the namespace payments."""
    return {"kind": kind, "namespace": "payments", "name": name, **more}


def app(name: str = "checkout", uses: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An app of the team payments with one workload named like it, reading the container invoices."""
    values: dict[str, Any] = {
        "app": name,
        "team": "payments",
        "workload": workload(name),
        "uses": {"invoices": blob()} if uses is None else uses,
    }
    return {key: value for key, value in (values | changes).items() if value is not None}


def blob(access: str = "read", container: str = "invoices", **more: Any) -> dict[str, Any]:
    """A use of one container of `orders`."""
    return {"kind": "blob", "account": "orders", "container": container, "access": access, **more}


def write_project(root: Path, apps: list[dict[str, Any]], environment: dict[str, Any]) -> Path:
    """Write a project with the environment dev, one file an app, and return its folder."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "apps").mkdir()
    (root / "Pulumi.yaml").write_text("name: shop\nruntime: python\n", encoding="utf-8")
    write_environment(root, "dev", environment)
    for number, spec in enumerate(apps):
        (root / "apps" / f"{number}.yaml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    return root


def write_environment(root: Path, name: str, environment: dict[str, Any]) -> None:
    """Write `Pulumi.<name>.yaml` with these facts."""
    config = {"config": {"keyless:environment": environment}}
    text = yaml.safe_dump(config, sort_keys=False)
    (root / f"Pulumi.{name}.yaml").write_text(text, encoding="utf-8")


def planned(root: Path, apps: list[dict[str, Any]], environment: dict[str, Any] | None = None) -> Plan:
    """The plan of dev, by way of files. Raises KeylessError."""
    project = load_project(write_project(root / "project", apps, environment or facts()))
    return make_plan(project.apps, project.environments["dev"])


def apps_of(plan: Plan) -> dict[str, AppPlan]:
    """Every app of every stack, by name."""
    return {app.app: app for stack in plan.stacks for app in stack.apps}
