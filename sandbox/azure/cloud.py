"""ARM's resources in the store: reading, writing and looking around, inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from sandbox import store
from sandbox.azure import ids

Body = dict[str, Any]


class Cloud:
    """A view of the `arm` table through one connection. Bodies are what a GET would answer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def get(self, arm_id: str) -> Body | None:
        """The body of a resource, or None."""
        row = self.connection.execute("SELECT body FROM arm WHERE key = ?", (ids.key(arm_id),)).fetchone()
        return json.loads(row[0]) if row else None

    def has(self, arm_id: str) -> bool:
        """Whether a resource of this id exists."""
        query = "SELECT 1 FROM arm WHERE key = ?"
        return self.connection.execute(query, (ids.key(arm_id),)).fetchone() is not None

    def put(self, body: Body) -> None:
        """Write a resource under its `id`; `type` must stand in the body."""
        row = (ids.key(body["id"]), body["id"], body["type"], json.dumps(body, sort_keys=True))
        self.connection.execute("INSERT OR REPLACE INTO arm (key, id, type, body) VALUES (?, ?, ?, ?)", row)

    def delete(self, arm_id: str) -> None:
        """Remove a resource and the children it owns; role assignments and locks on it stay, as orphans."""
        key = ids.key(arm_id)
        below = [one for one in self._keys(f"{key}/") if "/providers/" not in one[len(key) :]]
        self.connection.executemany("DELETE FROM arm WHERE key = ?", [(one,) for one in (key, *below)])

    def below(self, prefix: str) -> Iterator[Body]:
        """Every resource whose id starts with `prefix` and a slash, by id."""
        low = f"{ids.key(prefix)}/"
        # "0" follows "/" in ASCII: all keys that begin with the prefix, by the primary key's index.
        query = "SELECT body FROM arm WHERE key > ? AND key < ? ORDER BY key"
        for (body,) in self.connection.execute(query, (low, f"{low[:-1]}0")):
            yield json.loads(body)

    def has_below(self, prefix: str) -> bool:
        """Whether any resource stands below `prefix`."""
        low = f"{ids.key(prefix)}/"
        query = "SELECT 1 FROM arm WHERE key > ? AND key < ? LIMIT 1"
        return self.connection.execute(query, (low, f"{low[:-1]}0")).fetchone() is not None

    def of_type(self, arm_type: str) -> Iterator[Body]:
        """Every resource of a type, by id."""
        query = "SELECT body FROM arm WHERE lower(type) = ? ORDER BY key"
        for (body,) in self.connection.execute(query, (arm_type.lower(),)):
            yield json.loads(body)

    def number(self, arm_type: str, scope: str) -> int:
        """How many resources of a type stand below a scope."""
        low = f"{ids.key(scope)}/"
        query = "SELECT count(*) FROM arm WHERE lower(type) = ? AND key > ? AND key < ?"
        (number,) = self.connection.execute(query, (arm_type.lower(), low, f"{low[:-1]}0")).fetchone()
        return int(number)

    def count(self, name: str) -> int:
        """One more on a counter that outlives its resource; returns the new value."""
        return store.count(self.connection, name)

    def _keys(self, low: str) -> list[str]:
        query = "SELECT key FROM arm WHERE key > ? AND key < ?"
        return [key for (key,) in self.connection.execute(query, (low, f"{low[:-1]}0"))]


def properties(body: Body | None) -> Body:
    """The `properties` of a body, empty where there are none."""
    found = (body or {}).get("properties")
    return found if isinstance(found, dict) else {}
