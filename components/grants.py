"""The grants of an app: one function a form. Another form needs an ADR."""

from collections.abc import Callable, Mapping

import pulumi

from components import azure
from components.context import Context
from components.existing import refer_to_grant
from components.options import azure_options
from keyless.plan import AppPlan, CacheAccess, Grant, RoleAssignment

# A long reason must not fail a grant, and Azure's own limit stands in no specification that we found.
DESCRIPTION_LENGTH = 1024


def make_grant(
    plan: Grant,
    app: AppPlan,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
) -> pulumi.Resource:
    """The grant, to the principal of `identity`: made, or only read where the environment names an existing one."""
    if not plan.made:
        return refer_to_grant(plan, identity, parent, context)
    match plan:
        case RoleAssignment():
            return make_role_assignment(plan, app, identity, parent, context)
        case CacheAccess():
            return make_cache_access(plan, app, identity, parent, context)


def make_role_assignment(
    plan: RoleAssignment,
    app: AppPlan,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
) -> pulumi.Resource:
    """A role assignment whose description says in the portal what no state can: who asked, and why."""
    return azure.RoleAssignment(
        plan.logical_name,
        azure_options(context, parent, plan.subscription),
        assignment=plan.assignment,
        scope=plan.scope,
        role_definition_id=plan.role_definition_id,
        principal_id=identity.principal_id,
        description=describe(plan, app)[:DESCRIPTION_LENGTH],
        condition=plan.condition,
    )


def describe(plan: Grant, app: AppPlan) -> str:
    """`Keyless: app checkout in dev, uses invoices (blob read): because ...`."""
    return (
        f"Keyless: app {app.app} in {app.environment}, uses {', '.join(plan.uses)} "
        f"({plan.kind} {plan.access}): {plan.because}"
    )


def make_cache_access(
    plan: CacheAccess,
    app: AppPlan,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
) -> pulumi.Resource:
    """An access policy assignment, after the cache's last one of whichever app."""
    before = context.series.before(plan.cache.key)
    opts = azure_options(context, parent, plan.cache.subscription, depends_on=before)
    made = CACHES[plan.cache.type.lower()](plan, app, identity, opts)
    context.series.wrote(plan.cache.key, made)
    return made


def _classic(
    plan: CacheAccess, app: AppPlan, identity: azure.UserAssignedIdentity, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    return azure.RedisAccessPolicyAssignment(
        plan.logical_name,
        opts,
        resource_group=plan.cache.resource_group,
        cache=plan.cache.name,
        assignment=plan.assignment,
        policy=plan.policy,
        object_id=identity.principal_id,
        object_id_alias=app.identity.name,
    )


def _managed(
    plan: CacheAccess, app: AppPlan, identity: azure.UserAssignedIdentity, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    return azure.ManagedRedisAccessPolicyAssignment(
        plan.logical_name,
        opts,
        resource_group=plan.cache.resource_group,
        cluster=plan.cache.name,
        database=plan.database,
        assignment=plan.assignment,
        policy=plan.policy,
        object_id=identity.principal_id,
    )


MakeCacheAccess = Callable[
    [CacheAccess, AppPlan, azure.UserAssignedIdentity, pulumi.ResourceOptions], pulumi.Resource
]
CACHES: Mapping[str, MakeCacheAccess] = {
    "microsoft.cache/redis": _classic,
    "microsoft.cache/redisenterprise": _managed,
}
