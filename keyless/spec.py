"""App files and environment files: their models, and the loaders that turn what is wrong into Findings with a line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from keyless.environment import Frozen
from keyless.errors import SpecError
from keyless.fields import Namespace, ObjectName, Word
from keyless.finding import Finding
from keyless.plan import ManagedBy, WorkloadKind
from keyless.registry import AnyUse, EnvironmentFacts
from keyless.source import Document, load_document
from keyless.wrong import findings_of

CONFIG_KEY = "keyless:environment"
M = TypeVar("M", bound=BaseModel)


class ServiceAccountSpec(Frozen):
    """A ServiceAccount, made by Keyless or by the workload's own files (a chart, say)."""

    name: ObjectName
    """Its name."""
    managed_by: ManagedBy = "keyless"
    """`keyless` makes it. `workload`: a chart or manifest makes it, and Keyless annotates it."""


def _account(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class WorkloadSpec(Frozen):
    """One workload. `containers` get the settings: by default the one that is named like the workload."""

    kind: WorkloadKind
    """What it is in Kubernetes. A Job that exists cannot be patched, so it is left alone."""
    namespace: Namespace
    """Its namespace, unless the environment says another."""
    name: ObjectName
    """Its name."""
    service_account: (
        Annotated[
            ServiceAccountSpec, BeforeValidator(_account, json_schema_input_type=str | ServiceAccountSpec)
        ]
        | None
    ) = None
    """The ServiceAccount that its pods run as: a name, or a name and who makes it. Without it, one named like the workload."""
    manifests: Annotated[str, StringConstraints(min_length=1)] | None = None
    """File or folder of its manifests, relative to this file."""
    containers: Annotated[tuple[Namespace, ...], Field(strict=False)] = ()
    """Containers that get the settings as variables."""

    @property
    def account(self) -> ServiceAccountSpec:
        """The ServiceAccount, by default named like the workload."""
        return self.service_account or ServiceAccountSpec(name=self.name)


class App(Frozen):
    """One identity and the workloads that share it: what it uses, the same in every environment."""

    app: Word
    """The app's name: one word for it everywhere, also in the names of what is made."""
    team: Word | None = None
    """The owner. Its apps are the stack `<team>.<env>`; without it, `<env>`."""
    workload: WorkloadSpec | None = None
    """The workload, where there is one."""
    workloads: Annotated[tuple[WorkloadSpec, ...], Field(strict=False)] = ()
    """The workloads, where several share the identity."""
    uses: Mapping[Word, AnyUse]
    """What the app uses, by names of its own. A name gives the settings their prefix: `invoices` gives `INVOICES_ENDPOINT`."""

    @model_validator(mode="after")
    def _one_of(self) -> "App":
        if (self.workload is None) == (not self.workloads):
            raise PydanticCustomError("workloads", "write either `workload` or `workloads`, and one of them")
        return self

    @property
    def all_workloads(self) -> tuple[WorkloadSpec, ...]:
        """The workloads, however they were written."""
        return (self.workload,) if self.workload is not None else self.workloads


@dataclass(frozen=True, slots=True)
class LoadedApp:
    """An app and the file it stands in."""

    spec: App
    document: Document

    def path_of(self, index: int) -> tuple[str | int, ...]:
        """The key path of workload number `index`."""
        return ("workload",) if self.spec.workload is not None else ("workloads", index)


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


def _validate(document: Document, value: object, model: type[M], base: tuple[str, ...] = ()) -> M:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise SpecError(*findings_of(error, document, value, model, base)) from None


def load_app(path: Path, file: str) -> LoadedApp:
    """The app spec at `path`. Raises SpecError."""
    document = load_document(path, file)
    return LoadedApp(_validate(document, document.value, App), document)


def app_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Every spec under `apps/`, sorted, with its path from `root`; folders named `deploy` hold manifests."""
    stack = [root / "apps"]
    found: list[tuple[str, Path]] = []
    while stack:
        folder = stack.pop()
        if not folder.is_dir():
            continue
        for entry in folder.iterdir():
            if entry.name.endswith((".yaml", ".yml")):
                found.append((entry.relative_to(root).as_posix(), entry))
            elif entry.is_dir() and entry.name != "deploy":
                stack.append(entry)
    for file, path in sorted(found):
        yield path, file


def load_apps(root: Path) -> tuple[LoadedApp, ...]:
    """Every app of the project, sorted by name. Raises SpecError with what is wrong in all files."""
    apps: list[LoadedApp] = []
    wrong: list[Finding] = []
    for path, file in app_files(root):
        try:
            apps.append(load_app(path, file))
        except SpecError as error:
            wrong.extend(error.findings)
    if wrong:
        raise SpecError(*wrong)
    return tuple(sorted(apps, key=lambda app: (app.spec.app, app.document.file)))


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
    document = load_document(root / f"Pulumi.{name}.yaml", f"Pulumi.{name}.yaml")
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
    patterns = written.get("include") or ()
    if not isinstance(patterns, list):
        return merged, parts
    for number, pattern in enumerate(patterns):
        path = ("config", CONFIG_KEY, "include", number)
        if not isinstance(pattern, str) or pattern.startswith("/") or ".." in Path(pattern).parts:
            raise SpecError(
                document.finding(
                    "include",
                    path,
                    f"'{pattern}' is not a path inside the project",
                    "write a path such as environments/dev/*.yaml",
                )
            )
        for file in sorted(root.glob(pattern)):
            part = load_document(file, file.relative_to(root).as_posix())
            _validate(part, part.value, _Part)
            for section in ("resources", "apps"):
                section_of = merged[section] = dict(merged.get(section) or {})
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


def _validate_environment(
    document: Document, merged: dict[str, Any], parts: Mapping[tuple[str, str], Document]
) -> EnvironmentFacts:
    try:
        return EnvironmentFacts.model_validate(merged)
    except ValidationError as error:
        found: list[Finding] = []
        for wrong in findings_of(error, document, merged, EnvironmentFacts, ("config", CONFIG_KEY), parts):
            found.append(wrong)
        raise SpecError(*found) from None


def _misplaced_facts(root: Path) -> Iterator[Finding]:
    """A team's stack takes its environment from the file beside it: facts in its own would only look as if they held."""
    for path in sorted(root.glob("Pulumi.*.*.yaml")):
        if path.stat().st_size == 0:
            continue
        document = load_document(path, path.name)
        config = document.value.get("config") if isinstance(document.value, dict) else None
        if isinstance(config, dict) and CONFIG_KEY in config:
            environment = path.name.rsplit(".", 2)[1]
            yield document.finding(
                "misplaced-environment",
                ("config", CONFIG_KEY),
                "the stack of a team holds no environment of its own",
                f"remove the key; the facts stand in Pulumi.{environment}.yaml",
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
    for name in environments if environments is not None else environment_names(root):
        try:
            loaded[name] = load_environment(root, name)
        except SpecError as error:
            wrong.extend(error.findings)
    wrong.extend(_misplaced_facts(root))
    if wrong:
        raise SpecError(*wrong)
    return Project(root, apps, loaded)
