"""A cluster in the sandbox's store: objects, and for each field who owns it."""

from __future__ import annotations

import copy
import json
import sqlite3
from typing import Any, TypeAlias

from sandbox import store
from sandbox.kubernetes import fields, schema, validation
from sandbox.kubernetes.backend import ApiError, Ref, not_found
from sandbox.kubernetes.fields import Body, Path

Managers: TypeAlias = dict[str, dict[str, Any]]
# Every cluster has these from its start.
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class MemoryBackend:
    """One cluster of the store. Its connection belongs to one thread."""

    def __init__(self, connection: sqlite3.Connection, cluster: str) -> None:
        self.connection = connection
        self.cluster = cluster

    def get(self, ref: Ref) -> Body | None:
        """The live object, or None."""
        found = self._row(ref)
        return found[0] if found else None

    def list(self, group_kind: str) -> list[Body]:
        """All objects of a kind, by namespace and name."""
        query = "SELECT body FROM objects WHERE (cluster, group_kind) = (?, ?) ORDER BY namespace, name"
        return [json.loads(row[0]) for row in self.connection.execute(query, (self.cluster, group_kind))]

    def managers(self, ref: Ref) -> Managers:
        """Who owns which fields of an object; empty where there is none."""
        found = self._row(ref)
        return found[1] if found else {}

    def create(self, ref: Ref, body: Body, manager: str) -> Body:
        """Make an object by POST: `manager` owns it by an update, defaults too."""
        with store.transaction(self.connection):
            validation.check_path(ref, body)
            schema.check_post(ref, body)
            self._check_namespace(ref)
            if self._row(ref):
                raise ApiError(409, "AlreadyExists", f'{ref.plural} "{ref.name}" already exists')
            made: Body = schema.decoded(schema.root(ref), copy.deepcopy(body))
            validation.complete(ref, made)
            validation.check(ref, made)
            self._write(ref, made, _with({}, manager, "Update", set(fields.owned(made))))
            return made

    def adopt(self, ref: Ref, creator: str, manager: str) -> None:
        """Make what `creator` owns by an update what `manager` owns by an apply; no creator is no error."""
        with store.transaction(self.connection):
            live, managers = self._row(ref) or ({}, {})
            entry = managers.pop(creator, {})
            if entry.get("operation") != "Update":
                return
            mine = managers.get(manager, {"fields": []})
            paths = fields.from_json(entry["fields"]) | fields.from_json(mine["fields"])
            self._write(ref, live, _with(managers, manager, "Apply", paths))

    def apply(self, ref: Ref, body: Body, manager: str, force: bool = False, dry_run: bool = False) -> Body:
        """Server-side apply. Raises ApiError 409 with every field that another manager holds to another value."""
        with store.transaction(self.connection):
            validation.check_path(ref, body)
            self._check_namespace(ref)
            schema.check_apply(ref, body)
            live, managers = self._row(ref) or (_bare(ref), {})
            wanted = set(fields.owned(body))
            mine = managers.get(manager, {})
            before = fields.from_json(mine["fields"]) if mine.get("operation") == "Apply" else set[Path]()
            others = {name: entry for name, entry in managers.items() if name != manager or not before}
            taken = _conflicts(ref, live, body, wanted, others)
            if taken and not force:
                raise ApiError(409, "Conflict", conflict_text(ref, taken, managers))
            for name, paths in taken.items():
                left = fields.from_json(managers[name]["fields"]) - paths
                managers = _with(managers, name, managers[name]["operation"], left)
            result: Body = fields.merge(live, body)
            kept = wanted.union(
                *(fields.from_json(entry["fields"]) for name, entry in managers.items() if name != manager)
            )
            # An item of a list goes whole before its fields, or its key would go first and hide it.
            for path in sorted(before - wanted, key=len):
                fields.remove(result, path, kept)
            validation.complete(ref, result)
            validation.check(ref, result)
            if not dry_run:
                self._write(ref, result, _with(managers, manager, "Apply", wanted))
            return result

    def delete(self, ref: Ref) -> None:
        """Remove an object; a namespace goes with all that is in it."""
        with store.transaction(self.connection):
            if not self._row(ref):
                raise not_found(ref)
            query = "DELETE FROM objects WHERE (cluster, group_kind, namespace, name) = (?, ?, ?, ?)"
            self.connection.execute(query, self._key(ref))
            if ref.group_kind == "/Namespace":
                query = "DELETE FROM objects WHERE (cluster, namespace) = (?, ?)"
                self.connection.execute(query, (self.cluster, ref.name))

    def _check_namespace(self, ref: Ref) -> None:
        if not ref.namespace or ref.namespace in NAMESPACES:
            return
        space = Ref("v1", "Namespace", "", ref.namespace)
        if not self._row(space):
            raise not_found(space)

    def _key(self, ref: Ref) -> tuple[str, str, str, str]:
        return self.cluster, ref.group_kind, ref.namespace, ref.name

    def _row(self, ref: Ref) -> tuple[Body, Managers] | None:
        query = (
            "SELECT body, managers FROM objects WHERE (cluster, group_kind, namespace, name) = (?, ?, ?, ?)"
        )
        row = self.connection.execute(query, self._key(ref)).fetchone()
        return (json.loads(row[0]), json.loads(row[1])) if row else None

    def _write(self, ref: Ref, body: Body, managers: Managers) -> None:
        query = (
            "INSERT OR REPLACE INTO objects (cluster, group_kind, namespace, name, body, managers)"
            " VALUES (?, ?, ?, ?, ?, ?)"
        )
        texts = json.dumps(body, sort_keys=True), json.dumps(managers, sort_keys=True)
        self.connection.execute(query, (*self._key(ref), *texts))


def conflict_text(ref: Ref, taken: dict[str, set[Path]], managers: Managers) -> str:
    """The API server's own words: apimachinery managedfields/internal/conflict.go."""
    titles = {
        name: f'"{name}"' + (f" using {ref.api_version}" if managers[name]["operation"] == "Update" else "")
        for name in sorted(taken)
    }
    count = sum(map(len, taken.values()))
    if count == 1:
        ((name, (path,)),) = taken.items()
        return f"Apply failed with 1 conflict: conflict with {titles[name]}: {fields.text(path)}"
    parts = [
        f"conflicts with {title}:\n" + "\n".join(f"- {one}" for one in sorted(map(fields.text, taken[name])))
        for name, title in titles.items()
    ]
    return f"Apply failed with {count} conflicts: " + "\n".join(parts)


def _conflicts(ref: Ref, live: Body, body: Body, wanted: set[Path], others: Managers) -> dict[str, set[Path]]:
    changed: set[Path] = set()
    for path in wanted:
        there, value = fields.find(live, path)
        # An item of a keyed list holds no value of its own, so sharing it is no conflict.
        if there and isinstance(path[-1], str) and value != fields.find(body, path)[1]:
            changed.add(path)
    found = {name: changed & fields.from_json(entry["fields"]) for name, entry in others.items()}
    return {name: paths for name, paths in found.items() if paths}


def _with(managers: Managers, name: str, operation: str, paths: set[Path]) -> Managers:
    rest = {other: entry for other, entry in managers.items() if other != name}
    return {**rest, name: {"operation": operation, "fields": fields.to_json(paths)}} if paths else rest


def _bare(ref: Ref) -> Body:
    space = {"namespace": ref.namespace} if ref.namespace else {}
    return {"apiVersion": ref.api_version, "kind": ref.kind, "metadata": {"name": ref.name, **space}}
