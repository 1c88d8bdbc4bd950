"""Whether the patches of an app fit the manifests that it names: the workload is there, and so are its containers."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from keyless.doctor.manifest import Manifests, read_manifests
from keyless.environment import AppOverride
from keyless.finding import Finding
from keyless.masks import told
from keyless.project import LoadedEnvironment
from keyless.source import inside
from keyless.spec import LoadedApp, WorkloadSpec


def check_fit(
    root: Path, apps: Iterable[LoadedApp], environments: Iterable[LoadedEnvironment] = ()
) -> Iterator[Finding]:
    """What does not fit, for every workload that names its `manifests`. Raises SpecError where one cannot be read."""
    overrides = [environment.facts.apps for environment in environments]
    read: dict[Path, Manifests] = {}
    for app in apps:
        for index, workload in enumerate(app.spec.all_workloads):
            if workload.manifests is None:
                continue
            path = (*app.path_of(index), "manifests")
            place = (root / app.document.file).parent / workload.manifests
            if not inside(root, place):
                yield app.document.finding(
                    "no-manifests",
                    path,
                    f"there is no file or folder {told(workload.manifests)} beside this file, inside the project",
                    "write the path of a file or folder, relative to this file",
                )
                continue
            if place not in read:
                read[place] = read_manifests(root, place)
            mine = [entry[app.spec.app] for entry in overrides if app.spec.app in entry]
            yield from _fit(app, index, workload, mine, read[place])


def _fit(
    app: LoadedApp,
    index: int,
    workload: WorkloadSpec,
    overrides: list[AppOverride],
    manifests: Manifests,
) -> Iterator[Finding]:
    names = {workload.name, *(one.name for one in overrides if one.name)}
    namespaces = {workload.namespace, *(one.namespace for one in overrides if one.namespace)}
    here = [one for one in manifests.objects if one.kind == workload.kind and one.name in names]
    path = app.path_of(index)
    if not here and manifests.unread:
        count = len(manifests.unread)
        unread = app.document.finding(
            "unread-templates",
            (*path, "manifests"),
            f"could not read {count} template{'' if count == 1 else 's'} ({manifests.unread[0]}),"
            f" so whether the {workload.kind} '{workload.name}' is there is not known",
            "name manifests as they are applied, such as `helm template` prints them",
        )
        yield replace(unread, severity="warning")
    elif not here:
        known = sorted({f"{one.kind} {one.name}" for one in manifests.objects if one.containers()})
        yield app.document.finding(
            "workload-not-there",
            (*path, "manifests"),
            f"the manifests hold no {workload.kind} '{workload.name}'",
            "write the workload's own kind and name: " + (", ".join(known) or "there is none"),
        )
    wanted = workload.containers or (workload.name,)
    for manifest in here:
        if manifest.namespace is not None and manifest.namespace not in namespaces:
            yield app.document.finding(
                "other-namespace",
                (*path, "namespace"),
                f"{manifest.file}:{manifest.line} puts it into the namespace '{manifest.namespace}'",
                "write that namespace, or the environment's own under `apps:`; the trust is for one namespace",
            )
            return
        there = manifest.containers()
        lacking = [name for name in wanted if name not in there]
        if lacking:
            yield app.document.finding(
                "container-not-there",
                (*path, "containers") if workload.containers else path,
                f"{manifest.file}:{manifest.line} has no container '{lacking[0]}'",
                f"write containers: those of {', '.join(there) or '(none)'} that get the settings",
            )
            return
