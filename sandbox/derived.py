"""The world of an environment without a world file: every ARM id that it names exists, public and with keys.

Clusters hold the manifests that the apps name. A grant that exists needs a world file: its id does not say which
role it gives, nor to whom.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.project import Mapping, Project, as_mapping, namespace_of, workloads

ARM_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+(/providers/.+)?", re.IGNORECASE)
GRANT_ID = re.compile(r"/(roleAssignments|accessPolicyAssignments)/[^/]+/?$", re.IGNORECASE)

# Properties of a resource that nobody has closed yet, as ARM spells them. Keys: type in lower case.
OPEN: dict[str, Mapping] = {
    "microsoft.storage/storageaccounts": {
        "kind": "StorageV2",
        "properties": {"publicNetworkAccess": "Enabled", "allowSharedKeyAccess": True},
    },
    "microsoft.cache/redis": {
        "properties": {
            "publicNetworkAccess": "Enabled",
            "disableAccessKeyAuthentication": False,
            "redisConfiguration": {"aad-enabled": "true"},
        },
    },
    "microsoft.cache/redisenterprise": {"properties": {"publicNetworkAccess": "Enabled"}},
    "microsoft.cache/redisenterprise/databases": {"properties": {"accessKeysAuthentication": "Enabled"}},
    "microsoft.cognitiveservices/accounts": {
        "properties": {"publicNetworkAccess": "Enabled", "disableLocalAuth": False},
    },
    # Subnets that a firewall may name need a service endpoint of each service.
    "microsoft.network/virtualnetworks/subnets": {
        "properties": {
            "serviceEndpoints": [
                {"service": service}
                for service in ("Microsoft.CognitiveServices", "Microsoft.KeyVault", "Microsoft.Storage")
            ]
        },
    },
    "microsoft.keyvault/vaults": {
        "properties": {"publicNetworkAccess": "Enabled", "enableRbacAuthorization": True},
    },
}
COGNITIVE_KINDS = {"openai": "OpenAI", "foundry": "AIServices"}
# Zones of the endpoints that Keyless makes; they exist where `zones` names a resource group.
ZONES = (
    "privatelink.blob.core.windows.net",
    "privatelink.dfs.core.windows.net",
    "privatelink.redis.cache.windows.net",
    "privatelink.redis.azure.net",
    "privatelink.openai.azure.com",
    "privatelink.cognitiveservices.azure.com",
    "privatelink.services.ai.azure.com",
    "privatelink.vaultcore.azure.net",
)


def derive(project: Project) -> Mapping:
    """The world in the format of a world file: `azure` and `clusters`."""
    return {"azure": list(azure(project).values()), "clusters": list(clusters(project))}


def azure(project: Project) -> dict[str, Mapping]:
    """Resources by lower-case id: what the environment names, its parents and its resource groups."""
    location = str(project.facts.get("location") or "koreacentral")
    found: dict[str, Mapping] = {}
    for arm_id in arm_ids(project):
        for part in with_parents(arm_id):
            found.setdefault(
                part.lower(), {"id": part, "location": location, **OPEN.get(arm_type(part).lower(), {})}
            )
    for resource in as_mapping(project.facts.get("resources")).values():
        describe(found, as_mapping(resource))
    return dict(sorted(found.items()))


def arm_ids(project: Project) -> Iterator[str]:
    """Every ARM id of the environment, and those that follow from it: groups, databases, projects, zones."""
    facts = project.facts
    yield from ids_in({key: value for key, value in facts.items() if key != "include"})
    subscription = f"/subscriptions/{facts.get('subscription')}"
    network = as_mapping(facts.get("network"))
    for group in (as_mapping(facts.get("identities")).get("resource_group"), network.get("resource_group")):
        if group:
            for team in sorted(project.teams()):
                name = str(group).replace("{team}", team).replace("{env}", project.environment)
                yield f"{subscription}/resourceGroups/{name}"
    if str(network.get("zones")).startswith("/"):
        yield from (
            f"{network['zones']}/providers/Microsoft.Network/privateDnsZones/{zone}" for zone in ZONES
        )
    resources = as_mapping(facts.get("resources"))
    for resource in map(as_mapping, resources.values()):
        if resource.get("kind") == "redis-managed":
            yield f"{resource.get('id')}/databases/default"
    for app in project.apps.values():
        for use in map(as_mapping, as_mapping(app.get("uses")).values()):
            account = as_mapping(resources.get(str(use.get("account")))).get("id")
            if use.get("kind") == "foundry" and account and use.get("project"):
                yield f"{account}/projects/{use['project']}"


def ids_in(value: object) -> Iterator[str]:
    """Every string below `value` that is an ARM id of a resource group or of something in one."""
    if isinstance(value, dict):
        for one in value.values():
            yield from ids_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from ids_in(one)
    elif isinstance(value, str) and ARM_ID.fullmatch(value) and not GRANT_ID.search(value):
        yield value


def with_parents(arm_id: str) -> Iterator[str]:
    """The resource group of an id, each parent resource, and the id itself."""
    parts = arm_id.split("/")
    yield "/".join(parts[:5])
    # parts: "", subscriptions, S, resourceGroups, G, providers, Namespace, type, name, type, name ...
    for end in range(9, len(parts) + 1, 2):
        yield "/".join(parts[:end])


def arm_type(arm_id: str) -> str:
    """`Microsoft.Cache/redisEnterprise/databases` for the id of a database; of a role assignment, its own type."""
    _, provider, after = arm_id.rpartition("/providers/")
    if not provider:
        return "Microsoft.Resources/resourceGroups"
    namespace, *words = after.split("/")
    return "/".join([namespace, *words[::2]])


def describe(found: dict[str, Mapping], resource: Mapping) -> None:
    """What the environment says of a resource and ARM would know as well: kind and subdomain."""
    known = found.get(str(resource.get("id")).lower())
    kind = COGNITIVE_KINDS.get(str(resource.get("kind")))
    if known is None or kind is None:
        return
    host = re.match(r"https://([^./]+)\.", str(resource.get("endpoint") or ""))
    subdomain = host[1] if host else known["id"].rpartition("/")[2].lower()
    known["kind"] = kind
    known["properties"] = {**known["properties"], "customSubDomainName": subdomain}


def clusters(project: Project) -> Iterator[Mapping]:
    """Each cluster of the environment with the namespaces and manifests of the apps that run in it."""
    for cluster in map(as_mapping, project.facts.get("clusters") or ()):
        namespaces: set[str] = set()
        applied: list[dict[str, Any]] = []
        for path, app in project.apps.items():
            override = project.override(str(app.get("app")))
            narrowed = override.get("clusters")
            if override.get("absent") or (narrowed and cluster.get("name") not in narrowed):
                continue
            for workload in workloads(app):
                namespace = namespace_of(app, workload, override)
                namespaces.add(namespace)
                if workload.get("manifests"):
                    manifests = os.path.relpath(path.parent / str(workload["manifests"]), project.folder)
                    entry = {"path": manifests, "namespace": namespace}
                    if entry not in applied:
                        applied.append(entry)
        yield {
            "context": cluster.get("context") or cluster.get("name"),
            "issuer": cluster.get("issuer"),
            "namespaces": sorted(namespaces),
            "apply": applied,
        }


def manifest_files(path: Path) -> list[Path]:
    """The YAML files of a manifest path: the file itself, or all below a folder, sorted."""
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix in (".yaml", ".yml") and file.is_file())
    return [path]
