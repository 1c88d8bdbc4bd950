"""Role definitions: the built-in ones of `roles.yaml`, and custom ones that a world lists."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.azure import ids
from sandbox.azure.cloud import Cloud, properties

TYPE = "Microsoft.Authorization/roleDefinitions"
PREFIX = "/providers/Microsoft.Authorization/roleDefinitions/"
FILE = Path(__file__).with_name("roles.yaml")


@dataclass(frozen=True)
class Role:
    """A role definition; actions are patterns with `*`, compared without case."""

    id: str
    name: str
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    assignable: tuple[str, ...] = ("/",)
    """Scopes at and below which it may be assigned; a built-in role at all."""

    def allows(self, data_action: str) -> bool:
        """Whether the role holds a data action."""
        return _matches(data_action, self.data_actions) and not _matches(data_action, self.not_data_actions)

    def permits(self, action: str) -> bool:
        """Whether the role holds an action of the control plane."""
        return _matches(action, self.actions) and not _matches(action, self.not_actions)


def definition(cloud: Cloud, role_definition_id: str) -> Role | None:
    """The role of a full or bare definition id, or None where there is none."""
    guid = ids.name(role_definition_id).lower()
    if PREFIX.lower() not in role_definition_id.lower():
        return None
    if guid in built_in():
        return built_in()[guid]
    # A custom role is one thing, and each subscription among its assignable scopes has an id for it.
    own = properties(cloud.get(role_definition_id))
    own = own or next(
        (properties(one) for one in cloud.of_type(TYPE) if ids.name(one["id"]).lower() == guid), {}
    )
    if not own:
        return None
    role = _role(guid, str(own.get("roleName")), own.get("permissions") or [])
    return replace(role, assignable=tuple(own.get("assignableScopes") or ()))


@cache
def built_in() -> dict[str, Role]:
    """Every built-in role of the data file by its GUID."""
    entries = yaml.load(FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)["roles"]
    return {one["id"]: _role(one["id"], one["name"], [one]) for one in entries}


def _role(guid: str, name: str, permissions: list[dict[str, Any]]) -> Role:
    def all_of(word: str) -> tuple[str, ...]:
        return tuple(action for one in permissions for action in one.get(word) or ())

    return Role(
        id=guid,
        name=name,
        data_actions=all_of("dataActions"),
        not_data_actions=all_of("notDataActions"),
        actions=all_of("actions"),
        not_actions=all_of("notActions"),
    )


def _matches(action: str, patterns: tuple[str, ...]) -> bool:
    return any(
        re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), action, re.IGNORECASE) for pattern in patterns
    )
