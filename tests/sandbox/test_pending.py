"""Pending creates become resources under the ids that the providers would have given."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from sandbox import pending

SUBSCRIPTION = "00000000-0000-0000-0000-00000000000d"
PROVIDER = "urn:pulumi:dev::keyless::pulumi:providers:azure-native::azure"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
SCOPE = f"{GROUP}/Microsoft.Storage/storageAccounts/stx"


def create(kind: str, **inputs: Any) -> dict[str, Any]:
    resource = {
        "urn": f"urn:pulumi:dev::keyless::{kind}::x",
        "type": kind,
        "inputs": inputs,
        "provider": f"{PROVIDER}::1",
    }
    return {"type": "creating", "resource": resource}


def export(*operations: dict[str, Any], resources: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    provider = {
        "urn": PROVIDER,
        "type": "pulumi:providers:azure-native",
        "inputs": {"subscriptionId": SUBSCRIPTION},
    }
    return {
        "version": 3,
        "deployment": {"resources": [provider, *resources], "pending_operations": list(operations)},
    }


IDENTITY = {"resourceGroupName": "rg", "resourceName": "id-a"}
CASES = [
    ("azure-native:managedidentity:UserAssignedIdentity", IDENTITY,
     f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-a"),
    ("azure-native:managedidentity:FederatedIdentityCredential",
     {**IDENTITY, "federatedIdentityCredentialResourceName": "fic"},
     f"{GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities/id-a/federatedIdentityCredentials/fic"),
    ("azure-native:authorization:RoleAssignment", {"scope": SCOPE, "roleAssignmentName": "g"},
     f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/g"),
    ("azure-native:authorization:RoleAssignment", {"scope": SCOPE.lstrip("/"), "roleAssignmentName": "g"},
     f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/g"),
    ("azure-native:authorization:ManagementLockByScope", {"scope": SCOPE, "lockName": "l"},
     f"{SCOPE}/providers/Microsoft.Authorization/locks/l"),
    ("azure-native:monitor:DiagnosticSetting", {"resourceUri": SCOPE, "name": "keyless-dev"},
     f"{SCOPE}/providers/Microsoft.Insights/diagnosticSettings/keyless-dev"),
    ("azure-native:redis:AccessPolicyAssignment",
     {"resourceGroupName": "rg", "cacheName": "c", "accessPolicyAssignmentName": "p"},
     f"{GROUP}/Microsoft.Cache/redis/c/accessPolicyAssignments/p"),
    ("azure-native:redisenterprise:AccessPolicyAssignment",
     {"resourceGroupName": "rg", "clusterName": "c", "databaseName": "default", "accessPolicyAssignmentName": "p"},
     f"{GROUP}/Microsoft.Cache/redisEnterprise/c/databases/default/accessPolicyAssignments/p"),
    ("azure-native:network:PrivateEndpoint", {"resourceGroupName": "rg", "privateEndpointName": "pe"},
     f"{GROUP}/Microsoft.Network/privateEndpoints/pe"),
    ("azure-native:network:PrivateDnsZoneGroup",
     {"resourceGroupName": "rg", "privateEndpointName": "pe", "privateDnsZoneGroupName": "default"},
     f"{GROUP}/Microsoft.Network/privateEndpoints/pe/privateDnsZoneGroups/default"),
    ("azure-native:privatedns:PrivateZone", {"resourceGroupName": "rg", "privateZoneName": "z"},
     f"{GROUP}/Microsoft.Network/privateDnsZones/z"),
    ("azure-native:privatedns:VirtualNetworkLink",
     {"resourceGroupName": "rg", "privateZoneName": "z", "virtualNetworkLinkName": "l"},
     f"{GROUP}/Microsoft.Network/privateDnsZones/z/virtualNetworkLinks/l"),
    ("kubernetes:core/v1:ServiceAccount", {"metadata": {"namespace": "shop", "name": "sa"}}, "shop/sa"),
    ("kubernetes:core/v1:Namespace", {"metadata": {"name": "shop"}}, "shop"),
    (pending.POSTURE, {"resource": "orders", "found": {}}, "orders"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "inputs", "expected"), CASES, ids=[case[2].rpartition("/")[2] for case in CASES]
)
def test_each_type_that_keyless_makes_gets_its_id(kind: str, inputs: dict[str, Any], expected: str):
    exported = export(create(kind, **inputs))
    mended = pending.mend(exported)
    assert [resource_id for _, resource_id in mended.taken_in] == [expected]
    assert exported["deployment"]["resources"][-1]["id"] == expected
    assert exported["deployment"]["pending_operations"] is None


def test_every_type_with_an_id_has_a_case():
    assert set(pending.IDS) == {kind for kind, _, _ in CASES if kind.startswith("azure-native:")}


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        (create("azure-native:storage:StorageAccount", accountName="x"), "cannot be worked out"),
        (
            create("azure-native:managedidentity:UserAssignedIdentity", resourceName="x"),
            "lack resourceGroupName",
        ),
        (create("kubernetes:core/v1:ServiceAccount", metadata={}), "name is not among"),
    ],
)
def test_what_has_no_known_id_stays_pending_and_is_named(operation: dict[str, Any], why: str):
    exported = export(operation)
    mended = pending.mend(exported)
    assert mended.taken_in == ()
    assert why in mended.left[0][1]
    assert exported["deployment"]["pending_operations"] == [operation]


@pytest.mark.parametrize(
    ("older", "left"),
    [
        ({"id": "old"}, [("new", None), ("old", True), ("child", None)]),
        # Deleted before: the cloud has it no more.
        ({"id": "old", "pendingReplacement": True}, [("new", None), ("child", None)]),
    ],
)
def test_half_a_replacement_takes_the_place_before_its_dependents(
    older: dict[str, Any], left: list[tuple[str, bool | None]]
):
    operation = create("azure-native:managedidentity:UserAssignedIdentity", **IDENTITY)
    urn = operation["resource"]["urn"]
    child = {"urn": "urn:pulumi:dev::keyless::child::y", "id": "child", "dependencies": [urn]}
    exported = export(operation, resources=({**operation["resource"], **older}, child))
    pending.mend(exported)
    ids = {CASES[0][2]: "new"}
    resources = exported["deployment"]["resources"][1:]
    assert [(ids.get(one["id"], one["id"]), one.get("delete")) for one in resources] == left


def test_updates_and_deletes_under_way_are_left_to_the_refresh():
    operation = {
        **create("azure-native:managedidentity:UserAssignedIdentity", **IDENTITY),
        "type": "updating",
    }
    exported = export(operation)
    assert pending.mend(exported) == pending.Mended((), ())
    assert exported["deployment"]["pending_operations"] == [operation]


def test_the_filter_reads_an_export_and_writes_the_mended_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    exported = export(create("azure-native:managedidentity:UserAssignedIdentity", **IDENTITY))
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(exported)))
    assert pending.main() == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["deployment"]["resources"][-1]["id"] == CASES[0][2]
    assert f"taken in as {CASES[0][2]}" in printed.err


def test_the_filter_refuses_what_is_no_export(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "stdin", io.StringIO("not json"))
    assert pending.main() == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "not what `pulumi stack export` prints" in printed.err


def test_a_posture_that_was_being_updated_keeps_the_record_of_what_it_had_found():
    before, after = (
        create(pending.POSTURE, found={}),
        create(pending.POSTURE, resource="orders", found={"a": 1}),
    )
    old = {**before["resource"], "id": "orders", "outputs": {"added": {}}}
    exported = export({**after, "type": "updating"}, resources=(old,))
    mended = pending.mend(exported)
    assert mended.renewed == ((old["urn"], "orders"),)
    assert exported["deployment"]["resources"][-1]["inputs"] == after["resource"]["inputs"]
    assert exported["deployment"]["resources"][-1]["outputs"] == {"added": {}}
    assert exported["deployment"]["pending_operations"] is None
