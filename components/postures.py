"""Postures of resources that someone else made: what is patched, by a dynamic resource."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components.context import Context
from keyless.plan import ArmChild, ArmPatch, EndpointProof, PosturePatch


def make_posture(
    plan: PosturePatch, parent: pulumi.Resource, context: Context, depends_on: Sequence[pulumi.Resource]
) -> pulumi.Resource:
    """The posture of one resource, after `depends_on`: its endpoints and zone groups, and grants that write below it.

    No provider of ours and no retries: the dynamic provider is the engine's own, one for the stack.
    """
    # Its imports cost a stack that patches nothing nothing.
    from components.arm.provider import Posture

    # A database is busy while its cluster is, so the resource above counts as well.
    busy = {key for patch in plan.patches for key in (patch.id.key, patch.id.key.rsplit("/", 2)[0])}
    earlier = [resource for key in sorted(busy) for resource in context.series.before(key)]
    opts = pulumi.ResourceOptions(
        parent=parent, depends_on=[*depends_on, *earlier], hooks=context.hooks, delete_before_replace=True
    )
    made = Posture(plan.logical_name, inputs_of(plan, context.cloud), opts)
    for key in busy:
        context.series.wrote(key, made)
    return made


def inputs_of(plan: PosturePatch, cloud: str) -> dict[str, Any]:
    """The plain inputs that `components.arm.model.parse` reads."""
    return {
        "resource": plan.resource,
        "cloud": cloud,
        "patches": [_patch(one) for one in plan.patches],
        "children": [_child(one) for one in plan.children],
        "proofs": [_proof(one) for one in plan.proofs],
        "dnsTimeout": plan.dns_timeout,
        "opens": plan.opens,
    }


def _patch(plan: ArmPatch) -> Mapping[str, Any]:
    rules = [
        {
            "path": one.path,
            "key": one.key,
            "entries": [dict(entry) for entry in one.entries],
            "limit": one.limit,
        }
        for one in plan.rules
    ]
    requires = [
        {"path": one.path, "wanted": list(one.wanted), "because": one.because} for one in plan.requires
    ]
    named = {"id": plan.id.text, "apiVersion": plan.api_version}
    return {**named, "values": dict(plan.values), "rules": rules, "requires": requires}


def _child(plan: ArmChild) -> Mapping[str, Any]:
    return {"id": plan.id.text, "apiVersion": plan.api_version, "properties": dict(plan.properties)}


def _proof(plan: EndpointProof) -> Mapping[str, Any]:
    return {"endpoint": plan.endpoint.text, "zones": list(plan.zones)}
