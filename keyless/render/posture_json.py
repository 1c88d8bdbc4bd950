"""Postures, what is set for them, and policies, as plain JSON values: keys always present, absent values null."""

from typing import Any

from keyless.plan import ArmPatch, BuiltInPolicy, Posture, PosturePatch


def posture_json(posture: Posture) -> dict[str, Any]:
    """How one resource may be reached and entered."""
    return {
        "resource": posture.resource,
        "kind": posture.kind,
        "id": posture.id.text,
        "stack": posture.stack,
        "network": posture.network,
        "keys": posture.keys,
        "keyed": posture.keyed,
        "management": posture.management,
        "owner": posture.owner,
        "override": posture.override,
        "locked": posture.locked,
        "cuts_off": list(posture.cuts_off),
    }


def patch_json(patch: PosturePatch) -> dict[str, Any]:
    """What `pulumi up` sets for one posture, and what it awaits before."""
    return {
        "resource": patch.resource,
        "name": patch.logical_name,
        "patches": [_arm_patch(one) for one in patch.patches],
        "children": [
            {"id": one.id.text, "api_version": one.api_version, "properties": dict(one.properties)}
            for one in patch.children
        ],
        "proofs": [{"endpoint": one.endpoint.text, "zones": list(one.zones)} for one in patch.proofs],
        "dns_timeout": patch.dns_timeout,
        "opens": patch.opens,
    }


def _arm_patch(patch: ArmPatch) -> dict[str, Any]:
    return {
        "id": patch.id.text,
        "api_version": patch.api_version,
        "values": dict(patch.values),
        "rules": [
            {
                "path": rule.path,
                "key": rule.key,
                "entries": [dict(entry) for entry in rule.entries],
                "limit": rule.limit,
            }
            for rule in patch.rules
        ],
        "requires": [
            {"path": one.path, "wanted": list(one.wanted), "because": one.because} for one in patch.requires
        ],
    }


def policy_json(policy: BuiltInPolicy) -> dict[str, Any]:
    """One built-in definition, or that there is none; `render ENV --policy` says more of each."""
    return {
        "kinds": list(policy.kinds),
        "subject": policy.subject,
        "name": policy.name,
        "definition": policy.definition,
        "flags": list(policy.flags),
    }
