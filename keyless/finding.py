"""A Finding: anything wrong in a file, told so that its author can mend it. Plain values, and no secret in them."""

from dataclasses import dataclass
from typing import Literal

from keyless.masks import cut, masked

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: where it stands, what is there, and what to write instead.

    `file` is the path as the user knows it (relative to the project), `key` a dotted path such as
    `uses.invoices.access`; `line` and `column` count from 1. Each is None where it does not apply.
    What may be a secret is masked in each text, so that whoever makes a Finding need not think of it.
    """

    rule: str
    message: str
    fix: str
    severity: Severity = "error"
    file: str | None = None
    line: int | None = None
    column: int | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", masked(self.message))
        object.__setattr__(self, "fix", masked(self.fix))
        if self.key is not None:
            object.__setattr__(self, "key", masked(cut(self.key)))

    def __str__(self) -> str:
        return f"{self.headline()}\n  fix: {self.fix}"

    def headline(self) -> str:
        """`file:line:column: key: message [rule]`, without the parts that are unknown."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        return ": ".join(part for part in (place, self.key, self.message) if part) + f" [{self.rule}]"
