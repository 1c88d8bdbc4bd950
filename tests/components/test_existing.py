"""Grants that exist: read by their id, held against the plan, never written."""

from typing import Any

import pulumi
import pytest

from keyless.plan import CacheAccess, RoleAssignment
from tests.support.plans import (
    app_plan,
    arm_id,
    cache_access,
    credential,
    identity,
    role_assignment,
    stack_plan,
)
from tests.support.synth import Made, synth

GUID = "00000000-0000-0000-0000-00000000a551"
ROLE = role_assignment("checkout", made=False, assignment=GUID)
ROLE_ID = f"{ROLE.scope}/providers/Microsoft.Authorization/roleAssignments/{GUID}"
CLASSIC = cache_access("checkout", arm_id("Microsoft.Cache/redis", "redis"), made=False, assignment="by-hand")
CLASSIC_ID = f"{CLASSIC.cache.text}/accessPolicyAssignments/by-hand"
MANAGED = cache_access(
    "checkout", arm_id("Microsoft.Cache/redisEnterprise", "amr"), made=False, assignment="byhand"
)
MANAGED_ID = f"{MANAGED.cache.text}/databases/default/accessPolicyAssignments/byhand"
MINE = "principal-id-of-checkout-identity"
ANSWERS: dict[str, dict[str, Any]] = {
    ROLE_ID: {"roleDefinitionId": ROLE.role_definition_id.upper(), "principalId": MINE},
    CLASSIC_ID: {"accessPolicyName": "Data Contributor", "objectId": MINE},
    MANAGED_ID: {"accessPolicyName": "default", "user": {"objectId": MINE}},
}
GRANTS = [
    (ROLE, ROLE_ID, "azure-native:authorization:RoleAssignment"),
    (CLASSIC, CLASSIC_ID, "azure-native:redis:AccessPolicyAssignment"),
    (MANAGED, MANAGED_ID, "azure-native:redisenterprise:AccessPolicyAssignment"),
]


def granted(grant: RoleAssignment | CacheAccess, **answer: Any) -> Made:
    """What is registered for an app with one grant that exists."""
    answers = {id_: {**found, **answer} for id_, found in ANSWERS.items()}
    return synth(stack_plan(app_plan(grants=(grant,))), answers)


@pytest.mark.parametrize(("grant", "id_", "type_"), GRANTS, ids=["role", "classic", "managed"])
def test_an_existing_grant_is_read_by_its_id_and_never_written(
    grant: RoleAssignment | CacheAccess, id_: str, type_: str
) -> None:
    made = granted(grant).one(type_)
    assert made.read
    assert (made.name, made.request.id, made.inputs) == (grant.logical_name, id_, {})  # type: ignore[union-attr]


def test_one_under_the_plan_s_own_condition_is_it() -> None:
    grant = role_assignment("checkout", made=False, assignment=GUID, condition="(c)")
    assert granted(grant, condition="(c)").one("RoleAssignment").read


@pytest.mark.parametrize(
    ("grant", "answer"),
    [
        (ROLE, {"principalId": "another"}),
        (ROLE, {"roleDefinitionId": "/x/roleDefinitions/00000000-0000-0000-0000-000000000000"}),
        (ROLE, {"condition": "(@Resource[x] StringEquals 'y')"}),
        (role_assignment("checkout", made=False, assignment=GUID, condition="(c)"), {}),
        (CLASSIC, {"objectId": "another"}),
        (CLASSIC, {"accessPolicyName": "Data Reader"}),
        (MANAGED, {"user": {"objectId": "another"}}),
    ],
)
def test_one_of_another_right_or_identity_fails_the_program(
    grant: RoleAssignment | CacheAccess, answer: dict[str, Any]
) -> None:
    with pytest.raises(pulumi.RunError, match="Take its line out of the environment's `apps`"):
        granted(grant, **answer)


TRUST = credential("checkout", made=False, name="by-hand")
TRUST_ID = f"{identity('checkout').id.text}/federatedIdentityCredentials/by-hand"
TRUSTED = {"issuer": TRUST.issuer, "subject": TRUST.subject, "audiences": list(TRUST.audiences)}


def test_an_existing_credential_is_read_and_the_others_are_made() -> None:
    plan = stack_plan(app_plan(credentials=(TRUST, credential("checkout", "aks-two"))))
    made = synth(plan, {TRUST_ID: TRUSTED}).of("FederatedIdentityCredential")
    existing = made[TRUST.logical_name]
    assert (existing.read, existing.request.id, existing.inputs) == (True, TRUST_ID, {})  # type: ignore[union-attr]
    assert not made["checkout-aks-two-credential"].read


@pytest.mark.parametrize(
    "change", [{"issuer": "https://another/"}, {"subject": "system:serviceaccount:a:b"}, {"audiences": ["x"]}]
)
def test_a_credential_that_trusts_another_fails_the_program(change: dict[str, Any]) -> None:
    with pytest.raises(pulumi.RunError, match="and Keyless makes the credential"):
        synth(stack_plan(app_plan(credentials=(TRUST,))), {TRUST_ID: {**TRUSTED, **change}})
