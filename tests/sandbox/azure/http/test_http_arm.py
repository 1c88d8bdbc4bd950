"""What the stand-in ARM takes over HTTP, and how a write behaves while it is under way."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sandbox.faults import Failure
from tests.sandbox.azure.http.conftest import GROUP, Reply, Serve, Web

STORAGE = "Microsoft.Storage/storageAccounts/storders"
AI = "Microsoft.CognitiveServices/accounts/oai"
CACHE = "Microsoft.Cache/redis/cache"
CLUSTER = "Microsoft.Cache/redisEnterprise/amr"
DATABASE = f"{CLUSTER}/databases/default"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet/subnets/nodes"
CLOSED = {"properties": {"publicNetworkAccess": "Disabled"}}
VERSIONS = {STORAGE: "2025-08-01", AI: "2025-06-01", CACHE: "2024-11-01", CLUSTER: "2025-07-01"}


def patch(arm: Web, path: str, properties: dict[str, Any]) -> Reply:
    version = next(version for known, version in VERSIONS.items() if path.startswith(known))
    return arm.send("PATCH", path, {"properties": properties}, version=version)


def test_a_patch_keeps_what_it_does_not_name_and_tags(arm: Web) -> None:
    before = arm.get(STORAGE).body
    assert patch(arm, STORAGE, {"allowSharedKeyAccess": False}).status == 200
    after = arm.get(STORAGE).body
    before["properties"]["allowSharedKeyAccess"] = False
    assert after == before
    assert (after["tags"], after["properties"]["somethingNew"]) == ({"owner": "finance"}, {"left": "alone"})


def test_what_a_patch_leaves_out_of_network_acls_is_gone(arm: Web) -> None:
    patch(arm, STORAGE, {"networkAcls": {"defaultAction": "Deny"}})
    assert arm.get(STORAGE).properties["networkAcls"] == {"defaultAction": "Deny"}


def test_an_older_version_hides_newer_members_so_that_its_user_loses_them(arm: Web) -> None:
    old = arm.get(STORAGE, "2023-05-01").properties
    assert "allowSharedKeyAccessForServices" not in old
    assert "ipv6Rules" not in old["networkAcls"]
    patch(arm, STORAGE, {"networkAcls": old["networkAcls"]})
    assert "ipv6Rules" not in arm.get(STORAGE).properties["networkAcls"]


def test_new_rules_are_completed_and_old_ones_stay_as_they_were(arm: Web) -> None:
    rules = [{"value": "20.1.1.1"}, {"value": "20.1.1.2"}]
    acls = {"defaultAction": "Deny", "ipRules": rules, "virtualNetworkRules": [{"id": SUBNET}]}
    patch(arm, STORAGE, {"networkAcls": acls})
    kept = arm.get(STORAGE).properties["networkAcls"]
    assert kept["ipRules"] == [{"value": one["value"], "action": "Allow"} for one in rules]
    assert kept["virtualNetworkRules"] == [{"id": SUBNET, "action": "Allow", "state": "Succeeded"}]
    patch(arm, AI, {"networkAcls": {"defaultAction": "Deny", "virtualNetworkRules": [{"id": SUBNET}]}})
    time.sleep(0.1)
    (rule,) = arm.get(AI, "2025-06-01").properties["networkAcls"]["virtualNetworkRules"]
    assert rule == {"id": SUBNET.lower(), "ignoreMissingVnetServiceEndpoint": False}


@pytest.mark.parametrize("path", [AI, CACHE, CLUSTER, DATABASE])
def test_a_long_running_write_is_accepted_and_shows_the_old_state_until_it_is_done(
    serve: Serve, path: str
) -> None:
    arm = serve(seconds=0.4)
    name, value = {
        AI: ("disableLocalAuth", True),
        CACHE: ("disableAccessKeyAuthentication", True),
        CLUSTER: ("publicNetworkAccess", "Disabled"),
        DATABASE: ("accessKeysAuthentication", "Disabled"),
    }[path]
    accepted = patch(arm, path, {name: value})
    assert accepted.status == 202
    assert "Retry-After" in accepted.headers
    where = accepted.headers.get("Azure-AsyncOperation") or accepted.headers["Location"]
    version = next(version for known, version in VERSIONS.items() if path.startswith(known))
    meanwhile = arm.get(path, version)
    assert meanwhile.properties["provisioningState"] == "Updating"
    assert meanwhile.properties.get(name) != value
    conflict = patch(arm, path, {name: value})
    assert conflict.status == 409
    assert conflict.body["error"]["code"] != "ScopeLocked"
    first = arm.send("GET", where, version=None)
    assert (first.status, (first.body or {}).get("status")) in ((200, "InProgress"), (202, None))
    time.sleep(0.45)
    last = arm.send("GET", where, version=None)
    assert (last.status, (last.body or {}).get("status")) in ((200, "Succeeded"), (204, None))
    done = arm.get(path, version)
    assert (done.properties["provisioningState"], done.properties[name]) == ("Succeeded", value)


def test_a_database_is_busy_while_its_cluster_is(serve: Serve) -> None:
    arm = serve(seconds=30)
    assert patch(arm, CLUSTER, {"publicNetworkAccess": "Disabled"}).status == 202
    assert patch(arm, DATABASE, {"accessKeysAuthentication": "Disabled"}).status == 409


def test_a_long_running_write_can_fail_in_the_end(serve: Serve) -> None:
    arm = serve(Failure(202, 1, "ArmPatch"), seconds=0.05)
    before = arm.rows()
    where = patch(arm, CLUSTER, {"publicNetworkAccess": "Disabled"}).headers["Azure-AsyncOperation"]
    time.sleep(0.1)
    told = arm.send("GET", where, version=None).body
    assert (told["status"], told["error"]["code"]) == ("Failed", "OperationFailed")
    assert arm.rows() == before


def test_a_failed_location_answers_with_its_error_and_an_unknown_one_is_not_found(serve: Serve) -> None:
    arm = serve(Failure(202, 1, "ArmPatch"), seconds=0.05)
    where = patch(arm, CACHE, {"publicNetworkAccess": "Disabled"}).headers["Location"]
    time.sleep(0.1)
    assert arm.send("GET", where, version=None).body["error"]["code"] == "OperationFailed"
    unknown = where.rpartition("/")[0] + "/none?api-version=2024-11-01"
    assert arm.send("GET", unknown, version=None).body["error"]["code"] == "OperationNotFound"


def test_the_answer_to_a_write_of_classic_redis_carries_keys_and_a_get_never_does(arm: Web) -> None:
    written = patch(arm, CACHE, {"publicNetworkAccess": "Disabled"})
    assert written.properties["accessKeys"]["primaryKey"].startswith("MARKED-KEY-")
    assert "MARKED" not in str(arm.get(CACHE, "2024-11-01").body)
    assert "MARKED" not in str(arm.rows())


def test_a_whole_put_loses_what_it_does_not_name(arm: Web) -> None:
    body = {"location": "koreacentral", **CLOSED}
    assert arm.send("PUT", STORAGE, body, version="2025-08-01").status == 200
    after = arm.get(STORAGE).body
    assert "tags" not in after
    assert "somethingNew" not in after["properties"]


def test_a_child_is_made_read_and_taken_away(arm: Web) -> None:
    before = arm.rows()
    path, body = f"{CACHE}/firewallRules/office", {"properties": {"startIP": "20.1.1.1", "endIP": "20.1.1.1"}}
    assert arm.send("PUT", path, body, version="2024-11-01").status == 201
    assert arm.get(path, "2024-11-01").properties == body["properties"]
    assert arm.send("PUT", path, body, version="2024-11-01").status == 200
    assert arm.send("DELETE", path, version="2024-11-01").status == 200
    assert arm.send("DELETE", path, version="2024-11-01").status == 204
    assert arm.rows() == before


def test_a_delete_lock_refuses_a_delete_and_no_patch(arm: Web) -> None:
    lock = f"~/providers/{STORAGE}/providers/Microsoft.Authorization/locks/x"
    arm.put({"id": lock, "properties": {"level": "CanNotDelete"}})
    assert patch(arm, STORAGE, {"allowSharedKeyAccess": False}).status == 200
    refused = arm.send("DELETE", STORAGE, version="2025-08-01")
    assert (refused.status, refused.body["error"]["code"]) == (409, "ScopeLocked")


def test_a_modify_policy_undoes_a_value_without_a_word(arm: Web) -> None:
    rule = {
        "effect": "Modify",
        "type": "Microsoft.Storage/storageAccounts",
        "field": "publicNetworkAccess",
        "value": "Enabled",
    }
    assignment = "~/providers/Microsoft.Authorization/policyAssignments/open"
    arm.put({"id": assignment, "properties": {"standIn": rule}})
    answer = patch(arm, STORAGE, {"publicNetworkAccess": "Disabled", "allowSharedKeyAccess": False})
    assert answer.status == 200
    now = arm.get(STORAGE).properties
    assert (now["publicNetworkAccess"], now["allowSharedKeyAccess"]) == ("Enabled", False)


def test_a_deny_policy_names_assignment_and_definition(arm: Web) -> None:
    rule = {
        "effect": "Deny",
        "type": "Microsoft.Storage/storageAccounts",
        "field": "publicNetworkAccess",
        "value": "Enabled",
    }
    assignment = "~/providers/Microsoft.Authorization/policyAssignments/closed"
    arm.put({"id": assignment, "properties": {"standIn": rule, "policyDefinitionId": "/def/closed"}})
    info = patch(arm, STORAGE, {"allowSharedKeyAccess": True}).body["error"]["additionalInfo"][0]["info"]
    assert info["policyDefinitionId"] == "/def/closed"
    assert info["policyAssignmentId"].endswith("/closed")


def test_the_target_sees_its_endpoints_and_tells_what_they_need(arm: Web) -> None:
    (connection,) = arm.get(STORAGE).properties["privateEndpointConnections"]
    assert connection["properties"]["privateLinkServiceConnectionState"]["status"] == "Pending"
    assert connection["properties"]["privateEndpoint"]["id"].endswith("/privateEndpoints/pe-there")
    assert arm.get(f"{STORAGE}/privateEndpointConnections").body["value"] == [connection]
    ai = arm.get("Microsoft.CognitiveServices/accounts/foundry/privateLinkResources", "2025-06-01")
    (group,) = ai.body["value"]
    assert len(group["properties"]["requiredZoneNames"]) == 3
    groups = arm.get("Microsoft.Network/privateEndpoints/pe-there/privateDnsZoneGroups", "2024-05-01")
    assert [one["name"] for one in groups.body["value"]] == ["default"]
    missing = arm.get("Microsoft.Network/privateEndpoints/none/privateDnsZoneGroups", "2024-05-01")
    assert missing.status == 404


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (429, "TooManyRequests"),
        (500, "InternalServerError"),
        (409, "RequestConflict"),
        (403, "AuthorizationFailed"),
    ],
)
def test_a_fault_answers_writes_as_often_as_it_says_and_never_reads(
    serve: Serve, code: int, error: str
) -> None:
    arm = serve(Failure(code, 2, "ArmPatch"))
    for _ in range(2):
        assert arm.get(AI, "2025-06-01").status == 200
        refused = patch(arm, AI, {"disableLocalAuth": True})
        assert (refused.status, refused.body["error"]["code"]) == (code, error)
        assert ("Retry-After" in refused.headers) == (code == 429)
    assert patch(arm, AI, {"disableLocalAuth": True}).status == 202


def test_a_body_that_is_no_json_is_refused(arm: Web) -> None:
    import http.client

    connection = http.client.HTTPConnection(arm.url.removeprefix("http://"))
    path = f"{GROUP}/providers/{STORAGE}?api-version=2025-08-01"
    connection.request("PATCH", path, "{", {"Authorization": "Bearer sandbox:"})
    assert connection.getresponse().status == 400
    connection.close()
