"""A Plan as tables for people: who may do what on which resource, and what is left to do by hand."""

from collections.abc import Iterator, Sequence

from keyless.plan import AppPlan, Grant, Plan, Ref, RoleAssignment, StackPlan
from keyless.render.columns import columns, counted


def render_plan_table(plan: Plan) -> str:
    """Grants, what is wider than asked, endpoints, and the manual steps with their commands."""
    stacks = plan.stacks
    apps = sorted((app for stack in stacks for app in stack.apps), key=lambda app: app.app)
    grants = sum(len(app.grants) for app in apps)
    summary = (counted(len(apps), "app"), counted(grants, "grant"), counted(len(stacks), "stack"))
    parts = [
        [f"{plan.environment}: {', '.join(summary)}"],
        _grants(apps),
        _wider(apps),
        _overrides(stacks),
        _endpoints(stacks),
        _manual(stacks),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def render_app_table(app: AppPlan) -> str:
    """Everything about one app: grants, identity and who may become it, workloads, settings."""
    identity = app.identity
    made = "" if identity.made else "   (exists; Keyless adds credentials and grants)"
    parts = [
        [f"{app.app} in {app.environment}, stack {app.stack}"],
        _grants([app]),
        _wider([app]),
        [f"Identity {identity.name} in {identity.resource_group}{made}", *_credentials(app)],
        columns(
            [("WORKLOAD", "SERVICE ACCOUNT", "CONTAINERS", "PATCHED IN", "RENDERED FOR"), *_workloads(app)]
        ),
        columns([("SETTING", "VALUE"), *_settings(app)]) if app.settings else [],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _grants(apps: Sequence[AppPlan]) -> list[str]:
    rows = [_row(app, grant) for app in apps for grant in app.grants]
    return columns([("APP", "STACK", "USES", "MAY", "ON", "AS"), *rows]) if rows else ["No grants."]


def _row(app: AppPlan, grant: Grant) -> tuple[str, ...]:
    mark = " (!)" if grant.wider or grant.waiver else ""
    role = grant.role if isinstance(grant, RoleAssignment) else f"policy {grant.policy}"
    only = f", {grant.only}" if isinstance(grant, RoleAssignment) and grant.only else ""
    return app.app, app.stack, ", ".join(grant.uses), grant.access + only, _target(grant), role + mark


def _target(grant: Grant) -> str:
    if not isinstance(grant, RoleAssignment):
        return grant.cache.name
    words = grant.scope.split("/providers/", 1)[1].split("/")
    return "/".join(word for word in words[2::2] if word != "default")


def _wider(apps: Sequence[AppPlan]) -> list[str]:
    """Each reason once, with all whom it concerns: a cache that many apps use is one line."""
    reasons: dict[str, list[str]] = {}
    for app in apps:
        for grant in app.grants:
            for reason in _reasons(grant):
                reasons.setdefault(reason, []).append(f"{app.app} ({', '.join(grant.uses)})")
    if not reasons:
        return []
    return ["(!) wider than the verb asks:", *(f"  {', '.join(who)}: {why}" for why, who in reasons.items())]


def _reasons(grant: Grant) -> Iterator[str]:
    if grant.waiver:
        what = grant.waiver.role or f"scope: {grant.waiver.scope}"
        yield f"waiver ({what}): {grant.waiver.because}"
    if grant.wider:
        yield grant.wider


def _overrides(stacks: Sequence[StackPlan]) -> list[str]:
    rows = [f"  {one.resource}: {one.override}" for s in stacks for one in s.shared.postures if one.override]
    return ["(!) rules set aside:", *rows] if rows else []


def _endpoints(stacks: Sequence[StackPlan]) -> list[str]:
    rows = [
        (one.name, one.resource, ", ".join(zone.name for zone in one.zones) or "(Azure Policy writes them)")
        for stack in stacks
        for one in stack.shared.private_endpoints
    ]
    return columns([("ENDPOINT", "OF", "ZONES"), *rows]) if rows else []


def _manual(stacks: Sequence[StackPlan]) -> list[str]:
    steps = [step for stack in stacks for step in stack.manual]
    if not steps:
        return []
    return [
        "Left to do by hand:",
        *(line for s in steps for line in (f"  {s.step}", *(f"    {c}" for c in s.command.split("\n")))),
    ]


def _credentials(app: AppPlan) -> list[str]:
    return columns(
        [("  IN CLUSTER", "MAY BECOME IT"), *((f"  {c.cluster}", c.subject) for c in app.credentials)]
    )


def _workloads(app: AppPlan) -> Iterator[tuple[str, ...]]:
    for one in app.workloads:
        account = one.service_account + ("" if one.managed_by == "keyless" else " (annotated)")
        yield (
            f"{one.kind} {one.namespace}/{one.name}",
            account,
            ", ".join(one.containers),
            ", ".join(one.patched_in) or "-",
            ", ".join(one.rendered_in) or "-",
        )


def _settings(app: AppPlan) -> Iterator[tuple[str, str]]:
    for name, value in app.settings.items():
        yield name, f"(known after up: {value.ref})" if isinstance(value, Ref) else value
