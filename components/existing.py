"""Grants and credentials that exist: read, held against the plan, and neither written nor deleted."""

from collections.abc import Callable, Mapping, Sequence

import pulumi

from components import azure
from components.context import Context
from components.options import azure_options
from keyless.plan import CacheAccess, FederatedCredential, Grant, ManagedIdentity, RoleAssignment


class ExistingGrant(azure.Existing):
    """A grant as Azure has it. Its principal stands in the property `principal`, or in a member of it."""

    def __init__(
        self,
        type_: str,
        name: str,
        opts: pulumi.ResourceOptions,
        *,
        right: str,
        principal: str,
        member: str | None = None,
    ) -> None:
        super().__init__(type_, name, opts, (right, principal, "condition"))
        self._right, self._principal, self._member = right, principal, member

    @property
    def right(self) -> pulumi.Output[str]:
        """The id of a role, or the name of an access policy."""
        found: pulumi.Output[str] = pulumi.get(self, self._right)
        return found.apply(lambda text: text.rpartition("/")[2])

    @property
    def principal(self) -> pulumi.Output[str]:
        """Whom it lets in."""
        found: pulumi.Output[str] = pulumi.get(self, self._principal)
        return found if self._member is None else found[self._member]

    @property
    def condition(self) -> pulumi.Output[str | None]:
        """What narrows the grant, if anything does."""
        found: pulumi.Output[str | None] = pulumi.get(self, "condition")
        return found


def refer_to_grant(
    plan: Grant, identity: azure.UserAssignedIdentity, parent: pulumi.Resource, context: Context
) -> pulumi.Resource:
    """The grant of `plan`. The program fails where it gives another right, or to another identity."""
    match plan:
        case RoleAssignment():
            id_ = f"{plan.scope}/providers/Microsoft.Authorization/roleAssignments/{plan.assignment}"
            opts = azure_options(context, parent, plan.subscription, id_=id_)
            found = ExistingGrant(
                "authorization:RoleAssignment",
                plan.logical_name,
                opts,
                right="roleDefinitionId",
                principal="principalId",
            )
            wanted, condition = plan.role_id, plan.condition
        case CacheAccess():
            database = f"/databases/{plan.database}" if plan.database else ""
            id_ = f"{plan.cache.text}{database}/accessPolicyAssignments/{plan.assignment}"
            opts = azure_options(context, parent, plan.cache.subscription, id_=id_)
            found = CACHES[plan.cache.type.lower()](plan.logical_name, opts)
            wanted, condition = plan.policy, None
    pulumi.Output.all(found.right, found.principal, identity.principal_id).apply(
        lambda values: _check_holder(plan, id_, wanted, *values)
    )
    # On its own: a preview does not know whether a property that is absent will be there.
    found.condition.apply(lambda value: _check_condition(plan, id_, condition, value))
    return found


def _check_holder(plan: Grant, id_: str, wanted: str, right: str, principal: str, mine: str) -> None:
    if (right.lower(), principal.lower()) != (wanted.lower(), mine.lower()):
        raise _unfit(
            f"{id_} gives '{right}' to the principal {principal}; {', '.join(plan.uses)} needs '{wanted}' for {mine}"
        )


def _check_condition(plan: Grant, id_: str, wanted: str | None, condition: str | None) -> None:
    if (condition or None) != wanted:
        raise _unfit(
            f"{id_} holds {f'where {condition}' if condition else 'everywhere'};"
            f" {', '.join(plan.uses)} needs it {f'where {wanted}' if wanted else 'everywhere'}"
        )


def _unfit(told: str) -> pulumi.RunError:
    return pulumi.RunError(
        f"{told}. Take its line out of the environment's `apps`, and Keyless makes the grant"
    )


def refer_to_credential(
    plan: FederatedCredential, owner: ManagedIdentity, parent: pulumi.Resource, context: Context
) -> pulumi.Resource:
    """The credential of `plan`. The program fails where it trusts another ServiceAccount, or another cluster."""
    id_ = f"{owner.id.text}/federatedIdentityCredentials/{plan.name}"
    opts = azure_options(context, parent, owner.id.subscription, id_=id_)
    found = azure.Existing(
        "managedidentity:FederatedIdentityCredential",
        plan.logical_name,
        opts,
        ("issuer", "subject", "audiences"),
    )
    trusted = [pulumi.get(found, name) for name in ("issuer", "subject", "audiences")]
    pulumi.Output.all(*trusted).apply(lambda values: _check_trust(plan, id_, *values))
    return found


def _check_trust(
    plan: FederatedCredential, id_: str, issuer: str, subject: str, audiences: Sequence[str]
) -> None:
    if (issuer, subject, tuple(audiences)) != (plan.issuer, plan.subject, plan.audiences):
        raise pulumi.RunError(
            f"{id_} trusts {subject} of {issuer} for {', '.join(audiences)},"
            f" and not {plan.subject} of {plan.issuer} for {', '.join(plan.audiences)}."
            " Take its line out of the environment's `apps`, and Keyless makes the credential"
        )


def _classic(name: str, opts: pulumi.ResourceOptions) -> ExistingGrant:
    return ExistingGrant(
        "redis:AccessPolicyAssignment", name, opts, right="accessPolicyName", principal="objectId"
    )


def _managed(name: str, opts: pulumi.ResourceOptions) -> ExistingGrant:
    return ExistingGrant(
        "redisenterprise:AccessPolicyAssignment",
        name,
        opts,
        right="accessPolicyName",
        principal="user",
        member="objectId",
    )


CACHES: Mapping[str, Callable[[str, pulumi.ResourceOptions], ExistingGrant]] = {
    "microsoft.cache/redis": _classic,
    "microsoft.cache/redisenterprise": _managed,
}
