"""SharedAccess: what an environment or a team owns and its apps share."""

from collections import defaultdict

import pulumi

from components.context import Context
from components.diagnostics import make_diagnostics
from components.postures import make_posture
from components.private_endpoint import make_endpoint, make_zones
from keyless.plan import SharedPlan


class SharedAccess(pulumi.ComponentResource):
    """Private DNS zones, private endpoints, postures and diagnostic settings, once per resource and network."""

    def __init__(
        self, plan: SharedPlan, owner: str, context: Context, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("keyless:azure:SharedAccess", f"shared-{owner}", None, opts)
        self._plan = plan
        self._context = context
        self._ways: dict[str, list[pulumi.Resource]] = defaultdict(list)
        zones = make_zones(plan.zones, self, context)
        for endpoint in plan.private_endpoints:
            self._ways[endpoint.resource] += make_endpoint(endpoint, zones, self, context)
        for setting in plan.diagnostic_settings:
            make_diagnostics(setting, self, context)
        self.register_outputs({})

    def make_postures(self) -> None:
        """Closes doors: after the endpoints of the same resource, and after the stack's grants on the same cache."""
        for posture in self._plan.posture_patches:
            make_posture(posture, self, self._context, self._ways[posture.resource])
