"""Does a leaked key open this? Judged from what exists in the stand-in cloud, for whoever holds the account's key.

The key must turn in a door of the resource, and its holder must get to that door: from the internet, or from a
pod of a cluster. One open door is enough, where an app needs every way to hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox import store
from sandbox.access import places
from sandbox.access.keys import Lock, locks
from sandbox.access.network import way
from sandbox.access.trace import Step
from sandbox.azure import ids
from sandbox.azure.cloud import Body, Cloud
from sandbox.errors import SandboxError
from sandbox.project import Mapping, Project, as_mapping, read_project
from sandbox.verdict import Verdict, table

INTERNET = "internet"


@dataclass(frozen=True)
class KeyRow:
    """The verdict on a key of one resource, for a holder in one place."""

    resource: str
    kind: str
    place: str
    verdict: Verdict


def opens(folder: Path, project: Path, resource: str, place: str, environment: str) -> Verdict:
    """Whether a key of `resource` (its logical name) opens it from `place`: `internet`, or a cluster's name.

    Raises SandboxError for a resource, place or environment that the project does not have.
    """
    facts = read_project(project, environment)
    known = as_mapping(facts.facts.get("resources"))
    if resource not in known:
        raise SandboxError(
            f"{environment} has no resource {resource!r}\n  fix: name one of: {', '.join(sorted(known))}"
        )
    named = _places(facts)
    if place not in named:
        raise SandboxError(
            f"{environment} has no cluster {place!r}\n  fix: --from with one of: {', '.join(named)}"
        )
    with closing(store.connect(folder)) as connection:
        return _judge(Cloud(connection), as_mapping(known[resource]), named[place])


def opens_all(folder: Path, project: Path, environment: str) -> list[KeyRow]:
    """A row for every resource of the environment and every place: the internet first, then the clusters."""
    facts = read_project(project, environment)
    rows: list[KeyRow] = []
    with closing(store.connect(folder)) as connection:
        for name, resource in sorted(as_mapping(facts.facts.get("resources")).items()):
            content = as_mapping(resource)
            for place, sources in _places(facts).items():
                verdict = _judge(Cloud(connection), content, sources)
                rows.append(KeyRow(str(name), str(content.get("kind")), place, verdict))
    return rows


def render(rows: Iterable[KeyRow]) -> str:
    """The rows as a table: a yes says how the key gets in, a no what keeps it out."""
    head = ("KEY OF", "KIND", "FROM", "OPENS", "WHY")
    return table(
        head, ((one.resource, one.kind, one.place, one.verdict.word, one.verdict.summary) for one in rows)
    )


def _places(project: Project) -> dict[str, list[places.Place]]:
    clusters = [as_mapping(one) for one in project.facts.get("clusters") or ()]
    return {INTERNET: [places.INTERNET]} | {
        str(one.get("name")): places.of_cluster(project, one) for one in clusters
    }


def _judge(cloud: Cloud, resource: Mapping, sources: list[places.Place]) -> Verdict:
    arm_id = str(resource.get("id")).rstrip("/")
    body = cloud.get(arm_id)
    if body is None:
        return Verdict.of([Step(False, f"{arm_id} does not exist")])
    found = list(locks(cloud, body))
    if not found:
        return Verdict.of([Step(False, f"{ids.name(arm_id)} has no access key to leak")])
    opened = [lock for lock in found if lock.opens]
    if not opened:
        return Verdict.of([Step(False, text) for text in dict.fromkeys(lock.says for lock in found)])
    return _by_network(cloud, body, opened, sources)


def _by_network(cloud: Cloud, body: Body, opened: list[Lock], sources: list[places.Place]) -> Verdict:
    shut: list[Step] = []
    several = len({lock.door.group_id for lock in opened}) > 1
    for lock in opened:
        for source in sources:
            step = way(cloud, source, body, lock.door)
            if step.holds:
                return Verdict.of([Step(True, lock.says, "the key is on"), step])
            service = f"{lock.door.group_id}: " if several else ""
            shut.append(replace(step, text=f"{service}{step.text}"))
    return Verdict.of([Step(True, opened[0].says), *dict.fromkeys(shut)])
