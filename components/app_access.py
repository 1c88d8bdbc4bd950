"""AppAccess: all that one app gets in one environment."""

import pulumi

from components.context import Context
from components.grants import make_grant
from components.identity import make_credentials, make_identity
from components.workloads import make_patch, make_service_account
from keyless.plan import AppPlan


class AppAccess(pulumi.ComponentResource):
    """The identity of an app, its credentials and grants, and its workloads.

    `client_id` and `principal_id` are the identity's, known after the first `pulumi up`.
    """

    client_id: pulumi.Output[str]
    principal_id: pulumi.Output[str]

    def __init__(self, plan: AppPlan, context: Context, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("keyless:azure:AppAccess", plan.app, None, opts)
        identity = make_identity(plan.identity, self, context)
        credentials = make_credentials(plan.credentials, plan.identity, identity, self, context)
        grants = [make_grant(grant, plan, identity, self, context) for grant in plan.grants]
        accounts = [
            make_service_account(account, plan.app, identity, self, context)
            for account in plan.service_accounts
        ]
        for patch in plan.patches:
            # Credentials wait for each other, so the last one stands for all.
            make_patch(patch, plan.app, identity, self, context, [*credentials[-1:], *grants, *accounts])
        self.client_id = identity.client_id
        self.principal_id = identity.principal_id
        self.register_outputs({"clientId": self.client_id, "principalId": self.principal_id})
