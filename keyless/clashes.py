"""Refuses apps that are right one by one and cannot be together."""

from collections.abc import Iterator, Mapping

from keyless.plan import AppPlan, SharedPlan
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
    seen: dict[tuple[str, str], str] = {}
    for stack, plan in sorted(shared.items()):
        for name, what, resource in _shared_names(plan):
            twin = seen.setdefault((stack, name), what)
            if twin is not what:
                finding = ("same-name", *_one_name(what, name, twin))
                wrong.add_entry(environment, "resources", resource, None, finding)
    by_name = {app.spec.app: app for app in apps}
    for made in planned:
        app = by_name[made.app]
        for name, what, path in _names(app, made):
            twin = seen.setdefault((made.stack, name), what)
            if twin is not what:
                wrong.add(app, path, "same-name", *_one_name(what, name, twin))


def _one_name(what: str, name: str, twin: str) -> tuple[str, str]:
    return (
        f"{what} would be called '{name}' in Pulumi's state, and so would {twin}",
        "change one of the words that the name is made of: app, resource, container, cluster, namespace, ServiceAccount, workload",
    )


def _shared_names(plan: SharedPlan) -> Iterator[tuple[str, str, str]]:
    """Logical name, what it is, and the resource that it belongs to; for a zone, which none owns, its own name."""
    for zone in plan.zones:
        yield zone.logical_name, f"the zone {zone.name}", zone.name
        yield zone.link_logical_name, f"the link of the zone {zone.name}", zone.name
    for endpoint in plan.private_endpoints:
        yield endpoint.logical_name, f"the private endpoint of {endpoint.resource}", endpoint.resource
        what = f"the zone group of {endpoint.resource}"
        yield endpoint.zone_group_logical_name, what, endpoint.resource


def _names(app: LoadedApp, plan: AppPlan) -> Iterator[tuple[str, str, KeyPath]]:
    """Logical name, what it is, and where the app's file says so."""
    of = f"of the app '{plan.app}'"
    yield plan.identity.logical_name, f"the identity {of}", ("app",)
    for credential in plan.credentials:
        what = f"the credential of {credential.subject} in {credential.cluster} {of}"
        yield credential.logical_name, what, app.path_of(0)
    for grant in plan.grants:
        yield grant.logical_name, f"the grant for {', '.join(grant.uses)} {of}", ("uses", grant.uses[0])
    # An environment may call or place an app's workload otherwise: then its first one is shown.
    written = [(one.namespace, one.account().name, one.kind, one.name) for one in app.spec.all_workloads]
    accounts = {one[:2]: index for index, one in reversed(list(enumerate(written)))}
    for account in plan.service_accounts:
        what = f"the ServiceAccount {account.namespace}/{account.name} in {account.cluster} {of}"
        yield account.logical_name, what, app.path_of(accounts.get((account.namespace, account.name), 0))
    workloads = {(one[0], *one[2:]): index for index, one in enumerate(written)}
    for patch in plan.patches:
        what = f"the patch of {patch.kind} {patch.namespace}/{patch.name} in {patch.cluster} {of}"
        index = workloads.get((patch.namespace, patch.kind, patch.name), 0)
        yield patch.logical_name, what, app.path_of(index)
