"""Plans an environment: specs and facts in, a Plan out. Pure: no clock, no randomness, no network.

1. `load_project` (spec) reads every app and environment; each file is right by itself.
2. `make_plan` asks each use to `bind` to its resource, and each app for its identity, credentials, workloads.
3. It refuses what cannot be together, naming file and line: clashes, missing resources, limits.
4. It splits the result into stacks: `<env>`, and `<team>.<env>` for each team.

The order of files never matters: everything is sorted by name.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from keyless import names
from keyless.environment import AppOverride, Cluster
from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.plan import (
    AppPlan,
    ArmId,
    CacheAccess,
    ClusterAccess,
    FederatedCredential,
    Grant,
    ManagedIdentity,
    ManualStep,
    Plan,
    Ref,
    RoleAssignment,
    ServiceAccount,
    Setting,
    SharedPlan,
    StackPlan,
    Workload,
    WorkloadPatch,
)
from keyless.resource import Resource
from keyless.shared import shared_of
from keyless.source import KeyPath
from keyless.spec import LoadedApp, LoadedEnvironment, Project, WorkloadSpec, load_project
from keyless.use import CacheGrant, RoleGrant, Use

AUDIENCE = "api://AzureADTokenExchange"
MAX_CREDENTIALS = 20  # per identity; Entra, federated credential considerations
MAX_APPS = 100
MAX_ASSIGNMENTS, NEAR_ASSIGNMENTS = 4_000, 3_200  # per subscription; Azure RBAC limits
USE_LABEL = "azure.workload.identity/use"
CLIENT_ID = Ref("identity.client_id")
VERBS = ("use", "read", "write")  # narrowest first
_POD_TEMPLATE = {"CronJob": ("spec", "jobTemplate", "spec", "template")}


@dataclass(slots=True)
class _Wrong:
    """Collects Findings, so that one run tells all."""

    findings: list[Finding] = field(default_factory=list)

    def add(self, app: LoadedApp, path: KeyPath, rule: str, message: str, fix: str) -> None:
        self.findings.append(app.document.finding(rule, path, message, fix))

    def stop(self) -> None:
        if self.findings:
            raise PlanError(*self.findings)


def load_stack(project: Path, stack: str) -> StackPlan:
    """What the stack `dev` or `payments.dev` of `project` makes. Raises KeylessError."""
    name = stack.rpartition(".")[2]
    loaded = load_project(project, (name,))
    plan = make_plan(loaded.apps, loaded.environments[name])
    for found in plan.stacks:
        if found.stack == stack:
            return found
    known = ", ".join(found.stack for found in plan.stacks)
    raise PlanError(
        Finding(rule="no-stack", message=f"there is no stack '{stack}'", fix=f"write one of: {known}")
    )


def check_project(project: Project) -> dict[str, Plan]:
    """The plan of every environment. Raises PlanError with what is wrong in all of them."""
    plans: dict[str, Plan] = {}
    wrong: list[Finding] = []
    for name, environment in sorted(project.environments.items()):
        try:
            plans[name] = make_plan(project.apps, environment)
        except PlanError as error:
            wrong.extend(finding for finding in error.findings if finding not in wrong)
    if wrong:
        raise PlanError(*wrong)
    return plans


def stack_name(team: str | None, environment: str) -> str:
    """`dev` for no team, else `payments.dev`."""
    return environment if team is None else f"{team}.{environment}"


def make_plan(apps: Iterable[LoadedApp], environment: LoadedEnvironment) -> Plan:
    """The whole plan of one environment. Raises PlanError with everything that cannot be."""
    ordered = sorted(apps, key=lambda app: (app.spec.app, app.document.file))
    wrong = _Wrong()
    _refuse_twins(ordered, wrong)
    _refuse_unknown_apps(ordered, environment, wrong)
    present = [app for app in ordered if _override(app, environment).absent is None]
    planned: list[AppPlan] = []
    for app in present:
        made = _AppPlanner(app, environment, wrong).plan()
        if made is not None:
            planned.append(made)
    _refuse_clashes(present, planned, wrong)
    _refuse_shared_groups(present, planned, environment, wrong)
    wrong.stop()
    shared = shared_of(environment, tuple(planned))
    return Plan(
        environment=environment.name,
        stacks=tuple(_stacks(environment, planned, shared.by_stack, shared.manual)),
        warnings=tuple(_warnings(planned, environment)),
    )


def _override(app: LoadedApp, environment: LoadedEnvironment) -> AppOverride:
    return environment.facts.apps.get(app.spec.app) or AppOverride()


def _refuse_twins(apps: list[LoadedApp], wrong: _Wrong) -> None:
    seen: dict[str, LoadedApp] = {}
    for app in apps:
        twin = seen.setdefault(app.spec.app, app)
        if twin is not app:
            wrong.add(
                app,
                ("app",),
                "duplicate-app",
                f"the app '{app.spec.app}' stands in {twin.document.file} too",
                "rename one of the two",
            )
    wrong.stop()


def _refuse_unknown_apps(apps: list[LoadedApp], environment: LoadedEnvironment, wrong: _Wrong) -> None:
    known = {app.spec.app for app in apps}
    for name in sorted(set(environment.facts.apps) - known):
        document, path = environment.where("apps", name)
        wrong.findings.append(
            document.finding(
                "unknown-app",
                path,
                f"there is no app '{name}'",
                "remove the entry, or write the app's file under apps/",
            )
        )


class _AppPlanner:
    """Plans one app; what is wrong goes to `wrong`."""

    def __init__(self, app: LoadedApp, environment: LoadedEnvironment, wrong: _Wrong) -> None:
        self.app, self.spec, self.wrong = app, app.spec, wrong
        self.environment, self.facts = environment, environment.facts
        self.override = _override(app, environment)
        self.stack = stack_name(app.spec.team, environment.name)

    def plan(self) -> AppPlan | None:
        before = len(self.wrong.findings)
        identity = self.identity()
        clusters = self.clusters()
        settings: dict[str, Setting] = {}
        grants: dict[tuple[str, ...], Grant] = {}
        for name, use in sorted(self.spec.uses.items()):
            self.bind(name, use, identity, settings, grants)
        workloads = tuple(self.workload(spec, clusters) for spec in self.spec.all_workloads)
        credentials = self.credentials(workloads, clusters)
        if len(self.wrong.findings) > before:
            return None
        return AppPlan(
            app=self.spec.app,
            team=self.spec.team,
            stack=self.stack,
            environment=self.environment.name,
            identity=identity,
            credentials=credentials,
            grants=tuple(sorted(grants.values(), key=lambda grant: grant.logical_name)),
            settings=dict(sorted(settings.items())),
            workloads=tuple(sorted(workloads, key=lambda w: (w.namespace, w.kind, w.name))),
            service_accounts=tuple(self.service_accounts(workloads, clusters)),
            patches=tuple(self.patches(workloads, dict(sorted(settings.items())))),
        )

    def identity(self) -> ManagedIdentity:
        words = {"app": self.spec.app, "team": self.spec.team or "shared", "env": self.environment.name}
        facts = self.facts
        group = _filled(facts.identities.resource_group, words)
        name = names.shortened(_filled(self.override.name or facts.identities.name, words), 128)
        made = self.override.identity is None
        arm = self.override.identity or ArmId(
            f"/subscriptions/{facts.subscription}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
            facts.subscription,
            group,
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            name,
        )
        return ManagedIdentity(
            logical_name=names.logical(self.spec.app, "identity"),
            id=arm,
            location=facts.identities.location or facts.location,
            made=made,
            protected=facts.protected and made,
            tags=dict(sorted(facts.tags.items())),
        )

    def clusters(self) -> tuple[Cluster, ...]:
        by_name = {cluster.name: cluster for cluster in self.facts.clusters}
        wanted = self.override.clusters if self.override.clusters is not None else tuple(by_name)
        for name in wanted:
            if name not in by_name:
                document, path = self.environment.where("apps", self.spec.app)
                self.wrong.findings.append(
                    document.finding(
                        "unknown-cluster",
                        (*path, "clusters"),
                        f"there is no cluster '{name}'",
                        "write one of: " + ", ".join(sorted(by_name)),
                    )
                )
        return tuple(by_name[name] for name in sorted(set(wanted)) if name in by_name)

    def bind(
        self,
        name: str,
        use: Use,
        identity: ManagedIdentity,
        settings: dict[str, Setting],
        grants: dict[tuple[str, ...], Grant],
    ) -> None:
        path = ("uses", name)
        resource = self.resource(name, use)
        if resource is None:
            return
        try:
            binding = use.bind(resource, self.facts.cloud)
        except PlanError as error:
            for found in error.findings:
                self.wrong.add(
                    self.app,
                    (*path, *(found.key or "").split(".")),
                    found.rule,
                    f"in {self.environment.name}: {found.message}",
                    found.fix,
                )
            return
        for suffix, value in binding.settings.items():
            settings[names.setting(name, suffix)] = value
        made = self.grant(name, use, identity, binding.grant)
        twin = grants.get(binding.grant.target)
        grants[binding.grant.target] = made if twin is None else self.merged(twin, made)

    def merged(self, one: Grant, other: Grant) -> Grant:
        """One grant for two uses of one target, with the wider verb; differing waivers cannot be one grant."""
        uses = tuple(sorted({*one.uses, *other.uses}))
        if (one.waiver or other.waiver) and _right(one) != _right(other):
            self.wrong.add(
                self.app,
                ("uses", other.uses[0]),
                "mixed-waiver",
                f"'{other.uses[0]}' and '{one.uses[0]}' are of one target, so they are one grant, and a waiver gives them two roles",
                "write the same access and waiver in both",
            )
        wider = max((one, other), key=lambda grant: VERBS.index(grant.access))
        waiver = one.waiver or other.waiver
        return replace(wider, uses=uses, because=f"{wider.access} for {', '.join(uses)}", waiver=waiver)

    def resource(self, name: str, use: Use) -> Resource | None:
        path = ("uses", name, use.resource_field)
        known = self.facts.resources
        resource = known.get(use.resource)
        kind: str = use.kind  # type: ignore[attr-defined]
        if resource is None:
            fits = sorted(key for key, value in known.items() if kind in value.serves)
            self.wrong.add(
                self.app,
                path,
                "unknown-resource",
                f"the environment '{self.environment.name}' ({self.environment.document.file}) has no resource '{use.resource}'",
                f"add it to {self.environment.document.file}, or write one of: {', '.join(fits) or '(none of kind ' + kind + ')'}"
                f', or mark the app there: apps: {{{self.spec.app}: {{absent: "why"}}}}',
            )
            return None
        if kind not in resource.serves:
            self.wrong.add(
                self.app,
                path,
                "kind-mismatch",
                f"'{use.resource}' is a {resource.word}, which serves {', '.join(resource.serves)} and not {kind}",
                f"name a resource that serves {kind}",
            )
            return None
        if not self.may_consume(resource):
            self.wrong.add(
                self.app,
                path,
                "not-a-consumer",
                f"the team '{self.spec.team}' may not use '{use.resource}' in {self.environment.name}",
                f"ask its owner ({resource.team or 'the environment'}) to add the team to `consumers`",
            )
            return None
        return resource

    def may_consume(self, resource: Resource) -> bool:
        team = self.spec.team
        if resource.team is not None and team == resource.team:
            return True
        if resource.consumers is not None:
            return team in resource.consumers
        return resource.team is None

    def grant(self, name: str, use: Use, identity: ManagedIdentity, wanted: RoleGrant | CacheGrant) -> Grant:
        access: str = use.access  # type: ignore[attr-defined]
        kind: str = use.kind  # type: ignore[attr-defined]
        waiver = use.plan_waiver()
        if isinstance(wanted, RoleGrant):
            role_id = str(wanted.role.id)
            return RoleAssignment(
                logical_name=names.logical(self.spec.app, *wanted.target, "grant"),
                uses=(name,),
                kind=kind,
                access=access,
                role=wanted.role.name,
                role_id=role_id,
                role_definition_id=f"/subscriptions/{wanted.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_id}",
                scope=wanted.scope,
                subscription=wanted.subscription,
                assignment=names.role_assignment(identity.id.key, wanted.scope, role_id),
                condition=None,
                because=f"{access} for {name}",
                waiver=waiver,
                wider=wanted.role.wider,
            )
        return CacheAccess(
            logical_name=names.logical(self.spec.app, *wanted.target, "grant"),
            uses=(name,),
            kind=kind,
            access=access,
            cache=wanted.cache,
            database=wanted.database,
            policy=wanted.role.name,
            assignment=names.cache_access(self.spec.app, self.environment.name),
            because=f"{access} for {name}",
            waiver=waiver,
            wider=wanted.role.wider,
        )

    def workload(self, spec: WorkloadSpec, clusters: tuple[Cluster, ...]) -> Workload:
        patched = self.override.stage == "patched" and spec.kind != "Job"
        return Workload(
            kind=spec.kind,
            namespace=self.override.namespace or spec.namespace,
            name=spec.name,
            service_account=spec.account.name,
            managed_by=spec.account.managed_by,
            containers=spec.containers or (spec.name,),
            patched_in=tuple(c.name for c in clusters if patched and c.delivery == "patch"),
            rendered_in=tuple(c.name for c in clusters if not patched or c.delivery == "gitops"),
        )

    def credentials(
        self, workloads: tuple[Workload, ...], clusters: tuple[Cluster, ...]
    ) -> tuple[FederatedCredential, ...]:
        found: dict[str, FederatedCredential] = {}
        for cluster in clusters:
            for workload in workloads:
                name = names.credential(cluster.name, workload.namespace, workload.service_account)
                found[name] = FederatedCredential(
                    logical_name=names.logical(self.spec.app, name, "credential"),
                    name=name,
                    cluster=cluster.name,
                    issuer=cluster.issuer,
                    audiences=(AUDIENCE,),
                    subject=f"system:serviceaccount:{workload.namespace}:{workload.service_account}",
                )
        if len(found) > MAX_CREDENTIALS:
            self.wrong.add(
                self.app,
                self.app.path_of(0),
                "credential-limit",
                f"{len(found)} federated credentials in {self.environment.name} (clusters x ServiceAccounts), and an identity takes {MAX_CREDENTIALS}",
                "let workloads share a ServiceAccount, or split the app in two",
            )
        return tuple(found[name] for name in sorted(found))

    def service_accounts(
        self, workloads: tuple[Workload, ...], clusters: tuple[Cluster, ...]
    ) -> Iterator[ServiceAccount]:
        seen: set[tuple[str, str, str]] = set()
        for cluster in clusters:
            if cluster.delivery == "gitops":
                continue
            for workload in workloads:
                key = (cluster.name, workload.namespace, workload.service_account)
                if key in seen:
                    continue
                seen.add(key)
                yield ServiceAccount(
                    logical_name=names.logical(self.spec.app, *key, "service-account"),
                    cluster=cluster.name,
                    namespace=workload.namespace,
                    name=workload.service_account,
                    managed_by=workload.managed_by,
                    labels={},
                    annotations={"azure.workload.identity/client-id": CLIENT_ID},
                )

    def patches(
        self, workloads: tuple[Workload, ...], settings: dict[str, Setting]
    ) -> Iterator[WorkloadPatch]:
        for workload in sorted(workloads, key=lambda w: (w.namespace, w.kind, w.name)):
            for cluster in workload.patched_in:
                yield WorkloadPatch(
                    logical_name=names.logical(
                        self.spec.app,
                        cluster,
                        workload.namespace,
                        workload.kind.lower(),
                        workload.name,
                        "patch",
                    ),
                    cluster=cluster,
                    kind=workload.kind,
                    namespace=workload.namespace,
                    name=workload.name,
                    template_path=_POD_TEMPLATE.get(workload.kind, ("spec", "template")),
                    labels={USE_LABEL: "true"},
                    annotations={"keyless.dev/client-id": CLIENT_ID},
                    service_account=workload.service_account,
                    containers=workload.containers,
                    env=settings,
                )


def _right(grant: Grant) -> str:
    return grant.role_id if isinstance(grant, RoleAssignment) else grant.policy


def _filled(pattern: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        pattern = pattern.replace("{" + word + "}", value)
    return pattern


def _refuse_clashes(apps: list[LoadedApp], planned: list[AppPlan], wrong: _Wrong) -> None:
    by_name = {app.spec.app: app for app in apps}
    workloads: dict[tuple[str, ...], str] = {}
    subjects: dict[tuple[str, str], str] = {}
    logical: dict[tuple[str, str], str] = {}
    identities: dict[str, str] = {}
    for plan in planned:
        app = by_name[plan.app]
        holder = identities.setdefault(plan.identity.id.key, plan.app)
        if holder != plan.app:
            wrong.add(
                app,
                ("app",),
                "same-identity",
                f"its identity '{plan.identity.name}' is the app '{holder}'s already, so each would get the other's grants",
                "put {app} into identities.name, or name another identity under `apps:`",
            )
        mine: set[tuple[str, ...]] = set()
        for index, workload in enumerate(plan.workloads):
            for cluster in (*workload.patched_in, *workload.rendered_in):
                key = (cluster, workload.kind, workload.namespace, workload.name)
                holder = workloads.setdefault(key, plan.app)
                if holder != plan.app or key in mine:
                    wrong.add(
                        app,
                        app.path_of(index),
                        "same-workload",
                        f"{workload.kind} {workload.namespace}/{workload.name} belongs to the app '{holder}' already",
                        "a workload has one identity: name it in one app",
                    )
                mine.add(key)
        for credential in plan.credentials:
            holder = subjects.setdefault((credential.issuer, credential.subject), plan.app)
            if holder != plan.app:
                wrong.add(
                    app,
                    app.path_of(0),
                    "same-subject",
                    f"{credential.subject} in {credential.cluster} can become the identity of the app '{holder}' already",
                    "give each app a ServiceAccount of its own",
                )
        mades = [
            plan.identity.logical_name,
            *(c.logical_name for c in plan.credentials),
            *(g.logical_name for g in plan.grants),
            *(s.logical_name for s in plan.service_accounts),
            *(p.logical_name for p in plan.patches),
        ]
        granted = [grant.logical_name for grant in plan.grants]
        for name in mades:
            holder = logical.setdefault((plan.stack, name), plan.app)
            if holder != plan.app or granted.count(name) > 1:
                wrong.add(
                    app,
                    ("app",),
                    "same-name",
                    f"its '{name}' would have the name of another that the app '{holder}' makes",
                    "rename one of the apps or resources",
                )


def _refuse_shared_groups(
    apps: list[LoadedApp], planned: list[AppPlan], environment: LoadedEnvironment, wrong: _Wrong
) -> None:
    if environment.facts.identities.shared:
        return
    by_name = {app.spec.app: app for app in apps}
    groups: dict[tuple[str, str], AppPlan] = {}
    for plan in planned:
        key = (plan.identity.id.subscription, plan.identity.resource_group.lower())
        first = groups.setdefault(key, plan)
        if first.stack != plan.stack:
            wrong.add(
                by_name[plan.app],
                ("team",) if plan.team else ("app",),
                "shared-group",
                f"the stacks {first.stack} and {plan.stack} would both write identities in '{plan.identity.resource_group}', so each could become the other's",
                "put {team} into identities.resource_group, or accept it: identities: {shared: true}",
            )


def _warnings(planned: list[AppPlan], environment: LoadedEnvironment) -> Iterator[Finding]:
    stacks: dict[str, int] = {}
    assignments: dict[str, int] = {}
    for plan in planned:
        stacks[plan.stack] = stacks.get(plan.stack, 0) + 1
        for grant in plan.grants:
            if isinstance(grant, RoleAssignment):
                assignments[grant.subscription] = assignments.get(grant.subscription, 0) + 1
    for stack, count in sorted(stacks.items()):
        if count > MAX_APPS:
            yield Finding(
                rule="large-stack",
                severity="warning",
                file=environment.document.file,
                message=f"the stack {stack} has {count} apps: the engine's first `up` grows with the square of a stack above about {MAX_APPS}",
                fix="give apps a team: a stack per team keeps each one small",
            )
    for subscription, count in sorted(assignments.items()):
        if count >= NEAR_ASSIGNMENTS:
            yield Finding(
                rule="assignment-limit",
                severity="warning",
                file=environment.document.file,
                message=f"{count} role assignments are planned in the subscription {subscription}, and Azure takes {MAX_ASSIGNMENTS}",
                fix="spread the resources over more subscriptions",
            )


def _stacks(
    environment: LoadedEnvironment,
    planned: list[AppPlan],
    shared: dict[str, SharedPlan],
    manual: tuple[ManualStep, ...],
) -> Iterator[StackPlan]:
    facts = environment.facts
    contexts = {cluster.name: cluster.context for cluster in facts.clusters}
    # The environment's own stack first: its zones and endpoints are what the teams' need.
    found = {environment.name, *(plan.stack for plan in planned), *shared}
    for stack in sorted(found, key=lambda name: (name != environment.name, name)):
        apps = tuple(plan for plan in planned if plan.stack == stack)
        mine = shared.get(stack) or SharedPlan(zones=(), private_endpoints=(), postures=())
        subscriptions = {plan.identity.id.subscription for plan in apps}
        subscriptions |= {
            g.subscription if isinstance(g, RoleAssignment) else g.cache.subscription
            for a in apps
            for g in a.grants
        }
        subscriptions |= {endpoint.subscription for endpoint in mine.private_endpoints} | {
            zone.id.subscription for zone in mine.zones
        }
        subscriptions |= {
            endpoint.zones[0].subscription for endpoint in mine.private_endpoints if endpoint.zones
        }
        used = {account.cluster for app in apps for account in app.service_accounts}
        used |= {patch.cluster for app in apps for patch in app.patches}
        yield StackPlan(
            environment=environment.name,
            stack=stack,
            team=None if stack == environment.name else stack.rpartition(".")[0],
            tenant=facts.tenant,
            subscriptions=tuple(sorted(subscriptions)),
            clusters=tuple(ClusterAccess(name, contexts[name]) for name in sorted(used)),
            apps=apps,
            shared=mine,
            manual=tuple(step for step in manual if step.stack == stack),
        )
