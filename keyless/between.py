"""Refuses what two environments cannot both have: an identity, a workload, a ServiceAccount's trust, a group, a zone.

Each environment is looked at for what it would hold, whatever its apps use: so one whose grants cannot be planned yet
is compared all the same, and does not stop the others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from keyless.app_planner import Presence, override_of, presence_of
from keyless.environment import Cluster
from keyless.errors import ResourceError
from keyless.fields import resource_group_id, virtual_network
from keyless.finding import Finding
from keyless.project import CONFIG_KEY, LoadedEnvironment
from keyless.spec import LoadedApp
from keyless.wrongs import Wrong

FACTS = ("config", CONFIG_KEY)

ZONES_FIX = (
    "let one place keep the zones: write the id of their resource group as `zones` in every environment that uses them, "
    "or give each environment a network and a resource group of its own"
)


@dataclass(frozen=True, slots=True)
class _Held:
    """What one environment holds, each by what tells it from every other: ids and issuers in one spelling."""

    environment: LoadedEnvironment
    identities: dict[str, Presence]
    groups: dict[tuple[str, str], str]
    workloads: dict[tuple[str, ...], tuple[str, str]]
    subjects: dict[tuple[str, str], tuple[str, str]]
    contexts: dict[str, tuple[int, Cluster]]
    zones: dict[str, str]
    links: dict[tuple[str, str], str]

    @property
    def name(self) -> str:
        return self.environment.name


def refuse_clashes_between(
    apps: Iterable[LoadedApp], environments: Iterable[LoadedEnvironment], of: str | None = None
) -> None:
    """Refuse what two `environments` would both hold; with `of`, only where that one is of the two. Raises PlanError."""
    wrong = Wrong()
    apps = tuple(apps)
    held = [_held(apps, one) for one in sorted(environments, key=lambda one: one.name)]
    for one, other in combinations(held, 2):
        if of in (None, one.name, other.name):
            _refuse_access(one, other, wrong)
            wrong.findings.extend(_facts(one, other))
    wrong.stop()


def _held(apps: tuple[LoadedApp, ...], environment: LoadedEnvironment) -> _Held:
    facts = environment.facts
    issuers = {cluster.name: cluster.issuer_key for cluster in facts.clusters}
    held = _Held(environment, {}, {}, {}, {}, {}, {}, {})
    for app in apps:
        if override_of(app, environment).absent is not None:
            continue
        here = presence_of(app, environment)
        identity = here.identity.id
        held.identities[identity.key] = here
        held.groups[(identity.subscription, identity.resource_group.lower())] = identity.resource_group
        for workload in here.workloads:
            for cluster in workload.clusters:
                key = (issuers[cluster], workload.kind, workload.namespace, workload.name)
                held.workloads[key] = (here.app, cluster)
        for credential in here.credentials:
            held.subjects[(issuers[credential.cluster], credential.subject)] = (here.app, credential.cluster)
    for index, one in enumerate(facts.clusters):
        if one.delivery == "patch":
            held.contexts[one.context] = (index, one)
    for zone, group, network in _managed_zones(environment):
        held.zones[f"{group}/{zone}".lower()] = group
        held.links[(network.lower(), zone)] = network
    return held


def _managed_zones(environment: LoadedEnvironment) -> Iterator[tuple[str, str, str]]:
    """Each zone that the environment would make, the id of its group, and the virtual network that it is linked to."""
    facts = environment.facts
    network = facts.network
    if network is None or network.zones != "managed":
        return
    home = resource_group_id(network.subnet.subscription, network.resource_group)
    for resource in facts.resources.values():
        if resource.network in ("endpoint", "private"):
            try:
                zones = [
                    zone
                    for group_id in resource.group_ids()
                    for zone in resource.zones(facts.cloud, group_id)
                ]
            except ResourceError:  # told by that environment's own plan
                continue
            for zone in zones:
                yield zone, home, virtual_network(network.subnet.text)


def _refuse_access(one: _Held, other: _Held, wrong: Wrong) -> None:
    """Whoever may become an identity in `one` or writes it there, and the same in `other`."""
    environment = other.environment
    for key in sorted(one.identities.keys() & other.identities.keys()):
        app = other.identities[key]
        told = f"the identity '{app.identity.name}' of the app '{app.app}' is the environment {one.name}'s already"
        if app.identity.made:
            fix = "put {env} into identities.name or identities.resource_group"
            wrong.findings.append(
                environment.document.finding("same-identity", (*FACTS, "identities"), told, fix)
            )
        else:
            fix = "name another identity, or let Keyless make one"
            wrong.add_entry(environment, "apps", app.app, "identity", ("same-identity", told, fix))
    if not (one.environment.facts.identities.shared and environment.facts.identities.shared):
        unwilling = one if environment.facts.identities.shared else other
        for group in sorted(one.groups.keys() & other.groups.keys()):
            wrong.findings.append(
                unwilling.environment.document.finding(
                    "shared-group",
                    (*FACTS, "identities", "resource_group"),
                    f"{one.name} and {other.name} would both write identities in '{other.groups[group]}', so each could become the other's",
                    "put {env} into identities.resource_group, or accept it in both: identities: {shared: true}",
                )
            )
    told_of: set[tuple[str, str]] = set()
    for workload in sorted(one.workloads.keys() & other.workloads.keys()):
        app_name, cluster = other.workloads[workload]
        told_of.add((app_name, cluster))
        finding = (
            "same-workload",
            f"{workload[1]} {workload[2]}/{workload[3]} in {cluster} belongs to the app '{one.workloads[workload][0]}' in {one.name} already",
            f"a workload has one identity: give it another namespace here: apps: {{{app_name}: {{namespace: ...}}}}",
        )
        wrong.add_entry(environment, "apps", app_name, None, finding)
    for subject in sorted(one.subjects.keys() & other.subjects.keys()):
        app_name, cluster = other.subjects[subject]
        if (app_name, cluster) in told_of:
            continue
        finding = (
            "same-subject",
            f"{subject[1]} in {cluster} can become the identity of the app '{one.subjects[subject][0]}' in {one.name} already",
            f"give it another namespace here, or a ServiceAccount of its own: apps: {{{app_name}: {{namespace: ...}}}}",
        )
        wrong.add_entry(environment, "apps", app_name, None, finding)


def _facts(one: _Held, other: _Held) -> Iterator[Finding]:
    """Facts that cannot be right in both: a context of two clusters, a zone with two makers or two links."""
    document = other.environment.document
    for context in sorted(one.contexts.keys() & other.contexts.keys()):
        (_, theirs), (index, mine) = one.contexts[context], other.contexts[context]
        if theirs.issuer_key != mine.issuer_key:
            yield document.finding(
                "same-context",
                (*FACTS, "clusters", index, "context"),
                f"'{context}' is the context of {one.name}'s cluster '{theirs.name}', which has another issuer, so one of the two would patch the other's workloads",
                "write this cluster's own context; `kubectl config rename-context` gives it a name that no other has",
            )
    zones = sorted(one.zones.keys() & other.zones.keys())
    links = sorted(one.links.keys() & other.links.keys())
    path = (*FACTS, "network", "zones")
    if zones:
        yield document.finding(
            "zone-overlap",
            path,
            f"{one.name} makes and links the zone '{zones[0].rsplit('/', 1)[1]}' in the same resource group already",
            ZONES_FIX,
        )
    elif links:
        zone = links[0][1]
        yield document.finding(
            "zone-overlap",
            path,
            f"{one.name} links a zone '{zone}' to '{other.links[links[0]].rsplit('/', 1)[1]}' already, and a virtual network takes one",
            ZONES_FIX,
        )
