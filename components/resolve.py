"""Turns a Ref of the plan into the Output that will hold its value. The only file that does."""

from collections.abc import Mapping

import pulumi

from components import azure
from keyless.plan import Setting


def resolve(setting: Setting, identity: azure.UserAssignedIdentity) -> pulumi.Input[str]:
    """The text itself, or the Output that `setting` refers to."""
    if isinstance(setting, str):
        return setting
    outputs = {"identity.client_id": identity.client_id, "identity.principal_id": identity.principal_id}
    return outputs[setting.ref]


def resolve_all(
    settings: Mapping[str, Setting], identity: azure.UserAssignedIdentity
) -> dict[str, pulumi.Input[str]]:
    """`settings` with each value resolved, in the same order."""
    return {name: resolve(setting, identity) for name, setting in settings.items()}
