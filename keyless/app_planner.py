"""Plans one app in one environment: its identity, grants and settings; its workloads are planned beside."""

from dataclasses import dataclass

from keyless import names
from keyless.catalogue import entry
from keyless.environment import AppOverride, Cluster
from keyless.errors import PlanError, ResourceError
from keyless.existing import refer_to_credentials, refer_to_existing
from keyless.grant_forms import make_grant
from keyless.identity_planner import plan_identity
from keyless.merge import clashing, merged
from keyless.path_condition import MAX_BYTES, PathLimit, joined, limited, too_long
from keyless.plan import (
    AppPlan,
    FederatedCredential,
    Grant,
    ManagedIdentity,
    RoleAssignment,
    Setting,
    Workload,
)
from keyless.project import LoadedEnvironment
from keyless.resource import Resource
from keyless.spec import LoadedApp
from keyless.use import RoleGrant, Use
from keyless.workload_planner import WorkloadPlanner
from keyless.wrongs import Wrong

# Read by azure-identity or set by the webhook, App Service or pod identity: a setting of such a name would send tokens
# elsewhere, or ask for them where there are none. Whatever begins with KUBERNETES_ is the cluster's own.
RESERVED = frozenset(
    (
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_PASSWORD",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST",
        "AZURE_TENANT_ID",
        "AZURE_TOKEN_CREDENTIALS",
        "AZURE_USERNAME",
        "IDENTITY_ENDPOINT",
        "IDENTITY_HEADER",
        "IMDS_ENDPOINT",
        "MSI_ENDPOINT",
        "MSI_SECRET",
    )
)


def override_of(app: LoadedApp, environment: LoadedEnvironment) -> AppOverride:
    """What the environment says of the app; nothing special where it says nothing."""
    return environment.facts.apps.get(app.spec.app) or AppOverride()


def stack_name(team: str | None, environment: str) -> str:
    """`dev` for no team, else `payments.dev`."""
    return environment if team is None else f"{team}.{environment}"


def plan_app(app: LoadedApp, environment: LoadedEnvironment, wrong: Wrong) -> AppPlan | None:
    """The plan of one app; None where something is wrong, which is then in `wrong`."""
    return _AppPlanner(app, environment, wrong).plan()


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who an app is in an environment and who may become it, whatever it uses: what two environments may not share."""

    app: str
    identity: ManagedIdentity
    credentials: tuple[FederatedCredential, ...]
    workloads: tuple[Workload, ...]


def presence_of(app: LoadedApp, environment: LoadedEnvironment) -> Presence:
    """The part of the app's plan that hangs on no resource; what is wrong with it is told by `plan_app`."""
    planner = _AppPlanner(app, environment, Wrong())
    workloads = planner.workload_planner()
    return Presence(
        app=app.spec.app,
        identity=planner.identity(),
        credentials=workloads.credentials(),
        workloads=workloads.workloads,
    )


