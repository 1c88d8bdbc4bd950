"""App files: their models, and the loader that turns what is wrong into Findings with a line."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from keyless.environment import Frozen
from keyless.errors import SpecError
from keyless.fields import Namespace, ObjectName, Word
from keyless.finding import Finding
from keyless.plan import ManagedBy, WorkloadKind
from keyless.registry import AnyUse
from keyless.source import Document, load_document
from keyless.wrong import findings_of

M = TypeVar("M", bound=BaseModel)


class ServiceAccountSpec(Frozen):
    """A ServiceAccount, made by Keyless or by the workload's own files (a chart, say)."""

    name: ObjectName
    """Its name."""
    managed_by: ManagedBy = "keyless"
    """`keyless` makes it. `workload`: a chart or manifest makes it, and Keyless annotates it."""


def _account(value: object) -> object:
    if value is not None and not isinstance(value, (str, dict, ServiceAccountSpec)):
        raise PydanticCustomError("account_type", "Input should be a name or a mapping")
    return {"name": value} if isinstance(value, str) else value


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    twin = next((name for index, name in enumerate(names) if name in names[:index]), None)
    if twin is not None:
        raise PydanticCustomError("twins", "'{name}' stands here twice", {"name": twin})
    return names


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
    containers: Annotated[tuple[Namespace, ...], Field(strict=False), AfterValidator(_distinct)] = ()
    """Containers that get the settings as variables."""

    def account(self, name: str | None = None) -> ServiceAccountSpec:
        """The ServiceAccount, by default named like the workload, which an environment may call `name`."""
        return self.service_account or ServiceAccountSpec(name=name or self.name)


class App(Frozen):
    """One identity and the workloads that share it: what it uses, the same in every environment."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["workload"]}, {"required": ["workloads"]}]}
    )

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
            at = ("workloads",) if self.workload is not None else ()
            raise PydanticCustomError(
                "workloads", "write either `workload` or `workloads`, and one of them", {"at": at}
            )
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


def validate(document: Document, value: object, model: type[M], base: tuple[str, ...] = ()) -> M:
    """`value`, which stands at `base` in `document`, as a `model`. Raises SpecError with everything that is wrong."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise SpecError(*findings_of(error, document, value, model, base)) from None


def load_app(path: Path, file: str, root: Path) -> LoadedApp:
    """The app spec at `path`, below the project's folder `root`. Raises SpecError."""
    document = load_document(path, file, root)
    return LoadedApp(validate(document, document.value, App), document)


def app_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Every spec under `apps/`, sorted, with its path from `root`; folders named `deploy` hold manifests.

    What cannot be gone into, a link to a folder say, is among them: reading it tells why.
    """
    if not (root / "apps").is_dir():
        raise SpecError(
            Finding(
                rule="no-apps",
                message="there is no folder apps/, and without it every app would be taken down",
                fix="put it back, or make an empty one where there is no app yet",
                file="apps",
            )
        )
    stack = [root / "apps"]
    found: list[tuple[str, Path]] = []
    while stack:
        folder = stack.pop()
        try:
            entries = () if folder.is_symlink() else tuple(folder.iterdir())
        except OSError:
            entries = ()
        if not entries and (folder.is_symlink() or not os.access(folder, os.R_OK | os.X_OK)):
            found.append((folder.relative_to(root).as_posix(), folder))
        for entry in entries:
            if entry.name.lower().endswith((".yaml", ".yml")):
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
            apps.append(load_app(path, file, root))
        except SpecError as error:
            wrong.extend(error.findings)
    if wrong:
        raise SpecError(*wrong)
    return tuple(sorted(apps, key=lambda app: (app.spec.app, app.document.file)))
