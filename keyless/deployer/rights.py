"""From a stack's plan to the actions that making and destroying it needs, each at its smallest scope."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keyless.catalogue import right
from keyless.catalogue.arm import child_rules
from keyless.fields import resource_group_id
from keyless.plan import (
    AppPlan,
    CacheAccess,
    Grant,
    PosturePatch,
    PrivateEndpoint,
    RoleAssignment,
    SharedPlan,
    StackPlan,
)


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One action that is needed at one scope, a full ARM id; rights of one `purpose` share a custom role."""

    purpose: str
    scope: str
    action: str


def rights_of(plan: StackPlan) -> tuple[Right, ...]:
    """Every right that bringing the stack up and down needs, sorted."""
    found = {one for app in plan.apps for one in _of_app(app)} | set(_of_shared(plan.shared))
    # Ids of one scope may differ in case; the first spelling stands for all.
    spelled: dict[str, str] = {}
    for one in sorted(found):
        spelled.setdefault(one.scope.lower(), one.scope)
    return tuple(sorted({Right(one.purpose, spelled[one.scope.lower()], one.action) for one in found}))


def _needs(
    thing: str, scope: str, *, purpose: str | None = None, type_: str = "", keeps: bool = False
) -> Iterator[Right]:
    """The rights for a `thing` of the catalogue; what the plan protects it `keeps`, so nothing may delete it."""
    facts = right(thing)
    for action in (*facts.always, *(() if keeps else facts.delete)):
        yield Right(purpose or thing, scope, action.format(type=type_))


def _of_app(app: AppPlan) -> Iterator[Right]:
    identity = app.identity
    if identity.made:
        # The identity is not there before the first `up`, so the group is the smallest scope.
        group = resource_group_id(identity.id.subscription, identity.resource_group)
        yield from _needs("groups", group)
        yield from _needs("identities", group, keeps=identity.protected)
        if app.credentials:
            yield from _needs("credentials", group, purpose="identities")
    else:
        yield from _needs("existing-identities", identity.id.text)
        for thing in sorted(
            {"credentials" if one.made else "existing-credentials" for one in app.credentials}
        ):
            yield from _needs(thing, identity.id.text, purpose="existing-identities")
    for grant in app.grants:
        if not grant.made:
            yield from _of_existing(grant)
        elif isinstance(grant, RoleAssignment):
            yield from _needs("grants", grant.scope)
        else:
            yield from _of_cache(grant)


def _of_existing(grant: Grant) -> Iterator[Right]:
    if isinstance(grant, RoleAssignment):
        yield from _needs("existing-grants", grant.scope)
        return
    type_ = grant.cache.type if grant.database is None else f"{grant.cache.type}/databases"
    yield from _needs("existing-cache-access", grant.cache.text, type_=type_)


def _of_cache(grant: CacheAccess) -> Iterator[Right]:
    cache = grant.cache
    yield from _needs("resources", cache.text, type_=cache.type)
    if grant.database is None:
        yield from _needs("caches", cache.text)
        return
    yield from _needs("resources", cache.text, type_=f"{cache.type}/databases")
    yield from _needs("managed-caches", cache.text, purpose="caches")


def _of_shared(shared: SharedPlan) -> Iterator[Right]:
    own = {zone.id.key for zone in shared.zones}
    for zone in shared.zones:
        group = resource_group_id(zone.id.subscription, zone.id.resource_group)
        yield from _needs("groups", group)
        yield from _needs("zones", group, keeps=zone.protected)
        yield from _needs("networks", zone.virtual_network)
    for endpoint in shared.private_endpoints:
        yield from _of_endpoint(endpoint, own)
    endpoints = {_endpoint_key(one): one for one in shared.private_endpoints}
    for posture in shared.posture_patches:
        yield from _of_posture(posture, endpoints)
    for setting in shared.diagnostic_settings:
        yield from _needs("audit", setting.target.text)
        yield from _needs("workspaces", setting.workspace.text)


def _endpoint_key(endpoint: PrivateEndpoint) -> str:
    """The id of a planned endpoint in lower case."""
    group = resource_group_id(endpoint.subscription, endpoint.resource_group)
    return f"{group}/providers/Microsoft.Network/privateEndpoints/{endpoint.name}".lower()


def _of_endpoint(endpoint: PrivateEndpoint, own: set[str]) -> Iterator[Right]:
    group = resource_group_id(endpoint.subscription, endpoint.resource_group)
    yield from _needs("groups", group)
    yield from _needs("endpoints", group, keeps=endpoint.protected)
    yield from _needs("subnets", endpoint.subnet)
    yield from _needs("resources", endpoint.target.text, type_=endpoint.target.type)
    yield from _needs("targets", endpoint.target.text, type_=endpoint.target.type)
    if endpoint.zones:
        yield from _needs("zone-groups", group, purpose="endpoints", keeps=endpoint.protected)
    for zone in endpoint.zones:
        if zone.key in own:
            # The zone is not there before the first `up` either.
            yield from _needs(
                "records", resource_group_id(zone.subscription, zone.resource_group), purpose="zones"
            )
        else:
            yield from _needs("records", zone.text)


def _of_posture(posture: PosturePatch, endpoints: Mapping[str, PrivateEndpoint]) -> Iterator[Right]:
    """`endpoints` are those that the stack makes, by id in lower case."""
    for patch in posture.patches:
        yield from _needs("resources", patch.id.text, type_=patch.id.type)
        yield from _needs("postures", patch.id.text, type_=patch.id.type)
        for rules in patch.rules:
            for entry in rules.entries if rules.key == "id" else ():
                yield from _needs("firewall-subnets", entry["id"])
        if not posture.children and (left := child_rules(patch.id.type)):
            # Those of an earlier posture are looked for, and may be taken away, whatever this one says.
            yield from _needs("posture-children-left", patch.id.text, purpose="postures", type_=left)
    for child in posture.children:
        parent = child.id.text.rsplit("/", 2)[0]
        yield from _needs("posture-children", parent, purpose="postures", type_=child.id.type)
    for proof in posture.proofs:
        own = endpoints.get(proof.endpoint.key)
        if own is None:
            yield from _needs("posture-proofs", proof.endpoint.text)
        elif not own.zones:
            # Azure Policy writes the zone group of an endpoint that is not there before the first `up`.
            yield from _needs("posture-proofs", resource_group_id(own.subscription, own.resource_group))
