"""Yes or no with its reasons, and verdicts as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sandbox.access.trace import Step


@dataclass(frozen=True)
class Verdict:
    """Yes or no, and each step towards it as a line that begins with `yes` or `no`."""

    allowed: bool
    reasons: tuple[str, ...]
    summary: str
    """The grant and the way there, or the first thing that is missing."""

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Verdict:
        """Yes where every step holds."""
        taken = list(steps)
        failed = [step.text for step in taken if not step.holds]
        # A set keeps no order, a dict does: two clusters mostly tell the same.
        told = dict.fromkeys(step.tells for step in taken if step.tells)
        return cls(not failed, tuple(map(str, taken)), failed[0] if failed else "; ".join(told))

    @property
    def word(self) -> str:
        """`yes` or `no`."""
        return "yes" if self.allowed else "no"

    def __str__(self) -> str:
        return "\n".join([self.word, *(f"  {reason}" for reason in self.reasons)])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Rows under their head, all columns but the last aligned."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head) - 1)]
    cells = (
        [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[-1]] for line in lines
    )
    return "".join("  ".join(line).rstrip() + "\n" for line in cells)
