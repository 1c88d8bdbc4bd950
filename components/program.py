"""Makes all that one stack's plan says."""

import pulumi

from components.app_access import AppAccess
from components.context import make_context
from components.shared_access import SharedAccess
from keyless.plan import StackPlan


def make(plan: StackPlan) -> None:
    """Registers all of `plan` and exports the ids of its apps: `{app: {client_id, principal_id}}`."""
    context = make_context(plan)
    shared = SharedAccess(plan.shared, plan.team or plan.environment, context)
    apps = {app.app: AppAccess(app, context) for app in plan.apps}
    shared.make_postures()
    pulumi.export(
        "apps",
        {
            name: {"client_id": made.client_id, "principal_id": made.principal_id}
            for name, made in apps.items()
        },
    )
