"""JSON of `az` and Terraform from a stream, of which only named members are kept: their states hold secrets in clear.

Members are dropped while the text is parsed, so no later step could print them. Errors give line and column, and
never what stands there.
"""

import json
import re
from functools import cache
from typing import Any, BinaryIO

from keyless.catalogue.imports import imports
from keyless.errors import SpecError
from keyless.finding import Finding

MAX_BYTES = 32 * 1024 * 1024
# No id, host or condition is longer; a longer text is none of those.
MAX_CHARACTERS = 8 * 1024

# Members that say what an object is and where it stands, beside the properties that the catalogue names.
_ARM = {"id", "type", "kind", "location", "sku", "name", "properties", "data"}
_GRANT = {"scope", "roleDefinitionId", "principalId", "condition", "accessPolicyName", "objectId", "user"}
_IDENTITY = {"clientId", "issuer", "subject"}
_TERRAFORM = {
    *("format_version", "lineage", "values", "prior_state", "planned_values", "root_module", "child_modules"),
    *("resources", "address", "mode", "sensitive_values", "body", "output"),
    *("client_id", "principal_id", "role_definition_id", "user_assigned_identity_id", "parent_id"),
}
_SPACE = re.compile(r"\s*")
USAGE = "run: az resource list -o json | keyless import ENV; or: terraform show -json | keyless import ENV"


@cache
def kept_members() -> frozenset[str]:
    """The allow-list."""
    return imports().names() | _ARM | _GRANT | _IDENTITY | _TERRAFORM


def read_documents(stream: BinaryIO) -> list[Any]:
    """Each JSON document in `stream`, one after another, cut down to the members that are kept. Raises SpecError."""
    raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise refused(
            "too-large",
            f"standard input has more than {MAX_BYTES:,} bytes",
            "ask for less at a time: az resource list -g GROUP, or az graph query; of Terraform, one state at a time",
        )
    if not raw.strip():
        raise refused("empty", "standard input is empty", USAGE)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refused(
            "encoding",
            f"standard input is not UTF-8 text: byte {error.start + 1}",
            "pipe the command, or write its output as UTF-8 (PowerShell: | Out-File -Encoding utf8)",
        ) from None
    del raw
    return _parse(text)


def _parse(text: str) -> list[Any]:
    keep = kept_members()

    def cut(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: _short(value) for key, value in pairs if key in keep}

    # Numbers are of no use here, and a long one takes long to read.
    number: Any = {"parse_int": _nothing, "parse_float": _nothing, "parse_constant": _nothing}
    decoder = json.JSONDecoder(object_pairs_hook=cut, **number)
    found: list[Any] = []
    position = _skip(text, 0)
    while position < len(text):
        try:
            document, position = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise refused(
                "not-json",
                f"standard input is not JSON: line {error.lineno}, column {error.colno}",
                "write -o json behind az, -json behind terraform show; " + USAGE,
            ) from None
        except RecursionError:
            raise refused("too-deep", "standard input is nested too deeply to be read", USAGE) from None
        found.append(document)
        position = _skip(text, position)
    return found


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _nothing(text: str) -> None:
    return None


def _short(value: Any) -> Any:
    return None if isinstance(value, str) and len(value) > MAX_CHARACTERS else value


def refused(rule: str, message: str, fix: str) -> SpecError:
    """An error about standard input; its message must hold nothing that stood there."""
    return SpecError(Finding(rule=rule, message=message, fix=fix))
