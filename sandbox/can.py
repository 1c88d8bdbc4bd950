"""May this app reach and use that? Judged from what exists in the stand-in cloud, never from a plan.

The pod's ServiceAccount must lead to an identity, a grant must cover what the use's verb needs, and the
network must let the pod through: in every cluster that the app runs in, for every workload of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import store
from sandbox.access import grants, network, places, pods
from sandbox.access.identity import principal_of
from sandbox.access.targets import Target, target_of
from sandbox.access.trace import Step, Trace
from sandbox.azure.cloud import Cloud
from sandbox.errors import SandboxError
from sandbox.project import Mapping, Project, as_mapping, namespace_of, read_project, read_yaml, workloads
from sandbox.verdict import Verdict, table


@dataclass(frozen=True)
class Row:
    """The verdict on one use of one app."""

    app: str
    use: str
    what: str
    verdict: Verdict


def may(folder: Path, project: Path, app: str, use: str, environment: str) -> Verdict:
    """Whether every workload of `app` may reach and do what its `use` asks for, in the sandbox `folder`.

    Raises SandboxError for an app, use or environment that the project does not have.
    """
    facts = read_project(project, environment)
    found = _apps(facts)
    if app not in found:
        raise SandboxError(f"there is no app {app!r}\n  fix: name one of: {', '.join(sorted(found))}")
    uses = as_mapping(found[app].get("uses"))
    if use not in uses:
        raise SandboxError(f"app {app} has no use {use!r}\n  fix: name one of: {', '.join(sorted(uses))}")
    with closing(store.connect(folder)) as connection:
        return _judge(facts, Cloud(connection), found[app], as_mapping(uses[use]))


def may_all(folder: Path, project: Path, environment: str) -> list[Row]:
    """A row for every use of every app that is not absent in the environment, by app and use."""
    facts = read_project(project, environment)
    rows: list[Row] = []
    with closing(store.connect(folder)) as connection:
        for name, app in sorted(_apps(facts).items()):
            if facts.override(name).get("absent"):
                continue
            for use, content in sorted(as_mapping(app.get("uses")).items()):
                asked = as_mapping(content)
                verdict = _judge(facts, Cloud(connection), app, asked)
                rows.append(Row(name, str(use), f"{asked.get('kind')} {asked.get('access')}", verdict))
    return rows


def render(rows: Iterable[Row]) -> str:
    """The rows as a table: a yes says where the grant comes from, a no what is missing first."""
    head = ("APP", "USE", "ASKS FOR", "MAY", "WHY")
    return table(head, ((row.app, row.use, row.what, row.verdict.word, row.verdict.summary) for row in rows))


def _apps(project: Project) -> dict[str, Mapping]:
    return {str(app.get("app")): app for app in project.apps.values()}


def _judge(project: Project, cloud: Cloud, app: Mapping, use: Mapping) -> Verdict:
    override = project.override(str(app.get("app")))
    if reason := override.get("absent"):
        return Verdict.of([Step(False, f"the app is absent in {project.environment}: {reason}")])
    try:
        target = target_of(project, use)
    except SandboxError as error:
        return Verdict.of([Step(False, str(error))])
    outset = Trace()
    grants.check_target(cloud, target, outset)
    steps = outset.steps
    clusters = list(_clusters(project, override))
    if not clusters:
        return Verdict.of([*steps, Step(False, f"the app runs in no cluster of {project.environment}")])
    for cluster in clusters:
        for workload in workloads(app):
            steps += _judge_workload(project, cloud, cluster, workload, app, target)
        if resource := cloud.get(target.resource_id):
            # Every node subnet with every egress address: a pod may land on any node.
            ways = [
                network.way(cloud, place, resource, target.door)
                for place in places.of_cluster(project, cluster)
            ]
            way = next((one for one in ways if not one.holds), ways[0])
            steps.append(replace(way, text=f"{cluster.get('name')}: {way.text}"))
    return Verdict.of(steps)


def _judge_workload(
    project: Project, cloud: Cloud, cluster: Mapping, workload: Mapping, app: Mapping, target: Target
) -> list[Step]:
    override = project.override(str(app.get("app")))
    namespace = namespace_of(app, workload, override)
    name = str(workload.get("name"))
    trace = Trace(f"{cluster.get('name')} {namespace}/{name}")
    objects = pods.Objects(cloud.connection, str(cluster.get("context") or cluster.get("name")))
    issuer, tenant = _issuer(project, cluster), project.facts.get("tenant")
    for sign_in in pods.sign_ins(objects, workload, namespace, name, trace):
        principal = principal_of(cloud, sign_in, issuer, namespace, tenant, trace)
        if principal is not None:
            grants.check_grant(cloud, target, principal, trace)
    if not trace.holds:
        _hint(cluster, override, trace)
    return trace.steps


def _hint(cluster: Mapping, override: Mapping, trace: Trace) -> None:
    if cluster.get("delivery") == "gitops":
        trace.no("delivery is gitops: what `keyless render` prints must be applied there first")
    elif override.get("stage") == "granted":
        trace.no("stage is granted: the workload is left alone until it is patched")


def _clusters(project: Project, override: Mapping) -> Iterator[Mapping]:
    narrowed = override.get("clusters")
    for cluster in map(as_mapping, project.facts.get("clusters") or ()):
        if not narrowed or cluster.get("name") in narrowed:
            yield cluster


def _issuer(project: Project, cluster: Mapping) -> str:
    """The issuer that the cluster really has: the world's where it says so, else the environment file's."""
    world = project.folder / "sandbox" / "worlds" / f"{project.environment}.yaml"
    context = cluster.get("context") or cluster.get("name")
    for one in map(as_mapping, (read_yaml(world).get("clusters") if world.exists() else None) or ()):
        if one.get("context") == context and one.get("issuer"):
            return str(one["issuer"])
    return str(cluster.get("issuer"))
