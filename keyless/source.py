"""YAML files, read fast and safely, with the line of any key on demand.

A file is composed by libyaml and turned into plain values in one pass; the positions are thrown away, since a
thousand files hold a million of them. `Document.position` composes the text again, once, for a file that needs it.
What YAML allows and no spec needs is refused: tags, duplicate keys, several documents, deep nesting, alias bombs.
"""

import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from keyless.errors import SpecError
from keyless.finding import Finding
from keyless.nodes import MAX_DEPTH, Builder, Loader, refused, too_deep
from keyless.positions import Key, KeyPath, Positions, compose

__all__ = [
    "Document",
    "Key",
    "KeyPath",
    "documents_in",
    "inside",
    "load_document",
    "parse_document",
    "read_text",
    "write_text",
]

MAX_BYTES = 4 * 1024 * 1024
# libyaml recurses in C and dies below some ten thousand levels; a text that cannot reach this is not measured.
_SURELY_SHALLOW = 2_000


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML file: its path as the user knows it, its text, and its value (plain dicts, lists and scalars)."""

    file: str
    text: str
    value: Any
    composed: list[Positions] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def positions(self) -> Positions:
        """Where each key stands; the text is composed when this is first asked for."""
        if not self.composed:
            self.composed.append(Positions(compose(self.text)))
        return self.composed[0]

    def position(self, path: KeyPath) -> tuple[int, int] | None:
        """Line and column, from 1, of the key at `path`, or of its nearest parent that exists."""
        return self.positions.of(path)

    def written(self, path: KeyPath) -> str | None:
        """The text of the scalar at `path`, as it stands in the file: `1.10`, not the number that it means."""
        return self.positions.scalar(path)

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


def inside(root: Path, path: Path) -> bool:
    """Whether `path` is there and, its links followed, lies below the folder `root`."""
    try:
        return path.exists() and root.resolve() in path.resolve().parents
    except (OSError, ValueError, RuntimeError):  # too long a name, a NUL, links in a circle
        return False


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
        found = Positions(self.node).of(path)
        return self.line if found is None else found[0]


def load_document(path: Path, file: str, root: Path | None = None) -> Document:
    """Read the one YAML document in the file at `path`, which errors call `file`. Raises SpecError.

    With `root`, a link that leads out of that folder is refused.
    """
    return parse_document(_read(path, file, root), file)


def read_text(path: Path, file: str, root: Path | None = None) -> str:
    """The text of such a file, whether it is YAML or not. Raises SpecError."""
    return _text(_read(path, file, root), file)


def documents_in(text: str, file: str) -> Iterator[Placed]:
    """Each YAML document in `text`: manifests, say. Raises SpecError."""
    _refuse_depth(text, file)
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
    _refuse_depth(text, file)
    return Document(file, text, Builder(file).build(_compose(text, file)))


def _read(path: Path, file: str, root: Path | None) -> bytes:
    try:
        if path.is_symlink():
            _refuse_link(path, file, root)
        found = path.stat()
        # A device or a pipe has no end; a folder fails below, and says so.
        if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            raise refused(file, "unreadable", "this is not a file", "put a YAML file there, or remove it")
        size = found.st_size
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


def write_text(path: Path, text: str) -> None:
    """Write the file at `path`, making its folder. Raises SpecError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message, fix = (
            f"cannot write the file: {reason}",
            "make room there: its folder must be one, and writable",
        )
        raise refused(path.as_posix(), "unwritable", message, fix) from None


def _refuse_link(path: Path, file: str, root: Path | None) -> None:
    """What a link shows could come from anywhere: in a pipeline that checks a fork, from the machine itself."""
    if path.is_dir():
        message, fix = (
            "a link to a folder, which is not followed",
            "put the files themselves there, or remove it",
        )
        raise refused(file, "link", message, fix)
    if root is not None and path.exists() and not inside(root, path):
        message, fix = "a link that leads out of the project", "put the file itself there, or remove the link"
        raise refused(file, "link", message, fix)


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


def _refuse_depth(text: str, file: str) -> None:
    if _may_be_deep(text):
        _check_depth(text, file)


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
