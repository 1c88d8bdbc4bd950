"""The rights for what a posture sets and what an audit logs: in the owner's stack, where something is patched or logged."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keyless.deployer.make import DeployerIdentity, make_deployer
from keyless.deployer.rights import rights_of
from keyless.plan import (
    ArmChild,
    ArmId,
    ArmPatch,
    DiagnosticSetting,
    EndpointProof,
    PosturePatch,
    RuleList,
    SharedPlan,
    StackPlan,
)
from keyless.render.deployer import render_deployer_json
from sandbox import derived, store
from sandbox.azure import callers
from sandbox.azure.cloud import Cloud
from sandbox.plugin import Refusal
from sandbox.store import connect
from tests.support.deployers import apply
from tests.support.plans import SUBSCRIPTION, arm_id, private_endpoint, shared_plan, stack_plan
from tests.support.replay import set_posture

ACCOUNT = arm_id("Microsoft.Storage/storageAccounts", "storders")
CACHE = arm_id("Microsoft.Cache/redis", "rdc")
CLUSTER = arm_id("Microsoft.Cache/redisEnterprise", "amr")
WORKSPACE = arm_id("Microsoft.OperationalInsights/workspaces", "logs")
ENDPOINT = arm_id("Microsoft.Network/privateEndpoints", "pe-of-another-stack")
SUBNET = f"{arm_id('Microsoft.Network/virtualNetworks', 'v').text}/subnets/nodes"
DATABASE = ArmId(
    f"{CLUSTER.text}/databases/default",
    SUBSCRIPTION,
    CLUSTER.resource_group,
    f"{CLUSTER.type}/databases",
    "default",
)
RULE = ArmId(
    f"{CACHE.text}/firewallRules/aks",
    SUBSCRIPTION,
    CACHE.resource_group,
    f"{CACHE.type}/firewallRules",
    "aks",
)


def posture(*patches: ArmPatch, **more: Any) -> PosturePatch:
    values: dict[str, Any] = {
        "logical_name": "x",
        "resource": "x",
        "subscription": SUBSCRIPTION,
        "children": (),
        "proofs": (),
    }
    return PosturePatch(**values | {"patches": patches, "dns_timeout": 1800} | more)


def patch(target: ArmId, *rules: RuleList) -> ArmPatch:
    return ArmPatch(
        id=target, api_version="2025-01-01", values={"publicNetworkAccess": "Disabled"}, rules=rules
    )


SHARED = SharedPlan(
    zones=(),
    private_endpoints=(),
    postures=(),
    posture_patches=(
        posture(patch(ACCOUNT, RuleList(path="networkAcls.virtualNetworkRules", key="id", entries=({"id": SUBNET},), limit=400)),
                proofs=(EndpointProof(endpoint=ENDPOINT, zones=("privatelink.blob.core.windows.net",)),)),
        posture(patch(CACHE), children=(ArmChild(id=RULE, api_version="2024-11-01", properties={"startIP": "20.0.0.1"}),)),
        posture(patch(CLUSTER), patch(DATABASE)),
    ),
    diagnostic_settings=(
        DiagnosticSetting(logical_name="x", resource="orders", name="keyless", target=ACCOUNT, workspace=WORKSPACE,
                          categories=("StorageRead",), dedicated=True),
    ),
)  # fmt: skip
IDENTITY = DeployerIdentity("id-deploy", SUBSCRIPTION, "rg-deploy", "koreacentral")


def deployer(plan: StackPlan) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        render_deployer_json(make_deployer(plan, IDENTITY, None, {}, None, ()))
    )
    return found


VALUE = deployer(stack_plan(shared=SHARED))
ACTIONS = [(role["purpose"], action) for role in VALUE["roles"] for action in role["actions"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cloud that holds what the plan names."""
    with closing(connect(tmp_path)) as connection, store.transaction(connection):
        cloud = Cloud(connection)
        for named in (ACCOUNT.text, CACHE.text, DATABASE.text, WORKSPACE.text, ENDPOINT.text, SUBNET):
            for place in derived.with_parents(named):
                cloud.put({"id": place, "name": place.rpartition("/")[2], "type": derived.arm_type(place)})
    return tmp_path


