"""Two environments that would make or write the same, and networks that would be in two regions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from keyless.errors import PlanError
from keyless.planner import check_project
from keyless.project import load_project
from tests.keyless.doors import HUB, NETWORKS, network
from tests.keyless.project import cluster, facts, storage, write_project

ENDPOINT = {"network": "endpoint"}


def environment(name: str, net: dict[str, Any], resource: dict[str, Any]) -> dict[str, Any]:
    """An environment with one resource, called `orders`."""
    group = {"resource_group": f"rg-identities-{{team}}-{name}"}
    return facts(
        identities=group, clusters=[cluster(f"aks-{name}")], network=net, resources={"orders": resource}
    )


def rules(tmp_path: Path, dev: dict[str, Any], prd: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The rule and file of each finding that the two environments give together."""
    root = write_project(tmp_path / "project", [], dev)
    config = {"config": {"keyless:environment": prd}}
    (root / "Pulumi.prd.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    try:
        check_project(load_project(root))
    except PlanError as error:
        return [(found.rule, found.file) for found in error.findings]
    return []


def net_of(name: str, **more: Any) -> dict[str, Any]:
    """A network of its own, with a group of its own."""
    return network(
        **{"subnet": f"{NETWORKS}/vnet-{name}/subnets/e", "resource_group": f"rg-net-{name}"} | more
    )


@pytest.mark.parametrize(
    ("dev", "prd", "clash"),
    [
        (net_of("dev"), net_of("prd"), False),
        (net_of("dev", zones=HUB), net_of("prd", zones=HUB), False),
        (net_of("dev", zones=HUB), net_of("dev", zones=HUB), False),
        (net_of("dev"), net_of("dev", zones="policy"), False),
        (net_of("dev"), net_of("prd", resource_group="rg-net-dev"), True),
        (net_of("dev", resource_group="rg-dns-hub"), net_of("prd", zones=HUB), True),
        (net_of("dev", zones=HUB), net_of("prd", resource_group="RG-DNS-HUB"), True),
        (net_of("dev"), net_of("dev", resource_group="rg-other"), True),
        (net_of("dev", zones=HUB), net_of("dev"), True),
    ],
)
def test_zones_are_kept_in_one_place(
    dev: dict[str, Any], prd: dict[str, Any], clash: bool, tmp_path: Path
) -> None:
    found = rules(
        tmp_path,
        environment("dev", dev, storage("stdev", **ENDPOINT)),
        environment("prd", prd, storage("stprd", **ENDPOINT)),
    )
    assert found == ([("zone-overlap", "Pulumi.prd.yaml")] if clash else [])


def test_zones_of_different_names_do_not_overlap(tmp_path: Path) -> None:
    vault = {
        "kind": "keyvault",
        "id": storage()["id"].replace(
            "Microsoft.Storage/storageAccounts/storders", "Microsoft.KeyVault/vaults/kv1"
        ),
    }
    found = rules(
        tmp_path,
        environment("dev", net_of("dev"), storage("stdev", **ENDPOINT)),
        environment("prd", net_of("dev"), vault | ENDPOINT),
    )
    assert found == []


def test_one_resource_has_one_endpoint_in_a_network(tmp_path: Path) -> None:
    same = storage("stshared", **ENDPOINT)
    apart = rules(
        tmp_path / "apart",
        environment("dev", net_of("dev", zones=HUB), same),
        environment("prd", net_of("prd", zones=HUB), same),
    )
    together = rules(
        tmp_path / "together",
        environment("dev", net_of("dev", zones=HUB), same),
        environment("prd", net_of("dev", zones=HUB), same),
    )
    assert apart == []
    assert together == [("twin-endpoint", "Pulumi.prd.yaml")]


@pytest.mark.parametrize(("second", "clash"), [("patched", True), ("referenced", False)])
def test_one_environment_sets_the_posture_of_a_resource(second: str, clash: bool, tmp_path: Path) -> None:
    posture = {"network": "public", "keys": "allowed"}
    upper = storage("stshared", **posture, management=second)
    upper["id"] = upper["id"].replace("rg-data", "RG-DATA")
    found = rules(
        tmp_path,
        environment("dev", net_of("dev"), storage("stshared", **posture, management="patched")),
        environment("prd", net_of("prd"), upper),
    )
    assert found == ([("twin-posture", "Pulumi.prd.yaml")] if clash else [])


@pytest.mark.parametrize(
    ("location", "vnet", "clash"),
    [
        (None, "vnet-shop", False),
        ("koreacentral", "VNET-SHOP", False),
        ("koreasouth", "vnet-shop", True),
        ("koreasouth", "vnet-south", False),
    ],
)
def test_a_network_is_in_one_region(location: str | None, vnet: str, clash: bool, tmp_path: Path) -> None:
    more = {"location": location} if location else {}
    two = [cluster(subnets=[f"{NETWORKS}/{vnet}/subnets/nodes"], **more)]
    root = write_project(tmp_path / "project", [], facts(clusters=two, network=network()))
    if not clash:
        check_project(load_project(root))
        return
    with pytest.raises(PlanError) as refused:
        check_project(load_project(root))
    (finding,) = refused.value.findings
    assert (finding.rule, finding.key) == (
        "subnet-region",
        "config.keyless:environment.clusters.0.location",
    )
