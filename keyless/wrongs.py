"""Collects what is wrong across files, so that one run tells all."""

from dataclasses import dataclass, field

from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.source import KeyPath
from keyless.spec import LoadedApp


@dataclass(slots=True)
class Wrong:
    """The Findings so far; `stop` raises them all."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, app: LoadedApp, path: KeyPath, rule: str, message: str, fix: str) -> None:
        """Note what is wrong at `path` of the app's file."""
        self.findings.append(app.document.finding(rule, path, message, fix))

    def stop(self) -> None:
        """Raise PlanError if anything is wrong."""
        if self.findings:
            raise PlanError(*self.findings)
