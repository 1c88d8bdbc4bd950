"""Whom a posture shuts out: other services of the account, apps in other networks, holders of keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.keyless.doors import ELSEWHERE, KINDS, NODES, guarded, posture_of
from tests.keyless.project import cluster


def cuts_off(tmp_path: Path, kind: str, posture: dict[str, Any], **more: Any) -> str:
    """All that is said, as lines."""
    return "\n".join(posture_of(guarded(tmp_path, kind, posture, **more)).cuts_off)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("network", ["public", "endpoint"])
def test_an_open_door_shuts_out_nobody(kind: str, network: str, tmp_path: Path) -> None:
    assert cuts_off(tmp_path, kind, {"network": network}) == ""


def test_an_accounts_other_services_have_no_endpoint(tmp_path: Path) -> None:
    plain = cuts_off(tmp_path / "plain", "storage", {"network": "private"})
    lake = cuts_off(tmp_path / "lake", "storage", {"network": "private", "hierarchical_namespace": True})
    assert "dfs, file, queue, table and web, for which Keyless makes no private endpoint" in plain
    assert "file, queue, table and web, for which" in lake
    assert "dfs" not in lake


def test_an_app_in_another_network_is_told(tmp_path: Path) -> None:
    clusters = [cluster(subnets=[NODES]), cluster("aks-west", subnets=[ELSEWHERE])]
    told = cuts_off(tmp_path, "openai", {"network": "private"}, clusters=clusters)
    assert "checkout in aks-west, whose nodes are in vnet-west, unless that network is peered" in told
    assert "checkout in aks-dev" not in told


def test_a_cluster_that_says_nothing_of_its_network_is_doubted(tmp_path: Path) -> None:
    told = cuts_off(tmp_path, "openai", {"network": "private"}, clusters=[cluster()])
    assert "checkout in aks-dev, if it is not in vnet-shop: it states no `subnets`" in told


def test_a_cluster_without_an_app_of_the_resource_is_not_told(tmp_path: Path) -> None:
    clusters = [cluster("aks-west", subnets=[ELSEWHERE])]
    assert "aks-west" not in cuts_off(
        tmp_path, "openai", {"network": "private"}, clusters=clusters, used=False
    )


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("storage", "SAS that an account key signs"),
        ("redis-cache", "every open connection, once"),
        ("redis-managed", "every open connection, once"),
        ("openai", "sends an api-key"),
    ],
)
def test_what_turning_keys_off_breaks_is_told(kind: str, told: str, tmp_path: Path) -> None:
    assert told in cuts_off(tmp_path, kind, {"network": "endpoint", "keys": "forbidden"})
