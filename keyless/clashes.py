"""Refuses apps that are right one by one and cannot be together."""

from keyless.plan import AppPlan
from keyless.project import LoadedEnvironment
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
