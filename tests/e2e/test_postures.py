"""Postures on the real engine: what was somebody else's comes out of everything unchanged, and no door opens by itself."""

from __future__ import annotations

import json
import shutil
from contextlib import closing

import pytest

from sandbox import store
from sandbox.azure.cloud import Cloud
from tests.support.doors import (
    ACCOUNT,
    ADDRESSES,
    ALL,
    FIREWALL,
    SECOND,
    SUBNET,
    SUBNETS,
    UP,
    Doors,
    doors_closed,
    foreign,
    own_rules,
)
from tests.support.places import ROOT


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


@pytest.mark.parametrize("after", [1, 3, 5, 7])
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


@pytest.mark.parametrize("fault", ["409:2:ArmPatch", "429:1:ArmPatch", "503:2:ArmPatch"])
def test_what_arm_asks_to_repeat_is_repeated(doors: Doors, fault: str):
    doors.want(patches=[FIREWALL])
    doors.place.up("dev", switches=("--fail", fault))
    assert doors.acls()["defaultAction"] == "Deny"
    doors.up("--expect-no-changes")


def test_a_resource_that_is_gone_is_named_and_leaves_the_state(doors: Doors):
    missing = {**FIREWALL, "id": ACCOUNT.replace("storders", "stnone")}
    doors.want(patches=[missing])
    said = doors.refuse()
    assert "resource 'orders-posture' has a problem: ARM refused to GET" in said
    assert "storageAccounts/stnone: 404 ResourceNotFound" in said
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


def test_a_kill_during_an_update_leaves_the_new_rules_to_us(doors: Doors):
    world = doors.rows()
    doors.want(patches=[FIREWALL])
    doors.up()
    other = {**ADDRESSES, "entries": [{"value": "20.0.0.101"}]}
    doors.want(patches=[{**FIREWALL, "rules": [other, SUBNETS]}])
    killed = doors.place.run(*UP, switches=("--die-after", "1"))
    assert killed.returncode == -9, killed.stdout
    assert "20.0.0.101" in [one["value"] for one in doors.acls()["ipRules"]]
    doors.place.ok("recover", "dev")
    doors.up()
    doors.up("--expect-no-changes")
    doors.place.destroy("dev")
    assert own_rules(doors) == []
    assert foreign(doors.rows()) == foreign(world)


def test_a_kill_during_destroy_is_finished_by_the_next(doors: Doors):
    world = doors.rows()
    doors.want(**ALL)
    doors.up()
    destroy = ("pulumi", "destroy", "--yes", "--skip-preview", "-s", "dev")
    killed = doors.place.run(*destroy, switches=("--die-after", "2"))
    assert killed.returncode == -9, killed.stdout
    doors.place.ok("recover", "dev")
    doors.place.destroy("dev")
    assert own_rules(doors) == []
    doors_closed(doors)
    assert foreign(doors.rows()) == foreign(world)


def test_a_preview_says_what_will_be_and_writes_nothing(doors: Doors):
    world = doors.rows()
    doors.want(**ALL)
    said = doors.place.ok("pulumi", "preview", "-s", "dev", "--color", "never")
    assert "orders-posture create" in said
    assert doors.rows() == world


def test_a_renamed_resource_keeps_its_rules(doors: Doors):
    doors.want(patches=[FIREWALL])
    doors.up()
    made = doors.rows()
    doors.want(patches=[FIREWALL], resource="order-store")
    doors.up()
    assert doors.rows() == made
    doors.refresh("--expect-no-changes")
