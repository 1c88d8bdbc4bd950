"""Wall time of whole processes, in turns, so that a busy machine hits every side alike."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Command:
    """One process to time; its output is kept only to be shown where it fails."""

    arguments: Sequence[str | Path]
    folder: Path | None = None
    variables: Mapping[str, str] | None = None

    def run(self) -> float:
        """Its wall time in seconds. Raises RuntimeError with its output where it fails."""
        start = time.perf_counter()
        done = subprocess.run(
            list(map(str, self.arguments)),
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, self.arguments))} failed:\n{done.stdout[-4000:]}")
        return seconds


def medians(sides: Mapping[str, Command], rounds: int, warm: bool = True) -> dict[str, float]:
    """Median seconds of each side over `rounds` in turns, after one round that is not counted if `warm`."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + warm):
        for name, command in sides.items():
            seconds = command.run()
            if number >= warm:
                times[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in times.items()}
