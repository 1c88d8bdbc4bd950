"""The stand-in azure-native as the engine meets it: defaults, diffs, previews, refresh and import."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from sandbox.wire import UNKNOWN, decode

IDENTITY = "managedidentity:UserAssignedIdentity"
CREDENTIAL = "managedidentity:FederatedIdentityCredential"
ASSIGNMENT = "authorization:RoleAssignment"
ENDPOINT = "network:PrivateEndpoint"
GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg"


def test_identity_answers_with_ids_of_its_own(azure: Any) -> None:
    arm_id, outputs = azure.make(IDENTITY)
    assert arm_id == f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-new"
    assert outputs["tenantId"] == "00000000-0000-0000-0000-0000000000ff"
    assert len({outputs["principalId"], outputs["clientId"], outputs["tenantId"]}) == 3
    assert outputs["tags"] == {"app": "checkout"}
    assert outputs["azureApiVersion"] == "2023-01-31"


def test_recreated_identity_is_another_principal_and_leaves_its_assignments_behind(azure: Any) -> None:
    arm_id, first = azure.make(IDENTITY)
    assignment, _ = azure.make(ASSIGNMENT, principalId=first["principalId"])
    azure.delete(IDENTITY, arm_id)
    _, second = azure.make(IDENTITY)
    assert first["principalId"] != second["principalId"]
    assert first["clientId"] != second["clientId"]
    assert azure.read(ASSIGNMENT, assignment)[0] == assignment


def test_deleting_an_identity_takes_its_credentials_along(azure: Any) -> None:
    arm_id, _ = azure.make(IDENTITY)
    credential, _ = azure.make(CREDENTIAL, resourceName="id-new")
    azure.delete(IDENTITY, arm_id)
    assert azure.read(CREDENTIAL, credential) == ("", {}, {})


def test_update_is_a_whole_body_put(azure: Any) -> None:
    arm_id, made = azure.make(IDENTITY)
    outputs = azure.update(IDENTITY, arm_id, azure.inputs(IDENTITY, {"tags": None}))
    assert "tags" not in outputs
    assert outputs["principalId"] == made["principalId"]


def test_ids_are_compared_without_case_and_kept_as_given(azure: Any) -> None:
    arm_id, _ = azure.make(IDENTITY, resourceName="Id-New")
    found, outputs, _ = azure.read(IDENTITY, arm_id.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))
    assert found and outputs["name"] == "Id-New"


def test_preview_tolerates_unknowns_and_touches_nothing(azure: Any) -> None:
    before = azure.rows()
    inputs = azure.inputs(ASSIGNMENT, {"principalId": UNKNOWN})
    arm_id, outputs = azure.create(ASSIGNMENT, inputs, preview=True)
    assert arm_id == ""
    assert outputs["principalId"] is UNKNOWN and outputs["name"] is UNKNOWN
    assert outputs["scope"] == inputs["scope"]
    assert azure.update(IDENTITY, "/x", azure.inputs(IDENTITY), preview=True)["name"] == "old"
    assert azure.rows() == before


def test_check_fills_in_location_version_and_a_stable_name(azure: Any) -> None:
    news = azure.inputs(IDENTITY, {"location": None, "resourceName": None})
    first = decode(azure.check(IDENTITY, news).inputs)
    assert first["location"] == "koreacentral"
    assert first["azureApiVersion"] == "2023-01-31"
    assert first["resourceName"].startswith("thing") and len(first["resourceName"]) == len("thing") + 8
    assert first["__createBeforeDelete"] is True
    assert decode(azure.check(IDENTITY, news, first).inputs) == first


def test_check_leaves_the_location_open_while_the_group_is_unknown(azure: Any) -> None:
    news = azure.inputs(IDENTITY, {"location": None, "resourceGroupName": UNKNOWN})
    assert decode(azure.check(IDENTITY, news).inputs)["location"] is UNKNOWN


@pytest.mark.parametrize(
    ("kind", "changes", "reason"),
    [
        (CREDENTIAL, {"issuer": None}, "missing required property 'issuer'"),
        (
            CREDENTIAL,
            {"federatedIdentityCredentialResourceName": "-x"},
            "'federatedIdentityCredentialResourceName' does not match",
        ),
        (
            "redisenterprise:AccessPolicyAssignment",
            {"accessPolicyAssignmentName": "a-b"},
            "'accessPolicyAssignmentName' does not match expression '^[A-Za-z0-9]{1,60}$'",
        ),
        (
            IDENTITY,
            {"location": None, "resourceGroupName": "rg-none"},
            "missing required property 'location'. Either",
        ),
    ],
)
def test_check_reports_what_the_provider_would(azure: Any, kind: str, changes: Any, reason: str) -> None:
    (failure,) = azure.check(kind, azure.inputs(kind, changes)).failures
    assert failure.reason.startswith(reason)


@pytest.mark.parametrize(
    ("kind", "change", "replaces"),
    [
        (IDENTITY, {"resourceName": "id-other"}, ["resourceName"]),
        (IDENTITY, {"location": "westeurope"}, ["location"]),
        (IDENTITY, {"tags": {"app": "other"}}, []),
        (CREDENTIAL, {"resourceName": "id-other"}, ["resourceName"]),
        (CREDENTIAL, {"subject": "system:serviceaccount:a:b"}, []),
        (ASSIGNMENT, {"principalId": "x"}, ["principalId"]),
        (ASSIGNMENT, {"principalId": UNKNOWN}, ["principalId"]),
        (ASSIGNMENT, {"scope": GROUP}, ["scope"]),
        (ASSIGNMENT, {"roleDefinitionId": "x"}, ["roleDefinitionId"]),
        (ASSIGNMENT, {"description": "why"}, []),
        ("privatedns:VirtualNetworkLink", {"virtualNetwork": {"id": "x"}}, ["virtualNetwork"]),
    ],
)
def test_diff_replaces_what_cannot_change_and_deletes_first(
    azure: Any, kind: str, change: dict[str, Any], replaces: list[str]
) -> None:
    answer = azure.diff(kind, azure.inputs(kind), azure.inputs(kind, change))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert list(answer.diffs) == list(change)
    assert list(answer.replaces) == replaces
    assert answer.deleteBeforeReplace is bool(replaces)


def test_diff_of_an_automatically_named_resource_creates_first(azure: Any) -> None:
    olds = azure.inputs(IDENTITY, {"__createBeforeDelete": True})
    answer = azure.diff(IDENTITY, olds, azure.inputs(IDENTITY, {"location": "westeurope"}))
    assert list(answer.replaces) == ["location"] and not answer.deleteBeforeReplace


@pytest.mark.parametrize("change", [{}, {"location": "Korea Central"}, {"unheardOf": 1}])
def test_diff_sees_no_change_where_there_is_none(azure: Any, change: dict[str, Any]) -> None:
    answer = azure.diff(IDENTITY, azure.inputs(IDENTITY), azure.inputs(IDENTITY, change))
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_refresh_finds_no_drift_in_what_was_just_made(azure: Any) -> None:
    for kind in azure.good:
        inputs = {**azure.inputs(kind), "azureApiVersion": "x"}
        arm_id, outputs = azure.create(kind, inputs)
        found, live, refreshed = azure.read(kind, arm_id, inputs, outputs)
        assert (found, live, refreshed) == (arm_id, outputs, inputs), kind
        azure.delete(kind, arm_id)


def test_refresh_takes_over_what_someone_else_changed_and_nothing_more(azure: Any) -> None:
    inputs = azure.inputs(CREDENTIAL)
    arm_id, outputs = azure.create(CREDENTIAL, inputs)
    body = azure.rows()[arm_id.lower()]
    body["properties"]["subject"] = "system:serviceaccount:payments:other"
    azure.put(body)
    _, live, refreshed = azure.read(CREDENTIAL, arm_id, inputs, outputs)
    assert live["subject"] == "system:serviceaccount:payments:other"
    assert refreshed == {**inputs, "subject": "system:serviceaccount:payments:other"}
    assert list(azure.diff(CREDENTIAL, refreshed, inputs).diffs) == ["subject"]


def test_refresh_of_what_is_gone_answers_with_no_id(azure: Any) -> None:
    arm_id, outputs = azure.make(IDENTITY)
    azure.delete(IDENTITY, arm_id)
    assert azure.read(IDENTITY, arm_id, azure.inputs(IDENTITY), outputs) == ("", {}, {})


def test_import_reads_inputs_from_id_and_answer(azure: Any) -> None:
    for kind in azure.good:
        inputs = azure.inputs(kind)
        arm_id, _ = azure.create(kind, inputs)
        _, _, imported = azure.read(kind, arm_id)
        differences = {
            name: imported.get(name) for name, value in inputs.items() if imported.get(name) != value
        }
        assert differences == {}, kind
        azure.delete(kind, arm_id)


def test_get_reads_what_the_world_holds(azure: Any) -> None:
    arm_id = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-there"
    found, outputs, _ = azure.read(IDENTITY, arm_id)
    assert found == arm_id
    assert outputs["clientId"] == "22222222-2222-2222-2222-222222222222"


def test_import_of_an_id_of_another_type_is_refused(azure: Any) -> None:
    arm_id, _ = azure.make(IDENTITY)
    with pytest.raises(Exception, match="is no id of azure-native:network:PrivateEndpoint"):
        azure.read(ENDPOINT, arm_id)


def test_endpoint_is_approved_and_its_group_holds_an_address_for_each_zone(azure: Any) -> None:
    _, endpoint = azure.make(ENDPOINT)
    (connection,) = endpoint["privateLinkServiceConnections"]
    assert connection["privateLinkServiceConnectionState"]["status"] == "Approved"
    assert len(endpoint["networkInterfaces"]) == 1
    _, group = azure.make("network:PrivateDnsZoneGroup", privateEndpointName="pe-new")
    (config,) = group["privateDnsZoneConfigs"]
    assert config["recordSets"][0]["fqdn"] == "storders.privatelink.blob.core.windows.net"
    assert config["recordSets"][0]["ipAddresses"][0].startswith("10.")


def test_assignment_to_an_identity_that_the_world_lists_without_ids(azure: Any) -> None:
    bare = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-bare"
    _, outputs, _ = azure.read(IDENTITY, bare)
    assert (
        azure.make(ASSIGNMENT, principalId=outputs["principalId"])[1]["principalId"] == outputs["principalId"]
    )


def test_role_of_a_bare_id_comes_back_in_the_subscription(azure: Any) -> None:
    role = "/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    _, outputs = azure.make(ASSIGNMENT, roleDefinitionId=role)
    assert outputs["roleDefinitionId"] == f"/subscriptions/00000000-0000-0000-0000-00000000000a{role}"


def test_client_config_names_subscription_and_tenant(azure: Any) -> None:
    request = provider_pb2.InvokeRequest(tok="azure-native:authorization:getClientConfig")
    answer = decode(getattr(azure.stub.Invoke(request), "return"))
    assert answer["subscriptionId"] == "00000000-0000-0000-0000-00000000000a"
    assert answer["tenantId"] == "00000000-0000-0000-0000-0000000000ff"
    assert answer["objectId"] != answer["clientId"]


def test_unknown_function_is_refused(azure: Any) -> None:
    with pytest.raises(Exception, match="no function azure-native:storage:listStorageAccountKeys"):
        azure.stub.Invoke(provider_pb2.InvokeRequest(tok="azure-native:storage:listStorageAccountKeys"))


def test_settings_that_are_not_known_yet_count_as_not_set(azure: Any) -> None:
    azure.configure(tenantId=UNKNOWN)
    assert azure.make(IDENTITY)[1]["tenantId"]


def test_a_provider_without_subscription_says_so(azure: Any) -> None:
    azure.configure(subscriptionId="")
    with pytest.raises(Exception, match="the provider has no subscription"):
        azure.make(IDENTITY)


def test_a_category_that_is_switched_off_is_free_for_another_setting(azure: Any) -> None:
    kind = "monitor:DiagnosticSetting"
    azure.make(kind, name="other", logs=[{"category": "StorageRead", "enabled": False}])
    azure.make(kind)


def test_two_workspaces_may_get_one_category(azure: Any) -> None:
    kind = "monitor:DiagnosticSetting"
    workspace = azure.inputs(kind)["workspaceId"]
    azure.make(kind, name="other", workspaceId=f"{workspace}-other")
    azure.make(kind)
