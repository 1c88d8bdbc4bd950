"""The Kubernetes objects of a world, from the manifests that it names; what kubectl would not take is told by file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox import derived
from sandbox.errors import SandboxError
from sandbox.project import Mapping, as_mapping, read_documents

DEFAULT_MANAGER = "kubectl-client-side-apply"


@dataclass(frozen=True)
class Item:
    """One object and the file that it stands in; no file for a namespace that the world only names."""

    body: Mapping
    file: Path | None = None

    @property
    def title(self) -> str:
        """`<file>: <kind> <namespace>/<name>`."""
        metadata = self.body["metadata"]
        space = metadata.get("namespace")
        name = f"{space}/{metadata['name']}" if space else metadata["name"]
        return f"{self.file}: {self.body['kind']} {name}" if self.file else f"{self.body['kind']} {name}"


@dataclass(frozen=True)
class Applied:
    """Objects that one field manager applied to one cluster."""

    cluster: str
    manager: str
    items: tuple[Item, ...]


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
            names |= {
                item.body["metadata"]["namespace"] for item in found if item.body["kind"] != "Namespace"
            }
            groups.append(Applied(context, str(one.get("manager") or DEFAULT_MANAGER), found))
        spaces = (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in sorted(names)
        )
        yield Applied(context, DEFAULT_MANAGER, tuple(map(Item, spaces)))
        yield from groups


def objects(path: Path, namespace: str) -> Iterator[Item]:
    """The Kubernetes objects of a file or folder; one that names no namespace gets `namespace`.

    Raises SandboxError for what is meant as an object and is none.
    """
    if not path.exists():
        raise SandboxError(f"{path} does not exist, but a world or an app names it as manifests")
    for file in derived.manifest_files(path):
        for document in map(as_mapping, read_documents(file)):
            items = document.get("items") if document.get("kind") == "List" else [document]
            for item in items if isinstance(items, list) else ():
                body = as_mapping(item)
                # A Helm values file or a Kustomization is no object of the cluster.
                if body.get("apiVersion") and as_mapping(body.get("metadata")).get("name"):
                    yield Item(_whole(file, body, namespace), file)


def _whole(file: Path, body: Mapping, namespace: str) -> Mapping:
    metadata: Mapping = body["metadata"]
    texts = {
        "apiVersion": body["apiVersion"],
        "kind": body.get("kind"),
        "metadata.name": metadata["name"],
        # Left empty it counts as left out, as for kubectl.
        "metadata.namespace": metadata.get("namespace") or namespace,
    }
    for field, value in texts.items():
        if not isinstance(value, str):
            shown = "nothing" if value is None else f"{value!r}, which is no text"
            raise SandboxError(
                f"{file}: {field} of the object {metadata['name']!r} is {shown}, and no cluster would take it\n"
                f"  fix: write {field} as text, in quotes where it looks like a number"
            )
    space = {} if body["kind"] == "Namespace" else {"namespace": texts["metadata.namespace"]}
    return {**body, "metadata": {**metadata, **space}}
