"""Worlds: what exists in Azure and in the clusters before the first `pulumi up`.

A world is loaded twice, into the cloud and into a copy that nothing else touches, so that the two can be compared.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sandbox import derived, folder, overlay, store
from sandbox.errors import SandboxError
from sandbox.files import locked, write_atomically
from sandbox.kubernetes import world as kubernetes
from sandbox.manifests import Applied, Item, manifests
from sandbox.plugin import Refusal
from sandbox.project import Mapping, as_mapping, environments, read_project, read_yaml

# What commands leave in a sandbox; `reset` takes these away and nothing else.
PARTS = ("state", "home", "bin", "world")
FILES = ("cloud.sqlite", "cloud.sqlite-wal", "cloud.sqlite-shm", "worlds.json")


def world_of(project: Path, environment: str) -> Mapping:
    """The world of an environment: `sandbox/worlds/<env>.yaml` as it stands, else one derived from the project."""
    written = project / "sandbox" / "worlds" / f"{environment}.yaml"
    return read_yaml(written) if written.exists() else derived.derive(read_project(project, environment))


def resources(world: Mapping) -> Iterator[Mapping]:
    """The ARM resources of a world as a GET would give them: `id`, `name`, `type` and what the world says."""
    for resource in map(as_mapping, world.get("azure") or ()):
        arm_id = resource.get("id")
        if not isinstance(arm_id, str) or not arm_id.startswith("/subscriptions/"):
            raise SandboxError(
                f"a resource of the world has no ARM id: {resource!r}\n  fix: write `id: /subscriptions/...`"
            )
        yield {**resource, "name": arm_id.rpartition("/")[2], "type": derived.arm_type(arm_id)}


def load_new(project: Path, sandbox: Path) -> None:
    """Load every world, on first use or after its files changed; what exists stays as it is.

    So a new app or resource is there at the next command, while what was taken out or changed waits for `reset`.
    Call it under the sandbox's lock.
    """
    seen = signature(project)
    record = sandbox / "worlds.json"
    if record.exists() and json.loads(record.read_text(encoding="utf-8")) == seen:
        return
    first = not record.exists()
    for environment in environments(project):
        count = load(project, environment, sandbox)
        if count and not first:
            print(f"sandbox: the world of {environment} has {count} new objects", file=sys.stderr, flush=True)
    write_atomically(record, json.dumps(seen))


def load(project: Path, environment: str, sandbox: Path) -> int:
    """Load one environment's world into cloud and copy, skipping what the copy has; returns how much was new."""
    world = world_of(project, environment)
    azure = list(resources(world))
    applied = list(manifests(project, world))
    copy = sandbox / "world"
    copy.mkdir(parents=True, exist_ok=True)
    with closing(store.connect(copy)) as known:
        old_ids = {key for (key,) in known.execute("SELECT key FROM arm")}
        old_objects = set(known.execute("SELECT cluster, group_kind, namespace, name FROM objects"))
    new_azure = [one for one in azure if one["id"].lower() not in old_ids]
    new_applied = [
        Applied(group.cluster, group.manager, left)
        for group in applied
        if (left := tuple(one for one in group.items if key_of(group.cluster, one.body) not in old_objects))
    ]
    with (
        closing(store.connect(copy)) as first,
        closing(store.connect(sandbox)) as second,
        # Both or neither: what the copy has is never loaded again.
        store.transaction(first),
        store.transaction(second),
    ):
        for connection in (first, second):
            insert(connection, new_azure)
            for group in new_applied:
                for item in group.items:
                    apply(connection, group, item)
    return len(new_azure) + sum(len(group.items) for group in new_applied)


def apply(connection: sqlite3.Connection, group: Applied, item: Item) -> None:
    """Put one object into its cluster. Raises SandboxError, with the file, where the API server would refuse it."""
    try:
        kubernetes.load(connection, group.cluster, [item.body], group.manager)
    except Refusal as refusal:
        raise SandboxError(
            f"{item.title}: no cluster would take it: {refusal}\n  fix: correct the manifest"
        ) from refusal


def insert(connection: sqlite3.Connection, azure: list[Mapping]) -> None:
    """Put resources into the `arm` table; one that is there already stays."""
    rows = [(one["id"].lower(), one["id"], one["type"], json.dumps(one, sort_keys=True)) for one in azure]
    connection.executemany("INSERT OR IGNORE INTO arm (key, id, type, body) VALUES (?, ?, ?, ?)", rows)


def key_of(cluster: str, item: Mapping) -> tuple[str, str, str, str]:
    """The key of the `objects` table."""
    group = str(item["apiVersion"]).rpartition("/")[0]
    metadata = item["metadata"]
    return cluster, f"{group}/{item['kind']}", str(metadata.get("namespace") or ""), str(metadata["name"])


def signature(project: Path) -> list[list[Any]]:
    """Name, time and size of every file that a world may come from; compared, never interpreted."""
    folders = (project / "apps", project / "environments", project / "sandbox" / "worlds")
    below = (path for folder in folders for path in folder.rglob("*") if path.suffix in (".yaml", ".yml"))
    stats = (
        (path, path.stat()) for path in sorted([*environments(project).values(), *below]) if path.is_file()
    )
    return [[str(path), stat.st_mtime_ns, stat.st_size] for path, stat in stats]


def same_as_world(sandbox: Path) -> list[str]:
    """How the cloud differs from its world, a line a difference; empty after a clean `destroy`."""
    tables = {
        "arm": "SELECT key, id, type, body FROM arm",
        "object": "SELECT cluster || ' ' || group_kind || ' ' || namespace || '/' || name, body, managers FROM objects",
    }
    differences: list[str] = []
    with closing(store.connect(sandbox)) as cloud, closing(store.connect(sandbox / "world")) as world:
        for what, query in tables.items():
            is_now = {row[0]: tuple(row[1:]) for row in cloud.execute(query)}
            was = {row[0]: tuple(row[1:]) for row in world.execute(query)}
            differences += [f"{what} {key} is gone" for key in sorted(was.keys() - is_now.keys())]
            differences += [f"{what} {key} was not there" for key in sorted(is_now.keys() - was.keys())]
            differences += [
                f"{what} {key} was {was[key]} and is {is_now[key]}"
                for key in sorted(was.keys() & is_now.keys())
                if was[key] != is_now[key]
            ]
    return differences


def reset(project: Path, sandbox: Path) -> None:
    """Back to the worlds, with no stack: forget the cloud, the state and everything that commands left here."""
    folder.claim(project, sandbox)
    with folder.alone(sandbox, "reset"), locked(sandbox / "lock"):
        overlay.clear(sandbox)
        for name in PARTS:
            shutil.rmtree(sandbox / name, ignore_errors=True)
        for name in FILES:
            (sandbox / name).unlink(missing_ok=True)
        load_new(project, sandbox)


def open_cloud(project: Path, sandbox: Path) -> None:
    """Make sure that the cloud is there to be looked at, loading the worlds on first use."""
    folder.claim(project, sandbox)
    with locked(sandbox / "lock"):
        load_new(project, sandbox)
