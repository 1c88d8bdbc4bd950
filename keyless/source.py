"""YAML files, read fast and safely, with the line of any key on demand.

A file is composed by libyaml and turned into plain values in one pass; the positions are thrown away, since a
thousand files hold a million of them. `Document.position` composes the text again for the one file that needs it.
What YAML allows and no spec needs is refused: tags, duplicate keys, several documents, deep nesting, alias bombs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.nodes import MAX_DEPTH, Builder, Loader, refused, too_deep

MAX_BYTES = 4 * 1024 * 1024
# libyaml recurses in C and dies below some ten thousand levels; a text that cannot reach this is not measured.
_SURELY_SHALLOW = 2_000

_SECRET = re.compile(r"((?:key|sig|signature|password|pwd|secret|token)\s*=\s*)[^;&\s'\"]+", re.IGNORECASE)
_USER_INFO = re.compile(r"(\w+://)[^/@\s'\"]+@")

Key = str | int
KeyPath = Sequence[Key]


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
        message = masked(message)
        return Finding(
            rule=rule,
            message=message,
            fix=fix,
            file=self.file,
            line=line,
            column=column,
            key=dotted(path) or None,
        )


def masked(text: str) -> str:
    """`text` without what may be a secret in it: somebody pasted a connection string where an id belongs."""
    return _USER_INFO.sub(r"\1***@", _SECRET.sub(r"\1***", text))


def dotted(path: KeyPath) -> str:
    """`("uses", "a", 0)` as `uses.a.0`."""
    return ".".join(map(str, path))


def load_document(path: Path, file: str) -> Document:
    """Read the one YAML document in the file at `path`, which errors call `file`. Raises SpecError."""
    return parse_document(_read(path, file), file)


@dataclass(frozen=True, slots=True)
class Placed:
    """One YAML document of several: the line where it begins, its plain value, and the lines of its keys.

    Neither value nor nodes are shown: a manifest may hold a secret.
    """

    line: int
    value: Any = field(repr=False)
    node: yaml.Node = field(repr=False)

    def line_of(self, path: KeyPath) -> int:
        """Line of the key at `path`, or of its nearest parent that stands in the text."""
        mark = _mark(self.node, path)
        return self.line if mark is None else mark.line + 1


def load_documents(path: Path, file: str) -> Iterator[Placed]:
    """Each YAML document in the file at `path`: manifests, say. Raises SpecError."""
    text = _text(_read(path, file), file)
    loader = Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            yield Placed(node.start_mark.line + 1, Builder(file, merge=True).build(node), node)
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from None
    finally:
        loader.dispose()


def parse_document(raw: bytes, file: str) -> Document:
    """The one YAML document in `raw`, UTF-8 bytes. Raises SpecError with line and column."""
    text = _text(raw, file)
    return Document(file, text, Builder(file).build(_compose(text, file)))


def _read(path: Path, file: str) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise refused(
                file,
                "too-large",
                f"the file has {size:,} bytes; at most {MAX_BYTES:,} are read",
                "split the file",
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refused(
            file,
            "unreadable",
            f"cannot read the file: {reason}",
            "put a readable YAML file there, or remove it",
        ) from None


def _text(raw: bytes, file: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(
            file, "encoding", f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8 text", line=line
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refused(
            file,
            "binary",
            "the file holds a NUL character, so it is not YAML text",
            "put a YAML file there",
            line=line,
        )
    if _may_be_deep(text):
        _check_depth(text, file)
    return text


def _compose(text: str, file: str) -> yaml.Node:
    loader = Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from None
    finally:
        loader.dispose()
    if node is None:
        raise refused(file, "empty", "the file is empty", "write the spec, or remove the file", line=1)
    return node


def _not_yaml(error: yaml.YAMLError, file: str) -> SpecError:
    if not isinstance(error, yaml.MarkedYAMLError):
        message = " ".join(str(error).split())
        return refused(
            file, "yaml", f"not YAML: {message}", "remove the character, or quote the text that holds it"
        )
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    problem = error.problem or "unreadable"
    if problem == "but found another document":
        return refused(
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
    return refused(file, "yaml", f"not YAML: {problem}", fix, line=line, column=column)


def _may_be_deep(text: str) -> bool:
    """Whether nesting could pass libyaml's stack: a cheap upper bound, wrong only on the safe side."""
    if text.count("[") + text.count("{") > _SURELY_SHALLOW:
        return True
    return len(text) > _SURELY_SHALLOW and max(map(len, text.splitlines()), default=0) > _SURELY_SHALLOW


def _check_depth(text: str, file: str) -> None:
    depth = 0
    try:
        for event in yaml.parse(text, Loader=Loader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    mark = event.start_mark
                    assert mark is not None, "libyaml marks every event"
                    raise too_deep(file, mark.line + 1, mark.column + 1)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from None


def _find(text: str, path: KeyPath) -> tuple[int, int] | None:
    loader = Loader(text)
    try:
        node: yaml.Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    mark = _mark(node, path)
    return (mark.line + 1, mark.column + 1) if mark is not None else None


def _mark(node: yaml.Node | None, path: KeyPath) -> yaml.Mark | None:
    mark = None
    for key in path:
        found = _child(node, key)
        if found is None:
            break
        mark, node = found
    if mark is None:
        mark = node.start_mark if node is not None else None
    return mark


def _child(node: yaml.Node | None, key: Key) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == str(key):
                return key_node.start_mark, value_node
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    return None
