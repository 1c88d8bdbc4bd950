"""The page of kinds: settings and scopes by binding an imaginary use, the rest from the catalogue."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from docs.tooling.models import RESOURCES, USES, kind_of
from keyless.catalogue import Entry, Role, Target, entry
from keyless.names import setting
from keyless.plan import ArmId, Ref
from keyless.resource import Resource
from keyless.use import Binding, CacheGrant, Use

_WORD = re.compile("xx([a-z]+)xx")


@dataclass(frozen=True)
class Granted:
    """What one verb comes to on one kind of resource."""

    access: str
    resource: str
    role: Role
    scope: str


@dataclass(frozen=True)
class Kind:
    """One kind: its facts, and the settings that pods get from a use called `name`, by the kinds of resource that give the same."""

    name: str
    text: str
    facts: Entry
    granted: tuple[Granted, ...]
    settings: Mapping[tuple[str, ...], Mapping[str, str]]
    targets: Mapping[str, Target]


def kinds() -> tuple[Kind, ...]:
    """Every kind there is, by name."""
    return tuple(_kind(use) for use in sorted(USES, key=kind_of))


def _kind(use: type[Use]) -> Kind:
    name = kind_of(use)
    facts = entry(name)
    served = [one for one in RESOURCES if name in one.serves]
    return Kind(
        name=name,
        text=inspect.cleandoc(use.__doc__ or ""),
        facts=facts,
        granted=tuple(_granted(use, served, facts)),
        settings=_by_resource(use, served, facts.verbs[-1]),
        targets=facts.targets,
    )


def _granted(use: type[Use], served: list[type[Resource]], facts: Entry) -> Iterator[Granted]:
    for one in served:
        for access, role in facts.roles[kind_of(one)].items():
            grant = _bound(use, one, access).grant
            scope = "the cache" if isinstance(grant, CacheGrant) else _below(grant.scope)
            yield Granted(access, kind_of(one), role, scope)


def _bound(use: type[Use], resource: type[Resource], access: str) -> Binding:
    """What a use comes to whose every field is its own name in angle brackets; so it shows where each word goes.

    Words of a host stand between `xx` until they are shown: only a name that a host can have gives one.
    """
    words: dict[str, Any] = {"kind": kind_of(use), "access": access, "waiver": None}
    words |= {name: f"<{name}>" for name in use.model_fields if name not in words}
    made = use.model_construct(**words)
    return made.bind(_imagined(resource), "public")


def _imagined(resource: type[Resource]) -> Resource:
    kind = kind_of(resource)
    arm = ArmId("<id>", "<subscription>", "<group>", "", "xxresourcexx")
    words: dict[str, Any] = {"kind": kind, "id": arm, "keys": "forbidden"}
    if "host" in resource.model_fields and resource.model_fields["host"].is_required():
        pattern = entry(resource.catalogued).targets[kind].other_hosts["public"][0]
        words["host"] = pattern.format(name=arm.name, region="xxregionxx")
    words |= {
        name: f"<{name}>"
        for name, field in resource.model_fields.items()
        if field.is_required() and name not in words
    }
    return resource.model_construct(**words)


def _by_resource(
    use: type[Use], served: list[type[Resource]], access: str
) -> dict[tuple[str, ...], dict[str, str]]:
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for one in served:
        settings = _settings(_bound(use, one, access))
        same = next((names for names, known in found.items() if known == settings), ())
        found.pop(same, None)
        found[(*same, kind_of(one))] = settings
    return found


def _settings(binding: Binding) -> dict[str, str]:
    return {
        setting("name", suffix): "the identity's " + value.ref.removeprefix("identity.").replace("_", " ")
        if isinstance(value, Ref)
        else "`" + _WORD.sub(r"<\1>", value) + "`"
        for suffix, value in sorted(binding.settings.items())
    }


def _below(scope: str) -> str:
    rest = scope.removeprefix("<id>")
    return f"`{rest}`" if rest else "the whole resource"
