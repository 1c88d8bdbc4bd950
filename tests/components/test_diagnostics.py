"""Diagnostic settings: what is sent, in which subscription, and where the rows go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.plans import (
    OTHER_SUBSCRIPTION,
    SUBSCRIPTION,
    arm_id,
    diagnostic_setting,
    shared_plan,
    stack_plan,
)
from tests.support.synth import Made, synth


def made(**changes: Any) -> Made:
    shared = replace(shared_plan(), diagnostic_settings=(diagnostic_setting(**changes),))
    return synth(stack_plan(shared=shared, subscriptions=(SUBSCRIPTION, OTHER_SUBSCRIPTION)))


def test_a_setting_sends_its_categories_to_the_workspace() -> None:
    one = made().one("DiagnosticSetting")
    assert one.name == "orders-audit"
    assert one.parent == "shared-payments"
    assert one.inputs == {
        "resourceUri": f"{arm_id('Microsoft.Storage/storageAccounts', 'storders').text}/blobServices/default",
        "name": "keyless-dev",
        "workspaceId": arm_id("Microsoft.OperationalInsights/workspaces", "log-shop").text,
        "logs": [
            {"category": "StorageDelete", "enabled": True},
            {"category": "StorageRead", "enabled": True},
        ],
    }


@pytest.mark.parametrize(("dedicated", "wanted"), [(True, "Dedicated"), (False, None)])
def test_rows_go_into_the_services_own_tables_where_the_plan_says_so(dedicated: bool, wanted: str) -> None:
    inputs = made(dedicated=dedicated).one("DiagnosticSetting").inputs
    assert inputs.get("logAnalyticsDestinationType") == wanted


def test_a_setting_is_made_in_the_subscription_of_what_it_belongs_to() -> None:
    target = arm_id("Microsoft.KeyVault/vaults", "kv", subscription=OTHER_SUBSCRIPTION)
    assert made(target=target).one("DiagnosticSetting").provider == f"azure-{OTHER_SUBSCRIPTION}"
