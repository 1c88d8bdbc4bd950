"""The type of a field in words of Markdown, from its annotation: `Word | None` is "[Word](#word)"."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from keyless import fields
from keyless.kinds import blob, foundry, keyvault, openai, redis
from keyless.plan import ArmId
from keyless.render.field_docs import alias_docs

_PLAIN = {str: "text", bool: "`true` or `false`", int: "number"}
_NAMING: tuple[ModuleType, ...] = (fields, blob, foundry, keyvault, openai, redis)


class Words:
    """Says types of one page: links models to their sections, and remembers the named types that it met."""

    def __init__(self, sections: Mapping[type[BaseModel], str]) -> None:
        self._sections = sections
        self._named = {
            name: (getattr(module, name), text)
            for module in _NAMING
            for name, text in alias_docs(module.__name__).items()
        }
        self.met: dict[str, str] = {}

    def of(self, hint: Any) -> str:
        """`hint`, as `get_type_hints(..., include_extras=True)` gives it. Raises TypeError for a type that it has no words for."""
        for name, (alias, text) in self._named.items():
            if hint is alias or hint == alias:
                self.met[name] = text
                return f"[{name}](#{name.lower()})"
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._annotated(arguments[0], arguments[1:])
        if origin is Literal:
            return _one_of([f"`{value}`" for value in arguments])
        if origin in (Union, UnionType):
            return _one_of([self.of(one) for one in arguments if one is not NoneType])
        if origin is tuple:
            return f"list of {self.of(arguments[0])}"
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return f"map of {self.of(arguments[0])} to {self.of(arguments[1])}"
        if isinstance(hint, type):
            if hint in self._sections:
                return self._sections[hint]
            if hint in _PLAIN:
                return _PLAIN[hint]
        raise TypeError(f"docs/tooling/wording.py has no words for {hint!r}")

    def _annotated(self, plain: Any, metadata: tuple[Any, ...]) -> str:
        before = [one for one in metadata if isinstance(one, BeforeValidator)]
        if plain is ArmId:
            kind = inspect.getclosurevars(before[0].func).nonlocals.get("type_")
            return f"ARM id of a `{kind}`" if kind else "ARM id"
        for one in before:
            if isinstance(one.json_schema_input_type, UnionType):
                return self.of(one.json_schema_input_type)
        return self.of(plain)


def _one_of(words: list[str]) -> str:
    """`a`, `b` or `c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def models_in(hint: Any) -> Iterator[type[BaseModel]]:
    """Every model that `hint` names, however deep it stands in lists, unions and mappings."""
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
    for one in get_args(hint):
        yield from models_in(one)
