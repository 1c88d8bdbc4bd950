"""Azure Policy at work: assignments in the cloud that deny a write, or change it without a word.

A world or a test switches one on by a resource `<scope>/providers/Microsoft.Authorization/policyAssignments/<name>` whose
`properties.standIn` is `{effect: Deny | Modify, type, field, value}`: Deny refuses a write after which `field` (a path below
`properties`) would be `value`; Modify sets `field` to `value` in every write of the type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud, properties
from sandbox.plugin import Refusal

ASSIGNMENTS = "Microsoft.Authorization/policyAssignments"


class Disallowed(Refusal):
    """A refusal that names assignment and definition, as ARM does beside the message."""

    def __init__(self, arm_id: str, assignment: Body) -> None:
        name = properties(assignment).get("displayName") or ids.name(assignment["id"])
        super().__init__(
            403,
            "RequestDisallowedByPolicy",
            f"Resource '{ids.name(arm_id)}' was disallowed by policy. Policy assignment: '{name}'.",
        )
        self.info = {
            "policyAssignmentId": assignment["id"],
            "policyAssignmentDisplayName": name,
            "policyDefinitionId": properties(assignment).get("policyDefinitionId"),
        }


def apply(cloud: Cloud, arm_id: str, body: Body) -> None:
    """Change `body` as Modify policies do, then raise Disallowed where a Deny policy speaks against it."""
    found = list(_assignments(cloud, arm_id))
    for assignment in found:
        rule = properties(assignment)["standIn"]
        if rule["effect"] == "Modify":
            _set(body["properties"], rule["field"], rule["value"])
    for assignment in found:
        rule = properties(assignment)["standIn"]
        if rule["effect"] == "Deny" and _get(body["properties"], rule["field"]) == rule["value"]:
            raise Disallowed(arm_id, assignment)


def _assignments(cloud: Cloud, arm_id: str) -> Iterator[Body]:
    for scope in ids.scopes(arm_id):
        for assignment in cloud.below(f"{scope}/providers/{ASSIGNMENTS}"):
            rule = properties(assignment).get("standIn")
            if rule and rule["type"].lower() == ids.arm_type(arm_id).lower():
                yield assignment


def _get(body: Any, path: str) -> Any:
    for word in path.split("."):
        body = body.get(word) if isinstance(body, dict) else None
    return body


def _set(body: Body, path: str, value: Any) -> None:
    *words, last = path.split(".")
    for word in words:
        body = body.setdefault(word, {})
    body[last] = value
