"""The facts of ARM types: one for each kind of resource, and each whole."""

from __future__ import annotations

import pytest

from keyless.catalogue import KINDS, entry
from keyless.catalogue.arm import ArmType, arm_facts, arm_type
from keyless.catalogue.policies import policies

TARGETS = {name: target for kind in KINDS for name, target in entry(kind).targets.items()}
TYPES = arm_facts().types

each_type = pytest.mark.parametrize("arm", TYPES.values(), ids=TYPES)


@pytest.mark.parametrize("name", TARGETS)
def test_every_kind_of_resource_has_its_type(name: str) -> None:
    target = TARGETS[name]
    assert (arm_type(target.type).network.firewall is None) == (target.firewall is None)
    assert (arm_type(target.type).keys is None) == (target.keys_off is None)


@pytest.mark.parametrize("name", TARGETS)
def test_every_private_link_group_has_zones_in_each_cloud_and_a_policy(name: str) -> None:
    target = TARGETS[name]
    assert set(target.group_ids) <= set(target.zones["public"])
    for groups in target.zones.values():
        assert set(groups) == set(target.zones["public"])
        assert set(groups) <= set(policies().zones)
        assert all(zone.startswith("privatelink.") for zones in groups.values() for zone in zones)


@each_type
def test_a_posture_sets_the_same_paths_whatever_it_says(arm: ArmType) -> None:
    network = arm.network
    assert set(network.public) == set(network.private) == set(network.firewall or network.public)
    assert network.public["publicNetworkAccess"] == "Enabled"
    assert network.private["publicNetworkAccess"] == "Disabled"
    if arm.keys is not None:
        assert set(arm.keys.allowed) == set(arm.keys.forbidden)
        assert all(arm.keys.allowed[path] != arm.keys.forbidden[path] for path in arm.keys.allowed)


@each_type
def test_a_firewall_has_a_rule_to_let_somebody_in(arm: ArmType) -> None:
    assert (arm.network.firewall is None) == (arm.addresses is None and arm.subnets is None)
    if arm.addresses is not None:
        assert (
            (arm.addresses.path is None) == (arm.addresses.key is None) == (arm.addresses.child is not None)
        )
        assert arm.addresses.path is None or arm.addresses.limit is not None


@each_type
def test_every_step_says_whom_it_shuts_out_and_the_owners_lines(arm: ArmType) -> None:
    steps = ["private", *(["firewall"] if arm.network.firewall else []), *(["forbidden"] if arm.keys else [])]
    for step in steps:
        assert getattr(arm.cuts_off, step)
        assert getattr(arm.terraform, step)
