"""What azure-native does before any call: defaults, required inputs, name patterns, and the diff of inputs.

Source: pulumi-azure-native provider/pkg/provider/provider.go (Check, Diff, Read), read 2026-11.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from sandbox.azure.schema import API_VERSION, ResourceType
from sandbox.wire import UNKNOWN, Properties

# The provider marks random names in the inputs: a replacement is then created before the old one is deleted.
CREATE_FIRST = "__createBeforeDelete"
SET_LOCATION = (
    ". Either set it explicitly or configure it with 'pulumi config set azure-native:location <value>'."
)


def with_name(
    kind: ResourceType, news: Properties, olds: Mapping[str, Any], logical: str, seed: bytes
) -> Properties:
    """`news` with a made-up name where it has none; the old one is kept."""
    own = kind.words[-1]
    if news.get(own) is not None:
        return news
    if own in olds:
        kept = {CREATE_FIRST: olds[CREATE_FIRST]} if CREATE_FIRST in olds else {}
        return {**news, own: olds[own], **kept}
    digest = hashlib.sha256(seed or logical.encode()).hexdigest()
    name = str(uuid.UUID(digest[:32])) if kind.naming == "uuid" else f"{logical}{digest[:8]}"
    return {**news, own: name, CREATE_FIRST: True}


def failures(kind: ResourceType, inputs: Mapping[str, Any]) -> list[provider_pb2.CheckFailure]:
    """Missing inputs and names against the API's pattern, in the provider's own words."""
    found: list[str] = []
    for one in kind.inputs:
        value = inputs.get(one.name)
        if value is None and one.required:
            hint = SET_LOCATION if one.name == "location" else ""
            found.append(f"missing required property '{one.name}'{hint}")
        elif one.pattern and isinstance(value, str) and not re.search(one.pattern, value):
            found.append(f"'{one.name}' does not match expression '{one.pattern}'")
    return [provider_pb2.CheckFailure(reason=reason) for reason in found]


def difference(
    kind: ResourceType, old_inputs: Mapping[str, Any], news: Mapping[str, Any]
) -> provider_pb2.DiffResponse:
    """Old inputs against new ones: what changes, what replaces, and whether the old one goes first."""
    old_inputs = {API_VERSION: news.get(API_VERSION), **old_inputs}
    names = [one.name for one in kind.inputs] + [API_VERSION]
    changed = [name for name in names if not _same(name, old_inputs.get(name), news.get(name))]
    detailed: dict[str, provider_pb2.PropertyDiff] = {}
    for name in changed:
        replaces = name in kind.replacing
        if old_inputs.get(name) is None:
            how = provider_pb2.PropertyDiff.ADD_REPLACE if replaces else provider_pb2.PropertyDiff.ADD
        elif news.get(name) is None:
            how = provider_pb2.PropertyDiff.DELETE_REPLACE if replaces else provider_pb2.PropertyDiff.DELETE
        else:
            how = provider_pb2.PropertyDiff.UPDATE_REPLACE if replaces else provider_pb2.PropertyDiff.UPDATE
        detailed[name] = provider_pb2.PropertyDiff(kind=how, inputDiff=True)
    replacing = [name for name in changed if name in kind.replacing]
    if not changed:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=changed,
        replaces=replacing,
        deleteBeforeReplace=bool(replacing) and old_inputs.get(CREATE_FIRST) is not True,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def refreshed(
    kind: ResourceType, inputs: Properties, old_state: Mapping[str, Any], outputs: Mapping[str, Any]
) -> Properties:
    """The old inputs with what has changed in Azure since: where outputs differ, the new value counts."""
    before, after = kind.inputs_in(old_state), kind.inputs_in(outputs)
    result = dict(inputs)
    for name in before.keys() | after.keys():
        if before.get(name) == after.get(name):
            continue
        if name in after:
            result[name] = after[name]
        else:
            result.pop(name, None)
    return result


def _same(name: str, old: Any, new: Any) -> bool:
    if new is UNKNOWN or old is UNKNOWN:
        return False
    if name == "location" and isinstance(old, str) and isinstance(new, str):
        return old.replace(" ", "").lower() == new.replace(" ", "").lower()
    return bool(old == new)
