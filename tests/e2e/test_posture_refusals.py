"""What keeps a door open on the real engine: a private way that is not proven, a lock, a policy; each is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.doors import (
    ACCOUNT,
    ENDPOINT,
    FIREWALL,
    PRIVATE,
    PROOF,
    UP,
    WITH_ENDPOINT,
    ZONE,
    ZONE_ID,
    Doors,
    foreign,
)


def test_nothing_is_closed_until_the_private_way_is_proven(doors: Doors):
    world = doors.rows()
    doors.want(patches=[PRIVATE], proofs=[PROOF])
    said = doors.refuse()
    for word in (
        "resource orders",
        "nothing was closed",
        "the target knows no connection from it",
        f"zone {ZONE} is in no zone group",
        "posture of resource orders",
    ):
        assert word in said, said
    assert doors.rows() == world
    doors.want(patches=[PRIVATE], proofs=[PROOF], endpoint={**WITH_ENDPOINT, "zones": []})
    said = doors.refuse()
    assert "the target knows no connection" not in said
    assert f"zone {ZONE} is in no zone group" in said
    assert doors.body(ACCOUNT)["properties"]["publicNetworkAccess"] == "Enabled"
    doors.want(patches=[PRIVATE], proofs=[PROOF], endpoint=WITH_ENDPOINT)
    doors.up()
    assert doors.body(ACCOUNT)["properties"]["publicNetworkAccess"] == "Disabled"
    doors.up("--expect-no-changes")
    doors.place.destroy("dev")
    assert doors.body(ACCOUNT)["properties"]["publicNetworkAccess"] == "Disabled"
    assert foreign(doors.rows()) == foreign(world)


def test_closing_waits_for_a_zone_group_that_somebody_else_writes(doors: Doors):
    doors.want(patches=[PRIVATE], proofs=[PROOF], endpoint={**WITH_ENDPOINT, "zones": []}, dns_timeout=60)
    run = doors.place.start(*UP)
    while ENDPOINT.lower() not in doors.rows():
        assert run.poll() is None
    record = {"recordType": "A", "ipAddresses": ["10.0.0.4"]}
    config = {"name": "a", "properties": {"privateDnsZoneId": ZONE_ID, "recordSets": [record]}}
    group = f"{ENDPOINT}/privateDnsZoneGroups/deployedByPolicy"
    assert doors.body(ACCOUNT)["properties"]["publicNetworkAccess"] == "Enabled"
    doors.put(
        {
            "id": group,
            "name": "deployedByPolicy",
            "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
            "properties": {"privateDnsZoneConfigs": [config]},
        }
    )
    output, _ = run.communicate(timeout=120)
    assert run.returncode == 0, output
    assert doors.body(ACCOUNT)["properties"]["publicNetworkAccess"] == "Disabled"


@pytest.mark.parametrize(
    ("extension", "properties", "said"),
    [
        ("locks/keep", {"level": "ReadOnly"}, ("ScopeLocked", ACCOUNT, "lift the lock")),
        (
            "policyAssignments/open",
            {
                "displayName": "Stay open",
                "policyDefinitionId": "/policies/stay-open",
                "standIn": {
                    "effect": "Deny",
                    "type": "Microsoft.Storage/storageAccounts",
                    "field": "networkAcls.defaultAction",
                    "value": "Deny",
                },
            },
            ("RequestDisallowedByPolicy", "Stay open", "policy definition /policies/stay-open"),
        ),
        (
            "policyAssignments/undo",
            {
                "standIn": {
                    "effect": "Modify",
                    "type": "Microsoft.Storage/storageAccounts",
                    "field": "networkAcls.defaultAction",
                    "value": "Allow",
                }
            },
            ("did not stick", "networkAcls.defaultAction is Allow, not Deny", "Modify policy"),
        ),
    ],
)
def test_what_stands_in_the_way_is_named(
    doors: Doors, extension: str, properties: dict[str, Any], said: tuple[str, ...]
):
    lock = f"{ACCOUNT}/providers/Microsoft.Authorization/{extension}"
    kind = f"Microsoft.Authorization/{extension.partition('/')[0]}"
    doors.put({"id": lock, "name": "x", "type": kind, "properties": properties})
    doors.want(patches=[FIREWALL])
    answer = doors.refuse()
    for word in (*said, "posture of resource orders"):
        assert word in answer, answer
    assert doors.acls()["defaultAction"] == "Allow"
