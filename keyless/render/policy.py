"""Assignments of built-in policies for a platform team, to apply at its own level: what `render ENV --policy` gives.

Nothing here needs an identity: every assignment audits, or denies where whoever applies it says so.
"""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from keyless.catalogue.policies import policies
from keyless.plan import BuiltInPolicy, Plan

DEFINITIONS = "/providers/Microsoft.Authorization/policyDefinitions"
_SCHEMA = "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"


def policy_files(plan: Plan) -> dict[str, str]:
    """File name to text: a page that says what each assignment would flag, a script, and a template for management groups."""
    assigned = [one for one in plan.policies if one.definition is not None and one.kinds]
    return {
        "policy/README.md": "\n".join(_page(plan, assigned)) + "\n",
        "policy/assign.sh": "\n".join(_script(plan, assigned)) + "\n",
        "policy/management-group.json": json.dumps(_template(assigned), indent=2) + "\n",
    }


def assignment_name(definition: str) -> str:
    """The name of an assignment: at most 24 characters, which is what a management group takes."""
    return f"keyless-{definition.partition('-')[0]}"


def _page(plan: Plan, assigned: list[BuiltInPolicy]) -> Iterator[str]:
    yield f"# Azure Policy for what {plan.environment} closes"
    yield ""
    yield "Each built-in definition below audits what Keyless closes, or denies it. Assign them at the level that is yours:"
    yield "`sh assign.sh SCOPE` with the id of a management group, subscription or resource group, or deploy `management-group.json`."
    yield "`Audit` is the default. `Deny` (`sh assign.sh SCOPE Deny`) refuses every write of a resource that it flags, of anyone."
    yield ""
    yield "| kinds | about | definition | would flag here |"
    yield "|---|---|---|---|"
    for one in assigned:
        note = f" ({one.note})" if one.note else ""
        yield f"| {', '.join(one.kinds)} | {one.subject} | {one.name} `{one.definition}`{note} | {', '.join(one.flags) or 'nothing'} |"
    missing = [one for one in plan.policies if one.definition is None]
    if missing:
        yield ""
        yield "Azure has no built-in definition for:"
        yield ""
        yield from (f"- {', '.join(one.kinds)}: {one.subject}" for one in missing)
    credentials = [one for one in plan.policies if one.definition is not None and not one.kinds]
    if credentials:
        yield ""
        yield "Not assigned here, since they can deny what Keyless itself makes:"
        yield ""
        yield from (f"- {one.name} `{one.definition}`: {one.note}" for one in credentials)
    traps = [one for one in policies().traps if one.type in _types(plan)]
    if traps:
        yield ""
        yield "Of like names, and to be left alone:"
        yield ""
        yield from (f"- {one.name} `{one.id}`: {one.because}" for one in traps)


def _types(plan: Plan) -> set[str]:
    return {posture.id.type for stack in plan.stacks for posture in stack.shared.postures}


def _script(plan: Plan, assigned: list[BuiltInPolicy]) -> Iterator[str]:
    yield "#!/bin/sh"
    yield f"# Assigns built-in policies for what {plan.environment} closes: sh assign.sh SCOPE [Audit | Deny]"
    yield "set -eu"
    yield "scope=${1:?write the id of a management group, subscription or resource group}"
    yield "effect=${2:-Audit}"
    for one in assigned:
        if one.definition is not None and one.effect_parameter is not None:
            parameters = json.dumps({one.effect_parameter: {"value": "EFFECT"}}).replace(
                "EFFECT", "'\"$effect\"'"
            )
            yield (
                f"az policy assignment create --name {assignment_name(one.definition)} "
                f'--display-name {shlex.quote(f"Keyless: {one.name}")} --scope "$scope" '
                f"--policy {DEFINITIONS}/{one.definition} --params '{parameters}'"
            )


def _template(assigned: list[BuiltInPolicy]) -> dict[str, Any]:
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": {
            "effect": {"type": "string", "defaultValue": "Audit", "allowedValues": ["Audit", "Deny"]}
        },
        "resources": [
            {
                "type": "Microsoft.Authorization/policyAssignments",
                "apiVersion": "2024-04-01",
                "name": assignment_name(one.definition),
                "properties": {
                    "displayName": f"Keyless: {one.name}",
                    "policyDefinitionId": f"{DEFINITIONS}/{one.definition}",
                    "parameters": {one.effect_parameter: {"value": "[parameters('effect')]"}},
                },
            }
            for one in assigned
            if one.definition is not None
        ],
    }
