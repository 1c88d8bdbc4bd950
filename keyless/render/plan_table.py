"""A Plan as tables for people: who may do what on which resource, and what is left to do by hand."""

from collections.abc import Iterator, Sequence

from keyless.plan import AppPlan, Grant, Plan, Ref, RoleAssignment, StackPlan
from keyless.render.columns import columns, counted, wrapped
from keyless.render.doors import changes, cut_off, doors, policies


def render_plan_table(plan: Plan, width: int | None = None) -> str:
    """Grants, what is wider than asked, endpoints, doors, the manual steps with their commands, and what Azure Policy has.

    Grants and reasons keep to `width`, a terminal's; commands never do, since they are to be copied.
    """
    stacks = plan.stacks
    apps = sorted((app for stack in stacks for app in stack.apps), key=lambda app: app.app)
    grants = sum(len(app.grants) for app in apps)
    summary = (counted(len(apps), "app"), counted(grants, "grant"), counted(len(stacks), "stack"))
    parts = [
        [f"{plan.environment}: {', '.join(summary)}"],
        _grants(apps, width),
        _wider(apps, width),
        _overrides(stacks, width),
        _endpoints(stacks, width),
        doors(stacks),
        changes(stacks),
        cut_off(stacks),
        _audit(stacks, width),
        _manual(stacks),
        policies(plan),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def render_app_table(stack: StackPlan, width: int | None = None) -> str:
    """Everything about the one app of `stack`: grants, identity and who may become it, workloads, settings, and its resources."""
    (app,) = stack.apps
    identity = app.identity
    made = "" if identity.made else "   (exists; Keyless adds credentials and grants)"
    parts = [
        [f"{app.app} in {app.environment}, stack {app.stack}"],
        _grants([app], width),
        _wider([app], width),
        _overrides([stack], width),
        [f"Identity {identity.name} in {identity.resource_group}{made}", *_credentials(app)],
        columns(tuple(_workloads(app)), width),
        columns([("SETTING", "VALUE"), *_settings(app)], width) if app.settings else [],
        _endpoints([stack], width),
        _manual([stack]),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _grants(apps: Sequence[AppPlan], width: int | None) -> list[str]:
    rows = [_row(app, grant) for app in apps for grant in app.grants]
    return columns([("APP", "STACK", "USES", "MAY", "ON", "AS"), *rows], width) if rows else ["No grants."]


def _row(app: AppPlan, grant: Grant) -> tuple[str, ...]:
    mark = (" (!)" if grant.wider or grant.waiver else "") + (" (locked)" if grant.locked else "")
    role = grant.role if isinstance(grant, RoleAssignment) else f"policy {grant.policy}"
    exists = "" if grant.made else " (exists)"
    only = f", {grant.only}" if isinstance(grant, RoleAssignment) and grant.only else ""
    as_what = role + mark + exists
    return app.app, app.stack, ", ".join(grant.uses), grant.access + only, _target(grant), as_what


def _target(grant: Grant) -> str:
    if not isinstance(grant, RoleAssignment):
        return grant.cache.name
    words = grant.scope.split("/providers/", 1)[1].split("/")
    return "/".join(word for word in words[2::2] if word != "default")


def _wider(apps: Sequence[AppPlan], width: int | None) -> list[str]:
    """Each reason once, with all whom it concerns: a cache that many apps use is one line."""
    reasons: dict[str, list[str]] = {}
    for app in apps:
        for grant in app.grants:
            for reason in _reasons(grant):
                reasons.setdefault(reason, []).append(f"{app.app} ({', '.join(grant.uses)})")
    if not reasons:
        return []
    notes = (wrapped(f"  {', '.join(who)}: {why}", width, "    ") for why, who in reasons.items())
    return ["(!) wider than the verb asks:", *(line for note in notes for line in note)]


def _reasons(grant: Grant) -> Iterator[str]:
    if grant.waiver:
        what = grant.waiver.role or f"scope: {grant.waiver.scope}"
        yield f"waiver ({what}): {grant.waiver.because}"
    if grant.wider:
        yield grant.wider


def _overrides(stacks: Sequence[StackPlan], width: int | None) -> list[str]:
    set_aside = [one for stack in stacks for one in stack.shared.postures if one.override]
    notes = [wrapped(f"  {one.resource}: {one.override}", width, "    ") for one in set_aside]
    return ["(!) rules set aside:", *(line for note in notes for line in note)] if notes else []


def _endpoints(stacks: Sequence[StackPlan], width: int | None) -> list[str]:
    rows = [
        (one.name, one.resource, ", ".join(zone.name for zone in one.zones) or "(Azure Policy writes them)")
        for stack in stacks
        for one in stack.shared.private_endpoints
    ]
    return columns([("ENDPOINT", "OF", "ZONES"), *rows], width) if rows else []


def _audit(stacks: Sequence[StackPlan], width: int | None) -> list[str]:
    settings = [one for stack in stacks for one in stack.shared.diagnostic_settings]
    if not settings:
        return []
    workspaces = ", ".join(sorted({one.workspace.text for one in settings}))
    rows = [(one.resource, one.name, ", ".join(one.categories)) for one in settings]
    return [
        *columns([("LOGS OF", "SETTING", "CATEGORIES"), *rows], width),
        f"  to {workspaces}; making a setting needs that workspace's action sharedKeys, with which its keys can be read",
    ]


def _manual(stacks: Sequence[StackPlan]) -> list[str]:
    steps = [step for stack in stacks for step in stack.manual]
    if not steps:
        return []
    return [
        "Left to do by hand:",
        *(line for s in steps for line in (f"  {s.step}", *(f"    {c}" for c in s.command.split("\n")))),
    ]


def _credentials(app: AppPlan) -> list[str]:
    rows = ((f"  {one.cluster}", one.subject + ("" if one.made else " (exists)")) for one in app.credentials)
    return columns([("  IN CLUSTER", "MAY BECOME IT"), *rows])


def _workloads(app: AppPlan) -> Iterator[tuple[str, ...]]:
    # A stage is of the whole app: where there is none to come, there is no column for it.
    granted = any(one.granted_in for one in app.workloads)
    head = ("WORKLOAD", "SERVICE ACCOUNT", "CONTAINERS", "PATCHED IN", "RENDERED FOR")
    yield (*head, "GRANTED ONLY IN") if granted else head
    for one in app.workloads:
        account = one.service_account + ("" if one.managed_by == "keyless" else " (annotated)")
        row = (
            f"{one.kind} {one.namespace}/{one.name}",
            account,
            ", ".join(one.containers),
            ", ".join(one.patched_in) or "-",
            ", ".join(one.rendered_in) or "-",
        )
        yield (*row, ", ".join(one.granted_in)) if granted else row


def _settings(app: AppPlan) -> Iterator[tuple[str, str]]:
    for name, value in app.settings.items():
        yield name, f"(known after up: {value.ref})" if isinstance(value, Ref) else value
