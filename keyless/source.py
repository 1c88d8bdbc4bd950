"""YAML files, read fast and safely, with the line of any key on demand.

A file is composed by libyaml and turned into plain values in one pass; the positions are thrown away, since a
thousand files hold a million of them. `Document.position` composes the text again for the one file that needs it.
What YAML allows and no spec needs is refused: tags, duplicate keys, several documents, deep nesting, alias bombs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import yaml

from keyless.errors import SpecError
from keyless.finding import Finding

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 100
MAX_VALUES = 200_000
# libyaml recurses in C and dies below some ten thousand levels; a text that cannot reach this is not measured.
_SURELY_SHALLOW = 2_000

Key = str | int
KeyPath = Sequence[Key]

_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml: slower, the same values


class _Loader(_BaseLoader):  # type: ignore[misc]
    """Resolves nothing by itself: a plain scalar keeps its text, so YAML 1.1's `no`, `on` and 0644 cannot bite."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_STRING, _MAP, _SEQUENCE = (f"tag:yaml.org,2002:{word}" for word in ("str", "map", "seq"))
_TRUE, _FALSE = frozenset(("true", "True", "TRUE")), frozenset(("false", "False", "FALSE"))
_NUMERIC = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?\Z")


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its path as the user knows it, its text, and its value (plain dicts, lists and scalars)."""

    file: str
    text: str
    value: Any

    def position(self, path: KeyPath) -> tuple[int, int] | None:
        """Line and column, from 1, of the key at `path`, or of its nearest parent that exists."""
        return _find(self.text, path)

    def finding(self, rule: str, path: KeyPath, message: str, fix: str) -> Finding:
        """An error at `path` in this file, with its line and column."""
        line, column = self.position(path) or (None, None)
        return Finding(
            rule=rule,
            message=message,
            fix=fix,
            file=self.file,
            line=line,
            column=column,
            key=dotted(path) or None,
        )


def dotted(path: KeyPath) -> str:
    """`("uses", "a", 0)` as `uses.a.0`."""
    return ".".join(map(str, path))


def load_document(path: Path, file: str) -> Document:
    """Read the YAML file at `path`, which errors call `file`. Raises SpecError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _refused(
                file,
                "too-large",
                f"the file has {size:,} bytes; at most {MAX_BYTES:,} are read",
                "split the file",
            )
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused(
            file,
            "unreadable",
            f"cannot read the file: {reason}",
            "put a readable YAML file there, or remove it",
        ) from None
    return parse_document(raw, file)


def parse_document(raw: bytes, file: str) -> Document:
    """The one YAML document in `raw`, UTF-8 bytes. Raises SpecError with line and column."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refused(
            file, "encoding", f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8 text", line=line
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refused(
            file,
            "binary",
            "the file holds a NUL character, so it is not YAML text",
            "put a YAML file there",
            line=line,
        )
    if _may_be_deep(text):
        _check_depth(text, file)
    return Document(file, text, _Builder(file).build(_compose(text, file)))


def _refused(
    file: str, rule: str, message: str, fix: str, *, line: int | None = None, column: int | None = None
) -> SpecError:
    return SpecError(Finding(rule=rule, message=message, fix=fix, file=file, line=line, column=column))


def _compose(text: str, file: str) -> yaml.Node:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, file) from None
    except yaml.YAMLError as error:
        message = " ".join(str(error).split())
        raise _refused(
            file, "yaml", f"not YAML: {message}", "remove the character, or quote the text that holds it"
        ) from None
    finally:
        loader.dispose()
    if node is None:
        raise _refused(file, "empty", "the file is empty", "write the spec, or remove the file", line=1)
    return node


def _not_yaml(error: yaml.MarkedYAMLError, file: str) -> SpecError:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    problem = error.problem or "unreadable"
    if problem == "but found another document":
        return _refused(
            file,
            "two-documents",
            "the file holds a second document",
            "one file, one document: move it to a file of its own",
            line=line,
            column=column,
        )
    if "undefined alias" in problem:
        fix = "define the anchor (`&name`) above its alias, or write the value out"
    else:
        fix = "mend the YAML here: look at the indentation, at a missing quote, colon or bracket"
    return _refused(file, "yaml", f"not YAML: {problem}", fix, line=line, column=column)


def _may_be_deep(text: str) -> bool:
    """Whether nesting could pass libyaml's stack: a cheap upper bound, wrong only on the safe side."""
    if text.count("[") + text.count("{") > _SURELY_SHALLOW:
        return True
    return len(text) > _SURELY_SHALLOW and max(map(len, text.splitlines()), default=0) > _SURELY_SHALLOW


def _check_depth(text: str, file: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    mark = event.start_mark
                    assert mark is not None, "libyaml marks every event"
                    raise _too_deep(file, mark.line + 1, mark.column + 1)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, file) from None


def _too_deep(file: str, line: int, column: int) -> SpecError:
    return _refused(
        file,
        "too-deep",
        f"nested deeper than {MAX_DEPTH} levels",
        "no Keyless file needs that: remove the nesting",
        line=line,
        column=column,
    )


class _Builder:
    """Turns composed nodes into plain values."""

    def __init__(self, file: str) -> None:
        self.file = file
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
            raise _too_deep(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
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
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error(key_node, "key", "a key must be a plain word", "write `word: value`")
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
        return result

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
        return _refused(self.file, rule, message, fix, line=mark.line + 1, column=mark.column + 1)


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


def _find(text: str, path: KeyPath) -> tuple[int, int] | None:
    loader = _Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    mark = None
    for key in path:
        found = _child(node, key)
        if found is None:
            break
        mark, node = found
    if mark is None:
        mark = node.start_mark if node is not None else None
    return (mark.line + 1, mark.column + 1) if mark is not None else None


def _child(node: yaml.Node | None, key: Key) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(key):
                return key_node.start_mark, value_node
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    return None
