"""What pydantic found wrong, as Findings: the line, the bad value, the nearest known word, and what to write."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from keyless.finding import Finding
from keyless.source import Document, Key, KeyPath

# What to write where a rule of our own (a PydanticCustomError) says what is wrong.
_FIXES = {
    "arm_id": "write the whole id, as `az resource show --query id` prints it",
    "arm_type": "write the id of such a resource, or change the entry's `kind`",
    "arm_name": "look the name up; `az resource list --query [].id` prints whole ids",
    "clusters": "give each cluster its own name, issuer and context",
    "ip": "write an address such as 20.0.0.10, or a network such as 20.0.0.0/24",
    "one_line": "write it on one line",
    "owner": "remove `management: patched`, or remove `owner`",
    "prefix": "write the path as it stands in the container, such as `invoices/2026/`: one slash at its end, none before it",
    "prefix_waiver": "remove `prefix`, or take the verb's own role; `waiver: {scope: account}` goes with a prefix",
    "waiver": "write `role: <a role of the kind>` or, for blob, `scope: account`; or remove the waiver",
    "workloads": "keep `workload` for one, `workloads: [...]` for several",
    "zones": "write managed, policy, or the whole id of the resource group that holds the zones",
    "https": "write https://<host>/<path>: no user, password, query or space",
}


def findings_of(
    error: ValidationError,
    document: Document,
    value: object,
    model: type[BaseModel],
    base: tuple[str, ...] = (),
    parts: Mapping[tuple[str, str], Document] | None = None,
) -> Iterator[Finding]:
    """A Finding for each error in `value`, which stands at `base` in `document`, or below a key of `parts`."""
    for wrong in error.errors(include_url=False):
        path = _real_path(wrong["loc"], value, missing=wrong["type"] == "missing")
        rule, message, fix = _tell(wrong, path, value, model)
        part = (parts or {}).get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        if part is not None:
            yield part.finding(rule, path, message, fix)
        else:
            found = document.finding(rule, (*base, *path), message, fix)
            yield found


def _real_path(loc: KeyPath, value: object, *, missing: bool) -> tuple[Key, ...]:
    """`loc` without the words that pydantic adds for unions, which are no keys of the file.

    Where a key is `missing`, the last word is one that the file lacks.
    """
    path: list[Key] = []
    for index, key in enumerate(loc):
        last = index == len(loc) - 1
        if isinstance(value, dict):
            if key in value:
                value = value[key]
            elif not (last and missing):
                continue
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            break
        path.append(key)
    return tuple(key for key in path if key != "[key]")


def _tell(wrong: Any, path: KeyPath, value: object, model: type[BaseModel]) -> tuple[str, str, str]:
    kind, context = wrong["type"], wrong.get("ctx") or {}
    there = path[-1] if "[key]" in wrong["loc"] else _at(value, path)
    if kind == "extra_forbidden":
        known = _known_keys(model, value, path[:-1])
        near = get_close_matches(str(path[-1]), known, 1)
        fix = f"write `{near[0]}`" if near else "remove it"
        return "unknown-key", "there is no such key", f"{fix}; the keys here are: {', '.join(known)}"
    if kind == "missing":
        return "missing-key", f"the key `{path[-1]}` is missing", f"write `{path[-1]}: ...`"
    if kind in ("union_tag_invalid", "literal_error"):
        allowed = [
            word.strip("' ")
            for word in str(context.get("expected_tags") or context.get("expected"))
            .replace(" or ", ", ")
            .split(",")
        ]
        if kind == "union_tag_invalid":
            there = there.get("kind") if isinstance(there, dict) else there
        near = get_close_matches(str(there), allowed, 1)
        fix = f"write `{near[0]}`; it may be: " if near else "write one of: "
        return "unknown-word", f"'{_cut(str(there))}' is not known here", fix + ", ".join(allowed)
    if kind == "union_tag_not_found":
        return "missing-key", "the key `kind` is missing", "write `kind: ...`"
    if kind == "string_pattern_mismatch":
        return (
            "malformed",
            f"'{_cut(str(there))}' does not have the form of this key",
            f"write what fits the pattern {context['pattern']}",
        )
    if kind == "string_too_long":
        return (
            "too-long",
            f"{len(str(there))} characters, and at most {context['max_length']} are allowed",
            "write a shorter one",
        )
    if kind == "string_too_short":
        return (
            "too-short",
            f"{len(str(there))} characters, and at least {context['min_length']} are needed",
            "write more",
        )
    if kind in _FIXES:
        return kind.replace("_", "-"), wrong["msg"], _FIXES[kind]
    if kind == "too_short":
        return "too-short", "the list is empty", "write at least one, or remove the key"
    if kind.endswith("_type"):
        want = {
            "string_type": "a text",
            "bool_type": "true or false",
            "tuple_type": "a list",
            "dict_type": "a mapping",
            "model_type": "a mapping",
        }
        wanted = want.get(kind, "another type")
        hint = (
            f'; quote it: "{there}"'
            if kind == "string_type" and isinstance(there, (int, float, bool))
            else ""
        )
        return "wrong-type", f"{_shown(there)} stands here, and {wanted} is wanted", f"write {wanted}{hint}"
    return kind.replace("_", "-"), wrong["msg"], "write what the message asks for"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return (
        "nothing"
        if value is None
        else f"`{str(value).lower() if isinstance(value, bool) else _cut(str(value))}`"
    )


def _cut(text: str) -> str:
    """`text`, or its beginning where nobody would read it to its end."""
    return text if len(text) <= 200 else text[:200] + "..."


def _at(value: object, path: KeyPath) -> Any:
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            value = value[key]
        else:
            return None
    return value


def _known_keys(model: type[BaseModel], value: object, path: KeyPath) -> list[str]:
    """The keys that may stand at `path`, from the model's JSON Schema: the one description of all shapes."""
    schema = model.model_json_schema()
    node: Any = schema
    for key in (*path, None):
        node = _resolved(schema, node, value)
        if key is None:
            break
        properties = node.get("properties", {})
        node = (
            properties.get(key)
            or node.get("additionalProperties")
            or _pattern(node)
            or node.get("items")
            or {}
        )
        value = _at(value, (key,))
    return sorted(node.get("properties", {}))


def _pattern(node: Any) -> Any:
    return next(iter(node.get("patternProperties", {}).values()), None)


def _resolved(schema: Any, node: Any, value: object) -> Any:
    while True:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
        elif "discriminator" in node:
            tag = value.get("kind") if isinstance(value, dict) else None
            reference = node["discriminator"]["mapping"].get(tag)
            if reference is None:
                return {}
            node = {"$ref": reference}
        elif "anyOf" in node:
            node = next(
                (option for option in node["anyOf"] if option.get("type") not in ("null", "string")), {}
            )
        else:
            return node
