"""audit.kql: which app read what, and who still uses a key, of the resources that an app uses."""

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keyless.catalogue import Audit, entry
from keyless.ids import AppIds, ids_command
from keyless.plan import AppPlan, RoleAssignment, StackPlan
from keyless.render.template import kql_string, rendered

DAYS = 14


@dataclass(frozen=True, slots=True)
class Known:
    """An app of the stack and its principal id, or None before `up`."""

    app: str
    principal_id: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The resources of one type that the app uses, by their Azure names; `rows` and `by_key` are KQL with them filled in."""

    type: str
    names: tuple[str, ...]
    answers: str
    rows: str | None
    by_key: str | None


def audit_queries(plan: StackPlan, app: AppPlan, ids: Mapping[str, AppIds]) -> dict[str, str]:
    """`audit.kql`; nothing for an app without grants."""
    sources = tuple(_sources(app))
    if not sources:
        return {}
    known = [Known(one.app, ids[one.app].principal_id) for one in plan.apps if one.app in ids]
    if app.app not in ids:
        known = [Known(app.app, None), *known]
    told = [one for one in sources if one.rows is not None]
    keys = [one for one in sources if one.by_key is not None]
    text = rendered(
        "audit.kql.j2",
        app=app,
        days=DAYS,
        known=known,
        ids_command=ids_command(plan.stack),
        told=told,
        untold=[one for one in sources if one.rows is None],
        keys=keys,
        without_keys=[one for one in sources if one.by_key is None],
    )
    return {"audit.kql": text}


def _sources(app: AppPlan) -> Iterator[Source]:
    """By type of resource, sorted."""
    found: dict[tuple[str, str], set[str]] = {}
    for grant in app.grants:
        scope = grant.scope if isinstance(grant, RoleAssignment) else grant.cache.text
        # "", subscriptions, S, resourceGroups, G, providers, Namespace, type, name, and what stands below.
        words = scope.split("/")[:9]
        found.setdefault((grant.kind, "/".join(words[6:8])), set()).add("/".join(words))
    merged: dict[str, tuple[Audit, set[str]]] = {}
    for (kind, type_), ids in found.items():
        (facts,) = (one.audit for one in entry(kind).targets.values() if one.type.lower() == type_.lower())
        merged.setdefault(type_, (facts, set()))[1].update(ids)
    for type_, (facts, ids) in sorted(merged.items()):
        names = tuple(sorted({one.rpartition("/")[2] for one in ids}))
        yield Source(
            type_,
            names,
            facts.answers,
            _filled(facts.rows, names, sorted(ids)),
            _filled(facts.by_key, names, []),
        )


def _filled(query: str | None, names: tuple[str, ...], ids: list[str]) -> str | None:
    if query is None:
        return None
    filled = query.replace("{names}", ", ".join(map(kql_string, names)))
    filled = filled.replace("{ids}", ", ".join(map(kql_string, ids)))
    return textwrap.indent(filled.rstrip("\n"), "    ")
