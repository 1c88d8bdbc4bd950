"""Kubernetes manifests as written: objects with their file and the lines of their keys. Reads YAML files; knows no rule."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keyless.errors import SpecError
from keyless.nodes import Loader
from keyless.source import Key, KeyPath, Placed, documents_in, read_text

# Where each kind of workload keeps its pod template; a Pod is its own.
POD_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Pod": (),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a file; `line` is where it begins, from 1. Its value is not shown: it may hold a secret."""

    file: str
    line: int
    kind: str
    namespace: str | None
    name: str
    value: dict[str, Any] = field(repr=False)
    placed: Placed = field(repr=False)
    base: tuple[Key, ...] = field(default=(), repr=False)

    def line_of(self, path: KeyPath) -> int:
        """Line of the key at `path` in this object, or of its nearest parent that stands in the text."""
        return self.placed.line_of((*self.base, *path))

    def pod_path(self) -> tuple[str, ...] | None:
        """Where the spec of its pods stands; None for an object without pods."""
        template = POD_TEMPLATES.get(self.kind)
        return None if template is None else (*template, "spec")

    def containers(self) -> tuple[str, ...]:
        """Names of the containers of a workload, in their order; none for another kind."""
        path = self.pod_path()
        listed = at(self.value, (*path, "containers")) if path is not None else None
        if not isinstance(listed, list):
            return ()
        return tuple(str(one.get("name")) for one in listed if isinstance(one, dict))

    def templated(self) -> bool:
        """Whether a template fills in what the object is called."""
        return any("{{" in text for text in (self.name, self.namespace or "", *self.containers()))


@dataclass(frozen=True, slots=True)
class Manifests:
    """What the files of one place hold. `unread` are those that only another tool can read: a chart's templates."""

    objects: tuple[Manifest, ...]
    unread: tuple[str, ...]

    def named(self, kind: str, name: str) -> tuple[Manifest, ...]:
        """The objects of one kind and name, which several files may hold."""
        return tuple(one for one in self.objects if one.kind == kind and one.name == name)


def at(value: Any, path: KeyPath) -> Any:
    """What stands at `path` in plain values, or None."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def read_manifests(root: Path, place: Path) -> Manifests:
    """All that the file `place` holds, or the YAML files below the folder `place`, in the order of their paths.

    A `List` is its items. What is no object is passed over. Raises SpecError.
    """
    objects: list[Manifest] = []
    unread: list[str] = []
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*.y*ml") if p.is_file())
    for path in files:
        file = path.relative_to(root).as_posix()
        text = read_text(path, file, root)
        try:
            found = [
                one for placed in documents_in(text, file) for one in _objects(placed.value, file, placed, ())
            ]
        except SpecError:
            if "{{" not in text:
                raise
            unread.append(file)
            continue
        plain = [one for one in found if not one.templated()]
        objects.extend(plain)
        if len(plain) < len(found) or ("{{" in text and _holds_template(text)):
            unread.append(file)
    return Manifests(tuple(objects), tuple(unread))


def _holds_template(text: str) -> bool:
    """Whether `{{` stands in a plain scalar: in quotes or a block it is text that a program of the cluster reads."""
    return any(
        isinstance(event, yaml.ScalarEvent) and not event.style and "{{" in event.value
        for event in yaml.parse(text, Loader=Loader)
    )


def _objects(value: Any, file: str, placed: Placed, base: tuple[Key, ...]) -> Iterator[Manifest]:
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return
    if value["kind"] == "List":
        items = value.get("items")
        for index, item in enumerate(items if isinstance(items, list) else ()):
            yield from _objects(item, file, placed, (*base, "items", index))
        return
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
        namespace = metadata.get("namespace")
        yield Manifest(
            file,
            placed.line_of(base),
            value["kind"],
            namespace if isinstance(namespace, str) else None,
            metadata["name"],
            value,
            placed,
            base,
        )
