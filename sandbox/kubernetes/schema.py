"""Fields that do not exist and values of another type, in the API server's words: two doors, two wordings.

An apply is read by structured-merge-diff, which refuses both; a POST by Go's JSON decoder, which drops unknown fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path as File
from typing import Any, Final, cast

import yaml

from sandbox.kubernetes import fields
from sandbox.kubernetes.backend import PLURALS, ApiError, Ref
from sandbox.kubernetes.fields import Body, Path

TABLE: Final = File(__file__).with_name("schema.yaml")
GO: Final = {"string": "string", "integer": "int32", "boolean": "bool"}


@dataclass(frozen=True)
class Wrong:
    """What does not fit; `decoding` is empty where a POST does not mind."""

    path: Path
    problem: str
    decoding: str = ""


@cache
def types() -> Mapping[str, Mapping[str, str]]:
    """The type of each field, by the type that has it."""
    table: Mapping[str, Mapping[str, str]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {
        name: {field: kind for kind, words in lines.items() for field in words.split()}
        for name, lines in table.items()
    }


def root(ref: Ref) -> str:
    """The type of the whole object; `any` for a kind that is not looked into, whatever its name."""
    return ref.kind if ref.group_kind in PLURALS else "any"


def check_apply(ref: Ref, body: Body) -> None:
    """Raise ApiError 500, as the server does, for a patch that its schema does not know."""
    for wrong in _wrong(root(ref), body):
        version = f"{ref.group}/{ref.api_version.rpartition('/')[2]}"
        what = f"{ref.namespace}/{ref.name}; {version}, Kind={ref.kind}"
        message = f"failed to create typed patch object ({what}): {fields.text(wrong.path)}: {wrong.problem}"
        raise ApiError(500, "", message)


def check_post(ref: Ref, body: Body) -> None:
    """Raise ApiError 400 for an object that cannot be decoded."""
    for wrong in _wrong(root(ref), body):
        if wrong.decoding:
            what = f'{ref.kind} in version "{ref.api_version.rpartition("/")[2]}"'
            message = f"{what} cannot be handled as a {ref.kind}: json: cannot unmarshal {wrong.decoding}"
            raise ApiError(400, "BadRequest", message)


def decoded(kind: str, value: Any) -> Any:
    """What a POST keeps of a value of this type: no field that is unknown or null."""
    if kind in types() and isinstance(value, dict):
        known = types()[kind]
        kept = {name: one for name, one in value.items() if name in known and one is not None}
        return {name: decoded(known[name], one) for name, one in kept.items()}
    if kind.startswith("[") and isinstance(value, list):
        return [decoded(kind[1:-1], one) for one in value]
    return value


def _wrong(
    kind: str, value: Any, path: Path = (), owner: str = "", names: tuple[str, ...] = ()
) -> Iterator[Wrong]:
    """All that does not fit at `path` and below; for Go, the field `names` of the struct `owner`."""
    if value is None or kind == "any":
        return

    def misfit(problem: str, found: Any = value, wanted: str = kind) -> Wrong:
        where = ".".join([owner, *names])
        told = f"{_json_type(found)} into Go struct field {where} of type {_go_type(wanted)}"
        return Wrong(path, problem, told)

    if kind.startswith("["):
        inner = kind[1:-1]
        if not isinstance(value, list):
            yield misfit(f"expected list, got &{{{_go(value)}}}")
            return
        keys = fields.keys_of(path) if inner in types() else ()
        seen: list[object] = []
        for index, item in enumerate(value):
            if keys and not isinstance(item, dict):
                problem = f"element {index}: associative list with keys may not have non-map elements"
                yield misfit(problem, item, inner)
                continue
            key = fields.key_of(item, keys) if keys else ()
            if keys and key in seen:
                yield Wrong(path, f"duplicate entries for key {fields.text((key,))}")
            seen.append(key)
            yield from _wrong(inner, item, (*path, key) if keys else path, owner, names)
    elif (kind.startswith("{") or kind in types()) and not isinstance(value, dict):
        yield misfit(f"expected map, got &{{{_go(value)}}}")
    elif kind.startswith("{"):
        for name, one in value.items():
            # An entry of a map is no field of a struct: Go names the map.
            yield from _wrong(kind[1:-1], one, (*path, name), owner, names)
    elif kind in types():
        known = types()[kind]
        for name in sorted(value.keys() - known):
            yield Wrong((*path, name), "field not declared in schema")
        for name, one in value.items():
            yield from _wrong(known.get(name, "any"), one, (*path, name), kind, (*names, name))
    elif problem := _scalar(kind, value):
        yield misfit(problem)


def _scalar(kind: str, value: Any) -> str:
    """What is wrong with a value of a simple type; empty where nothing is."""
    if kind == "string" and not isinstance(value, str):
        return f"expected string, got &value.valueUnstructured{{Value:{_go(value)}}}"
    if kind == "boolean" and not isinstance(value, bool):
        return f"expected boolean, got &{{{_go(value)}}}"
    if kind == "integer" and (isinstance(value, bool) or not isinstance(value, (int, float))):
        words = {"object": "map[string]interface {}", "array": "[]interface {}"}
        return f"expected numeric (int or float), got {words.get(_json_type(value), _json_type(value))}"
    return ""


def _json_type(value: Any) -> str:
    """The type as Go's JSON decoder names it."""
    names = {bool: "bool", str: "string", dict: "object", list: "array"}
    return names.get(type(value), "null" if value is None else "number")


def _go_type(kind: str) -> str:
    if kind.startswith("["):
        return f"[]{_go_type(kind[1:-1])}"
    if kind.startswith("{"):
        return f"map[string]{_go_type(kind[1:-1])}"
    return GO.get(kind, f"v1.{kind}")


def _go(value: Any) -> str:
    """A value as Go prints it with %v."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        items = sorted(cast(Body, value).items())
        return "map[" + " ".join(f"{name}:{_go(one)}" for name, one in items) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_go(one) for one in value) + "]"
    return str(value)
