"""Two environments are held against each other wherever one of them is planned, checked or made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from keyless.errors import KeylessError, PlanError, SpecError
from keyless.planner import check_project, load_plan, load_stack
from keyless.project import load_project
from tests.keyless.project import (
    SUBSCRIPTION,
    app,
    cluster,
    facts,
    storage,
    workload,
    write_environment,
    write_project,
)

SHARED = "https://oidc.example.com/one/"
ROUTES: dict[str, Callable[[Path], object]] = {
    "check": lambda root: check_project(load_project(root)),
    "plan": lambda root: load_plan(root, "stg"),
    "plan of the other": lambda root: load_plan(root, "dev"),
    "up": lambda root: load_stack(root, "payments.stg"),
}


def _network(group: str, virtual_network: str, zones: str = "managed") -> dict[str, str]:
    networks = (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks"
    )
    return {"subnet": f"{networks}/{virtual_network}/subnets/pe", "resource_group": group, "zones": zones}


def _endpoint(network: dict[str, str], name: str) -> dict[str, Any]:
    return {"network": network, "resources": {"orders": storage(network="endpoint")}, **_stg_clusters(name)}


def _stg_clusters(name: str, **more: Any) -> dict[str, Any]:
    return {"clusters": [cluster(name, **more)]}


GROUP = {"identities": {"resource_group": "rg-x"}}
ACCEPTED = {"identities": {"resource_group": "rg-x", "shared": True}}
# What dev and stg say, and the rule with its key in the file that is told.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str, str]]]] = {
    "subject": (
        _stg_clusters("aks-dev", issuer=SHARED, context="aks"),
        {**_stg_clusters("aks-stg", issuer=SHARED, context="aks"), "apps": {"checkout": {"name": "other"}}},
        [("same-subject", "Pulumi.stg.yaml", "apps.checkout")],
    ),
    "subject, the issuer without its slash": (
        _stg_clusters("aks-dev", issuer=SHARED, context="aks"),
        {
            **_stg_clusters("aks-stg", issuer=SHARED.rstrip("/"), context="aks"),
            "apps": {"checkout": {"name": "other"}},
        },
        [("same-subject", "Pulumi.stg.yaml", "apps.checkout")],
    ),
    "workload, told once": (
        _stg_clusters("aks-dev", issuer=SHARED, context="aks"),
        _stg_clusters("aks-stg", issuer=SHARED, context="aks"),
        [("same-workload", "Pulumi.stg.yaml", "apps.checkout")],
    ),
    "context": (
        _stg_clusters("aks-dev", context="aks"),
        _stg_clusters("aks-stg", context="aks"),
        [("same-context", "Pulumi.stg.yaml", "clusters.0.context")],
    ),
    "group": (
        GROUP,
        {**GROUP, **_stg_clusters("aks-stg")},
        [("shared-group", "Pulumi.stg.yaml", "identities.resource_group")],
    ),
    "group, accepted by the first alone": (
        ACCEPTED,
        {**GROUP, **_stg_clusters("aks-stg")},
        [("shared-group", "Pulumi.stg.yaml", "identities.resource_group")],
    ),
    "group, accepted by the second alone": (
        GROUP,
        {**ACCEPTED, **_stg_clusters("aks-stg")},
        [("shared-group", "Pulumi.dev.yaml", "identities.resource_group")],
    ),
    "group, accepted by both": (ACCEPTED, {**ACCEPTED, **_stg_clusters("aks-stg")}, []),
    "zone": (
        _endpoint(_network("rg-net", "vnet-dev"), "aks-dev"),
        _endpoint(_network("RG-Net", "vnet-stg"), "aks-stg"),
        [("zone-overlap", "Pulumi.stg.yaml", "network.zones")],
    ),
    "virtual network": (
        _endpoint(_network("rg-dev", "vnet"), "aks-dev"),
        _endpoint(_network("rg-stg", "VNET"), "aks-stg"),
        [("zone-overlap", "Pulumi.stg.yaml", "network.zones")],
    ),
    "zones apart": (
        _endpoint(_network("rg-dev", "vnet-dev"), "aks-dev"),
        _endpoint(_network("rg-stg", "vnet-stg"), "aks-stg"),
        [],
    ),
}


def _project(tmp_path: Path, dev: dict[str, Any], stg: dict[str, Any]) -> Path:
    apps = [app(workload=workload(service_account="checkout"))]
    root = write_project(tmp_path / "project", apps, facts(**dev))
    write_environment(root, "stg", facts(**stg))
    return root


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("route", ROUTES)
def test_what_two_environments_cannot_both_have(tmp_path: Path, case: str, route: str) -> None:
    dev, stg, expected = CASES[case]
    root = _project(tmp_path, dev, stg)
    found: list[tuple[str, str, str]] = []
    try:
        ROUTES[route](root)
    except PlanError as error:
        found = [
            (one.rule, str(one.file), str(one.key).removeprefix("config.keyless:environment."))
            for one in error.findings
        ]
        assert all(one.line for one in error.findings)
    assert found == expected


def test_a_clash_of_two_others_is_not_this_ones_matter(tmp_path: Path) -> None:
    root = _project(tmp_path, {}, {**_stg_clusters("aks-stg", context="aks")})
    write_environment(root, "prd", facts(**_stg_clusters("aks-prd", context="aks")))
    assert load_stack(root, "payments.dev").apps
    with pytest.raises(PlanError, match="same-context"):
        load_stack(root, "payments.prd")


def test_an_environment_that_cannot_be_read_stops_the_others_and_says_why(tmp_path: Path) -> None:
    root = _project(tmp_path, {}, {**_stg_clusters("aks-stg"), "location": "Korea Central"})
    with pytest.raises(SpecError) as caught:
        load_stack(root, "payments.dev")
    (found,) = caught.value.findings
    assert (found.file, found.line) == ("Pulumi.stg.yaml", 5)
    assert "until it is mended, dev cannot be held against stg" in found.message


def test_an_environment_whose_grants_cannot_be_planned_does_not_stop_the_others(tmp_path: Path) -> None:
    root = _project(tmp_path, {}, {**_stg_clusters("aks-stg"), "resources": {}})
    assert load_stack(root, "payments.dev").apps
    with pytest.raises(KeylessError, match="unknown-resource"):
        load_stack(root, "payments.stg")


def test_an_app_that_is_absent_holds_nothing(tmp_path: Path) -> None:
    one = _stg_clusters("aks-dev", issuer=SHARED, context="aks")
    root = _project(tmp_path, one, {**one, "apps": {"checkout": {"absent": "not before autumn"}}})
    assert load_stack(root, "payments.dev").apps
