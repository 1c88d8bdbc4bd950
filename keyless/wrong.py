"""What pydantic found wrong, as Findings: the line, the bad value, the nearest known word, and what to write."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from keyless.finding import Finding
from keyless.masks import cut, told
from keyless.source import Document, Key, KeyPath

# What to write where a rule of our own (a PydanticCustomError) says what is wrong.
_FIXES = {
    "absent": "remove what stands beside `absent`, or `absent` itself",
    "arm_id": "write the whole id, as `az resource show --query id` prints it",
    "arm_type": "write the id of such a resource, or change the entry's `kind`",
    "arm_name": "look the name up; `az resource list --query [].id` prints whole ids",
    "audit": "write audit: {workspace: <ARM id of a Log Analytics workspace>}, or audit: {policy: true}",
    "clusters": "give each cluster its own name, issuer and context",
    "ip": "write the public addresses that the cluster's traffic leaves from, such as 20.0.0.10 or 20.0.0.0/24",
    "issuer": "write it as `az aks show --query oidcIssuerProfile.issuerUrl` prints it, to the last character",
    "less_than_equal": "write a smaller number",
    "greater_than_equal": "write a larger number",
    "short_timeout": "write `dns_timeout: 30`, or leave it out",
    "one_line": "write it on one line",
    "owner": "remove `management: patched`, or remove `owner`",
    "prefix": "write the path as it stands in the container, such as `invoices/2026/`: one slash at its end, none before it",
    "prefix_waiver": "remove `prefix`, or take the verb's own role; `waiver: {scope: account}` goes with a prefix",
    "tags": "write at most 50, names of 1 to 512 characters without <>%&\\?/, values of at most 256 characters",
    "tenant": "write the cluster's own issuer, or the tenant that both cluster and identities are in",
    "twins": "write it once",
    "waiver": "write `role: <a role of the kind>` or, for blob, `scope: account`, for keyvault `scope: vault`; or remove the waiver",
    "workloads": "keep `workload` for one, `workloads: [...]` for several",
    "zones": "write managed, policy, or the whole id of the resource group that holds the zones",
    "grant_id": "write <scope>/providers/Microsoft.Authorization/roleAssignments/<guid>, as `az role assignment list --all` prints it",
    "unasked_zones": "write `zones: policy`, or the id of the resource group that holds the zones which its DNS asks",
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
    """A Finding for each error in `value`, which stands at `base` in `document`, or below a key of `parts`.

    A rule of our own says with `at`, a path in its context, which key of its model it is about.
    """
    errors = error.errors(include_url=False)
    texts = _Texts(document, base, parts or {})
    quoted = _quoted(errors, value, model, texts)
    for wrong in errors:
        path = _real_path(wrong["loc"], value, missing=wrong["type"] == "missing")
        if wrong["loc"] in quoted:
            rule, message, fix = "wrong-type", *quoted[wrong["loc"]]
        else:
            rule, message, fix = _tell(wrong, path, value, model)
        below = ("kind",) if wrong["type"] == "union_tag_invalid" else (wrong.get("ctx") or {}).get("at", ())
        at = (*path, *below)
        where, real = texts.place(at)
        yield where.finding(rule, real, message, fix)


@dataclass(frozen=True, slots=True)
class _Texts:
    """Where a path of the whole value stands: in `document` below `base`, or in the file of `parts` that holds it."""

    document: Document
    base: tuple[str, ...]
    parts: Mapping[tuple[str, str], Document]

    def place(self, path: KeyPath) -> tuple[Document, KeyPath]:
        part = self.parts.get((str(path[0]), str(path[1]))) if len(path) > 1 else None
        return (part, path) if part is not None else (self.document, (*self.base, *path))

    def written(self, path: KeyPath) -> str | None:
        where, real = self.place(path)
        return where.written(real)


def _quoted(
    errors: list[Any], value: object, model: type[BaseModel], texts: _Texts
) -> dict[tuple[Key, ...], tuple[str, str]]:
    """By place, message and fix of each number or word that YAML read where a text is wanted.

    Whether quotes are the cure is tried on all of them at once, in a copy: `123` in quotes is no app's name either.
    """
    written: dict[tuple[Key, ...], str] = {}
    mended = None
    for wrong in errors:
        if wrong["type"] != "string_type":
            continue
        path = _real_path(wrong["loc"], value, missing=False)
        text = texts.written(path) if isinstance(_at(value, path), (int, float)) else None
        if text is not None and path:
            mended = deepcopy(value) if mended is None else mended
            _at(mended, path[:-1])[path[-1]] = text
            written[wrong["loc"]] = text
    still = {}
    if written:
        try:
            model.model_validate(mended)
        except ValidationError as error:
            still = {wrong["loc"]: wrong.get("ctx") or {} for wrong in error.errors(include_url=False)}
    found = {}
    for loc, text in written.items():
        fix = f'write a text; quote it: "{text}"'
        if loc in still:
            pattern = still[loc].get("pattern")
            fix = "write a text" + (f" that fits the pattern {pattern}" if pattern else "")
        found[loc] = (f"`{text}` stands here, and a text is wanted", fix)
    return found


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
        near = get_close_matches(cut(str(path[-1])), known, 1)
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
        if not isinstance(there, str):
            return (
                "wrong-type",
                f"{_shown(there)} stands here, and a word is wanted",
                "write one of: " + ", ".join(allowed),
            )
        near = get_close_matches(cut(str(there)), allowed, 1)
        fix = f"write `{near[0]}`; it may be: " if near else "write one of: "
        return "unknown-word", f"{told(there)} is not known here", fix + ", ".join(allowed)
    if kind == "union_tag_not_found":
        return "missing-key", "the key `kind` is missing", "write `kind: ...`"
    if kind == "string_pattern_mismatch":
        return (
            "malformed",
            f"{told(str(there))} does not have the form of this key",
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
            "mapping_type": "a mapping",
            "model_type": "a mapping",
            "model_attributes_type": "a mapping",
            "account_type": "a name or a mapping",
        }
        wanted = want.get(kind, "another type")
        shown = "a text" if not path and isinstance(there, str) else _shown(there)
        return (
            "wrong-type",
            f"{shown} stands here, and {wanted} is wanted",
            f"write {wanted}",
        )
    return kind.replace("_", "-"), wrong["msg"], "write what the message asks for"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return told(value).replace("'", "`")
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


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
    schema = _schema(model)
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


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


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
