"""What ARM refuses, in words for the reader of `pulumi up`.

ArmError            final: say it and stop
├── NotFound        404: the resource, or a child, is not there
└── Busy            worth another try from the read on, never a second sending of the same body

Texts hold ARM's error code and message and the ids of a policy, and nothing else of an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FIXES = {
    "ScopeLocked": "fix: lift the lock for this update (`az lock list --resource <id>` shows it), or leave the posture"
    " to whoever may",
    "AuthorizationFailed": "fix: give the pipeline's identity the action at the scope that the message names"
    " (`keyless deployer` lists what a stack needs)",
    "LinkedAuthorizationFailed": "fix: give the pipeline's identity the action on the linked scope that the message names,"
    " such as `subnets/joinViaServiceEndpoint/action` on a subnet",
    "RequestDisallowedByPolicy": "fix: ask the owner of this policy assignment for an exemption, or change the posture",
    "InvalidAuthenticationToken": "fix: sign in again (`az login`), to the tenant of the environment",
}


class ArmError(Exception):
    """A call that failed for good; the text names method, resource and what ARM said."""


class NotFound(ArmError):
    """There is no such resource."""


class Busy(ArmError):
    """Throttled, in the middle of another update, or without an answer; `retry_after` in seconds where ARM says."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


def refused(method: str, resource: str, status: int, body: Any, retry_after: float | None = None) -> ArmError:
    """The error of an answer with an HTTP `status` of 400 or above; `body` is its JSON, None where there was none."""
    error = _mapping(_mapping(body).get("error"))
    code = str(error.get("code") or "no error code")
    text = f"ARM refused to {method} {resource}: {status} {code}: {error.get('message') or 'no message'}"
    text += "".join(f"; {name} {value}" for name, value in _policy(error))
    if status in (408, 429) or status >= 500 or (status == 409 and code != "ScopeLocked"):
        return Busy(text, retry_after)
    if code in FIXES:
        text += f"\n{FIXES[code]}"
    return NotFound(text) if status == 404 else ArmError(text)


def operation_failed(method: str, resource: str, body: Any) -> ArmError:
    """The error of a long-running operation that ended without success."""
    told = _mapping(body)
    error = _mapping(told.get("error"))
    reason = f"{error.get('code') or 'no error code'}: {error.get('message') or 'no message'}"
    return ArmError(
        f"ARM accepted to {method} {resource}, and the operation ended as {told.get('status')}: {reason}"
    )


def _policy(error: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for one in error.get("additionalInfo") or ():
        info = _mapping(_mapping(one).get("info"))
        for name, key in (
            ("policy assignment", "policyAssignmentId"),
            ("policy definition", "policyDefinitionId"),
        ):
            if info.get(key):
                found.append((name, str(info[key])))
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
