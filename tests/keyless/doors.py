"""Environments with a network, for tests of postures: one resource in a posture, and apps that use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keyless.plan import Plan, Posture, PosturePatch, SharedPlan
from tests.keyless.project import RESOURCES, SUBSCRIPTION, app, blob, cluster, facts, planned

NETWORKS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network/virtualNetworks"
NODES = f"{NETWORKS}/vnet-shop/subnets/nodes"
ELSEWHERE = f"{NETWORKS}/vnet-west/subnets/nodes"
HUB = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dns-hub"
KINDS = {
    "storage": "orders",
    "redis-cache": "cache",
    "redis-managed": "sessions",
    "openai": "assistant",
    "foundry": "agents",
    "keyvault": "vault",
}
USES: dict[str, dict[str, Any]] = {
    "storage": blob(),
    "redis-cache": {"kind": "redis", "cache": "cache", "access": "read"},
    "redis-managed": {"kind": "redis", "cache": "sessions", "access": "write"},
    "openai": {"kind": "openai", "account": "assistant", "deployment": "gpt-4o", "access": "use"},
    "foundry": {"kind": "openai", "account": "agents", "deployment": "gpt-4o", "access": "use"},
    "keyvault": {"kind": "keyvault", "vault": "vault", "secret": "psp", "access": "read"},
}


def network(**more: Any) -> dict[str, Any]:
    """The network of the environment: endpoints in vnet-shop, zones made by Keyless."""
    return {
        "subnet": f"{NETWORKS}/vnet-shop/subnets/endpoints",
        "resource_group": "rg-net",
        "zones": "managed",
        **more,
    }


def guarded(
    tmp_path: Path,
    kind: str,
    posture: dict[str, Any],
    *,
    clusters: list[dict[str, Any]] | None = None,
    net: dict[str, Any] | None = None,
    used: bool = True,
    **changes: Any,
) -> Plan:
    """The plan of an environment with one resource of `kind` in `posture`, used by the app checkout. Raises KeylessError."""
    name = KINDS[kind]
    resource = {key: value for key, value in RESOURCES[name].items() if key != "keys"} | posture
    environment = facts(
        resources={name: resource},
        clusters=[cluster(subnets=[NODES], egress=["20.0.0.10"])] if clusters is None else clusters,
        network=network() if net is None else net,
        **changes,
    )
    apps = [app(uses={"u": USES[kind]})] if used else []
    return planned(tmp_path, apps, environment)


def shared(plan: Plan) -> SharedPlan:
    """What the environment's own stack shares."""
    (stack,) = (one for one in plan.stacks if one.stack == "dev")
    return stack.shared


def posture_of(plan: Plan) -> Posture:
    """The one posture."""
    (posture,) = shared(plan).postures
    return posture


def patch_of(plan: Plan) -> PosturePatch:
    """The one posture patch."""
    (patch,) = shared(plan).posture_patches
    return patch
