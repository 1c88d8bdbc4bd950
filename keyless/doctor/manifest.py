"""Kubernetes manifests as written: objects with their file and line. Reads YAML files; knows no rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from keyless.errors import SpecError
from keyless.nodes import Loader
from keyless.source import documents_in, read_text

# Where each kind of workload keeps its pod template.
POD_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object of a file; `line` is where it begins, from 1."""

    file: str
    line: int
    kind: str
    namespace: str | None
    name: str
    value: dict[str, Any]

    def containers(self) -> tuple[str, ...]:
        """Names of the containers of a workload, in their order; none for another kind."""
        template: Any = self.value
        for key in POD_TEMPLATES.get(self.kind, ()):
            template = template.get(key) if isinstance(template, dict) else None
        spec = template.get("spec") if isinstance(template, dict) else None
        listed = spec.get("containers") if isinstance(spec, dict) else None
        if not isinstance(listed, list):
            return ()
        return tuple(str(one.get("name")) for one in listed if isinstance(one, dict))

    def templated(self) -> bool:
        """Whether a template fills in what the object is called."""
        return any("{{" in text for text in (self.name, self.namespace or "", *self.containers()))


@dataclass(frozen=True, slots=True)
class Manifests:
    """What was read, in the order of the files' paths, and the files that are templates, which only Helm can read."""

    objects: tuple[Manifest, ...]
    unread: tuple[str, ...]


def load_manifests(root: Path, place: Path) -> Manifests:
    """The objects in the file `place`, or in the YAML files below the folder `place`.

    A `List` is its items; what is no object is passed over. Raises SpecError.
    """
    objects: list[Manifest] = []
    unread: list[str] = []
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*.y*ml") if p.is_file())
    for path in files:
        file = path.relative_to(root).as_posix()
        text = read_text(path, file, root)
        try:
            found = [one for line, value in documents_in(text, file) for one in _objects(value, file, line)]
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


def _objects(value: Any, file: str, line: int) -> Iterator[Manifest]:
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return
    if value["kind"] == "List":
        items = value.get("items")
        for item in items if isinstance(items, list) else ():
            yield from _objects(item, file, line)
        return
    metadata = value.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
        namespace = metadata.get("namespace")
        yield Manifest(
            file,
            line,
            value["kind"],
            namespace if isinstance(namespace, str) else None,
            metadata["name"],
            value,
        )
