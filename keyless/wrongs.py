"""Collects what is wrong across files, so that one run tells all."""

from dataclasses import dataclass, field
from typing import Literal

from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.project import LoadedEnvironment
from keyless.source import KeyPath
from keyless.spec import LoadedApp


@dataclass(slots=True)
class Wrong:
    """The Findings so far; `stop` raises them all."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, app: LoadedApp, path: KeyPath, rule: str, message: str, fix: str) -> None:
        """Note what is wrong at `path` of the app's file."""
        self.findings.append(app.document.finding(rule, path, message, fix))

    def add_entry(
        self,
        environment: LoadedEnvironment,
        section: Literal["resources", "apps"],
        name: str,
        key: str | None,
        finding: tuple[str, str, str],
    ) -> None:
        """Note (rule, message, fix) at the dotted `key` of a resource's or an app's entry in the environment."""
        document, path = environment.where(section, name)
        self.findings.append(
            document.finding(finding[0], (*path, *key.split(".")) if key else path, *finding[1:])
        )

    def stop(self) -> None:
        """Raise PlanError if anything is wrong."""
        if self.findings:
            raise PlanError(*self.findings)
