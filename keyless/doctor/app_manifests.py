"""Which manifests belong to a workload of an app in one environment."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from keyless.doctor.manifest import Manifests, read_manifests
from keyless.doctor.pod import Pod, pod_of
from keyless.environment import AppOverride
from keyless.project import LoadedEnvironment, Project, environment_names
from keyless.spec import LoadedApp, WorkloadSpec


@dataclass(frozen=True, slots=True)
class WorkloadFiles:
    """The pods of one workload as its manifests write them, and what stands beside them.

    `missing` says why there are none: nothing can be seen of the workload then.
    """

    index: int
    spec: WorkloadSpec
    name: str
    namespace: str
    pods: tuple[Pod, ...]
    beside: Manifests
    missing: str | None


class ManifestFiles:
    """The manifests of a project as one environment has them, each place read once."""

    def __init__(self, project: Project, environment: LoadedEnvironment) -> None:
        self.project, self.environment = project, environment
        self.others = set(environment_names(project.root)) - {environment.name}
        self.places: dict[Path, Manifests] = {}

    def of_app(self, app: LoadedApp) -> tuple[WorkloadFiles, ...]:
        """The files of each workload of the app, in the order of its file. Raises SpecError where one cannot be read."""
        override = self.environment.facts.apps.get(app.spec.app) or AppOverride()
        return tuple(self._of(app, index, one, override) for index, one in enumerate(app.spec.all_workloads))

    def _of(self, app: LoadedApp, index: int, spec: WorkloadSpec, override: AppOverride) -> WorkloadFiles:
        name, namespace = override.name or spec.name, override.namespace or spec.namespace
        nothing = Manifests((), ())

        def missing(why: str, beside: Manifests = nothing) -> WorkloadFiles:
            return WorkloadFiles(index, spec, name, namespace, (), beside, why)

        if spec.manifests is None:
            return missing("the app names no `manifests` for it")
        root = self.project.root
        place = (root / app.document.file).parent / spec.manifests
        # By its words, and not by where links lead: a run may see the project through links.
        inside = Path(os.path.relpath(place, root)).parts[:1] != ("..",)
        if not place.exists() or not inside:
            return missing(f"there is no '{spec.manifests}' beside the app's file, inside the project")
        if place not in self.places:
            self.places[place] = self._of_environment(read_manifests(root, place), place)
        beside = self.places[place]
        own = [one for one in beside.named(spec.kind, name) if one.namespace in (None, namespace)]
        pods = tuple(pod for one in own if (pod := pod_of(one)) is not None and pod.containers)
        if not pods:
            unread = f"; only Helm can read {', '.join(beside.unread)}" if beside.unread else ""
            return missing(
                f"'{spec.manifests}' holds no {spec.kind} '{name}' for {self.environment.name}{unread}",
                beside,
            )
        return WorkloadFiles(index, spec, name, namespace, pods, beside, None)

    def _of_environment(self, found: Manifests, place: Path) -> Manifests:
        """Without files that are another environment's by their name: `prd.yaml`, or below a folder `prd`."""
        above = len(place.relative_to(self.project.root).parts)

        def here(file: str) -> bool:
            parts = PurePosixPath(file).parts[above:]
            words = {*parts[:-1], *(PurePosixPath(part).stem for part in parts[-1:])}
            return not words & self.others

        objects = tuple(one for one in found.objects if here(one.file))
        return Manifests(objects, tuple(file for file in found.unread if here(file)))
