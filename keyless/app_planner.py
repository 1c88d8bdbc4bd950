"""Plans one app in one environment: its identity, grants and settings; its workloads are planned beside."""

from dataclasses import replace

from keyless import names
from keyless.catalogue import entry
from keyless.environment import AppOverride, Cluster
from keyless.errors import PlanError, ResourceError
from keyless.fields import identity_name_fits, resource_group_fits
from keyless.path_condition import MAX_BYTES, PathLimit, joined, limited, too_long
from keyless.plan import (
    AppPlan,
    ArmId,
    CacheAccess,
    Grant,
    ManagedIdentity,
    RoleAssignment,
    Setting,
)
from keyless.project import CONFIG_KEY, LoadedEnvironment
from keyless.resource import Resource
from keyless.spec import LoadedApp
from keyless.use import CacheGrant, RoleGrant, Use
from keyless.workload_planner import WorkloadPlanner
from keyless.wrongs import Wrong

# Read by azure-identity and set by the webhook: a setting of such a name would send tokens elsewhere.
RESERVED = frozenset(
    f"AZURE_{word}"
    for word in [
        "AUTHORITY_HOST",
        "CLIENT_CERTIFICATE_PATH",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "FEDERATED_TOKEN_FILE",
        "PASSWORD",
        "TENANT_ID",
        "TOKEN_CREDENTIALS",
        "USERNAME",
    ]
)
VERBS = ("use", "read", "write")  # narrowest first


def override_of(app: LoadedApp, environment: LoadedEnvironment) -> AppOverride:
    """What the environment says of the app; nothing special where it says nothing."""
    return environment.facts.apps.get(app.spec.app) or AppOverride()


def stack_name(team: str | None, environment: str) -> str:
    """`dev` for no team, else `payments.dev`."""
    return environment if team is None else f"{team}.{environment}"


def plan_app(app: LoadedApp, environment: LoadedEnvironment, wrong: Wrong) -> AppPlan | None:
    """The plan of one app; None where something is wrong, which is then in `wrong`."""
    return _AppPlanner(app, environment, wrong).plan()


class _AppPlanner:
    """One app, its environment, and where to tell what is wrong."""

    def __init__(self, app: LoadedApp, environment: LoadedEnvironment, wrong: Wrong) -> None:
        self.app, self.spec, self.wrong = app, app.spec, wrong
        self.environment, self.facts = environment, environment.facts
        self.override = override_of(app, environment)
        self.stack = stack_name(app.spec.team, environment.name)
        self.limits: dict[tuple[str, ...], PathLimit] = {}

    def plan(self) -> AppPlan | None:
        before = len(self.wrong.findings)
        identity = self.identity()
        settings: dict[str, Setting] = {}
        grants: dict[tuple[str, ...], Grant] = {}
        for name, use in sorted(self.spec.uses.items()):
            self.bind(name, use, identity, settings, grants)
        for target, limit in self.limits.items():
            grants[target] = self.limited(grants[target], limit)
        planner = WorkloadPlanner(self.app, self.environment, self.override, self.clusters(), self.wrong)
        credentials = planner.credentials()
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
            workloads=planner.workloads,
            service_accounts=tuple(planner.service_accounts()),
            patches=tuple(planner.patches(dict(sorted(settings.items())))),
        )

    def identity(self) -> ManagedIdentity:
        words = {"app": self.spec.app, "team": self.spec.team or "shared", "env": self.environment.name}
        facts = self.facts
        group = _filled(facts.identities.resource_group, words)
        name = names.shortened(_filled(facts.identities.name, words), 128)
        made = self.override.identity is None
        if made:
            self.check_names(group, name)
        usual = ArmId(
            f"/subscriptions/{facts.subscription}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
            facts.subscription,
            group,
            "Microsoft.ManagedIdentity/userAssignedIdentities",
            name,
        )
        existing = self.override.identity
        if existing is not None and existing.key == usual.key:
            # In another spelling the engine would read "another" identity and delete the one it made: the same one.
            self.wrong.add_entry(
                self.environment,
                "apps",
                self.spec.app,
                "identity",
                ("own-identity", "this is the identity that Keyless makes for the app", "remove `identity`"),
            )
        return ManagedIdentity(
            logical_name=names.logical(self.spec.app, "identity"),
            id=existing or usual,
            location=facts.identities.location or facts.location,
            made=made,
            protected=facts.protected and made,
            tags=dict(sorted(facts.tags.items())),
        )

    def check_names(self, group: str, name: str) -> None:
        """Refuse what the environment's patterns come to for this app, where Azure would."""
        patterns = ("config", CONFIG_KEY, "identities")
        for key, text, fits, form in (
            (
                "resource_group",
                group,
                resource_group_fits(group),
                "at most 90 letters, digits and -_.(), no dot at the end",
            ),
            (
                "name",
                name,
                identity_name_fits(name),
                "3 to 128 letters, digits, - and _, the first a letter or digit",
            ),
        ):
            if not fits:
                self.wrong.findings.append(
                    self.environment.document.finding(
                        "malformed",
                        (*patterns, key),
                        f"comes to '{text}' for the app '{self.spec.app}', which is no name in Azure",
                        f"write what fills to {form}; the words are {{app}}, {{team}} and {{env}}",
                    )
                )

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
        grants: dict[tuple[str, ...], Grant],
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
            if setting in RESERVED or setting.startswith("KUBERNETES_SERVICE_"):
                self.wrong.add(
                    self.app,
                    path,
                    "reserved-setting",
                    f"its setting would be {setting}, which SDKs and Kubernetes read for themselves",
                    "give the use another name",
                )
            settings[setting] = value
        made = self.grant(name, use, identity, binding.grant)
        twin = grants.get(binding.grant.target)
        grants[binding.grant.target] = made if twin is None else self.merged(twin, made)
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
        waivers = [grant.waiver for grant in (one, other) if grant.waiver]
        waiver = waivers[0] if waivers else None
        if waiver is not None and len(waivers) == 2 and waiver.because != waivers[1].because:
            waiver = replace(waiver, because=f"{waiver.because}; {waivers[1].because}")
        return replace(wider, uses=uses, because=f"{wider.access} for {', '.join(uses)}", waiver=waiver)

    def resource(self, name: str, use: Use) -> Resource | None:
        path = ("uses", name, use.resource_field)
        known = self.facts.resources
        resource = known.get(use.resource)
        kind = use.kind
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
                f"'{use.resource}' is a {resource.kind}, which serves {', '.join(resource.serves)} and not {kind}",
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
        access = use.access
        kind = use.kind
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


def _right(grant: Grant) -> str:
    return grant.role_id if isinstance(grant, RoleAssignment) else grant.policy


def _filled(pattern: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        pattern = pattern.replace("{" + word + "}", value)
    return pattern
