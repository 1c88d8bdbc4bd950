"""Merging rules: whatever stands there stays, whatever is wanted stands there, and nothing is done twice."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from components.arm.merge import differences, merged, missing_entries, same
from components.arm.model import Patch, Rules, normal

SUBNET = "/subscriptions/a/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/V/subnets/"


def address(number: int) -> str:
    return f"20.0.{number}.0/30" if number % 3 else f"20.0.0.{number}"


def some(chance: random.Random, values: list[Any]) -> list[Any]:
    return chance.sample(values, chance.randint(0, len(values)))


def resource(chance: random.Random) -> dict[str, Any]:
    """The touched members of a resource that others wrote to, in any of the shapes that ARM answers."""
    acls: dict[str, Any] = {"unknown": {"deep": [chance.random()]}}
    if chance.random() < 0.8:
        acls["defaultAction"] = chance.choice(["Allow", "Deny", "allow"])
    if chance.random() < 0.8:
        acls["ipRules"] = [{"value": address(one), "note": one} for one in some(chance, list(range(8)))]
    if chance.random() < 0.8:
        subnets = some(chance, ["One", "TWO", "three"])
        acls["virtualNetworkRules"] = [{"id": SUBNET + one, "state": "Succeeded"} for one in subnets]
    result = chance.choice([{"networkAcls": acls}, {"networkAcls": None}, {}])
    if chance.random() < 0.5:
        result["publicNetworkAccess"] = chance.choice(["Enabled", "disabled", None])
    return copy.deepcopy(result)


def posture(chance: random.Random) -> Patch:
    addresses = [{"value": address(one)} for one in sorted(some(chance, list(range(4, 12))))]
    subnets = [{"id": (SUBNET + one).lower()} for one in some(chance, ["one", "two", "four"])]
    return Patch(
        "/id",
        "v",
        {"publicNetworkAccess": "Disabled", "networkAcls.defaultAction": "Deny"},
        (
            Rules("networkAcls.ipRules", "value", tuple(addresses)),
            Rules("networkAcls.virtualNetworkRules", "id", tuple(subnets)),
        ),
    )


def entries(properties: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return (properties.get("networkAcls") or {}).get(name) or []


@pytest.mark.parametrize("seed", range(200))
def test_what_is_wanted_is_added_behind_what_stands_there_and_only_once(seed: int):
    chance = random.Random(seed)
    before, patch = resource(chance), posture(chance)
    after = merged(before, patch)
    assert differences(after, patch) == []
    assert merged(after, patch) == after
    for name in ("ipRules", "virtualNetworkRules"):
        old, new = entries(before, name), entries(after, name)
        assert new[: len(old)] == old, "others' entries stay, whole and in their order"
        keys = [normal(one.get("value") or one.get("id")) for one in new]
        assert len(keys) == len(set(keys)), "nothing stands there twice"
    if before.get("networkAcls"):
        assert after["networkAcls"]["unknown"] == before["networkAcls"]["unknown"]


@pytest.mark.parametrize("seed", range(200))
def test_taking_back_what_was_added_leaves_the_lists_as_they_were(seed: int):
    chance = random.Random(seed)
    before, patch = resource(chance), posture(chance)
    added = missing_entries(before, patch)
    after = merged(before, patch)
    only_rules = Patch(patch.id, patch.version, {}, tuple(Rules(r.path, r.key, ()) for r in patch.rules))
    back = merged(after, only_rules, frozenset(added))
    for name in ("ipRules", "virtualNetworkRules"):
        assert entries(back, name) == entries(before, name)
    assert back["networkAcls"]["defaultAction"] == "Deny" or same(
        before["networkAcls"]["defaultAction"], "Deny"
    ), "no door opens"


def test_the_last_rule_leaves_an_empty_list_and_never_none():
    patch = Patch("/id", "v", {}, (Rules("networkAcls.ipRules", "value", ()),))
    before = {"networkAcls": {"defaultAction": "Deny", "ipRules": [{"value": "20.0.0.1"}]}}
    after = merged(before, patch, frozenset({("networkAcls.ipRules", "20.0.0.1")}))
    assert after == {"networkAcls": {"defaultAction": "Deny", "ipRules": []}}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Enabled", "enabled"),
        ("20.0.0.1", "20.0.0.1/32"),
        ("/subscriptions/A/x/", "/SUBSCRIPTIONS/a/x"),
        (True, True),
    ],
)
def test_these_are_the_same(left: object, right: object):
    assert same(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [("Enabled", "Disabled"), ("20.0.0.0/30", "20.0.0.0"), (True, "true"), (None, False), (True, False)],
)
def test_these_are_not(left: object, right: object):
    assert not same(left, right)


def test_what_a_member_holds_is_told_only_where_it_is_a_word():
    patch = Patch("/id", "v", {"a": "x", "b": True, "c": "y"}, ())
    found = differences({"a": {"secret": "MARKED"}, "b": False}, patch)
    assert found == ["a is something else, not x", "b is False, not True", "c is unset, not y"]