def all_of_it(folder: Path, caller: str) -> None:
    """What the posture's client and the engine ask for this plan: up, and down again."""
    with closing(connect(folder)) as connection:
        cloud = Cloud(connection)
        for one in SHARED.posture_patches:
            set_posture(one, cloud, caller)
        setting = f"{ACCOUNT.text}/providers/Microsoft.Insights/diagnosticSettings/keyless"
        callers.check_read(cloud, caller, setting)
        callers.check_write(cloud, caller, setting, {"properties": {"workspaceId": WORKSPACE.text}}, None)
        callers.check_delete(cloud, caller, setting, None)


def test_the_owners_deployer_sets_its_postures_and_logs(folder: Path) -> None:
    all_of_it(folder, apply(folder, VALUE))


@pytest.mark.parametrize(("purpose", "action"), ACTIONS)
def test_it_fails_without_any_one_action(folder: Path, purpose: str, action: str) -> None:
    caller = apply(folder, VALUE, without=(purpose, action))
    with pytest.raises(Refusal, match="(?i)authorizationfailed.*" + action.lower()):
        all_of_it(folder, caller)


def test_a_resource_that_is_not_patched_is_not_written(folder: Path) -> None:
    caller = apply(folder, VALUE)
    other = arm_id("Microsoft.Storage/storageAccounts", "stother").text
    with closing(connect(folder)) as connection, pytest.raises(Refusal, match="AuthorizationFailed"):
        callers.check_write(Cloud(connection), caller, other, {}, None)


def test_no_key_can_be_listed(folder: Path) -> None:
    caller = apply(folder, VALUE)
    with closing(connect(folder)) as connection:
        for target in (ACCOUNT, CACHE, CLUSTER):
            for word in ("listKeys", "regenerateKey", "listAccountSas"):
                with pytest.raises(Refusal, match="AuthorizationFailed"):
                    callers.check_action(
                        Cloud(connection), caller, f"{target.type}/{word}/action", target.text
                    )


@pytest.mark.parametrize(("zones", "needed"), [(True, False), (False, True)])
def test_the_zone_group_of_an_own_endpoint_is_read_in_its_group(zones: bool, needed: bool) -> None:
    # Where Azure Policy writes the zone group, the stack has no right to make one that would hold reading it.
    endpoint = private_endpoint() if zones else private_endpoint(zones=())
    group = f"/subscriptions/{endpoint.subscription}/resourceGroups/{endpoint.resource_group}"
    own = ArmId(
        f"{group}/providers/Microsoft.Network/privateEndpoints/{endpoint.name}",
        endpoint.subscription, endpoint.resource_group, "Microsoft.Network/privateEndpoints", endpoint.name,
    )  # fmt: skip
    proof = EndpointProof(endpoint=own, zones=("privatelink.blob.core.windows.net",))
    shared = replace(shared_plan(endpoint), posture_patches=(posture(patch(ACCOUNT), proofs=(proof,)),))
    rights = rights_of(stack_plan(shared=shared))
    read = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/read"
    assert [one.scope for one in rights if one.action == read] == [group]
    assert any(one.purpose == "posture-proofs" for one in rights) is needed


def test_what_each_right_leaves_possible_is_said() -> None:
    remains = "\n".join(VALUE["remains"])
    assert "can change every property of redis/rdc by `Microsoft.Cache/redis/write`" in remains
    assert "the answer to a change holds the cache's access keys" in remains
    assert "can read the keys of the workspace workspaces/logs" in remains
    assert "can change every property of storageAccounts/storders" in remains


def test_rules_that_an_earlier_posture_made_can_be_taken_away() -> None:
    closed = ArmPatch(
        id=CACHE, api_version="2024-11-01", values={"publicNetworkAccess": "Disabled"}, rules=()
    )
    shared = replace(shared_plan(), posture_patches=(posture(closed),))
    actions = {right.action for right in rights_of(stack_plan(shared=shared))}
    assert {f"{CACHE.type}/firewallRules/read", f"{CACHE.type}/firewallRules/delete"} <= actions
    assert f"{CACHE.type}/firewallRules/write" not in actions
