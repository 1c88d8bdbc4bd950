"""A project folder: its environments, each with the files that it includes, and all of its apps."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from keyless.environment import Frozen
from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.masks import cut
from keyless.nodes import refused
from keyless.registry import EnvironmentFacts
from keyless.source import Document, inside, load_document
from keyless.spec import LoadedApp, load_apps, validate
from keyless.wrong import findings_of

CONFIG_KEY = "keyless:environment"
# What Pulumi takes as a stack's name, without the dot, which parts a team from its environment.
_NAME = re.compile(r"[A-Za-z0-9][-\w]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LoadedEnvironment:
    """An environment, its file, and the included files by the resources and apps that they hold."""

    name: str
    facts: EnvironmentFacts
    document: Document
    parts: Mapping[tuple[str, str], Document]

    def where(self, section: Literal["resources", "apps"], name: str) -> tuple[Document, tuple[str, ...]]:
        """The file and the key path in which a resource or an app's override stands."""
        part = self.parts.get((section, name))
        if part is not None:
            return part, (section, name)
        return self.document, ("config", CONFIG_KEY, section, name)


@dataclass(frozen=True, slots=True)
class Project:
    """All that people wrote: every app and every environment of a project folder."""

    root: Path
    apps: tuple[LoadedApp, ...]
    environments: Mapping[str, LoadedEnvironment]


def environment_names(root: Path) -> tuple[str, ...]:
    """The environments of the project: every `Pulumi.<name>.yaml` without a dot in its name."""
    names = (path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))
    return tuple(sorted(name for name in names if name and "." not in name))


class _Part(Frozen):
    """An included file: resources and apps, in the same shapes."""

    resources: Mapping[str, Any] = Field(default_factory=dict)
    apps: Mapping[str, Any] = Field(default_factory=dict)


def load_environment(root: Path, name: str) -> LoadedEnvironment:
    """The environment in `Pulumi.<name>.yaml` and the files that it includes. Raises SpecError."""
    known = environment_names(root)
    if name not in known:
        raise SpecError(
            Finding(
                rule="no-environment",
                message=f"there is no environment '{name}': no file Pulumi.{name}.yaml",
                fix="write one of: " + ", ".join(known) if known else f"write the file Pulumi.{name}.yaml",
            )
        )
    if _NAME.fullmatch(name) is None:
        message = f"'{name}' cannot be the name of an environment, for its stack could not have it"
        fix = "rename the file: letters, digits, - and _, the first a letter or digit"
        raise refused(f"Pulumi.{name}.yaml", "environment-name", message, fix)
    document = load_document(root / f"Pulumi.{name}.yaml", f"Pulumi.{name}.yaml", root)
    value = document.value
    config = value.get("config") if isinstance(value, dict) else None
    written = config.get(CONFIG_KEY) if isinstance(config, dict) else None
    if not isinstance(written, dict):
        raise SpecError(
            document.finding(
                "no-environment-key",
                ("config", CONFIG_KEY),
                f"the file holds no `config: {CONFIG_KEY}:`",
                "write the environment's facts there; only stacks of a team (with a dot in the name) have none",
            )
        )
    merged, parts = _include(root, document, written)
    facts = _validate_environment(document, merged, parts)
    return LoadedEnvironment(name, facts, document, parts)


def _include(
    root: Path, document: Document, written: dict[str, Any]
) -> tuple[dict[str, Any], dict[tuple[str, str], Document]]:
    merged = dict(written)
    parts: dict[tuple[str, str], Document] = {}
    seen: set[Path] = set()
    patterns = written.get("include") or ()
    if not isinstance(patterns, list):
        return merged, parts
    for number, pattern in enumerate(patterns):
        path = ("config", CONFIG_KEY, "include", number)
        files = _matches(root, pattern)
        if not files:
            raise SpecError(
                document.finding(
                    "include",
                    path,
                    f"'{cut(str(pattern))}' names no file inside the project",
                    "write a path such as environments/dev/*.yaml, or remove it",
                )
            )
        for file in files:
            if not inside(root, file):
                raise SpecError(
                    document.finding(
                        "include",
                        path,
                        f"{file.relative_to(root).as_posix()} leads out of the project, by a link",
                        "put the file itself there, or remove the link",
                    )
                )
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            part = load_document(file, file.relative_to(root).as_posix(), root)
            validate(part, part.value, _Part)
            for section in ("resources", "apps"):
                here = merged.get(section) or {}
                if not isinstance(here, dict):
                    continue  # told with all that is wrong in the environment
                section_of = merged[section] = dict(here)
                for key, value in (part.value.get(section) or {}).items():
                    if key in section_of:
                        raise SpecError(
                            part.finding(
                                "duplicate",
                                (section, key),
                                f"'{key}' stands in another file of this environment too",
                                "keep one of the two",
                            )
                        )
                    section_of[key] = value
                    parts[(section, key)] = part
    return merged, parts


