"""Plans an environment: specs and facts in, a Plan out. Pure: no clock, no randomness, no network.

1. `load_project` (spec) reads every app and environment; each file is right by itself.
2. `make_plan` asks each use to `bind` to its resource, and each app for its identity, credentials, workloads.
3. It refuses what cannot be together, naming file and line: clashes, missing resources, limits.
   `load_plan` and `check_project` also hold environments against each other (between).
4. It splits the result into stacks: `<env>`, and `<team>.<env>` for each team.

The order of files never matters: everything is sorted by name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from keyless.app_planner import override_of, plan_app, stack_name
from keyless.between import refuse_clashes_between
from keyless.builtin_policies import builtin_policies
from keyless.clashes import (
    refuse_clashes,
    refuse_same_names,
    refuse_shared_groups,
    refuse_twins,
    refuse_unknown_apps,
)
from keyless.errors import PlanError, SpecError
from keyless.finding import Finding
from keyless.locks import locked_credentials
from keyless.network_clashes import refuse_overlaps, refuse_regions
from keyless.plan import (
    AppPlan,
    ClusterAccess,
    ManualStep,
    Plan,
    RoleAssignment,
    SharedPlan,
    StackPlan,
)
from keyless.plan_warnings import doubts_of, warnings_of
from keyless.project import (
    LoadedEnvironment,
    Project,
    environment_names,
    load_environment,
    load_project,
)
from keyless.shared import shared_of
from keyless.spec import LoadedApp
from keyless.wrongs import Wrong


def load_stack(project: Path, stack: str) -> StackPlan:
    """What the stack `dev` or `payments.dev` of `project` makes. Raises KeylessError."""
    return stack_of(load_plan(project, stack.rpartition(".")[2]), stack)


def stack_of(plan: Plan, stack: str) -> StackPlan:
    """The stack's part of the plan. Raises PlanError where there is no such stack."""
    for found in plan.stacks:
        if found.stack == stack:
            return found
    known = ", ".join(found.stack for found in plan.stacks)
    raise PlanError(
        Finding(
            rule="no-stack",
            message=f"there is no stack '{stack}': no app and no resource of its team",
            fix=f"write one of: {known}; to take down what it still holds: pulumi destroy -s {stack}",
        )
    )


def load_plan(root: Path, name: str) -> Plan:
    """The plan of the environment `name`, held against every other one of the project in `root`. Raises KeylessError."""
    return load_planned(root, name)[1]


def load_planned(root: Path, name: str) -> tuple[Project, Plan]:
    """The plan as `load_plan` makes it, and the project that it was made of. Raises KeylessError."""
    project = load_project(root, (name,))
    plan = make_plan(project.apps, project.environments[name])
    others = _others(root, name)
    if others:
        refuse_clashes_between(project.apps, (project.environments[name], *others), of=name)
    return project, plan


def _others(root: Path, name: str) -> tuple[LoadedEnvironment, ...]:
    """Every environment but `name`. Raises SpecError, which says why a file of another environment matters here."""
    found: list[LoadedEnvironment] = []
    wrong: list[Finding] = []
    for other in environment_names(root):
        if other == name:
            continue
        try:
            found.append(load_environment(root, other))
        except SpecError as error:
            for one in error.findings:
                why = f"{one.message}; until it is mended, {name} cannot be held against {other}"
                wrong.append(replace(one, message=why))
    if wrong:
        raise SpecError(*wrong)
    return tuple(found)


def narrowed(plan: Plan, team: str | None, app: str | None) -> Plan:
    """What of `plan` is a team's or one app's. Raises PlanError for an unknown one.

    An app's is its stack, with that app alone, and with the endpoints, postures and manual steps, of whichever stack,
    of the resources that it uses.
    """
    stacks = plan.stacks
    if team is not None:
        stacks = tuple(stack for stack in stacks if stack.team == team)
        if not stacks:
            known = ", ".join(sorted(stack.team for stack in plan.stacks if stack.team))
            message = f"there is no team '{team}' in {plan.environment}"
            raise PlanError(Finding(rule="no-team", message=message, fix=f"write one of: {known}"))
    if app is not None:
        known = ", ".join(sorted(one.app for stack in stacks for one in stack.apps))
        stacks = tuple(_only(one, stack, plan) for stack in stacks for one in stack.apps if one.app == app)
        if not stacks:
            where = plan.environment if team is None else f"{team}.{plan.environment}"
            message = f"there is no app '{app}' in {where}"
            raise PlanError(Finding(rule="no-app", message=message, fix=f"write one of: {known}"))
    return replace(plan, stacks=stacks)


