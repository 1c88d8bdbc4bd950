"""Warnings of a plan: what is allowed, changes nothing, and is worth a look."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from keyless.finding import Finding
from keyless.plan import AppPlan, RoleAssignment
from keyless.project import CONFIG_KEY, LoadedEnvironment
from keyless.spec import LoadedApp
from keyless.use import Use

MAX_APPS = 100
MAX_ASSIGNMENTS, NEAR_ASSIGNMENTS = 4_000, 3_200  # per subscription; Azure RBAC limits


def warnings_of(
    apps: list[LoadedApp], planned: list[AppPlan], environment: LoadedEnvironment
) -> Iterator[Finding]:
    """What is worth a look in a plan: teams that no app has, apps that nothing can become, stacks and subscriptions near their limits."""
    yield from _size_warnings(planned, environment)
    teams = {app.spec.team for app in apps}
    for name, resource in sorted(environment.facts.resources.items()):
        document, path = environment.where("resources", name)
        for team in sorted({resource.team, *(resource.consumers or ())} - teams - {None}, key=str):
            yield replace(
                document.finding(
                    "unknown-team",
                    path,
                    f"no app has the team '{team}'",
                    "mind the spelling; it may be right",
                ),
                severity="warning",
            )
    for plan in planned:
        if not plan.credentials:
            yield _about(
                environment,
                "clusters",
                "no-credential",
                f"the app '{plan.app}' runs in no cluster here, so nothing can become its identity",
                "add a cluster, or mark the app `absent`",
            )


def _about(environment: LoadedEnvironment, key: str, rule: str, message: str, fix: str) -> Finding:
    """A warning about a key of the environment, or about the whole where it has not got the key."""
    found = environment.document.finding(rule, ("config", CONFIG_KEY, key), message, fix)
    return replace(found, severity="warning")


def doubts_of(apps: list[LoadedApp], environment: LoadedEnvironment) -> Iterator[Finding]:
    """What uses say of themselves: allowed, and worth a look."""
    for app in apps:
        uses: Mapping[str, Use] = app.spec.uses
        for name, use in sorted(uses.items()):
            for found in use.doubts(environment.facts.resources[use.resource]):
                path = ("uses", name, *(found.key or "").split("."))
                message = f"in {environment.name}: {found.message}"
                yield replace(app.document.finding(found.rule, path, message, found.fix), severity="warning")


def _size_warnings(planned: list[AppPlan], environment: LoadedEnvironment) -> Iterator[Finding]:
    stacks: dict[str, int] = {}
    assignments: dict[str, int] = {}
    for plan in planned:
        stacks[plan.stack] = stacks.get(plan.stack, 0) + 1
        for grant in plan.grants:
            if isinstance(grant, RoleAssignment):
                assignments[grant.subscription] = assignments.get(grant.subscription, 0) + 1
    for stack, count in sorted(stacks.items()):
        if count > MAX_APPS:
            team = stack != environment.name
            yield _about(
                environment,
                "apps",
                "large-stack",
                f"the stack {stack} has {count} apps: the engine's first `up` grows with the square of a stack above about {MAX_APPS}",
                "give some of its apps another `team`"
                if team
                else "give apps a `team`: each has a stack of its own",
            )
    for subscription, count in sorted(assignments.items()):
        if count >= NEAR_ASSIGNMENTS:
            yield _about(
                environment,
                "subscription" if subscription == environment.facts.subscription else "resources",
                "assignment-limit",
                f"{count} role assignments are planned in the subscription {subscription}, and Azure takes {MAX_ASSIGNMENTS}",
                "spread the resources over more subscriptions",
            )
