"""YAML nodes into plain values: YAML 1.2's core words, and nothing that can run, expand or surprise.

What YAML allows and no file of ours needs is refused: tags, duplicate keys, merge keys, deep nesting, alias bombs.
"""

import re
from typing import Any, ClassVar

import yaml

from keyless.errors import SpecError
from keyless.finding import Finding

MAX_DEPTH = 100
MAX_VALUES = 200_000

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml: slower, the same values


class Loader(_BaseLoader):  # type: ignore[misc]
    """Resolves nothing by itself: a plain scalar keeps its text, so YAML 1.1's `no`, `on` and 0644 cannot bite."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_STRING, _MAP, _SEQUENCE = (f"tag:yaml.org,2002:{word}" for word in ("str", "map", "seq"))
_TRUE, _FALSE = frozenset(("true", "True", "TRUE")), frozenset(("false", "False", "FALSE"))
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?\Z")


def refused(
    file: str, rule: str, message: str, fix: str, *, line: int | None = None, column: int | None = None
) -> SpecError:
    return SpecError(Finding(rule=rule, message=message, fix=fix, file=file, line=line, column=column))


def too_deep(file: str, line: int, column: int) -> SpecError:
    return refused(
        file,
        "too-deep",
        f"nested deeper than {MAX_DEPTH} levels",
        "no Keyless file needs that: remove the nesting",
        line=line,
        column=column,
    )


class Builder:
    """Turns composed nodes into plain values. With `merge`, `<<` merges, as Kubernetes manifests may have it."""

    def __init__(self, file: str, *, merge: bool = False) -> None:
        self.file, self.merge = file, merge
        self.values = 0
        self.open: list[yaml.Node] = []

    def build(self, node: yaml.Node) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self.values += 1
        if self.values > MAX_VALUES:
            raise self._error(
                node,
                "too-many",
                f"more than {MAX_VALUES:,} values, aliases counted each time",
                "write less, without aliases of aliases",
            )
        if len(self.open) >= MAX_DEPTH:
            raise too_deep(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
        if any(parent is node for parent in self.open):
            raise self._error(
                node,
                "self-alias",
                "an alias stands inside its own anchor",
                "write the value out instead of the alias",
            )
        self.open.append(node)
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)
        self.open.pop()
        return value

    def _sequence(self, node: yaml.Node) -> list[Any]:
        if node.tag != _SEQUENCE:
            raise self._tagged(node)
        return [self.build(child) for child in node.value]

    def _mapping(self, node: yaml.Node) -> dict[Any, Any]:
        if node.tag != _MAP:
            raise self._tagged(node)
        result: dict[Any, Any] = {}
        inherited: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "key", "a key must be a plain word", "write `word: value`")
            if key_node.value == "<<" and not key_node.style and self.merge:
                merged = self.build(value_node)
                for one in reversed(merged if isinstance(merged, list) else [merged]):
                    inherited.update(one if isinstance(one, dict) else {})
                continue
            if key_node.value == "<<" and not key_node.style:
                raise self._error(
                    key_node, "merge-key", "the merge key `<<` is not read", "write the keys out"
                )
            key = key_node.value
            if key in result:
                raise self._error(
                    key_node,
                    "duplicate-key",
                    f"the key '{key}' stands here a second time",
                    "keep one of the two",
                )
            result[key] = self.build(value_node)
        return {**inherited, **result} if inherited else result

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        self.values += 1
        if node.tag != _STRING:
            raise self._tagged(node)
        text: str = node.value
        return text if node.style else plain_value(text)

    def _tagged(self, node: yaml.Node) -> SpecError:
        return self._error(
            node, "tag", f"the tag '{node.tag}' is not read", "remove the tag; write a plain value"
        )

    def _error(self, node: yaml.Node, rule: str, message: str, fix: str) -> SpecError:
        mark = node.start_mark
        return refused(self.file, rule, message, fix, line=mark.line + 1, column=mark.column + 1)


def plain_value(text: str) -> str | int | float | bool | None:
    """What an unquoted scalar means in YAML 1.2's core schema."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text[0] in _NUMERIC:
        if _INTEGER.match(text) and len(text) <= 18:
            return int(text)
        if _FLOAT.match(text):
            return float(text)
    return text
