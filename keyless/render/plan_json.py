"""A Plan as JSON: a versioned interface. Keys are always present, absent values null."""

import json
from typing import Any

from keyless.plan import AppPlan, Grant, Plan, Ref, RoleAssignment, Setting, Waiver
from keyless.render.posture_json import patch_json, policy_json, posture_json

VERSION = 1


def render_plan_json(plan: Plan) -> str:
    """The plan of an environment, or of what `narrowed` left of it."""
    stacks = plan.stacks
    apps = [app for stack in stacks for app in stack.apps]
    value = {
        "version": VERSION,
        "environment": plan.environment,
        "stacks": [stack.stack for stack in stacks],
        "apps": [_app(app) for app in sorted(apps, key=lambda app: app.app)],
        "shared": {
            "zones": [
                {
                    "name": z.name,
                    "id": z.id.text,
                    "stack": plan.environment,
                    "link": z.link_name,
                    "virtual_network": z.virtual_network,
                }
                for stack in stacks
                for z in stack.shared.zones
            ],
            "private_endpoints": [
                {
                    "resource": e.resource,
                    "name": e.name,
                    "stack": e.stack,
                    "group_id": e.group_id,
                    "zones": [zone.name for zone in e.zones],
                    "used_by": list(e.used_by),
                }
                for stack in stacks
                for e in stack.shared.private_endpoints
            ],
            "postures": [posture_json(posture) for stack in stacks for posture in stack.shared.postures],
            "posture_patches": [
                {"stack": stack.stack, **patch_json(patch)}
                for stack in stacks
                for patch in stack.shared.posture_patches
            ],
            "diagnostic_settings": [
                {
                    "resource": d.resource,
                    "stack": stack.stack,
                    "name": d.name,
                    "target": d.target.text,
                    "workspace": d.workspace.text,
                    "categories": list(d.categories),
                    "dedicated": d.dedicated,
                }
                for stack in stacks
                for d in stack.shared.diagnostic_settings
            ],
        },
        "manual": [
            {
                "resource": step.resource,
                "app": step.app,
                "stack": step.stack,
                "step": step.step,
                "command": step.command,
            }
            for stack in stacks
            for step in stack.manual
        ],
        "warnings": [
            {
                "rule": warning.rule,
                "file": warning.file,
                "line": warning.line,
                "column": warning.column,
                "key": warning.key,
                "message": warning.message,
                "fix": warning.fix,
            }
            for warning in plan.warnings
        ],
        "policies": [policy_json(policy) for policy in plan.policies if policy.kinds],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _setting(value: Setting) -> Any:
    return {"ref": value.ref} if isinstance(value, Ref) else value


def _app(app: AppPlan) -> dict[str, Any]:
    return {
        "app": app.app,
        "team": app.team,
        "stack": app.stack,
        "identity": {
            "name": app.identity.name,
            "resource_group": app.identity.resource_group,
            "id": app.identity.id.text,
            "made": app.identity.made,
        },
        "credentials": [
            {
                "name": c.name,
                "cluster": c.cluster,
                "issuer": c.issuer,
                "subject": c.subject,
                "audiences": list(c.audiences),
                "made": c.made,
                "locked": c.locked,
            }
            for c in app.credentials
        ],
        "grants": [_grant(grant) for grant in app.grants],
        "settings": {name: _setting(value) for name, value in app.settings.items()},
        "workloads": [
            {
                "kind": w.kind,
                "namespace": w.namespace,
                "name": w.name,
                "service_account": w.service_account,
                "managed_by": w.managed_by,
                "containers": list(w.containers),
                "patched_in": list(w.patched_in),
                "rendered_in": list(w.rendered_in),
                "granted_in": list(w.granted_in),
            }
            for w in app.workloads
        ],
        "service_accounts": [
            {"cluster": s.cluster, "namespace": s.namespace, "name": s.name, "managed_by": s.managed_by}
            for s in app.service_accounts
        ],
    }


def _waiver(waiver: Waiver | None) -> dict[str, Any] | None:
    return None if waiver is None else {"role": waiver.role, "scope": waiver.scope, "because": waiver.because}


def _grant(grant: Grant) -> dict[str, Any]:
    head = {
        "name": grant.logical_name,
        "uses": list(grant.uses),
        "kind": grant.kind,
        "access": grant.access,
        "form": grant.form,
        "made": grant.made,
    }
    tail = {
        "because": grant.because,
        "waiver": _waiver(grant.waiver),
        "wider": grant.wider,
        "locked": grant.locked,
    }
    if isinstance(grant, RoleAssignment):
        return {
            **head,
            "role": grant.role,
            "role_id": grant.role_id,
            "scope": grant.scope,
            "assignment": grant.assignment,
            "condition": grant.condition,
            **tail,
        }
    return {**head, "cache": grant.cache.text, "policy": grant.policy, "assignment": grant.assignment, **tail}
