"""What an owner shares: zones, links, endpoints and zone groups."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.shared import generate_shared
from keyless.plan import PrivateDnsZone, PrivateEndpoint
from keyless.planner import load_stack
from tests.support.plans import NETWORK, arm_id, private_endpoint, shared_plan, stack_plan, zone
from tests.support.synth import Made, synth

NAME = "privatelink.blob.core.windows.net"


def shared(*endpoints: PrivateEndpoint, zones: tuple[PrivateDnsZone, ...] = (), **changes: Any) -> Made:
    return synth(stack_plan(shared=shared_plan(*endpoints, zones=zones), **changes))


def test_a_zone_is_global_and_linked_to_the_network_with_public_names_as_fallback() -> None:
    made = shared(zones=(zone(),))
    assert made.one("PrivateZone").inputs == {
        "resourceGroupName": "rg-net-dev",
        "privateZoneName": NAME,
        "location": "Global",
    }
    link = made.one("VirtualNetworkLink")
    assert link.inputs == {
        "resourceGroupName": "rg-net-dev",
        "privateZoneName": NAME,
        "virtualNetworkLinkName": "vnet-dev",
        "virtualNetwork": {"id": NETWORK},
        "registrationEnabled": False,
        "resolutionPolicy": "NxDomainRedirect",
        "location": "Global",
    }
    assert link.depends_on == {"privatelink-blob-core-windows-net-zone"}


def test_an_endpoint_leads_to_one_group_of_its_target() -> None:
    target = arm_id("Microsoft.Storage/storageAccounts", "storders").text
    assert shared(private_endpoint()).one("PrivateEndpoint").inputs == {
        "resourceGroupName": "rg-net-dev",
        "privateEndpointName": "pe-orders-blob-dev",
        "location": "koreacentral",
        "subnet": {"id": f"{NETWORK}/subnets/endpoints"},
        "privateLinkServiceConnections": [
            {"name": "pe-orders-blob-dev", "groupIds": ["blob"], "privateLinkServiceId": target}
        ],
    }


def test_the_zone_group_holds_every_zone_and_waits_for_the_endpoint_and_the_stacks_own_zones() -> None:
    foreign = arm_id("Microsoft.Network/privateDnsZones", "privatelink.dfs.core.windows.net", "rg-hub")
    made = shared(private_endpoint(zones=(zone().id, foreign)), zones=(zone(),))
    group = made.one("PrivateDnsZoneGroup")
    assert group.inputs == {
        "resourceGroupName": "rg-net-dev",
        "privateEndpointName": "pe-orders-blob-dev",
        "privateDnsZoneGroupName": "default",
        "privateDnsZoneConfigs": [
            {"name": "privatelink-blob-core-windows-net", "privateDnsZoneId": zone().id.text},
            {"name": "privatelink-dfs-core-windows-net", "privateDnsZoneId": foreign.text},
        ],
    }
    assert group.depends_on == {"orders-blob-endpoint", "privatelink-blob-core-windows-net-zone"}


def test_there_is_no_zone_group_where_azure_policy_writes_it() -> None:
    made = shared(private_endpoint(zones=()))
    assert made.of("PrivateEndpoint")
    assert not made.of("PrivateDnsZoneGroup")


def test_zones_and_endpoints_are_protected_and_retained_as_the_plan_says() -> None:
    for protected in (True, False):
        made = shared(private_endpoint(protected=protected), zones=(zone(protected=protected),))
        for type_ in ("PrivateZone", "VirtualNetworkLink", "PrivateEndpoint", "PrivateDnsZoneGroup"):
            request: Any = made.one(type_).request
            assert (request.protect, request.retainOnDelete) == (protected, protected), type_


def test_the_component_is_named_after_the_team_or_else_the_environment() -> None:
    assert set(shared().of("keyless:azure:SharedAccess")) == {"shared-payments"}
    assert set(shared(team=None, stack="dev").of("keyless:azure:SharedAccess")) == {"shared-dev"}


def test_all_of_it_stands_under_the_component() -> None:
    made = shared(private_endpoint(), zones=(zone(),))
    shares = [one for one in made if one.type.startswith("azure-native:")]
    assert {one.parent for one in shares} == {"shared-payments"}
    assert len(shares) == 4


def test_fifty_resources_of_twenty_apps_each_have_one_endpoint_each(tmp_path: Path) -> None:
    plan = load_stack(generate_shared(tmp_path / "shop", 50, 20), "dev")
    assert len(plan.apps) == 1000
    made = synth(replace(plan, apps=()))
    assert len(made.of("PrivateEndpoint")) == len(made.of("PrivateDnsZoneGroup")) == 50
    assert len(made.of("PrivateZone")) == 1
    assert all(len(one.used_by) == 20 for one in plan.shared.private_endpoints)
