"""A Plan as a table for people: who may do what on which resource, and what is left to do by hand."""

from collections.abc import Iterable, Sequence

from keyless.plan import AppPlan, Grant, Plan, RoleAssignment, StackPlan


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, each column as wide as its widest cell; no spaces at the end of a line."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def render_plan_table(plan: Plan, stacks: Iterable[StackPlan], apps: Iterable[AppPlan]) -> str:
    """The plan as text: a table of grants, endpoints, and the manual steps with their commands."""
    stacks, apps = tuple(stacks), sorted(apps, key=lambda app: app.app)
    grants = sum(len(app.grants) for app in apps)
    lines = [
        f"{plan.environment}: {_count(len(apps), 'app')}, {_count(grants, 'grant')}, {_count(len(stacks), 'stack')}",
        "",
    ]
    rows: list[tuple[str, ...]] = [("APP", "STACK", "USES", "MAY", "ON", "AS")]
    rows += [_row(app, grant) for app in apps for grant in app.grants]
    lines += columns(rows)
    notes = [note for app in apps for grant in app.grants for note in _notes(app, grant)]
    if notes:
        lines += ["", "Wider than the verb asks:", *notes]
    endpoints = [e for stack in stacks for e in stack.shared.private_endpoints]
    if endpoints:
        lines += [
            "",
            *columns(
                [
                    ("ENDPOINT", "OF", "ZONES"),
                    *(
                        (e.name, e.resource, ", ".join(z.name for z in e.zones) or "(by Azure Policy)")
                        for e in endpoints
                    ),
                ]
            ),
        ]
    manual = [step for stack in stacks for step in stack.manual]
    if manual:
        lines += ["", "Left to do by hand:"]
        for step in manual:
            lines += [f"  {step.step}", f"    {step.command}"]
    return "\n".join(lines) + "\n"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _row(app: AppPlan, grant: Grant) -> tuple[str, ...]:
    mark = " (!)" if grant.wider or grant.waiver else ""
    role = grant.role if isinstance(grant, RoleAssignment) else f"policy {grant.policy}"
    return app.app, app.stack, ", ".join(grant.uses), grant.access, _target(grant), role + mark


def _target(grant: Grant) -> str:
    if not isinstance(grant, RoleAssignment):
        return grant.cache.name
    words = grant.scope.split("/providers/", 1)[1].split("/")
    return "/".join(word for word in words[2::2] if word != "default")


def _notes(app: AppPlan, grant: Grant) -> Iterable[str]:
    if grant.waiver:
        what = grant.waiver.role or f"scope: {grant.waiver.scope}"
        yield f"  {app.app} {', '.join(grant.uses)}: waiver ({what}): {grant.waiver.because}"
    if grant.wider:
        yield f"  {app.app} {', '.join(grant.uses)}: {grant.wider}"
