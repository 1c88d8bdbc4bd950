"""Proposals of `keyless import` as YAML to paste, with comments for what is left to state, and as JSON."""

import json
from collections.abc import Iterator

import yaml

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
    if any(app.identity or app.grants for app in found.apps):
        lines.append("apps:")
    for app in found.apps:
        if app.identity is None and not app.grants:
            lines.append(f"# {app.app}:")
        else:
            lines.append(f"  {_scalar(app.app)}:")
        lines += [f"    identity: {_scalar(app.identity)}"] if app.identity else []
        lines += ["    grants:"] if app.grants else []
        lines += [f"      {_scalar(use)}: {_scalar(id_)}" for use, id_ in app.grants.items()]
        lines += [f"    # {note}" for note in app.notes]
    lines += _comments(found)
    return "\n".join(lines) + "\n"


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
            {"app": one.app, "identity": one.identity, "grants": dict(one.grants), "notes": list(one.notes)}
            for one in found.apps
        ],
        "known": [{"name": name, "id": id_} for name, id_ in found.known.items()],
        "left": [{"what": what, "count": number} for what, number in found.left.items()],
        "unread": found.unread,
        "planned": found.planned,
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
