"""The owner's own lines: what a posture comes to in the Terraform or Bicep of whoever makes the resource."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from keyless.firewall import WaysIn, address_texts, rule_name
from keyless.plan import ArmChild, ArmPatch
from keyless.resource import Resource

Step = Literal["firewall", "private", "forbidden"]


def terraform_lines(name: str, resource: Resource, step: Step, ways: WaysIn) -> Iterator[str]:
    """Lines of azurerm for one step, with what it breaks as comments before them."""
    facts = resource.arm.terraform
    warnings = {"private": facts.warn_private, "forbidden": facts.warn_forbidden}.get(step, ())
    yield from (f"# {warning}" for warning in warnings)
    yield f"# in {facts.resource} of {resource.id.name}"
    lines = {"firewall": facts.firewall, "private": facts.private, "forbidden": facts.forbidden}[step]
    texts = dict.fromkeys(text for one in ways.addresses for text in address_texts(resource, one.network))
    lists = {"addresses": list(texts), "subnets": [subnet.text for subnet in ways.subnets]}
    if lists["addresses"] or lists["subnets"]:
        yield "# beside the rules that stand there"
    for line in lines:
        if "{subnet}" in line:
            yield from (line.format(subnet=subnet.text) for subnet in ways.subnets)
        elif "{rule}" in line:
            for one in ways.addresses:
                words = {"rule": rule_name(one), "first": one.network[0], "last": one.network[-1]}
                yield from line.format(**words).split("\n")
        elif any(f"{{{word}}}" in line and not found for word, found in lists.items()):
            continue
        else:
            yield line.format(**{word: json.dumps(found) for word, found in lists.items()})


def bicep_lines(patch: ArmPatch, children: tuple[ArmChild, ...] = ()) -> Iterator[str]:
    """The property lines of `patch`, as they stand in the resource of its type; then its children."""
    yield f"// in '{patch.id.type}@{patch.api_version}' of {_place(patch)}"
    if patch.rules:
        yield "// beside the rules that stand there"
    yield from _written("properties", _nested(patch), 0)
    for child in children:
        yield f"resource {child.id.name} '{child.id.type}@{child.api_version}' = {{"
        yield f"  name: '{child.id.name}'"
        yield "  parent: cache // the symbol of your cache"
        yield from _written("properties", child.properties, 1)
        yield "}"


def _place(patch: ArmPatch) -> str:
    # A child is written as `<parent>/<child>` in a name, and `default` alone would not say of what.
    words = patch.id.text.split("/providers/", 1)[1].split("/")
    return "/".join(words[2::2])


def _nested(patch: ArmPatch) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for path, value in (*patch.values.items(), *((rule.path, rule.entries) for rule in patch.rules)):
        *above, last = path.split(".")
        inner = made
        for word in above:
            inner = inner.setdefault(word, {})
        inner[last] = value
    return made


def _written(key: str, value: object, depth: int) -> Iterator[str]:
    indent = "  " * depth
    match value:
        case Mapping():
            yield f"{indent}{key}: {{"
            for inner, one in value.items():
                yield from _written(inner, one, depth + 1)
            yield f"{indent}}}"
        case tuple():
            yield f"{indent}{key}: ["
            for entry in value:
                inside = ", ".join(f"{word}: {_literal(text)}" for word, text in entry.items())
                yield f"{indent}  {{ {inside} }}"
            yield f"{indent}]"
        case _:
            yield f"{indent}{key}: {_literal(value)}"


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"
