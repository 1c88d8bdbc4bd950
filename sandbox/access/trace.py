"""The steps from a pod to a resource, each with its outcome."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One thing that must hold, and whether it does."""

    holds: bool
    text: str
    tells: str = ""
    """What the step tells a table, where it decides: the grant, or the way through the network."""

    def __str__(self) -> str:
        return f"{'yes' if self.holds else 'no '}  {self.text}"


@dataclass
class Trace:
    """Steps in order; `about` begins every text: the cluster and workload that the steps are about."""

    about: str = ""
    steps: list[Step] = field(default_factory=list[Step])

    def say(self, holds: bool, text: str, tells: str = "") -> bool:
        """Record a step and return whether it holds."""
        self.steps.append(Step(holds, f"{self.about}: {text}" if self.about else text, tells))
        return holds

    def yes(self, text: str, tells: str = "") -> bool:
        """Record a step that holds."""
        return self.say(True, text, tells)

    def no(self, text: str) -> bool:
        """Record a step that does not hold."""
        return self.say(False, text)

    @property
    def holds(self) -> bool:
        """Whether every step so far holds."""
        return all(step.holds for step in self.steps)
