"""Makes the one posture of `posture.json`, with a private endpoint and its zone where it asks for one."""

import asyncio
import json
from pathlib import Path

import pulumi

from components.program import make
from keyless.plan import (
    ArmChild,
    ArmId,
    ArmPatch,
    EndpointProof,
    PosturePatch,
    PrivateEndpoint,
    RuleList,
    SharedPlan,
)
from tests.support import plans

GIVEN = json.loads((Path(__file__).parent / "posture.json").read_text())
NAME = GIVEN.get("resource", "orders")


def arm_id(text: str) -> ArmId:
    """An id as the planner parses it."""
    words = text.split("/")
    return ArmId(text, words[2], words[4], "/".join([words[6], *words[7::2]]), words[-1])


def endpoint() -> PrivateEndpoint:
    """The endpoint that a proof names, in the world's network."""
    name, zones = GIVEN["endpoint"]["name"], GIVEN["endpoint"]["zones"]
    return plans.private_endpoint(
        NAME,
        name=name,
        subnet=f"{plans.NETWORK}/subnets/endpoints",
        target=arm_id(GIVEN["patches"][0]["id"]),
        zones=tuple(arm_id(zone) for zone in zones),
    )


def posture() -> PosturePatch:
    """The posture, value by value."""
    return PosturePatch(
        logical_name=f"{NAME}-posture",
        resource=NAME,
        subscription=plans.SUBSCRIPTION,
        patches=tuple(
            ArmPatch(
                id=arm_id(one["id"]),
                api_version=one["version"],
                values=one.get("values", {}),
                rules=tuple(
                    RuleList(path=rules["path"], key=rules["key"], entries=tuple(rules["entries"]), limit=400)
                    for rules in one.get("rules", ())
                ),
            )
            for one in GIVEN["patches"]
        ),
        children=tuple(
            ArmChild(id=arm_id(one["id"]), api_version=one["version"], properties=one["properties"])
            for one in GIVEN.get("children", ())
        ),
        proofs=tuple(
            EndpointProof(endpoint=arm_id(one["endpoint"]), zones=tuple(one["zones"]))
            for one in GIVEN.get("proofs", ())
        ),
        dns_timeout=GIVEN.get("dns_timeout", 1),
    )


async def main() -> None:
    """Make it all through the components."""
    shared = SharedPlan(
        zones=(),
        private_endpoints=(endpoint(),) if "endpoint" in GIVEN else (),
        postures=(),
        posture_patches=(posture(),) if GIVEN["patches"] else (),
    )
    make(plans.stack_plan(stack="dev", team=None, clusters=(), shared=shared))
    await asyncio.sleep(0)


pulumi.run(main)
