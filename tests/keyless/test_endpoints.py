"""Endpoints and zones: one for each private link group, each with its own zones, where somebody asks them."""

from __future__ import annotations

from pathlib import Path

import pytest

from keyless.errors import SpecError
from keyless.plan import Plan
from tests.keyless.doors import HUB, guarded, network, shared
from tests.keyless.project import SUBSCRIPTION

LAKE = {"network": "endpoint", "hierarchical_namespace": True}


def zones_by_group(plan: Plan) -> dict[str, list[str]]:
    """The zones of each endpoint, by its private link group."""
    return {one.group_id: [zone.name for zone in one.zones] for one in shared(plan).private_endpoints}


def test_a_data_lake_account_has_two_endpoints_each_in_its_own_zone(tmp_path: Path) -> None:
    plan = guarded(tmp_path, "storage", LAKE)
    assert zones_by_group(plan) == {
        "blob": ["privatelink.blob.core.windows.net"],
        "dfs": ["privatelink.dfs.core.windows.net"],
    }
    assert [zone.name for zone in shared(plan).zones] == [
        "privatelink.blob.core.windows.net",
        "privatelink.dfs.core.windows.net",
    ]


def test_an_account_without_a_lake_has_one(tmp_path: Path) -> None:
    assert list(zones_by_group(guarded(tmp_path, "storage", {"network": "endpoint"}))) == ["blob"]


def test_one_zone_group_holds_every_zone_of_a_foundry_account(tmp_path: Path) -> None:
    (zones,) = zones_by_group(guarded(tmp_path, "foundry", {"network": "endpoint"})).values()
    assert len(zones) == 3


def test_an_endpoint_stands_in_the_networks_region_and_group(tmp_path: Path) -> None:
    net = network(location="koreasouth", resource_group="rg-endpoints")
    (endpoint,) = shared(
        guarded(tmp_path, "storage", {"network": "endpoint"}, net=net, clusters=[])
    ).private_endpoints
    assert (endpoint.location, endpoint.resource_group) == ("koreasouth", "rg-endpoints")


@pytest.mark.parametrize("more", [{"spoke": True}, {"dns": "own"}])
@pytest.mark.parametrize("zones", ["policy", HUB])
def test_a_network_that_asks_elsewhere_uses_zones_that_are_there(
    more: dict[str, object], zones: str, tmp_path: Path
) -> None:
    made = shared(guarded(tmp_path, "storage", {"network": "endpoint"}, net=network(zones=zones, **more)))
    assert made.zones == ()
    assert len(made.private_endpoints) == 1


@pytest.mark.parametrize("more", [{"spoke": True}, {"dns": "own"}])
def test_zones_that_nobody_would_ask_are_refused(more: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="makes zones that only this network asks"):
        guarded(tmp_path, "storage", {"network": "endpoint"}, net=network(**more))


def test_the_id_of_a_zones_group_is_written_in_one_case(tmp_path: Path) -> None:
    odd = f"/SUBSCRIPTIONS/{SUBSCRIPTION}/resourcegroups/rg-dns-hub/"
    (endpoint,) = shared(
        guarded(tmp_path, "storage", {"network": "endpoint"}, net=network(zones=odd))
    ).private_endpoints
    type_ = "Microsoft.Network/privateDnsZones"
    assert [zone.text for zone in endpoint.zones] == [
        f"{HUB}/providers/{type_}/privatelink.blob.core.windows.net"
    ]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("openai", "writes one of them alone"),
        ("foundry", "writes one of them alone"),
        ("redis-managed", "older Redis Enterprise"),
        ("storage", None),
        ("redis-cache", None),
        ("keyvault", None),
    ],
)
def test_the_plan_says_whom_the_built_in_policies_do_not_serve_whole(
    kind: str, told: str | None, tmp_path: Path
) -> None:
    plan = guarded(tmp_path, kind, {"network": "endpoint"}, net=network(zones="policy"))
    found = [one for one in plan.warnings if one.rule == "policy-zones"]
    assert [told in one.message for one in found if told] == ([True] if told else [])
    assert len(found) == (told is not None)
    assert all(one.severity == "warning" and one.line for one in found)


@pytest.mark.parametrize("zones", ["managed", HUB])
def test_the_policies_do_not_matter_where_keyless_writes_the_groups(zones: str, tmp_path: Path) -> None:
    plan = guarded(tmp_path, "openai", {"network": "endpoint"}, net=network(zones=zones))
    assert plan.warnings == ()
