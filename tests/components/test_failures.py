"""What a failed operation says: app, use and resource."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.failures import REPETITIONS, name_subjects, passes, sentence, wait
from keyless.plan import StackPlan
from tests.support.plans import (
    app_plan,
    arm_id,
    cache_access,
    diagnostic_setting,
    private_endpoint,
    role_assignment,
    shared_plan,
    stack_plan,
    zone,
)
from tests.support.synth import synth


def whole() -> StackPlan:
    """One of every form."""
    app = app_plan(
        grants=(role_assignment("checkout", uses=("drafts", "invoices")), cache_access("checkout"))
    )
    shared = shared_plan(private_endpoint(), zones=(zone(),))
    return stack_plan(app, shared=replace(shared, diagnostic_settings=(diagnostic_setting(),)))


SENTENCES = {
    "checkout-identity": (
        "app checkout: managed identity /subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/"
        "rg-identities-payments-dev/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-checkout-dev"
    ),
    "checkout-aks-dev-credential": (
        "app checkout: federated credential checkout-aks-dev of system:serviceaccount:payments:checkout "
        "in cluster aks-dev"
    ),
    "checkout-orders-invoices-grant": (
        "app checkout, uses drafts, invoices (blob read): role Storage Blob Data Reader on "
        f"{role_assignment('checkout').scope}"
    ),
    "checkout-sessions-grant": (
        "app checkout, use sessions (redis write): access policy Data Contributor on "
        f"{arm_id('Microsoft.Cache/redis', 'redis-sessions').text}"
    ),
    "checkout-aks-dev-service-account": "app checkout: ServiceAccount payments/checkout in cluster aks-dev",
    "checkout-aks-dev-deployment-checkout": (
        "app checkout: patch of Deployment payments/checkout in cluster aks-dev"
    ),
    "orders-blob-endpoint": "private endpoint pe-orders-blob-dev (blob) of resource orders, used by checkout",
    "orders-audit": (
        "diagnostic setting keyless-dev of resource orders, to "
        f"{arm_id('Microsoft.OperationalInsights/workspaces', 'log-shop').text}"
    ),
    "privatelink-blob-core-windows-net-zone": f"private DNS zone {zone().id.text}",
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_failure_names_app_use_and_resource(name: str) -> None:
    failure = pulumi.ErrorHookArgs("urn", "id", name, "type", failed_operation="create", errors=["409"])
    assert (
        sentence(failure, dict(name_subjects(whole())), "dev") == f"cannot create: {SENTENCES[name]} [{name}]"
    )


@pytest.mark.parametrize(
    ("name", "error"),
    [
        (
            "checkout-orders-invoices-grant",
            "Code=RoleAssignmentExists Message=The role assignment already exists.",
        ),
        (
            "checkout-sessions-grant",
            "409 Conflict: The object id 'x' already has an access policy on this cache",
        ),
    ],
)
def test_a_grant_that_exists_is_told_with_the_line_to_write(name: str, error: str) -> None:
    failure = pulumi.ErrorHookArgs("urn", "id", name, "type", failed_operation="create", errors=[error])
    told = sentence(failure, dict(name_subjects(whole())), "prd")
    assert "name it in the environment, as `apps: {<app>: {grants: {<use>: <id>}}}`" in told
    assert "| keyless import prd`" in told


def test_a_credential_that_exists_is_told_with_the_line_to_write() -> None:
    error = (
        "Code=BadRequest Message=Issuer and subject combination already exists for this Managed Identity, ..."
    )
    name = "checkout-aks-dev-credential"
    failure = pulumi.ErrorHookArgs("urn", "id", name, "type", failed_operation="create", errors=[error])
    told = sentence(failure, dict(name_subjects(whole())), "prd")
    assert "`apps: {<app>: {credentials: {<name>: <id>}}}`" in told


def test_an_endpoint_without_apps_says_so() -> None:
    plan = stack_plan(shared=shared_plan(private_endpoint(used_by=())))
    assert dict(name_subjects(plan))["orders-blob-endpoint"].endswith(
        "of resource orders, used by no app yet"
    )


def test_every_resource_has_the_hook_and_a_subject() -> None:
    subjects = dict(name_subjects(whole()))
    resources = [one for one in synth(whole()) if one.type.startswith(("azure-native:", "kubernetes:"))]
    assert {one.name for one in resources} == set(subjects)
    for one in resources:
        request: Any = one.request
        assert list(request.hooks.on_error) == ["keyless-failure"], one.name


def failure(type_: str, *errors: str, name: str = "x") -> pulumi.ErrorHookArgs:
    return pulumi.ErrorHookArgs("urn", "id", name, type_, failed_operation="delete", errors=list(errors))


def test_what_has_left_the_plan_is_named_as_such() -> None:
    told = sentence(failure("type", "409", name="search-identity"), dict(name_subjects(whole())), "dev")
    assert told == "cannot delete: what has left the plan [search-identity]"


def test_a_missing_zone_leads_to_the_stack_that_makes_it() -> None:
    error = "The Resource 'Microsoft.Network/privateDnsZones/privatelink.blob' was not found."
    assert "bring that one up first" in sentence(failure("type", error), {}, "dev")


BUSY = (
    'Status=409 Code="Conflict" Message="The requested resource is busy processing a previous update request"'
)


@pytest.mark.parametrize(
    ("type_", "error", "again"),
    [
        ("azure-native:redis:AccessPolicyAssignment", BUSY, True),
        ("azure-native:redisenterprise:AccessPolicyAssignment", BUSY, True),
        ("azure-native:redis:AccessPolicyAssignment", 'Code="ScopeLocked"', False),
        (
            "azure-native:managedidentity:FederatedIdentityCredential",
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            True,
        ),
        ("azure-native:authorization:RoleAssignment", 'Code="PrincipalNotFound"', True),
        ("azure-native:authorization:RoleAssignment", 'Code="RoleAssignmentExists"', False),
        ("kubernetes:apps/v1:DeploymentPatch", BUSY, False),
    ],
)
def test_only_what_passes_is_repeated(type_: str, error: str, again: bool) -> None:
    assert passes(failure(type_, error)) == again


def test_repetitions_end_and_waits_grow_to_a_minute() -> None:
    type_ = "azure-native:redis:AccessPolicyAssignment"
    assert passes(failure(type_, *[BUSY] * REPETITIONS))
    assert not passes(failure(type_, *[BUSY] * (REPETITIONS + 1)))
    assert not passes(failure(type_, 'Code="ScopeLocked"', BUSY))  # newest first
    assert [wait(number, 2.0) for number in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
