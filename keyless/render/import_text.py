"""Proposals of `keyless import` as YAML to paste, with comments for what is left to state, and as JSON."""

import json
from collections.abc import Iterator

import yaml

from keyless.importing.apps import AppProposal
from keyless.importing.proposals import Proposals
from keyless.render.columns import counted

VERSION = 1


def render_import_yaml(found: Proposals) -> str:
    """`resources:` and `apps:` for an environment or an included file; all else is comments."""
    lines = [f"# keyless import {found.environment}: {', '.join(_summary(found))}"]
    if found.resources:
        lines.append("resources:")
    for resource in found.resources:
        lines.append(f"  {_scalar(resource.name)}:")
        lines += [f"    {key}: {_scalar(value)}" for key, value in resource.fields.items()]
        lines += [f"    # {note}" for note in resource.notes]
    if any(_is_entry(app) for app in found.apps):
        lines.append("apps:")
    for app in found.apps:
        lines.append(f"  {_scalar(app.app)}:" if _is_entry(app) else f"# {app.app}:")
        lines += [f"    identity: {_scalar(app.identity)}"] if app.identity else []
        for key, ids in (("grants", app.grants), ("credentials", app.credentials)):
            lines += [f"    {key}:"] if ids else []
            lines += [f"      {_scalar(name)}: {_scalar(id_)}" for name, id_ in ids.items()]
        lines += [f"    # {note}" for note in app.notes]
    lines += _comments(found)
    return "\n".join(lines) + "\n"


def _is_entry(app: AppProposal) -> bool:
    return bool(app.identity or app.grants or app.credentials)


def _summary(found: Proposals) -> Iterator[str]:
    yield f"{len(found.resources)} new"
    yield f"{len(found.known)} here already"
    yield f"{sum(found.left.values())} without a kind"
    if found.unread:
        yield f"{found.unread} not read"


def _comments(found: Proposals) -> Iterator[str]:
    if found.known:
        yield "# Here already, and left out:"
        yield from (f"#   {name}: {id_}" for name, id_ in found.known.items())
    if found.left:
        yield "# No kind of Keyless:"
        yield from (f"#   {number} x {what}" for what, number in found.left.items())
    if found.planned:
        yield f"# Terraform is yet to make {counted(found.planned, 'resource')}: run this again after its apply"
    if found.unread:
        yield f"# Not read, since they have no id or an unknown shape: {counted(found.unread, 'object')}"


def _scalar(value: str | bool) -> str:
    """`value` as a plain scalar where YAML reads it back as it is, else in quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if yaml.safe_load(value) == value else json.dumps(value)


def render_import_json(found: Proposals) -> str:
    """The same as a versioned interface: keys are always present, absent values null."""
    fields = (
        "kind",
        "id",
        "location",
        "host",
        "endpoint",
        "authorization",
        "hierarchical_namespace",
        "owner",
    )
    value = {
        "version": VERSION,
        "environment": found.environment,
        "resources": [
            {
                "name": one.name,
                **{field: one.fields.get(field) for field in fields},
                "notes": list(one.notes),
            }
            for one in found.resources
        ],
        "apps": [
            {
                "app": one.app,
                "identity": one.identity,
                "grants": dict(one.grants),
                "credentials": dict(one.credentials),
                "notes": list(one.notes),
            }
            for one in found.apps
        ],
        "known": [{"name": name, "id": id_} for name, id_ in found.known.items()],
        "left": [{"what": what, "count": number} for what, number in found.left.items()],
        "unread": found.unread,
        "planned": found.planned,
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
