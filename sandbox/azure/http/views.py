"""What ARM answers about private links from the target's side, worked out from the endpoints in the cloud."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.azure.rules.endpoints import ENDPOINTS, connections_of

STORAGE = ("blob", "dfs", "file", "queue", "table", "web")
# Facts-doors §2.2: sub-resources and the zones that their names live in, by the target's type in lower case.
LINKS: dict[str, dict[str, list[str]]] = {
    "microsoft.storage/storageaccounts": {one: [f"privatelink.{one}.core.windows.net"] for one in STORAGE},
    "microsoft.cache/redis": {"redisCache": ["privatelink.redis.cache.windows.net"]},
    "microsoft.cache/redisenterprise": {"redisEnterprise": ["privatelink.redis.azure.net"]},
    "microsoft.keyvault/vaults": {"vault": ["privatelink.vaultcore.azure.net"]},
    "microsoft.cognitiveservices/accounts": {
        "account": ["privatelink.cognitiveservices.azure.com", "privatelink.openai.azure.com"]
    },
}
FOUNDRY_ZONE = "privatelink.services.ai.azure.com"


def connections_to(cloud: Cloud, target: str) -> Iterator[Body]:
    """The `privateEndpointConnections` of a target: one for each endpoint that leads to it, with its approval."""
    for endpoint in cloud.of_type(ENDPOINTS):
        for one in connections_of(endpoint):
            own = properties(one)
            if not ids.same(str(own.get("privateLinkServiceId")), target):
                continue
            name = f"{ids.name(endpoint['id'])}.{ids.guid('connection', ids.key(endpoint['id']))}"
            state = own.get("privateLinkServiceConnectionState") or {"status": "Approved"}
            yield {
                "id": f"{target}/privateEndpointConnections/{name}",
                "name": name,
                "type": f"{ids.arm_type(target)}/privateEndpointConnections",
                "properties": {
                    "privateEndpoint": {"id": endpoint["id"]},
                    "groupIds": own.get("groupIds"),
                    "privateLinkServiceConnectionState": state,
                    "provisioningState": "Succeeded",
                },
            }


def link_resources(target: Body) -> Iterator[Body]:
    """The `privateLinkResources` of a target: each sub-resource with the zones that it needs."""
    for group, zones in LINKS.get(str(target["type"]).lower(), {}).items():
        needed = [*zones, FOUNDRY_ZONE] if target.get("kind") == "AIServices" else zones
        yield {
            "id": f"{target['id']}/privateLinkResources/{group}",
            "name": group,
            "type": f"{target['type']}/privateLinkResources",
            "properties": {"groupId": group, "requiredMembers": [group], "requiredZoneNames": needed},
        }
