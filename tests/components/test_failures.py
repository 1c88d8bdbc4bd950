"""What a failed operation says: app, use and resource."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest

from components.failures import name_subjects, sentence
from keyless.plan import StackPlan
from tests.support.plans import (
    app_plan,
    arm_id,
    cache_access,
    diagnostic_setting,
    patch,
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
    assert sentence(failure, dict(name_subjects(whole()))) == f"cannot create: {SENTENCES[name]} [{name}]"


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


def test_a_name_that_has_left_the_plan_is_left_to_the_engine() -> None:
    assert patch("search").logical_name not in dict(name_subjects(whole()))
