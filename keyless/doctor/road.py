"""The road off keys: where each resource of an environment stands, and each app that uses it.

Steps, in their order: granted, patched, left-overs gone, proven, keys forbidden. What cannot be seen is `unknown`,
never `yes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from keyless.doctor.app_manifests import ManifestFiles, WorkloadFiles
from keyless.doctor.leaks import Leak, Target, Unseen, find_leaks
from keyless.environment import AppOverride
from keyless.plan import AppPlan, Keys, Plan, Workload
from keyless.project import LoadedEnvironment, Project
from keyless.resource import Resource
from keyless.spec import LoadedApp

USE_LABEL = "azure.workload.identity/use"
State = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Whether a step is taken, and why not or why nobody can tell; `why` is None for a plain yes."""

    state: State
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """A workload whose pods nobody can see, and why."""

    index: int
    workload: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStand:
    """An app on the road of one resource that it uses. `leaks` and `unseen` are in its readable manifests."""

    app: str
    stack: str
    granted: Mark
    patched: Mark
    left_overs_gone: Mark
    proven: Mark
    leaks: tuple[Leak, ...]
    unseen: tuple[Unseen, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStand:
    """A resource with keys, and the apps that use it; `ready` says whether its keys may be forbidden, and `ends` what
    that would end beside clients with a key."""

    resource: str
    kind: str
    stack: str
    keys: Keys
    override: str | None
    ends: str | None
    ready: Mark
    apps: tuple[AppStand, ...]


def road_of(
    project: Project, environment: LoadedEnvironment, plan: Plan, only: frozenset[str] | None = None
) -> tuple[ResourceStand, ...]:
    """Every resource that has keys, by name, or those of `only`. Raises SpecError where a manifest cannot be read."""
    walker = _Walker(project, environment, plan)
    return tuple(
        walker.stand(name, resource)
        for name, resource in sorted(environment.facts.resources.items())
        if resource.facts.keys_off is not None and (only is None or name in only)
    )


class _Walker:
    """An environment, its plan, and the manifests of its apps, read once."""

    def __init__(self, project: Project, environment: LoadedEnvironment, plan: Plan) -> None:
        self.environment = environment
        self.files = ManifestFiles(project, environment)
        self.planned = {app.app: app for stack in plan.stacks for app in stack.apps}
        self.apps = [app for app in project.apps if app.spec.app in self.planned]
        self.consumers: dict[str, list[LoadedApp]] = {}
        for app in self.apps:
            for name in sorted({use.resource for use in app.spec.uses.values()}):
                self.consumers.setdefault(name, []).append(app)
        self.read: dict[str, tuple[WorkloadFiles, ...]] = {}

    def stand(self, name: str, resource: Resource) -> ResourceStand:
        apps = tuple(self.app_stand(app, resource) for app in self.consumers.get(name, ()))
        return ResourceStand(
            resource=name,
            kind=resource.kind,
            stack=self.environment.name
            if resource.team is None
            else f"{resource.team}.{self.environment.name}",
            keys=resource.keys,
            override=resource.override.because if resource.override else None,
            ends=resource.facts.keys_off_ends,
            ready=_ready(apps),
            apps=apps,
        )

    def app_stand(self, app: LoadedApp, resource: Resource) -> AppStand:
        name = app.spec.app
        plan = self.planned[name]
        if name not in self.read:
            self.read[name] = self.files.of_app(app)
        files = self.read[name]
        target = Target(resource.serves, resource.id.name)
        found = [one for each in files for pod in each.pods for one in find_leaks(pod, each.beside, target)]
        leaks = tuple(one for one in found if isinstance(one, Leak))
        unseen = tuple(one for one in found if isinstance(one, Unseen))
        missing = tuple(
            Missing(each.index, f"{each.spec.kind} {each.name}", each.missing)
            for each in files
            if each.missing
        )
        override = self.environment.facts.apps.get(name) or AppOverride()
        return AppStand(
            app=name,
            stack=plan.stack,
            granted=Mark("yes"),
            patched=_patched(plan, override, files),
            left_overs_gone=_gone(leaks, unseen, missing),
            proven=Mark("unknown", "nothing has proven yet that it works without a key"),
            leaks=leaks,
            unseen=unseen,
            missing=missing,
        )


def _patched(plan: AppPlan, override: AppOverride, files: tuple[WorkloadFiles, ...]) -> Mark:
    """Patched by `up`; or, where Git delivers or a Job cannot be patched, label and account seen in the manifests."""
    if override.stage == "granted":
        return Mark("no", "stage: granted")
    by_name = {(one.spec.kind, one.namespace, one.name): one for one in files}
    for workload in plan.workloads:
        if not workload.rendered_in:
            continue
        here = by_name[workload.kind, workload.namespace, workload.name]
        where = f"{workload.kind} {workload.name} in {', '.join(workload.rendered_in)}"
        if here.missing:
            return Mark("unknown", f"{where} is not patched by `up`, and {here.missing}")
        if lacking := _lacking(workload, here):
            return Mark("no", f"{where} is not patched by `up`, and {lacking}")
    return Mark("yes")


def _lacking(workload: Workload, files: WorkloadFiles) -> str | None:
    for pod in files.pods:
        if pod.labels.get(USE_LABEL) != "true":
            return f"{pod.manifest.file}:{pod.manifest.line} lacks the pod label {USE_LABEL}"
        if pod.service_account != workload.service_account:
            return (
                f"{pod.manifest.file}:{pod.manifest.line} runs as {pod.service_account}, "
                f"not as {workload.service_account}"
            )
    return None


def _gone(leaks: tuple[Leak, ...], unseen: tuple[Unseen, ...], missing: tuple[Missing, ...]) -> Mark:
    if leaks:
        return Mark("no", f"it is given {', '.join(dict.fromkeys(one.variable for one in leaks))}")
    if missing:
        return Mark("unknown", f"{missing[0].workload}: {missing[0].why}")
    if unseen:
        return Mark("unknown", f"no manifest holds the {unseen[0].store} {unseen[0].name}")
    return Mark("yes")


def _ready(apps: tuple[AppStand, ...]) -> Mark:
    """Whether nothing that can be seen leans on a key any more."""
    marks = [(stand.app, mark) for stand in apps for mark in (stand.patched, stand.left_overs_gone)]
    for state in ("no", "unknown"):
        for app, mark in marks:
            if mark.state == state:
                return Mark(mark.state, f"{app}: {mark.why}")
    return Mark("yes", None if apps else "no app uses it here")


def blockers(stands: tuple[ResourceStand, ...]) -> Iterator[tuple[ResourceStand, AppStand]]:
    """Each app that stands between a resource and the forbidding of its keys."""
    for resource in stands:
        for app in resource.apps:
            if app.patched.state != "yes" or app.left_overs_gone.state != "yes":
                yield resource, app
