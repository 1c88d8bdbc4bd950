"""Diagnostic settings on the real engine: they come up, stay as they are, and go away; and what a lock makes of that."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

from tests.support.places import Place

WORKSPACE = (
    "/subscriptions/00000000-0000-0000-0000-00000000000d/resourceGroups/rg-logs/providers"
    "/Microsoft.OperationalInsights/workspaces/log-shop"
)
# What the shop's apps use, and the logs of each that are sent.
LOGS = {
    "storders/blobservices/default": ["StorageDelete", "StorageRead", "StorageWrite"],
    "redis-sessions/databases/default": ["ConnectionEvents"],
    "redis-carts": ["ConnectedClientList", "MSEntraAuthenticationAuditLog"],
    "oai-shop": ["Audit", "RequestResponse"],
}


def audit(place: Place, text: str) -> None:
    """Put `audit` in place of what stands there."""
    file = place.project / "Pulumi.dev.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("    audit:")]
    at = lines.index("    network:")
    file.write_text("\n".join([*lines[:at], *([f"    audit: {text}"] if text else []), *lines[at:]]) + "\n")


def settings(place: Place) -> dict[str, list[str]]:
    """The categories of each diagnostic setting in the cloud, by the end of the id of what it belongs to."""
    with closing(sqlite3.connect(place.folder / "cloud.sqlite")) as connection:
        query = "SELECT key, body FROM arm WHERE lower(type) = 'microsoft.insights/diagnosticsettings'"
        rows = {key: json.loads(body) for key, body in connection.execute(query)}
    found: dict[str, list[str]] = {}
    for key, body in rows.items():
        target = key.partition("/providers/microsoft.insights/")[0].split("/")
        assert body["properties"]["workspaceId"] == WORKSPACE
        found["/".join(target[8:])] = [log["category"] for log in body["properties"]["logs"]]
    return found


def test_settings_come_up_do_not_change_and_go_away(shop: Place) -> None:
    audit(shop, f"{{workspace: {WORKSPACE}}}")
    shop.up("dev")
    assert settings(shop) == LOGS
    shop.up("dev", "--expect-no-changes")
    shop.ok("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes", "-s", "dev")
    audit(shop, "")
    shop.up("dev")
    assert settings(shop) == {}
    shop.destroy("dev")
    assert shop.differences() == []


def test_a_policys_settings_are_left_to_it(shop: Place) -> None:
    audit(shop, "{policy: true}")
    shop.up("dev")
    assert settings(shop) == {}


def test_a_failed_setting_names_its_resource(shop: Place) -> None:
    audit(shop, f"{{workspace: {WORKSPACE}}}")
    shop.up("dev")
    # Another owner sends the same category to the same workspace: what Azure refuses once ours is written anew.
    with closing(sqlite3.connect(shop.folder / "cloud.sqlite")) as connection, connection:
        query = "SELECT key, id, type, body FROM arm WHERE key LIKE '%redis-carts%diagnosticsettings/%'"
        (row,) = connection.execute(query).fetchall()
        body = json.loads(row[3]) | {"id": f"{row[1]}-other", "name": "keyless-dev-other"}
        connection.execute("DELETE FROM arm WHERE key = ?", (row[0],))
        values = (f"{row[0]}-other", body["id"], row[2], json.dumps(body))
        connection.execute("INSERT INTO arm (key, id, type, body) VALUES (?, ?, ?, ?)", values)
    failed = shop.run("pulumi", "up", "--yes", "--skip-preview", "--refresh", "-s", "dev")
    assert failed.returncode != 0
    assert "Data sinks can't be reused" in failed.stdout
    assert f"cannot create: diagnostic setting keyless-dev of resource carts, to {WORKSPACE}" in failed.stdout
