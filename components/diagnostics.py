"""Diagnostic settings: the logs of a resource that say who used it, sent to a workspace."""

import pulumi

from components import azure
from components.context import Context
from components.options import azure_options
from keyless.plan import DiagnosticSetting

# What the API calls tables of the service's own; without it, rows go to AzureDiagnostics.
_DESTINATIONS = {True: "Dedicated", False: None}


def make_diagnostics(plan: DiagnosticSetting, parent: pulumi.Resource, context: Context) -> None:
    """The setting, in the subscription of what it belongs to."""
    azure.DiagnosticSetting(
        plan.logical_name,
        azure_options(context, parent, plan.target.subscription),
        target=plan.target.text,
        setting=plan.name,
        workspace=plan.workspace.text,
        categories=plan.categories,
        destination=_DESTINATIONS[plan.dedicated],
    )