def _matches(root: Path, pattern: object) -> list[Path]:
    if not isinstance(pattern, str) or pattern.startswith("/") or ".." in Path(pattern).parts:
        return []
    try:
        return sorted(file for file in root.glob(pattern) if file.is_file())
    except (OSError, ValueError, NotImplementedError):  # too long, empty, or `**` beside other characters
        return []


def _validate_environment(
    document: Document, merged: dict[str, Any], parts: Mapping[tuple[str, str], Document]
) -> EnvironmentFacts:
    try:
        return EnvironmentFacts.model_validate(merged)
    except ValidationError as error:
        found = findings_of(error, document, merged, EnvironmentFacts, ("config", CONFIG_KEY), parts)
        raise SpecError(*found) from None


def _misplaced_facts(root: Path) -> Iterator[Finding]:
    """A team's stack takes its environment from the file beside it: facts in its own would only look as if they held."""
    for path in sorted(root.glob("Pulumi.*.*.yaml")):
        try:
            document = load_document(path, path.name, root)
        except SpecError as error:
            # A stack whose last setting was removed keeps an empty file, or its comments.
            yield from (found for found in error.findings if found.rule != "empty")
            continue
        config = document.value.get("config") if isinstance(document.value, dict) else None
        if isinstance(config, dict) and CONFIG_KEY in config:
            environment = path.name.rsplit(".", 2)[1]
            yield document.finding(
                "misplaced-environment",
                ("config", CONFIG_KEY),
                "the stack of a team holds no environment of its own",
                f"remove the key; the facts stand in Pulumi.{environment}.yaml",
            )


def _ignored(root: Path) -> Iterator[Finding]:
    for path in sorted(root.glob("Pulumi.*.yml")):
        yield Finding(
            rule="ignored-file",
            file=path.name,
            message="neither Pulumi nor Keyless reads this file: its name ends in .yml",
            fix=f"rename it to {path.name.removesuffix('.yml')}.yaml, or remove it",
        )


def load_project(root: Path, environments: tuple[str, ...] | None = None) -> Project:
    """Everything in the project folder `root`. Raises SpecError with what is wrong in all files together."""
    if not (root / "Pulumi.yaml").is_file():
        raise SpecError(
            Finding(
                rule="no-project",
                message=f"'{root}' holds no Pulumi.yaml, so it is not a Keyless project",
                fix="run keyless in the project's folder, or name it: keyless -C PROJECT ...",
            )
        )
    wrong: list[Finding] = []
    apps: tuple[LoadedApp, ...] = ()
    loaded: dict[str, LoadedEnvironment] = {}
    try:
        apps = load_apps(root)
    except SpecError as error:
        wrong.extend(error.findings)
    wanted = environments if environments is not None else environment_names(root)
    if not wanted:
        message = "the project has no environment: no file Pulumi.<name>.yaml"
        fix = "write one, such as Pulumi.dev.yaml; docs/guides/new-environment.md says how"
        wrong.append(Finding(rule="no-environment", message=message, fix=fix))
    for name in wanted:
        try:
            loaded[name] = load_environment(root, name)
        except SpecError as error:
            wrong.extend(error.findings)
    wrong.extend(_misplaced_facts(root))
    wrong.extend(_ignored(root))
    if wrong:
        raise SpecError(*wrong)
    return Project(root, apps, loaded)