class _AppPlanner:
    """One app, its environment, and where to tell what is wrong."""

    def __init__(self, app: LoadedApp, environment: LoadedEnvironment, wrong: Wrong) -> None:
        self.app, self.spec, self.wrong = app, app.spec, wrong
        self.environment, self.facts = environment, environment.facts
        self.override = override_of(app, environment)
        self.stack = stack_name(app.spec.team, environment.name)
        self.fitting: dict[str, str] = {}  # by kind: a file may name a thousand unknown resources
        self.limits: dict[tuple[str, ...], PathLimit] = {}

    def plan(self) -> AppPlan | None:
        before = len(self.wrong.findings)
        identity = self.identity()
        settings: dict[str, Setting] = {}
        grants: dict[tuple[str, ...], list[Grant]] = {}
        for name, use in sorted(self.spec.uses.items()):
            self.bind(name, use, identity, settings, grants)
        found = {target: self.merged(several) for target, several in grants.items()}
        for target, limit in self.limits.items():
            found[target] = self.limited(found[target], limit)
        found = refer_to_existing(self.spec.app, self.override, self.environment, identity, found, self.wrong)
        made = tuple(sorted(found.values(), key=lambda grant: grant.logical_name))
        planner = self.workload_planner()
        credentials = refer_to_credentials(
            self.spec.app, self.override, self.environment, identity, planner.credentials(), self.wrong
        )
        if len(self.wrong.findings) > before:
            return None
        return AppPlan(
            app=self.spec.app,
            team=self.spec.team,
            stack=self.stack,
            environment=self.environment.name,
            identity=identity,
            credentials=credentials,
            grants=made,
            settings=dict(sorted(settings.items())),
            workloads=planner.workloads,
            service_accounts=tuple(planner.service_accounts()),
            patches=tuple(planner.patches(dict(sorted(settings.items())))),
            resources=tuple(sorted({use.resource for use in self.spec.uses.values()})),
        )

    def workload_planner(self) -> WorkloadPlanner:
        return WorkloadPlanner(self.app, self.environment, self.override, self.clusters(), self.wrong)

    def identity(self) -> ManagedIdentity:
        return plan_identity(self.app, self.environment, self.override, self.wrong)

    def clusters(self) -> tuple[Cluster, ...]:
        by_name = {cluster.name: cluster for cluster in self.facts.clusters}
        wanted = self.override.clusters if self.override.clusters is not None else tuple(by_name)
        for name in wanted:
            if name not in by_name:
                self.wrong.add_entry(
                    self.environment,
                    "apps",
                    self.spec.app,
                    "clusters",
                    (
                        "unknown-cluster",
                        f"there is no cluster '{name}'",
                        "write one of: " + ", ".join(sorted(by_name)),
                    ),
                )
        return tuple(by_name[name] for name in sorted(set(wanted)) if name in by_name)

    def bind(
        self,
        name: str,
        use: Use,
        identity: ManagedIdentity,
        settings: dict[str, Setting],
        grants: dict[tuple[str, ...], list[Grant]],
    ) -> None:
        path = ("uses", name)
        resource = self.resource(name, use)
        if resource is None:
            return
        try:
            binding = use.bind(resource, self.facts.cloud)
        except ResourceError as error:
            for found in error.findings:
                told = (found.rule, found.message, found.fix)
                self.wrong.add_entry(self.environment, "resources", use.resource, found.key, told)
            return
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
            setting = names.setting(name, suffix)
            if setting in RESERVED or setting.startswith("KUBERNETES_"):
                self.wrong.add(
                    self.app,
                    path,
                    "reserved-setting",
                    f"its setting would be {setting}, which SDKs and Kubernetes read for themselves",
                    "give the use another name",
                )
            settings[setting] = value
        made = make_grant(
            self.spec.app, self.environment.name, name, use, identity, binding.grant, resource.locked
        )
        grants.setdefault(binding.grant.target, []).append(made)
        if isinstance(binding.grant, RoleGrant) and binding.grant.limit is not None:
            target, limit = binding.grant.target, binding.grant.limit
            self.limits[target] = joined(self.limits.get(target, limit), limit)

    def limited(self, grant: Grant, limit: PathLimit) -> Grant:
        """The grant under one condition for all its uses."""
        facts = entry(grant.kind).paths
        if facts is None or not isinstance(grant, RoleAssignment):
            return grant
        made = limited(grant, limit, facts)
        if size := too_long(made):
            self.wrong.add(
                self.app,
                ("uses", grant.uses[0], "prefix"),
                "long-condition",
                f"the condition of {', '.join(grant.uses)} would have {size} bytes, and Azure takes {MAX_BYTES}",
                "name fewer or shorter prefixes, such as the folder above them",
            )
        return made

    def merged(self, grants: list[Grant]) -> Grant:
        """One grant for the uses of one target, by their names; a waiver that gives them two roles is refused."""
        wrong = clashing(grants)
        if wrong is not None:
            one, other = wrong
            self.wrong.add(
                self.app,
                ("uses", other.uses[0]),
                "mixed-waiver",
                f"'{other.uses[0]}' and '{one.uses[0]}' are of one target, so they are one grant, and a waiver gives them two roles",
                "write the same access and waiver in both",
            )
        return merged(grants)

    def resource(self, name: str, use: Use) -> Resource | None:
        path = ("uses", name, use.resource_field)
        known = self.facts.resources
        resource = known.get(use.resource)
        kind = use.kind
        if resource is None:
            if kind not in self.fitting:
                fits = sorted(key for key, value in known.items() if kind in value.serves)
                self.fitting[kind] = ", ".join(fits) or f"(none of kind {kind})"
            self.wrong.add(
                self.app,
                path,
                "unknown-resource",
                f"the environment '{self.environment.name}' ({self.environment.document.file}) has no resource '{use.resource}'",
                f"add it to {self.environment.document.file}, or write one of: {self.fitting[kind]}"
                f', or mark the app there: apps: {{{self.spec.app}: {{absent: "why"}}}}',
            )
            return None
        if kind not in resource.serves:
            self.wrong.add(
                self.app,
                path,
                "kind-mismatch",
                f"'{use.resource}' is a {resource.kind}, which serves {', '.join(resource.serves)} and not {kind}",
                f"name a resource that serves {kind}",
            )
            return None
        if not self.may_consume(resource):
            owner = resource.team or "the environment"
            message = f"the team '{self.spec.team}' may not use '{use.resource}' in {self.environment.name}"
            fix = f"ask its owner ({owner}) to add the team to `consumers`"
            if self.spec.team is None:
                message = (
                    f"the app has no team, and only teams may use '{use.resource}' in {self.environment.name}"
                )
                teams = ", ".join(sorted({*(resource.consumers or ()), *filter(None, [resource.team])}))
                fix = f"write the app's `team`: {teams} may" if teams else f"ask its owner ({owner})"
                fix += "; or remove `consumers` and `team` from the resource, so that every app may"
            self.wrong.add(self.app, path, "not-a-consumer", message, fix)
            return None
        return resource

    def may_consume(self, resource: Resource) -> bool:
        team = self.spec.team
        if resource.team is not None and team == resource.team:
            return True
        if resource.consumers is not None:
            return team in resource.consumers
        return resource.team is None
