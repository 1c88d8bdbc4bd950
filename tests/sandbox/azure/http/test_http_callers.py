"""Over HTTP too the stand-in checks who calls: the client id of the bearer, and what its roles hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

GOOD: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "good.yaml").read_text(encoding="utf-8"))
GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg"
PRINCIPAL, CLIENT = "d0000000-0000-0000-0000-00000000000f", "c0000000-0000-0000-0000-00000000000f"
ROLE = "~/providers/Microsoft.Authorization/roleDefinitions/cccccccc-0000-0000-0000-00000000000f"
JOIN = "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action"
ACCOUNT = "Microsoft.Storage/storageAccounts/storders"


def sign_in(arm: Any, *actions: str) -> None:
    """An identity that may do just these actions in the group."""
    arm.put(
        {
            "id": "~/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-deployer",
            "properties": {"principalId": PRINCIPAL, "clientId": CLIENT},
        },
        {
            "id": ROLE,
            "properties": {
                "roleName": "x",
                "permissions": [{"actions": list(actions)}],
                "assignableScopes": [GROUP],
            },
        },
        {
            "id": "~/providers/Microsoft.Authorization/roleAssignments/eeeeeeee-0000-0000-0000-00000000000f",
            "properties": {"principalId": PRINCIPAL, "roleDefinitionId": GROUP + ROLE[1:]},
        },
    )


def ask(arm: Any, method: str, path: str, body: Any = None, version: str = "2025-08-01") -> Any:
    return arm.send(method, path, body, version=version, bearer=f"sandbox:{CLIENT}")


def type_of(path: str) -> str:
    words = path.split("/")
    return "/".join([words[0], *words[1::2]])


def expanded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: expanded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [expanded(one) for one in value]
    return GROUP + value[1:] if isinstance(value, str) and value.startswith("~") else value


@pytest.mark.parametrize("path", GOOD)
def test_a_write_needs_its_right_and_that_on_each_subnet(arm: Any, path: str) -> None:
    good = GOOD[path]
    properties = expanded(good["properties"])
    subnets = (properties.get("networkAcls") or {}).get("virtualNetworkRules") or []
    needed = [f"{type_of(path)}/write", *([JOIN] if subnets else [])]
    for missing in needed:
        sign_in(arm, *(one for one in needed if one != missing))
        before = arm.rows()
        answer = ask(arm, good.get("method", "PATCH"), path, {"properties": properties}, good["version"])
        code = "LinkedAuthorizationFailed" if missing == JOIN else "AuthorizationFailed"
        assert (answer.status, answer.body["error"]["code"]) == (403, code)
        assert f"'{missing}'" in answer.body["error"]["message"]
        assert arm.rows() == before
    sign_in(arm, *needed)
    answer = ask(arm, good.get("method", "PATCH"), path, {"properties": properties}, good["version"])
    assert answer.status in (200, 201, 202), answer.body


@pytest.mark.parametrize(
    ("path", "action"),
    [
        (ACCOUNT, "Microsoft.Storage/storageAccounts/read"),
        (
            f"{ACCOUNT}/privateEndpointConnections",
            "Microsoft.Storage/storageAccounts/privateEndpointConnections/read",
        ),
        (f"{ACCOUNT}/privateLinkResources", "Microsoft.Storage/storageAccounts/privateLinkResources/read"),
        (
            "Microsoft.Network/privateEndpoints/pe-there/privateDnsZoneGroups",
            "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read",
        ),
    ],
)
def test_a_read_needs_its_right(arm: Any, path: str, action: str) -> None:
    version = "2024-05-01" if "Network" in path else "2025-08-01"
    sign_in(arm)
    refused = ask(arm, "GET", path, version=version)
    assert refused.status == 403 and f"'{action}'" in refused.body["error"]["message"]
    sign_in(arm, action)
    assert ask(arm, "GET", path, version=version).status == 200


def test_a_deletion_needs_its_right(arm: Any) -> None:
    rule, version = "Microsoft.Cache/redis/cache/firewallRules/aks", "2024-11-01"
    arm.put({"id": f"~/providers/{rule}", "properties": {}})
    sign_in(arm, "Microsoft.Cache/redis/firewallRules/write")
    assert ask(arm, "DELETE", rule, version=version).status == 403
    sign_in(arm, "Microsoft.Cache/redis/firewallRules/delete")
    assert ask(arm, "DELETE", rule, version=version).status == 200


def test_an_unknown_client_id_gets_in_nowhere(arm: Any) -> None:
    assert ask(arm, "GET", ACCOUNT).status == 401
