"""The managed identity of an app and the federated credentials that let its ServiceAccounts become it."""

from collections.abc import Sequence

import pulumi

from components import azure
from components.options import options
from components.providers import Providers
from components.series import Series
from keyless.plan import FederatedCredential, ManagedIdentity


def make_identity(
    plan: ManagedIdentity, parent: pulumi.Resource, providers: Providers
) -> azure.UserAssignedIdentity:
    """The identity: made, or read where the environment names an existing one, which is then never changed."""
    provider = providers.azure[plan.id.subscription]
    if not plan.made:
        return azure.UserAssignedIdentity(plan.logical_name, options(parent, provider, id_=plan.id.text))
    return azure.UserAssignedIdentity(
        plan.logical_name,
        options(parent, provider, protected=plan.protected),
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
    providers: Providers,
    series: Series,
) -> list[pulumi.Resource]:
    """The credentials of `owner`, each waiting for the one before it.

    They are deleted on their own, not with the identity: one that is retained, shared or whose deletion fails would
    otherwise keep a trust that no state knows of.
    """
    made: list[pulumi.Resource] = []
    for plan in plans:
        credential = azure.FederatedIdentityCredential(
            plan.logical_name,
            options(
                parent,
                providers.azure[owner.id.subscription],
                depends_on=series.before(owner.id.key) or [identity],
            ),
            resource_group=owner.resource_group,
            identity=owner.name,
            credential=plan.name,
            issuer=plan.issuer,
            subject=plan.subject,
            audiences=plan.audiences,
        )
        series.wrote(owner.id.key, credential)
        made.append(credential)
    return made
