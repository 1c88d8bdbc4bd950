"""The fault switches of the command line: checked, and written down as the stand-ins read them."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Sequence

import click

FAULT = re.compile(r"(?P<code>\d{3}):(?P<count>\d+)(?::(?P<type>.+))?")
ERRORS = range(400, 600)


def faults(fail: Sequence[str], delay: float | None, die_after: int | None) -> str | None:
    """The switches as JSON (see `sandbox.faults`), or None without any. Raises UsageError for one that could not work."""
    if delay is not None and not (math.isfinite(delay) and delay >= 0):
        raise click.UsageError(f"--delay {delay}: write a number of seconds, such as 0.5")
    failures = [_failure(one) for one in fail]
    switches = {"fail": failures, "delay": delay, "die_after": die_after}
    return json.dumps(switches) if failures or delay or die_after else None


def _failure(text: str) -> dict[str, object]:
    match = FAULT.fullmatch(text)
    if match is None:
        raise click.UsageError(
            f"--fail {text}: write CODE:N or CODE:N:TYPE, such as 409:2 or 429:1:RoleAssignment"
        )
    code, count, kind = int(match["code"]), int(match["count"]), match["type"]
    # Of ARM's long writes, 202 is one that is accepted and fails later.
    if code not in ERRORS and not (code == 202 and kind is not None and kind.lower().endswith("armpatch")):
        raise click.UsageError(f"--fail {text}: {code} is no error of HTTP; write one from 400 to 599")
    if not count:
        raise click.UsageError(f"--fail {text}: no operation would fail; write how many shall, from 1")
    if kind is not None:
        _check_type(text, kind)
    return {"code": code, "count": count, "type": kind}


def _check_type(text: str, kind: str) -> None:
    tokens = known_types()
    short = {token.rpartition(":")[2] for token in tokens}
    names = {name.lower(): name for name in (*sorted(short), *tokens)}
    if kind.lower() in names:
        return
    nearest = difflib.get_close_matches(kind.lower(), names, n=1)
    hint = f"did you mean {names[nearest[0]]}?" if nearest else f"write one of: {', '.join(sorted(short))}"
    raise click.UsageError(f"--fail {text}: no operation is on a type {kind}; {hint}")


def known_types() -> list[str]:
    """The token of every type that the stand-ins know."""
    # Only here: the providers' libraries take a while to load.
    from sandbox.azure.http.arm import TOKENS
    from sandbox.azure.types import resource_types
    from sandbox.kubernetes.provider import KINDS

    return sorted([*resource_types(""), *TOKENS.values(), *(f"kubernetes:{token}" for token in KINDS)])
