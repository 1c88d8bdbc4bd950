"""What Keyless raises on purpose. Anything else is a bug and shows its trace.

KeylessError             the command prints it and exits with 2
├── SpecError            a file is wrong by itself; its author mends it
├── PlanError            each file is right, together they cannot be
│   └── ResourceError    the environment's entry of a resource is what must change
└── CatalogueError       our own data file is wrong; a maintainer mends it
"""

from collections.abc import Iterable, Iterator

from keyless.finding import Finding

MAX_A_FILE = 50


class KeylessError(Exception):
    """Raised on purpose; `args` are the Findings of the failed step, in the order of their places."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)  # plain args: the error survives pickling between processes

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The Findings, at least one."""
        return self.args

    def __str__(self) -> str:
        return "\n".join(map(str, first_of_each(self.findings)))


def first_of_each(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The first `MAX_A_FILE` findings of each file, and for a file with more, how many they are."""
    counts: dict[str | None, int] = {}
    for finding in findings:
        counts[finding.file] = counts.get(finding.file, 0) + 1
        if finding.file is None or counts[finding.file] <= MAX_A_FILE:
            yield finding
    for file, count in counts.items():
        if file is not None and count > MAX_A_FILE:
            told = f"and {count - MAX_A_FILE:,} more"
            yield Finding(rule="more", file=file, message=told, fix="mend those above, then look again")


class SpecError(KeylessError):
    """An app or environment file is wrong by itself."""


class PlanError(KeylessError):
    """Each file is right by itself; together they cannot be."""


class ResourceError(PlanError):
    """A resource's entry in the environment lacks something; keys are relative to that entry."""


class CatalogueError(KeylessError):
    """A data file of Keyless itself is wrong."""
