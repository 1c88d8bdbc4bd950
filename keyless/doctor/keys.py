"""Refuses `keys: forbidden` on a resource while an app may lean on a key: a place in a file for each reason."""

from collections.abc import Iterator

from keyless.doctor.leaks import Leak, Unseen
from keyless.doctor.road import AppStand, ResourceStand, blockers, road_of
from keyless.errors import PlanError
from keyless.finding import Finding
from keyless.plan import Plan
from keyless.project import LoadedEnvironment, Project
from keyless.spec import LoadedApp

OTHERWISE = "or write keys: allowed until then, or override: {because: ...} on the resource"


def refuse_leaning_apps(
    project: Project, environment: LoadedEnvironment, plan: Plan, forbidden: frozenset[str]
) -> None:
    """Raise PlanError with all that stands against forbidding the keys of the resources in `forbidden`."""
    apps = {app.spec.app: app for app in project.apps}
    found = [
        finding
        for resource, stand in blockers(road_of(project, environment, plan, forbidden))
        for finding in _findings(resource, stand, apps[stand.app], environment)
    ]
    if found:
        raise PlanError(*dict.fromkeys(found))


def _findings(
    resource: ResourceStand, stand: AppStand, app: LoadedApp, environment: LoadedEnvironment
) -> Iterator[Finding]:
    forbids = f"{environment.name} forbids the keys of '{resource.resource}'"
    if stand.patched.state != "yes":
        document, path = environment.where("resources", resource.resource)
        yield document.finding(
            "keys-not-patched",
            (*path, "keys"),
            f"the app '{stand.app}' still runs as it did with keys: {stand.patched.why}",
            f"let its pods take the identity first ({_remedy(stand)}), {OTHERWISE}",
        )
    for leak in stand.leaks:
        yield _left_over(leak, forbids)
    for unseen in stand.unseen:
        yield _hidden(unseen, forbids)
    for missing in stand.missing:
        yield app.document.finding(
            "keys-unread",
            (*app.path_of(missing.index), "manifests"),
            f"{forbids}, and nobody can see whether {missing.workload} reads one: {missing.why}",
            f"name the file or folder of its manifests, {OTHERWISE}",
        )


def _remedy(stand: AppStand) -> str:
    return "remove stage: granted" if stand.patched.why == "stage: granted" else "commit the patch to Git"


def _left_over(leak: Leak, forbids: str) -> Finding:
    return Finding(
        rule="keys-left-over",
        file=leak.file,
        line=leak.line,
        message=f"{leak.workload}, container '{leak.container}' is given a key of {leak.kind} as {leak.variable} "
        f"({leak.how}), and {forbids}",
        fix=f"remove it here, {OTHERWISE}",
    )


def _hidden(unseen: Unseen, forbids: str) -> Finding:
    return Finding(
        rule="keys-hidden",
        file=unseen.file,
        line=unseen.line,
        message=f"{unseen.workload}, container '{unseen.container}' is given all of the {unseen.store} '{unseen.name}', "
        f"which no manifest holds, and {forbids}",
        fix="name its keys one by one, or put a manifest beside it that does (ExternalSecret, SealedSecret, or the "
        f"{unseen.store} with its values left out), {OTHERWISE}",
    )
