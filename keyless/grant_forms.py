"""Turns what a kind wants into one of the two forms of grant: a role assignment, or access to a cache."""

from keyless import names
from keyless.plan import CacheAccess, Grant, ManagedIdentity, RoleAssignment
from keyless.use import CacheGrant, RoleGrant, Use


def make_grant(
    app: str,
    environment: str,
    name: str,
    use: Use,
    identity: ManagedIdentity,
    wanted: RoleGrant | CacheGrant,
    locked: bool,
) -> Grant:
    """What the use `name` of `app` is granted, in the form that its resource takes (docs/adr/0003)."""
    access = use.access
    kind = use.kind
    waiver = use.plan_waiver()
    if isinstance(wanted, RoleGrant):
        role_id = str(wanted.role.id)
        return RoleAssignment(
            logical_name=names.logical(app, *wanted.target, "grant"),
            uses=(name,),
            kind=kind,
            access=access,
            role=wanted.role.name,
            role_id=role_id,
            role_definition_id=f"/subscriptions/{wanted.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role_id}",
            scope=wanted.scope,
            subscription=wanted.subscription,
            assignment=names.role_assignment(identity.id.key, wanted.scope, role_id),
            condition=None,
            because=f"{access} for {name}",
            waiver=waiver,
            wider=wanted.role.wider,
            locked=locked,
        )
    return CacheAccess(
        logical_name=names.logical(app, *wanted.target, "grant"),
        uses=(name,),
        kind=kind,
        access=access,
        cache=wanted.cache,
        database=wanted.database,
        policy=wanted.role.name,
        assignment=names.cache_access(app, environment),
        because=f"{access} for {name}",
        waiver=waiver,
        wider=wanted.role.wider,
        locked=locked,
    )
