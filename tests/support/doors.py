"""The project `tests/e2e/doors`: one posture that the test writes, on resources that somebody else made."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

from sandbox import store
from sandbox.azure.cloud import Body, Cloud
from tests.support.places import Place

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
