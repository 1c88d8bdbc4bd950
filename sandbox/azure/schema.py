"""How azure-native's flat inputs and outputs map to ARM's ids and nested bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sandbox.azure import ids
from sandbox.azure.cloud import Body
from sandbox.azure.rules.base import Rules
from sandbox.wire import UNKNOWN, Properties

API_VERSION = "azureApiVersion"


@dataclass(frozen=True)
class Property:
    """An input or output of a resource type."""

    name: str
    """As the SDK sends it, such as `federatedIdentityCredentialResourceName`."""
    path: str = ""
    """Where it stands in the body, such as `properties.issuer`; empty for a word of the id."""
    required: bool = False
    replaces: bool = False
    pattern: str = ""
    """What the service's API description demands; the provider checks it before any call."""
    items: Mapping[str, str] | None = None
    """For a list of objects: inputs of each item and their path in it."""
    answered: Mapping[str, str] | None = None
    """For a list of objects: what each item answers beside its inputs."""
    output_only: bool = False


@dataclass(frozen=True)
class ResourceType:
    """One type of the provider: token, id, properties, and ARM's rules for it."""

    token: str
    template: str
    """The id with `{input}` for each word that an input gives."""
    api_version: str
    properties: tuple[Property, ...]
    rules: Rules
    naming: str = "random"
    """How a missing name is made up: `random`, `uuid` or `copy`."""

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The inputs that make up the id, without the subscription; the last is the own name."""
        return tuple(word for word in re.findall(r"{(\w+)}", self.template) if word != "subscriptionId")

    @cached_property
    def arm_type(self) -> str:
        """`Microsoft.Network/privateEndpoints`, in Azure's spelling."""
        return ids.arm_type(self.template)

    @cached_property
    def inputs(self) -> tuple[Property, ...]:
        """Words of the id first, then what goes into the body."""
        given = {one.name: one for one in self.properties if not one.output_only}
        own = self.words[-1]
        words = (given.get(word, Property(word, required=word != own, replaces=True)) for word in self.words)
        return (
            *words,
            *(one for one in self.properties if one.name not in self.words and not one.output_only),
        )

    @cached_property
    def replacing(self) -> frozenset[str]:
        """Inputs whose change means another resource."""
        return frozenset(one.name for one in self.inputs if one.replaces) | frozenset(self.words)

    def id_of(self, inputs: Mapping[str, Any], subscription: str) -> str:
        """The id that the inputs name."""
        filled = self.template.format(**inputs, subscriptionId=subscription)
        # A scope is an id itself and brings its own slash.
        return re.sub("/{2,}", "/", filled)

    def words_of(self, arm_id: str) -> dict[str, str] | None:
        """The inputs that an id holds, or None for an id of another type."""
        # A first word is a whole id: the scope of an extension resource, whatever the SDK calls it.
        form = re.sub(r"^/{(\w+)}", r"(?P<\1>/.+)", self.template)
        form = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", form)
        match = re.fullmatch(form, arm_id, re.IGNORECASE)
        return {word: match[word] for word in self.words} if match else None

    def body_of(self, inputs: Mapping[str, Any]) -> Body:
        """The PUT's body: every input that is no word of the id. What the inputs lack, the body lacks."""
        body: Body = {}
        for one in self.inputs:
            value = inputs.get(one.name)
            if one.path and value is not None:
                _place(body, one.path, _to_items(one, value))
        return body

    def outputs_of(self, body: Body) -> Properties:
        """What the SDK reads from a GET's answer: `name`, `type` and every property that the body has."""
        found: Properties = {
            "name": body.get("name"),
            "type": body.get("type"),
            API_VERSION: self.api_version,
        }
        for one in self.properties:
            value = _at(body, one.path) if one.path else None
            if value is not None:
                found[one.name] = _from_items(one, value, with_answers=True)
        return {name: value for name, value in found.items() if value is not None}

    def inputs_in(self, outputs: Mapping[str, Any]) -> Properties:
        """The part of outputs that are inputs too, in the form of inputs."""
        found: Properties = {}
        for one in self.inputs:
            value = outputs.get(one.name)
            if one.path and value is not None:
                if one.items is not None and isinstance(value, list):
                    value = [{name: item[name] for name in one.items if name in item} for item in value]
                found[one.name] = value
        return found

    def preview_of(self, inputs: Mapping[str, Any]) -> Properties:
        """Outputs before anything is made: what the inputs say, and unknown for the rest."""
        names = ["name", "type", *(one.name for one in self.properties if one.path)]
        known = {**inputs, API_VERSION: inputs.get(API_VERSION, self.api_version)}
        return {name: known.get(name, UNKNOWN) for name in [*names, API_VERSION]}


def _place(body: Body, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for word in parents:
        body = body.setdefault(word, {})
    body[last] = value


def _at(body: Any, path: str) -> Any:
    for word in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(word)
    return body


def _to_items(one: Property, value: Any) -> Any:
    if one.items is None or not isinstance(value, list):
        return value
    found: list[Body] = []
    for item in value:
        body: Body = {}
        for name, path in one.items.items():
            if isinstance(item, dict) and item.get(name) is not None:
                _place(body, path, item[name])
        found.append(body)
    return found


def _from_items(one: Property, value: Any, with_answers: bool) -> Any:
    if one.items is None or not isinstance(value, list):
        return value
    members = {**one.items, **((one.answered or {}) if with_answers else {})}
    found = [{name: _at(item, path) for name, path in members.items()} for item in value]
    return [{name: member for name, member in item.items() if member is not None} for item in found]
