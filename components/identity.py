"""The managed identity of an app and the federated credentials that let its ServiceAccounts become it."""

from collections.abc import Sequence

import pulumi

from components import azure
from components.context import Context
from components.existing import refer_to_credential
from components.options import azure_options
from keyless.plan import FederatedCredential, ManagedIdentity


def make_identity(
    plan: ManagedIdentity, parent: pulumi.Resource, context: Context
) -> azure.UserAssignedIdentity:
    """The identity: made, or only read where the environment names an existing one."""
    subscription = plan.id.subscription
    if not plan.made:
        existing = azure_options(context, parent, subscription, id_=plan.id.text)
        return azure.UserAssignedIdentity(plan.logical_name, existing)
    return azure.UserAssignedIdentity(
        plan.logical_name,
        azure_options(context, parent, subscription, protected=plan.protected),
        resource_group=plan.resource_group,
        identity=plan.name,
        location=plan.location,
        tags=plan.tags,
    )


def make_credentials(
    plans: Sequence[FederatedCredential],
    owner: ManagedIdentity,
    identity: azure.UserAssignedIdentity,
    parent: pulumi.Resource,
    context: Context,
) -> list[pulumi.Resource]:
    """The credentials of `owner`, each waiting for the one before it.

    They are deleted on their own, not with the identity: one that is retained, shared or whose deletion
    fails would otherwise keep a trust that no state knows of. An identity that is replaced takes them along all the
    same, and their own inputs are names that stay: so a new principal replaces them.
    """
    made: list[pulumi.Resource] = []
    for plan in plans:
        if not plan.made:
            made.append(refer_to_credential(plan, owner, parent, context))
            continue
        before = context.series.before(owner.id.key) or [identity]
        opts = azure_options(context, parent, owner.id.subscription, depends_on=before)
        opts.replacement_trigger = identity.principal_id
        credential = azure.FederatedIdentityCredential(
            plan.logical_name,
            opts,
            resource_group=owner.resource_group,
            identity=owner.name,
            credential=plan.name,
            issuer=plan.issuer,
            subject=plan.subject,
            audiences=plan.audiences,
        )
        context.series.wrote(owner.id.key, credential)
        made.append(credential)
    return made
