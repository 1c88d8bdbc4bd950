"""A private way counts only when the target has approved it and every zone has its address."""

from __future__ import annotations

import time
from typing import Any

import pytest

from components.arm.client import Client
from components.arm.errors import ArmError
from components.arm.model import Patch, Proof, Wanted
from components.arm.proofs import await_proofs
from tests.components.arm.conftest import GROUP, STORAGE, Serve, Web

ENDPOINT = f"{GROUP}/providers/Microsoft.Network/privateEndpoints/pe"
BLOB, DFS = "privatelink.blob.core.windows.net", "privatelink.dfs.core.windows.net"


def wanted(*zones: str, timeout: float = 0.0) -> Wanted:
    patch = Patch(STORAGE, "2025-08-01", {"publicNetworkAccess": "Disabled"}, ())
    return Wanted("orders", "public", (patch,), (), (Proof(ENDPOINT.upper(), zones),), timeout)


def put_endpoint(web: Web, status: str = "Approved", name: str = "pe") -> None:
    state = {"privateLinkServiceConnectionState": {"status": status}}
    connection = {"properties": {"privateLinkServiceId": STORAGE, "groupIds": ["blob"], **state}}
    properties = {"privateLinkServiceConnections": [connection]}
    web.put(f"{ENDPOINT.rpartition('/')[0]}/{name}", properties)


def config(zone: str, *addresses: str, records: bool = True) -> dict[str, Any]:
    zone_id = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/{zone}"
    found = [{"recordType": "A", "ipAddresses": list(addresses)}] if records else []
    return {"name": zone, "properties": {"privateDnsZoneId": zone_id, "recordSets": found}}


def put_group(web: Web, *configs: dict[str, Any], name: str = "default") -> None:
    web.put(f"{ENDPOINT}/privateDnsZoneGroups/{name}", {"privateDnsZoneConfigs": list(configs)})


def missing(client: Client, asked: Wanted) -> list[str]:
    with pytest.raises(ArmError) as raised:
        await_proofs(client, asked)
    return [line.removeprefix("  - ") for line in str(raised.value).splitlines() if line.startswith("  - ")]


def test_all_there_is_proof_in_whatever_case(serve: Serve):
    web, client = serve()
    put_endpoint(web)
    put_group(web, config(BLOB.upper(), "10.0.0.4"), config(DFS, "10.0.0.5"))
    await_proofs(client, wanted(BLOB, DFS))


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Disconnected"])
def test_the_targets_own_view_of_the_connection_counts(serve: Serve, status: str):
    web, client = serve()
    put_endpoint(web, status)
    put_group(web, config(BLOB, "10.0.0.4"))
    (told,) = missing(client, wanted(BLOB))
    assert told.endswith(f"its connection is {status}, not Approved")


def test_the_endpoint_of_somebody_else_is_no_proof(serve: Serve):
    web, client = serve()
    put_endpoint(web, name="other")
    web.put(ENDPOINT, {})
    put_group(web, config(BLOB, "10.0.0.4"))
    (told,) = missing(client, wanted(BLOB))
    assert "knows no connection from it" in told


def test_every_zone_is_told_by_itself(serve: Serve):
    web, client = serve()
    put_endpoint(web)
    ai, empty = "privatelink.openai.azure.com", "privatelink.services.ai.azure.com"
    put_group(web, config(BLOB, "10.0.0.4"), config(ai, records=False), config(empty))
    told = missing(client, wanted(BLOB, DFS, ai, empty))
    assert [one.partition(" of endpoint")[0] for one in told] == [
        f"zone {DFS} is in no zone group",
        f"zone {ai} has no record with an address",
        f"zone {empty} has no record with an address",
    ]


def test_an_endpoint_that_is_not_there_lacks_everything(serve: Serve):
    _, client = serve()
    assert len(missing(client, wanted(BLOB, DFS))) == 3


def test_waiting_ends_as_soon_as_all_is_there_and_not_before_the_timeout(serve: Serve):
    web, client = serve()
    put_endpoint(web)
    polls = 0

    def before(request: Any) -> None:
        nonlocal polls
        polls += request.path.endswith("privateDnsZoneGroups")
        if polls == 3:
            put_group(web, config(BLOB, "10.0.0.4"))

    web.before = before
    await_proofs(client, wanted(BLOB, timeout=30))
    assert polls == 3
    began = time.monotonic()
    missing(client, wanted(DFS, timeout=0.6))
    assert time.monotonic() - began >= 0.6


def test_without_proofs_nothing_is_asked(serve: Serve):
    web, client = serve()
    await_proofs(client, Wanted("orders", "public", (), (), (), 0))
    assert web.requests == []
