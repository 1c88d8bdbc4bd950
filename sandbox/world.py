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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox import derived, folder, overlay, store
from sandbox.errors import SandboxError
from sandbox.files import locked, write_atomically
from sandbox.kubernetes import world as kubernetes
from sandbox.project import Mapping, as_mapping, environments, read_project, read_yaml

DEFAULT_MANAGER = "kubectl-client-side-apply"
# What commands leave in a sandbox; `reset` takes these away and nothing else.
PARTS = ("state", "home", "bin", "world")
FILES = ("cloud.sqlite", "cloud.sqlite-wal", "cloud.sqlite-shm", "worlds.json")


@dataclass(frozen=True)
class Applied:
    """Objects that one field manager applied to one cluster."""

    cluster: str
    manager: str
    objects: tuple[Mapping, ...]


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


def manifests(project: Path, world: Mapping) -> Iterator[Applied]:
    """What each cluster of a world holds, in the order in which it is applied: namespaces first."""
    for cluster in map(as_mapping, world.get("clusters") or ()):
        context = str(cluster.get("context"))
        applied = [as_mapping(one) for one in cluster.get("apply") or ()]
        names = {str(name) for name in cluster.get("namespaces") or ()}
        groups: list[Applied] = []
        for one in applied:
            namespace = str(one.get("namespace") or "default")
            found = tuple(objects(project / str(one.get("path")), namespace))
            names |= {item["metadata"]["namespace"] for item in found if item["kind"] != "Namespace"}
            groups.append(Applied(context, str(one.get("manager") or DEFAULT_MANAGER), found))
        spaces = (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(names)
        )
        yield Applied(context, DEFAULT_MANAGER, tuple(spaces))
        yield from groups


def objects(path: Path, namespace: str) -> Iterator[Mapping]:
    """The Kubernetes objects of a file or folder; one that names no namespace gets `namespace`."""
    if not path.exists():
        raise SandboxError(f"{path} does not exist, but a world or an app names it as manifests")
    for file in derived.manifest_files(path):
        try:
            documents = list(yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
        except (UnicodeDecodeError, yaml.YAMLError) as error:
            raise SandboxError(f"{file} cannot be read: {error}") from error
        for document in map(as_mapping, documents):
            items = document.get("items") if document.get("kind") == "List" else [document]
            for item in map(as_mapping, items or ()):
                # A Helm values file or a Kustomization is no object of the cluster.
                if not item.get("apiVersion") or not as_mapping(item.get("metadata")).get("name"):
                    continue
                space = {} if item["kind"] == "Namespace" else {"namespace": namespace}
                yield {**item, "metadata": {**space, **item["metadata"]}}


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
        if (left := tuple(item for item in group.objects if key_of(group.cluster, item) not in old_objects))
    ]
    for place in (copy, sandbox):
        with closing(store.connect(place)) as connection:
            with store.transaction(connection):
                insert(connection, new_azure)
            for group in new_applied:
                kubernetes.load(connection, group.cluster, list(group.objects), group.manager)
    return len(new_azure) + sum(len(group.objects) for group in new_applied)


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
