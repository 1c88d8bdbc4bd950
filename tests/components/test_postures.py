"""What of a plan's postures reaches the engine."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from components.failures import name_subjects
from components.postures import inputs_of
from keyless.plan import ArmPatch, EndpointProof, PosturePatch, RuleList
from tests.support import plans
from tests.support.places import ROOT
from tests.support.synth import synth

ACCOUNT = plans.arm_id("Microsoft.Storage/storageAccounts", "storders")
ENDPOINT = plans.arm_id("Microsoft.Network/privateEndpoints", "pe-orders", "rg-net-dev")
POSTURE = PosturePatch(
    logical_name="orders-posture",
    resource="orders",
    subscription=plans.SUBSCRIPTION,
    patches=(
        ArmPatch(
            id=ACCOUNT,
            api_version="2025-08-01",
            values={"publicNetworkAccess": "Disabled"},
            rules=(
                RuleList(
                    path="networkAcls.ipRules", key="value", entries=({"value": "20.0.0.1"},), limit=400
                ),
            ),
        ),
    ),
    children=(),
    proofs=(EndpointProof(endpoint=ENDPOINT, zones=("privatelink.blob.core.windows.net",)),),
    dns_timeout=300,
)


def plan(*postures: PosturePatch):
    shared = plans.shared_plan(plans.private_endpoint(), zones=(plans.zone(),))
    return plans.stack_plan(shared=replace(shared, posture_patches=postures))


def test_a_posture_waits_for_the_endpoints_and_zone_groups_of_its_resource():
    made = synth(plan(POSTURE)).of("pulumi-python:dynamic/keyless:Posture")["orders-posture"]
    way = {"orders-blob-endpoint", "orders-blob-zone-group", "privatelink-blob-core-windows-net-link"}
    assert way <= made.depends_on, "without the link nobody in the network finds the endpoint"
    assert made.parent == "shared-payments"
    assert made.provider == "", "the engine's own provider of dynamic resources"
    assert made.request.hooks.on_error == ["keyless-failure"]


def test_a_cache_is_patched_after_the_grants_on_it_which_it_would_refuse_meanwhile():
    cluster = plans.arm_id("Microsoft.Cache/redisEnterprise", "amr")
    database = plans.arm_id("Microsoft.Cache/redisEnterprise/databases", "default")
    database = replace(database, text=f"{cluster.text}/databases/default")
    patch = ArmPatch(
        id=database, api_version="2025-07-01", values={"accessKeysAuthentication": "Disabled"}, rules=()
    )
    posture = replace(POSTURE, resource="sessions", patches=(patch,), proofs=())
    app = plans.app_plan(grants=(plans.cache_access("checkout", cluster),))
    shared = replace(plans.shared_plan(), posture_patches=(posture,))
    made = synth(plans.stack_plan(app, shared=shared)).named("orders-posture")
    assert "checkout-sessions-grant" in made.depends_on


def test_the_inputs_are_the_plan_in_plain_words_and_the_provider_is_no_secret():
    made = synth(plan(POSTURE)).named("orders-posture")
    reference = made.inputs.pop("__provider")
    assert isinstance(reference, str)
    assert made.inputs == inputs_of(POSTURE, "public")
    assert list(made.request.additionalSecretOutputs) == []


def test_a_failed_posture_is_told_by_its_resource():
    assert dict(name_subjects(plan(POSTURE)))["orders-posture"] == (
        f"posture of resource orders, patched on {ACCOUNT.text}"
    )


def test_a_stack_without_postures_imports_nothing_for_them():
    program = "import components.program, sys; print([m for m in sys.modules if m.startswith(('azure', 'components.arm'))])"
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert answer.stdout.strip() == "[]"