def _only(app: AppPlan, stack: StackPlan, plan: Plan) -> StackPlan:
    shared = [one.shared for one in plan.stacks]
    endpoints = tuple(e for one in shared for e in one.private_endpoints if e.resource in app.resources)
    wanted = {zone.key for endpoint in endpoints for zone in endpoint.zones}
    return replace(
        stack,
        apps=(app,),
        shared=replace(
            stack.shared,
            zones=tuple(zone for one in shared for zone in one.zones if zone.id.key in wanted),
            private_endpoints=endpoints,
            postures=tuple(p for one in shared for p in one.postures if p.resource in app.resources),
        ),
        manual=tuple(
            step
            for one in plan.stacks
            for step in one.manual
            if step.app == app.app or (step.app is None and step.resource in app.resources)
        ),
    )


def check_project(project: Project) -> dict[str, Plan]:
    """The plan of every environment. Raises PlanError with what is wrong in all of them."""
    plans: dict[str, Plan] = {}
    wrong: dict[Finding, None] = {}
    for name, environment in sorted(project.environments.items()):
        try:
            plans[name] = make_plan(project.apps, environment)
        except PlanError as error:
            wrong.update(dict.fromkeys(error.findings))
    if wrong:
        raise PlanError(*wrong)
    refuse_clashes_between(project.apps, project.environments.values())
    overlaps = tuple(refuse_overlaps(tuple(plans.values()), project))
    if overlaps:
        raise PlanError(*overlaps)
    return plans


def make_plan(apps: Iterable[LoadedApp], environment: LoadedEnvironment) -> Plan:
    """The whole plan of one environment. Raises PlanError with everything that cannot be."""
    ordered = sorted(apps, key=lambda app: (app.spec.app, app.document.file))
    wrong = Wrong()
    refuse_twins(ordered, wrong)
    refuse_unknown_apps(ordered, environment, wrong)
    present = [app for app in ordered if override_of(app, environment).absent is None]
    planned: list[AppPlan] = []
    for app in present:
        made = plan_app(app, environment, wrong)
        if made is not None:
            planned.append(made)
    refuse_clashes(present, planned, wrong)
    refuse_shared_groups(present, planned, environment, wrong)
    wrong.findings.extend(refuse_regions(environment))
    wrong.stop()
    shared = shared_of(environment, tuple(planned))
    refuse_same_names(present, planned, shared.by_stack, environment, wrong)
    wrong.stop()
    manual = (*shared.manual, *locked_credentials(environment.facts.identities, tuple(planned)))
    postures = [posture for one in shared.by_stack.values() for posture in one.postures]
    return Plan(
        environment=environment.name,
        stacks=tuple(_stacks(environment, ordered, planned, shared.by_stack, manual)),
        warnings=(
            *warnings_of(ordered, planned, environment),
            *doubts_of(present, environment),
            *shared.warnings,
        ),
        policies=tuple(builtin_policies(postures, identities=any(app.identity.made for app in planned))),
    )


def _stacks(
    environment: LoadedEnvironment,
    apps: list[LoadedApp],
    planned: list[AppPlan],
    shared: dict[str, SharedPlan],
    manual: tuple[ManualStep, ...],
) -> Iterator[StackPlan]:
    facts = environment.facts
    contexts = {cluster.name: cluster.context for cluster in facts.clusters}
    # The environment's own stack first: its zones and endpoints are what the teams' need.
    # A team whose last app is absent here keeps its stack: an empty plan is what takes the app's access away.
    found = {environment.name, *(stack_name(app.spec.team, environment.name) for app in apps), *shared}
    for stack in sorted(found, key=lambda name: (name != environment.name, name)):
        members = tuple(plan for plan in planned if plan.stack == stack)
        mine = shared.get(stack) or SharedPlan(zones=(), private_endpoints=(), postures=())
        subscriptions = {plan.identity.id.subscription for plan in members}
        subscriptions |= {
            g.subscription if isinstance(g, RoleAssignment) else g.cache.subscription
            for a in members
            for g in a.grants
        }
        subscriptions |= {endpoint.subscription for endpoint in mine.private_endpoints} | {
            zone.id.subscription for zone in mine.zones
        }
        subscriptions |= {patch.subscription for patch in mine.posture_patches}
        subscriptions |= {setting.target.subscription for setting in mine.diagnostic_settings}
        used = {account.cluster for app in members for account in app.service_accounts}
        used |= {patch.cluster for app in members for patch in app.patches}
        yield StackPlan(
            environment=environment.name,
            stack=stack,
            team=None if stack == environment.name else stack.rpartition(".")[0],
            cloud=facts.cloud,
            tenant=facts.tenant,
            subscriptions=tuple(sorted(subscriptions)),
            clusters=tuple(ClusterAccess(name, contexts[name]) for name in sorted(used)),
            apps=members,
            shared=mine,
            manual=tuple(step for step in manual if step.stack == stack),
        )
