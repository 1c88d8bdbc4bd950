"""Kubernetes manifests as written: objects with their file and line. Reads YAML files; knows no rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyless.source import load_documents

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


def load_manifests(root: Path, place: Path) -> Iterator[Manifest]:
    """Every object in the file `place`, or in the YAML files below the folder `place`, in the order of their paths.

    A `List` is its items. What is no object is passed over, and so are a chart's templates: only Helm can read
    them. Raises SpecError.
    """
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*.y*ml") if p.is_file())
    for path in files:
        if b"{{" in path.read_bytes():
            continue
        file = path.relative_to(root).as_posix()
        for line, value in load_documents(path, file):
            yield from _objects(value, file, line)


def _objects(value: Any, file: str, line: int) -> Iterator[Manifest]:
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        return
    if value["kind"] == "List":
        for item in value.get("items") or ():
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
