"""Makes all that one stack's plan says."""

import pulumi

from components.app_access import AppAccess
from components.providers import make_providers
from components.series import Series
from components.shared_access import SharedAccess
from keyless.plan import StackPlan


def make(plan: StackPlan) -> None:
    """Registers every resource of `plan` and exports the ids of its apps: `{app: {client_id, principal_id}}`."""
    providers = make_providers(plan)
    series = Series()
    SharedAccess(plan.shared, plan.team or plan.environment, providers)
    apps = {app.app: AppAccess(app, providers, series) for app in plan.apps}
    pulumi.export(
        "apps",
        {
            name: {"client_id": made.client_id, "principal_id": made.principal_id}
            for name, made in apps.items()
        },
    )
