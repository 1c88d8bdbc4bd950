"""What a deployer could do beyond its plan, since Azure has no wall there, and what it needs beside Azure."""

from collections.abc import Iterator, Sequence

from keyless.deployer.rights import Right
from keyless.plan import CacheAccess, StackPlan

# Types whose `write` says more than its name, lower case. Source: facts of the resource providers, read 2026-11.
_WRITES = {
    "microsoft.cache/redis": "the answer to a change holds the cache's access keys",
    "microsoft.keyvault/vaults": "in access-policy mode it could let itself read secrets",
}


def remains_of(
    plan: StackPlan,
    rights: Sequence[Right],
    loose: Sequence[str],
    own_principal: str | None,
    neighbours: Sequence[str],
) -> Iterator[str]:
    """A sentence each; `loose` are scopes where the principals are not pinned yet."""
    groups = [one.scope for one in rights if one.action.endswith("/federatedIdentityCredentials/write")]
    for scope in sorted(set(groups)):
        yield (
            f"Whoever holds it can become every identity in {_short(scope)}: no condition limits federated "
            "credentials. The group is the wall."
        )
    if neighbours:
        yield f"The stacks {', '.join(neighbours)} keep identities in the same group: it can become theirs too (identities.shared)."
    for what, action in (
        ("private endpoint", "privateEndpoints/write"),
        ("private DNS zone", "privateDnsZones/write"),
    ):
        for one in rights:
            if one.action == f"Microsoft.Network/{action}":
                yield f"It can change and delete every {what} in {_short(one.scope)}, whoever made it: the group is the wall."
    whom = "any service principal but itself" if own_principal else "any service principal, itself too"
    for scope in loose:
        yield (
            f"It can give the planned roles at {_short(scope)} to {whom}, and take them from any: the identities "
            f"are not known yet, or too many. Run this again once ids/{plan.stack}.yaml is there."
        )
    caches = {
        grant.cache.text
        for app in plan.apps
        for grant in app.grants
        if isinstance(grant, CacheAccess) and grant.made
    }
    for cache in sorted(caches):
        yield f"It can give any principal any access policy of {_short(cache)}: no condition limits them. The cache is the wall."
    for one in rights:
        if one.purpose == "postures" and one.action.endswith("/write"):
            yield from _of_write(one)
    for scope in sorted({one.scope for one in rights if one.purpose == "workspaces"}):
        yield f"It can read the keys of the workspace {_short(scope)}: a diagnostic setting cannot be made without that right."


def _of_write(one: Right) -> Iterator[str]:
    type_ = one.action.removesuffix("/write")
    more = _WRITES.get(type_.lower())
    yield (
        f"It can change every property of {_short(one.scope)} by `{one.action}`, not the posture's alone: it could allow keys "
        f"again, though not list them{f'; and {more}' if more else ''}."
    )


def wanted_elsewhere(plan: StackPlan) -> Iterator[str]:
    """What the pipeline needs that is no Azure role of this page's."""
    for cluster in plan.clusters:
        accounts = {
            one.namespace for app in plan.apps for one in app.service_accounts if one.cluster == cluster.name
        }
        patches = {one.namespace for app in plan.apps for one in app.patches if one.cluster == cluster.name}
        spaces = sorted(accounts | patches)
        yield (
            f"In the cluster {cluster.name}: get, create, patch and delete serviceaccounts, get and patch the workloads, in "
            f"{', '.join(spaces)}."
        )
    yield "For Pulumi itself: read and write the state of this stack, and what decrypts it."


def _short(scope: str) -> str:
    """The scope without subscription and provider."""
    head, _, tail = scope.partition("/providers/")
    return "/".join(tail.split("/")[1:]) if tail else head.rsplit("/", 1)[1]
