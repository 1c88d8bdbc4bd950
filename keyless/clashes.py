"""Refuses apps that are right one by one and cannot be together."""

from collections.abc import Mapping

from keyless.plan import (
    AppPlan,
    CacheAccess,
    FederatedCredential,
    Grant,
    ManagedIdentity,
    PrivateDnsZone,
    PrivateEndpoint,
    RoleAssignment,
    ServiceAccount,
    SharedPlan,
    WorkloadPatch,
)
from keyless.project import LoadedEnvironment
from keyless.source import KeyPath
from keyless.spec import LoadedApp
from keyless.wrongs import Wrong


def refuse_twins(apps: list[LoadedApp], wrong: Wrong) -> None:
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


def refuse_unknown_apps(apps: list[LoadedApp], environment: LoadedEnvironment, wrong: Wrong) -> None:
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


def refuse_clashes(apps: list[LoadedApp], planned: list[AppPlan], wrong: Wrong) -> None:
    by_name = {app.spec.app: app for app in apps}
    workloads: dict[tuple[str, ...], str] = {}
    subjects: dict[tuple[str, str], str] = {}
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
        written = {(one.kind, one.name): index for index, one in enumerate(app.spec.all_workloads)}
        for workload in plan.workloads:
            index = written.get((workload.kind, workload.name), 0)
            for cluster in workload.clusters:
                key = (cluster, workload.kind, workload.namespace, workload.name)
                holder = workloads.setdefault(key, plan.app)
                if holder != plan.app or key in mine:
                    wrong.add(
                        app,
                        app.path_of(index),
                        "same-workload",
                        f"{workload.kind} {workload.namespace}/{workload.name} "
                        + (
                            "stands here twice"
                            if holder == plan.app
                            else f"belongs to the app '{holder}' already"
                        ),
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


def refuse_shared_groups(
    apps: list[LoadedApp], planned: list[AppPlan], environment: LoadedEnvironment, wrong: Wrong
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


def refuse_same_names(
    apps: list[LoadedApp],
    planned: list[AppPlan],
    shared: Mapping[str, SharedPlan],
    environment: LoadedEnvironment,
    wrong: Wrong,
) -> None:
    """Refuse two parts of one stack that would have one name in Pulumi's state: words joined by hyphens can meet."""
    seen: dict[tuple[str, str], _Named] = {}
    for stack, parts in sorted(shared.items()):
        named: list[tuple[str, PrivateDnsZone | PrivateEndpoint]] = []
        for zone in parts.zones:
            named += [(zone.logical_name, zone), (zone.link_logical_name, zone)]
        for endpoint in parts.private_endpoints:
            named += [(endpoint.logical_name, endpoint), (endpoint.zone_group_logical_name, endpoint)]
        for name, one in named:
            twin = seen.setdefault((stack, name), one)
            if twin is not one:
                resource = one.resource if isinstance(one, PrivateEndpoint) else one.name
                finding = ("same-name", *_one_name(one, name, twin))
                wrong.add_entry(environment, "resources", resource, None, finding)
    by_name = {app.spec.app: app for app in apps}
    for plan in planned:
        for part in (plan.identity, *plan.credentials, *plan.grants, *plan.service_accounts, *plan.patches):
            twin = seen.setdefault((plan.stack, part.logical_name), part)
            if twin is not part:
                app = by_name[plan.app]
                told = _one_name(part, part.logical_name, twin)
                wrong.add(app, _place(app, part), "same-name", *told)


_Named = (
    ManagedIdentity
    | FederatedCredential
    | Grant
    | ServiceAccount
    | WorkloadPatch
    | PrivateDnsZone
    | PrivateEndpoint
)


def _one_name(part: _Named, name: str, twin: _Named) -> tuple[str, str]:
    return (
        f"{_what(part)} would be called '{name}' in Pulumi's state, and so would {_what(twin)}",
        "change one of the words that the name is made of: app, resource, container, cluster, namespace, ServiceAccount, workload",
    )


def _what(part: _Named) -> str:
    match part:
        case ManagedIdentity():
            return f"the identity {part.name}"
        case FederatedCredential():
            return f"the credential of {part.subject} in {part.cluster}"
        case ServiceAccount():
            return f"the ServiceAccount {part.namespace}/{part.name} in {part.cluster}"
        case WorkloadPatch():
            return f"the patch of {part.kind} {part.namespace}/{part.name} in {part.cluster}"
        case PrivateDnsZone():
            return f"the zone {part.name}"
        case PrivateEndpoint():
            return f"the private endpoint of {part.resource}"
        case _:
            target = part.scope if isinstance(part, RoleAssignment) else part.cache.text
            return f"the grant for {', '.join(part.uses)} on {target.split('/providers/', 1)[1]}"


def _place(app: LoadedApp, part: _Named) -> KeyPath:
    """Where the app's file says so. An environment may call or place a workload otherwise: then the first is shown."""
    written = app.spec.all_workloads
    match part:
        case ServiceAccount():
            fits = [
                index
                for index, one in enumerate(written)
                if (one.namespace, one.account().name) == (part.namespace, part.name)
            ]
        case WorkloadPatch():
            mine = (part.kind, part.namespace, part.name)
            fits = [index for index, one in enumerate(written) if (one.kind, one.namespace, one.name) == mine]
        case RoleAssignment() | CacheAccess():
            return ("uses", part.uses[0])
        case ManagedIdentity():
            return ("app",)
        case _:
            fits = []
    return app.path_of(fits[0] if fits else 0)
