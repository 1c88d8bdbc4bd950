"""SharedAccess: what an environment or a team owns and its apps share."""

import pulumi

from components.context import Context
from components.diagnostics import make_diagnostics
from components.private_endpoint import make_endpoint, make_zones
from keyless.plan import SharedPlan


class SharedAccess(pulumi.ComponentResource):
    """Private DNS zones, private endpoints and diagnostic settings, once per resource and network."""

    def __init__(
        self, plan: SharedPlan, owner: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("keyless:azure:SharedAccess", f"shared-{owner}", None, opts)
        zones = make_zones(plan.zones, self, context)
        for endpoint in plan.private_endpoints:
            make_endpoint(endpoint, zones, self, context)
        for setting in plan.diagnostic_settings:
            make_diagnostics(setting, self, context)
        self.register_outputs({})
