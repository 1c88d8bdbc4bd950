"""What the sandbox reads of a project: environments and apps, as raw YAML.

Read here a second time on purpose: the sandbox must not share a mistake with what it checks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.errors import SandboxError

ENVIRONMENT_FILE = re.compile(r"Pulumi\.([^.]+)\.yaml")
# A folder of this name below apps/ holds manifests, not app files.
MANIFEST_FOLDER = "deploy"

Mapping = dict[str, Any]


@dataclass(frozen=True)
class Project:
    """The raw facts of one environment: its `keyless:environment`, what it includes, and all apps of the project."""

    folder: Path
    environment: str
    facts: Mapping
    apps: dict[Path, Mapping] = field(default_factory=dict[Path, Mapping])

    def override(self, app: str) -> Mapping:
        """What the environment says about this app, empty where it says nothing."""
        return as_mapping(as_mapping(self.facts.get("apps")).get(app))

    def teams(self) -> set[str]:
        """Every team of an app, and `shared` for apps of none."""
        return {str(app.get("team") or "shared") for app in self.apps.values()} | {"shared"}


def environments(project: Path) -> dict[str, Path]:
    """Environment names and their files, `Pulumi.<env>.yaml` without a dot in the name, by name."""
    named = ((ENVIRONMENT_FILE.fullmatch(entry.name), entry) for entry in project.iterdir())
    return dict(sorted((match[1], entry) for match, entry in named if match))


def app_files(project: Path) -> Iterator[Path]:
    """Every app file below `apps/`, sorted; not what stands in a `deploy` folder."""
    folder = project / "apps"
    for path in sorted(folder.rglob("*.yaml")):
        if MANIFEST_FOLDER not in path.relative_to(folder).parts[:-1] and path.is_file():
            yield path


def read_project(folder: Path, environment: str) -> Project:
    """The raw facts of an environment. Raises SandboxError where a file holds no YAML mapping."""
    file = environments(folder).get(environment)
    if file is None:
        known = ", ".join(environments(folder)) or "none"
        raise SandboxError(f"{folder} has no environment {environment!r}\n  fix: name one of: {known}")
    facts = as_mapping(as_mapping(read_yaml(file).get("config")).get("keyless:environment"))
    for pattern in facts.get("include") or ():
        for included in sorted(folder.glob(str(pattern))):
            content = read_yaml(included)
            for key in ("resources", "apps"):
                facts[key] = {**as_mapping(facts.get(key)), **as_mapping(content.get(key))}
    return Project(folder, environment, facts, {path: read_yaml(path) for path in app_files(folder)})


def workloads(app: Mapping) -> list[Mapping]:
    """The workloads of an app file: `workloads`, or the one `workload`."""
    many = app.get("workloads")
    return [as_mapping(one) for one in many] if isinstance(many, list) else [as_mapping(app.get("workload"))]


def namespace_of(app: Mapping, workload: Mapping, override: Mapping) -> str:
    """The namespace in which an environment runs a workload."""
    return str(override.get("namespace") or workload.get("namespace") or app.get("namespace") or "default")


class Loader(yaml.CSafeLoader):
    """YAML as kubectl reads it: a date without quotes is text, for JSON has no dates."""


Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def as_json(value: object) -> Any:
    """YAML's value in the types that JSON has, with every key as text. Raises ValueError for one that JSON lacks."""
    if isinstance(value, dict):
        return {
            one if isinstance(one, str) else json.dumps(one): as_json(item) for one, item in value.items()
        }
    if isinstance(value, list):
        return [as_json(one) for one in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ValueError(f"{value!r} is a {type(value).__name__}, which JSON has not: write it as text")


def read_documents(path: Path) -> list[object]:
    """Every document of a file, in JSON's types. Raises SandboxError with the file's name."""
    try:
        return [as_json(one) for one in yaml.load_all(path.read_text(encoding="utf-8"), Loader)]
    except (OSError, ValueError, TypeError, yaml.YAMLError, RecursionError) as error:
        raise SandboxError(f"{path} cannot be read: {error}") from error


def read_yaml(path: Path) -> Mapping:
    """A file's mapping, its first document; an empty file is an empty one. Raises SandboxError with the file's name."""
    try:
        return as_mapping(as_json(yaml.load(path.read_text(encoding="utf-8"), Loader)))
    except (OSError, ValueError, TypeError, yaml.YAMLError, RecursionError) as error:
        raise SandboxError(f"{path} cannot be read: {error}") from error


def as_mapping(value: object) -> Mapping:
    """The value where it is a mapping, else an empty one: wrong types are the planner's to report."""
    return value if isinstance(value, dict) else {}
