"""The road off keys as tables for people: who stands where, what is left over and where, and what comes next."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from keyless.doctor.evidence import Evidence
from keyless.doctor.leaks import Leak, Unseen
from keyless.doctor.road import AppStand, Mark, Missing, ResourceStand
from keyless.render.columns import columns, counted

HEAD = ("RESOURCE", "KEYS", "APP", "GRANTED", "PATCHED", "LEFT-OVERS GONE", "PROVEN")


def render_road_table(
    environment: str,
    days: int,
    road: Sequence[ResourceStand],
    evidence: Mapping[str, Sequence[Evidence]],
    key_use: Mapping[str, Mark],
) -> str:
    """A row for each app of each resource; below it the left-overs, what nobody can see, key use, and the next step."""
    if not road:
        return f"{environment}: no resource that has keys\n"
    forbidden = sum(one.keys == "forbidden" for one in road)
    parts = [
        [f"{environment}: {counted(len(road), 'resource')} with keys, {forbidden} of them forbidden"],
        columns([HEAD, *_rows(road)]),
        _overrides(road),
        _left_overs(road),
        _unseen(road),
        _not_patched(road),
        _not_proven(road),
        _key_use(days, road, evidence, key_use),
        ["Next:", *columns([(f"  {one.resource}", _next(one, key_use[one.resource])) for one in road])],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _rows(road: Iterable[ResourceStand]) -> Iterator[tuple[str, ...]]:
    for one in road:
        keys = one.keys + (" (!)" if one.override else "")
        if not one.apps:
            yield one.resource, keys, "(no app)", "-", "-", "-", "-"
        for number, app in enumerate(one.apps):
            head = (one.resource, keys) if number == 0 else ("", "")
            marks = (app.granted, app.patched, app.left_overs_gone, app.proven)
            yield (*head, app.app, *(mark.state for mark in marks))


def _overrides(road: Iterable[ResourceStand]) -> list[str]:
    rows = [f"  {one.resource}: {one.override}" for one in road if one.override]
    return ["(!) forbidden without the proof, because:", *rows] if rows else []


def _left_overs(road: Iterable[ResourceStand]) -> list[str]:
    """Each left-over once, with the resources whose key it may be: a name alone does not tell accounts apart."""
    found: dict[Leak, list[str]] = {}
    for resource, app in _stands(road):
        for leak in app.leaks:
            found.setdefault(leak, []).append(resource.resource)
    rows = [
        (
            f"  {leak.file}:{leak.line}",
            leak.variable,
            f"{leak.workload}, {leak.container}",
            leak.how,
            ", ".join(of),
        )
        for leak, of in sorted(found.items(), key=lambda item: (item[0].file, item[0].line, item[0].variable))
    ]
    return (
        ["Left-overs:", *columns([("  WHERE", "VARIABLE", "IN", "KNOWN", "MAY OPEN"), *rows])] if rows else []
    )


def _unseen(road: Iterable[ResourceStand]) -> list[str]:
    hidden: dict[Unseen, None] = {}
    unread: dict[tuple[str, Missing], None] = {}
    for _, app in _stands(road):
        hidden |= dict.fromkeys(app.unseen)
        unread |= dict.fromkeys((app.app, one) for one in app.missing)
    rows = [
        f"  {one.file}:{one.line}: all of the {one.store} {one.name} goes to {one.workload}, {one.container}"
        for one in sorted(hidden, key=lambda one: (one.file, one.line))
    ]
    rows += [f"  {app}, {one.workload}: {one.why}" for app, one in sorted(unread, key=str)]
    return ["What nobody can see, and may hold a key:", *rows] if rows else []


def _not_patched(road: Iterable[ResourceStand]) -> list[str]:
    whys = {app.app: app.patched.why for _, app in _stands(road) if app.patched.why}
    rows = [f"  {app}: {why}" for app, why in sorted(whys.items())]
    return ["Not patched:", *rows] if rows else []


def _not_proven(road: Iterable[ResourceStand]) -> list[str]:
    whys: dict[str, dict[str, None]] = {}
    for _, app in _stands(road):
        if app.proven.why:
            whys.setdefault(app.proven.why, {})[app.app] = None
    rows = [f"  {', '.join(sorted(apps))}: {why}" for why, apps in whys.items()]
    return ["Not proven:", *rows] if rows else []


def _key_use(
    days: int,
    road: Iterable[ResourceStand],
    evidence: Mapping[str, Sequence[Evidence]],
    key_use: Mapping[str, Mark],
) -> list[str]:
    rows: list[tuple[str, ...]] = []
    for one in road:
        rows.append((f"  {one.resource}", _unused(key_use[one.resource])))
        for each in evidence.get(one.resource, ()):
            counts = f"{each.by_key:,} by key, {each.by_sas:,} by SAS, {each.otherwise:,} otherwise"
            rows.append(
                ("", f"  {each.start[:16]} to {each.end[:16]} UTC, {each.source} in {each.file}: {counts}")
            )
    return [f"Keys out of use in the last {counted(days, 'day')} of the evidence:", *columns(rows)]


def _unused(mark: Mark) -> str:
    return mark.state + (f": {mark.why}" if mark.why else "")


def _next(one: ResourceStand, key_use: Mark) -> str:
    if one.keys == "forbidden" and (one.ready.state == "yes" or one.override):
        return "at the end of the road; keys: allowed goes back"
    if one.keys == "forbidden":
        return f"refused, write keys: allowed: {one.ready.why}"
    if one.ready.state != "yes":
        return one.ready.why or one.ready.state
    if key_use.state == "no":
        return f"find who uses the key: {key_use.why}"
    doubt = "" if key_use.state == "yes" else ", though no evidence says that nobody else uses one"
    ends = f"; it ends {one.ends}" if one.ends else ""
    return f"write keys: forbidden{doubt}{ends}"


def _stands(road: Iterable[ResourceStand]) -> Iterator[tuple[ResourceStand, AppStand]]:
    for one in road:
        for app in one.apps:
            yield one, app
