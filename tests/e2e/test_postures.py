"""Postures on the real engine: what was somebody else's comes out of everything unchanged, and no door opens by itself."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sandbox import store
from sandbox.azure.cloud import Body, Cloud
from tests.support.places import ROOT, Place

GROUP = "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-shop-dev"
NET = GROUP.replace("rg-shop-dev", "rg-net-dev")
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/storders"
SECOND = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stsecond"
AI = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"
CACHE = f"{GROUP}/providers/Microsoft.Cache/redis/cache"
CLUSTER = f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/amr"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv"
SUBNET = f"{NET}/providers/Microsoft.Network/virtualNetworks/v/subnets/Nodes"
ENDPOINT = f"{NET}/providers/Microsoft.Network/privateEndpoints/pe-orders"
ZONE = "privatelink.blob.core.windows.net"
ZONE_ID = f"{NET}/providers/Microsoft.Network/privateDnsZones/{ZONE}"
DENY = {"publicNetworkAccess": "Enabled", "networkAcls.defaultAction": "Deny"}
CLOSED = {"publicNetworkAccess": "Disabled", "networkAcls.defaultAction": "Deny"}
ADDRESSES = {"path": "networkAcls.ipRules", "key": "value", "entries": [{"value": "20.0.0.10"}]}
SUBNETS = {"path": "networkAcls.virtualNetworkRules", "key": "id", "entries": [{"id": SUBNET}]}
FIREWALL = {"id": ACCOUNT, "version": "2025-08-01", "values": DENY, "rules": [ADDRESSES, SUBNETS]}
PRIVATE = {"id": ACCOUNT, "version": "2025-08-01", "values": CLOSED}
PROOF = {"endpoint": ENDPOINT, "zones": [ZONE]}
WITH_ENDPOINT = {"name": "pe-orders", "zones": [ZONE_ID]}
UP = ("pulumi", "up", "--yes", "--skip-preview", "-s", "dev")

# Everything that a posture can touch, in one: six resources, rules of both forms, a child.
ALL: dict[str, Any] = {
    "patches": [
        FIREWALL,
        {
            "id": AI,
            "version": "2025-06-01",
            "values": {**DENY, "disableLocalAuth": True},
            "rules": [ADDRESSES, SUBNETS],
        },
        {
            "id": CACHE,
            "version": "2024-11-01",
            "values": {"publicNetworkAccess": "Enabled", "disableAccessKeyAuthentication": True},
        },
        {"id": CLUSTER, "version": "2025-07-01", "values": {"publicNetworkAccess": "Disabled"}},
        {
            "id": f"{CLUSTER}/databases/default",
            "version": "2025-07-01",
            "values": {"accessKeysAuthentication": "Disabled"},
        },
        {"id": VAULT, "version": "2026-02-01", "values": DENY, "rules": [ADDRESSES, SUBNETS]},
    ],
    "children": [
        {
            "id": f"{CACHE}/firewallRules/keyless_1",
            "version": "2024-11-01",
            "properties": {"startIP": "20.0.0.10", "endIP": "20.0.0.10"},
        }
    ],
}


class Doors:
    """The project of `tests/e2e/doors` with a posture that the test writes."""

    def __init__(self, place: Place) -> None:
        self.place = place

    def want(self, **posture: Any) -> None:
        (self.place.project / "posture.json").write_text(json.dumps(posture))

    def up(self, *options: str) -> str:
        return self.place.up("dev", *options)

    def refuse(self) -> str:
        answer = self.place.run(*UP, "--color", "never")
        assert answer.returncode != 0, answer.stdout
        return answer.stdout

    def refresh(self, *options: str) -> str:
        return self.place.ok("pulumi", "refresh", "--yes", "--skip-preview", "-s", "dev", *options)

    def body(self, arm_id: str) -> Body:
        with closing(store.connect(self.place.folder)) as connection:
            found = Cloud(connection).get(arm_id)
        assert found is not None, arm_id
        return found

    def edit(self, arm_id: str, **properties: Any) -> None:
        """What somebody else does."""
        body = self.body(arm_id)
        body["properties"].update(properties)
        self.put(body)

    def put(self, body: Body) -> None:
        with closing(store.connect(self.place.folder)) as connection, store.transaction(connection):
            Cloud(connection).put(body)

    def rows(self) -> dict[str, Body]:
        with closing(store.connect(self.place.folder)) as connection:
            return {key: json.loads(body) for key, body in connection.execute("SELECT key, body FROM arm")}

    def acls(self, arm_id: str = ACCOUNT) -> dict[str, Any]:
        found: dict[str, Any] = self.body(arm_id)["properties"]["networkAcls"]
        return found


@pytest.fixture
def doors(tmp_path: Path) -> Doors:
    project = tmp_path / "doors"
    shutil.copytree(ROOT / "tests" / "e2e" / "doors", project)
    for name in ("components", "keyless"):
        (project / name).symlink_to(ROOT / name)
    found = Doors(Place(project, tmp_path / "sandbox"))
    found.want(patches=[])
    found.place.ok("pulumi", "stack", "ls")
    return found


def foreign(bodies: dict[str, Body]) -> dict[str, Any]:
    """What a posture may not change: all but the values it sets, its own rules and its own child."""
    kept = json.loads(json.dumps(bodies))
    for key, body in list(kept.items()):
        own = body.setdefault("properties", {})
        for name in ("publicNetworkAccess", "disableLocalAuth", "accessKeysAuthentication"):
            own.pop(name, None)
        own.pop("disableAccessKeyAuthentication", None)
        acls = own.get("networkAcls", {})
        acls.pop("defaultAction", None)
        for name, member, mine in (
            ("ipRules", "value", ("20.0.0.10", "20.0.0.10/32")),
            ("virtualNetworkRules", "id", (SUBNET.lower(),)),
        ):
            if name in acls:
                acls[name] = [one for one in acls[name] if one[member].lower() not in mine]
        if key.endswith("/firewallrules/keyless_1") or "/privateendpoints/" in key:
            del kept[key]
    return kept


def doors_closed(doors: Doors) -> None:
    assert (doors.acls()["defaultAction"], doors.acls(AI)["defaultAction"]) == ("Deny", "Deny")
    assert doors.acls(VAULT)["defaultAction"] == "Deny"
    assert doors.body(AI)["properties"]["disableLocalAuth"] is True
    assert doors.body(CACHE)["properties"]["disableAccessKeyAuthentication"] is True
    assert doors.body(CLUSTER)["properties"]["publicNetworkAccess"] == "Disabled"
    assert doors.body(f"{CLUSTER}/databases/default")["properties"]["accessKeysAuthentication"] == "Disabled"


def own_rules(doors: Doors) -> list[str]:
    """Every rule and child of ours that stands in the cloud."""
    found = (
        [f"{CACHE}/firewallRules/keyless_1"]
        if f"{CACHE}/firewallrules/keyless_1".lower() in [key.lower() for key in doors.rows()]
        else []
    )
    for arm_id in (ACCOUNT, AI, VAULT):
        found += [
            one["value"] for one in doors.acls(arm_id)["ipRules"] if one["value"].startswith("20.0.0.10")
        ]
        found += [
            one["id"] for one in doors.acls(arm_id)["virtualNetworkRules"] if "nodes" in one["id"].lower()
        ]
    return found


def test_what_was_somebody_elses_comes_out_of_all_unchanged_and_no_door_opens(doors: Doors):
    world = doors.rows()
    doors.want(**ALL)
    outputs = [doors.up()]
    doors_closed(doors)
    assert len(own_rules(doors)) == 7
    assert foreign(doors.rows()) == foreign(world)
    made = doors.rows()
    outputs.append(doors.up("--expect-no-changes"))
    outputs.append(doors.refresh("--expect-no-changes"))
    outputs.append(doors.up("--expect-no-changes"))
    assert doors.rows() == made
    state = json.dumps(doors.place.state("dev"))
    doors.place.destroy("dev")
    assert own_rules(doors) == []
    doors_closed(doors)
    assert foreign(doors.rows()) == foreign(world)
    assert "MARKED" not in state + "".join(outputs)
    # The reference to the provider is no secret, so nothing is encrypted that could hide one.
    assert "ciphertext" not in state
    files = [path for path in doors.place.folder.rglob("*") if path.is_file() and "project" not in path.parts]
    assert not [path for path in files if b"MARKED" in path.read_bytes()]


@pytest.mark.parametrize("after", range(1, 8))
def test_a_kill_at_any_write_is_recovered_and_destroy_takes_exactly_what_was_ours(doors: Doors, after: int):
    world = doors.rows()
    doors.want(**ALL)
    killed = doors.place.run(*UP, switches=("--die-after", str(after)))
    assert killed.returncode == -9, killed.stdout
    doors.place.ok("recover", "dev")
    doors.up()
    doors_closed(doors)
    assert len(own_rules(doors)) == 7
    doors.up("--expect-no-changes")
    doors.refresh("--expect-no-changes")
    doors.place.destroy("dev")
    assert own_rules(doors) == []
    assert foreign(doors.rows()) == foreign(world)


def test_an_id_or_a_rule_in_another_case_changes_nothing(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    before = doors.rows()
    shouted = {"path": SUBNETS["path"], "key": "id", "entries": [{"id": SUBNET.upper()}]}
    doors.want(patches=[{**FIREWALL, "id": ACCOUNT.upper(), "rules": [ADDRESSES, shouted]}])
    doors.up("--expect-no-changes")
    assert doors.rows() == before


def test_drift_shows_at_refresh_and_the_next_up_mends_it(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    acls = doors.acls()
    doors.edit(ACCOUNT, networkAcls={**acls, "defaultAction": "Allow", "ipRules": [{"value": "20.7.7.7"}]})
    said = doors.refresh("--color", "never", "--diff")
    assert "networkAcls.defaultAction is Allow, not Deny" in said
    assert "networkAcls.ipRules lacks 20.0.0.10" in said
    doors.up()
    assert doors.acls()["defaultAction"] == "Deny"
    assert [one["value"] for one in doors.acls()["ipRules"]] == ["20.7.7.7", "20.0.0.10"]
    doors.refresh("--expect-no-changes")
    doors.up("--expect-no-changes")


def test_a_rule_that_was_there_before_outlives_the_posture(doors: Doors):
    acls = doors.acls()
    doors.edit(ACCOUNT, networkAcls={**acls, "ipRules": [{"value": "20.0.0.10", "action": "Allow"}]})
    doors.want(patches=[FIREWALL])
    doors.up()
    doors.place.destroy("dev")
    assert doors.acls()["ipRules"] == [{"value": "20.0.0.10", "action": "Allow"}]
    assert SUBNET not in [one["id"] for one in doors.acls()["virtualNetworkRules"]]


def test_changed_rules_and_values_are_an_update_that_takes_only_what_it_had_added(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    other = {**ADDRESSES, "entries": [{"value": "20.0.0.11"}]}
    doors.want(patches=[{**FIREWALL, "rules": [other]}])
    doors.up()
    assert [one["value"] for one in doors.acls()["ipRules"]] == ["20.9.9.9", "20.0.0.11"]
    assert [one["id"].rpartition("/")[2] for one in doors.acls()["virtualNetworkRules"]] == ["foreign"]
    opened = {"publicNetworkAccess": "Enabled", "networkAcls.defaultAction": "Allow"}
    doors.want(patches=[{**FIREWALL, "values": opened, "rules": []}])
    doors.up()
    assert doors.acls()["defaultAction"] == "Allow"
    assert [one["value"] for one in doors.acls()["ipRules"]] == ["20.9.9.9"]


def test_another_resource_is_closed_in_its_place_and_neither_is_deleted(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    doors.want(patches=[{**FIREWALL, "id": SECOND}])
    said = doors.up("--color", "never")
    assert "replaced" not in said
    assert "deleted" not in said
    assert [one["value"] for one in doors.acls()["ipRules"]] == ["20.9.9.9"]
    assert doors.acls()["defaultAction"] == "Deny"
    assert [one["value"] for one in doors.acls(SECOND)["ipRules"]] == ["20.9.9.9", "20.0.0.10"]


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


@pytest.mark.parametrize("fault", ["409:2:ArmPatch", "429:1:ArmPatch", "503:2:ArmPatch"])
def test_what_arm_asks_to_repeat_is_repeated(doors: Doors, fault: str):
    doors.want(patches=[FIREWALL])
    doors.place.up("dev", switches=("--fail", fault))
    assert doors.acls()["defaultAction"] == "Deny"
    doors.up("--expect-no-changes")


def test_a_resource_that_is_gone_is_named_and_leaves_the_state(doors: Doors):
    missing = {**FIREWALL, "id": ACCOUNT.replace("storders", "stnone")}
    doors.want(patches=[missing])
    assert "storageAccounts/stnone" in doors.refuse()
    doors.want(patches=[FIREWALL])
    doors.up()
    with closing(store.connect(doors.place.folder)) as connection, store.transaction(connection):
        Cloud(connection).delete(ACCOUNT)
    doors.refresh()
    assert not [urn for urn in doors.place.ids("dev") if "Posture" in urn]


def test_the_provider_is_kept_by_name_so_its_body_may_change(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    (doors.place.project / "components").unlink()
    shutil.copytree(ROOT / "components", doors.place.project / "components")
    source = doors.place.project / "components" / "arm" / "provider.py"
    text = source.read_text()
    edited = text.replace("class PostureFailed(", "OTHER = 1\n\n\nclass PostureFailed(")
    assert edited != text
    source.write_text(edited.replace("        changes = (\n", "        other = OTHER\n        changes = (\n"))
    doors.up("--expect-no-changes")
