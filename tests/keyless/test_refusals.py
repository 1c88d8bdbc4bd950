"""What cannot be together is refused, with rule, key and place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keyless.errors import PlanError, SpecError
from keyless.planner import load_stack
from tests.keyless.project import (
    account,
    app,
    blob,
    cluster,
    facts,
    planned,
    storage,
    workload,
    write_project,
)

ORDERS = storage()


def _waived(role: str) -> list[dict[str, Any]]:
    return [app(uses={"u": blob("write", waiver={"role": role, "because": "wanted"})})]


CASES: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str, str]] = {
    "owner": (_waived("Owner"), {}, "refused-role", "uses.u.waiver.role"),
    "contributor": (_waived("contributor"), {}, "refused-role", "uses.u.waiver.role"),
    "by id": (_waived("b24988ac-6180-42a0-ab88-20f7382dd24c"), {}, "refused-role", "uses.u.waiver.role"),
    "lists keys": (_waived("Storage Account Contributor"), {}, "refused-role", "uses.u.waiver.role"),
    "unknown role": (_waived("Reader"), {}, "unknown-role", "uses.u.waiver.role"),
    "managed redis read": (
        [app(uses={"u": {"kind": "redis", "cache": "sessions", "access": "read"}})],
        {},
        "no-such-access",
        "uses.u.access",
    ),
    "foundry keys": (
        [app(uses={"u": {"kind": "foundry", "account": "agents", "project": "fraud", "access": "use"}})],
        {"resources": {"agents": account("foundry", "aif-shop", keys="allowed")}},
        "foundry-keys",
        "uses.u.account",
    ),
    "not a consumer": (
        [app()],
        {"resources": {"orders": {**ORDERS, "consumers": ["search"]}}},
        "not-a-consumer",
        "uses.invoices.account",
    ),
    "a team's own": (
        [app()],
        {"resources": {"orders": {**ORDERS, "team": "ml"}}},
        "not-a-consumer",
        "uses.invoices.account",
    ),
    "unknown resource": ([app()], {"resources": {}}, "unknown-resource", "uses.invoices.account"),
    "another kind": (
        [app(uses={"u": {"kind": "redis", "cache": "orders", "access": "read"}})],
        {},
        "kind-mismatch",
        "uses.u.cache",
    ),
    "21 credentials": (
        [app()],
        {"clusters": [cluster(f"c{n}") for n in range(21)]},
        "credential-limit",
        "workload",
    ),
    "same workload": (
        [app(), app("other", workload=workload(service_account="other"))],
        {},
        "same-workload",
        "workload",
    ),
    "same subject": (
        [app(), app("other", workload=workload("other", service_account="checkout"))],
        {},
        "same-subject",
        "workload",
    ),
    "shared group": (
        [app(), app("other", team="search")],
        {"identities": {"resource_group": "rg-identities"}},
        "shared-group",
        "team",
    ),
    "ServiceAccounts of one name in the state": (
        [
            app(
                workload=None,
                workloads=[
                    workload("one", namespace="a-b", service_account="s"),
                    workload("two", namespace="b", service_account="s"),
                ],
            )
        ],
        {"clusters": [cluster("aks"), cluster("aks-a")]},
        "same-name",
        "workloads.1",
    ),
    "patches of one name in the state": (
        [
            app(
                workload=None,
                workloads=[
                    workload("w", namespace="b", service_account="one"),
                    workload("w", namespace="a-b", service_account="two"),
                ],
            )
        ],
        {"clusters": [cluster("aks"), cluster("aks-a")]},
        "same-name",
        "workloads.0",
    ),
    "grants of one name in the state": (
        [
            app(
                uses={
                    "one": blob(container="b-two"),
                    "two": {**blob(container="two"), "account": "orders-b"},
                }
            )
        ],
        {"resources": {"orders": ORDERS, "orders-b": storage("other")}},
        "same-name",
        "uses.two",
    ),
    "grants of two apps of one name in the state": (
        [
            app("a", uses={"one": {**blob(), "account": "b-c"}}),
            app("a-b", uses={"one": {**blob(), "account": "c"}}),
        ],
        {"resources": {"b-c": storage("one"), "c": storage("two")}},
        "same-name",
        "uses.one",
    ),
    "a CronJob's name": (
        [app(workload=workload("c" * 53, kind="CronJob"))],
        {},
        "kubernetes-name",
        "workload.name",
    ),
    "a StatefulSet's name": (
        [app(workload=workload("c" * 53, kind="StatefulSet"))],
        {},
        "kubernetes-name",
        "workload.name",
    ),
    "a StatefulSet's dot": (
        [app(workload=workload("web.v2", kind="StatefulSet", containers=["web"]))],
        {},
        "kubernetes-name",
        "workload.name",
    ),
    "a CronJob's name here": (
        [app(workload=workload("c" * 52, kind="CronJob"))],
        {"apps": {"checkout": {"name": "c" * 53}}},
        "kubernetes-name",
        "config.keyless:environment.apps.checkout.name",
    ),
    "no container of a dotted name": (
        [app(workload=workload("web.v2"))],
        {},
        "no-container",
        "workload",
    ),
    "the account of every pod": (
        [app(workload=workload(service_account="default"))],
        {},
        "default-account",
        "workload.service_account",
    ),
    "the account of every pod, by the workload's name": (
        [app(workload=workload("default"))],
        {},
        "default-account",
        "workload.service_account",
    ),
    "a namespace without webhooks": (
        [app(workload=workload(namespace="kube-system"))],
        {},
        "system-namespace",
        "workload.namespace",
    ),
    "a namespace without webhooks here": (
        [app()],
        {"apps": {"checkout": {"namespace": "kube-system"}}},
        "system-namespace",
        "config.keyless:environment.apps.checkout.namespace",
    ),
    "duplicate app": ([app(), app(team="search")], {}, "duplicate-app", "app"),
    "unknown app": (
        [app()],
        {"apps": {"chekout": {"absent": "never was"}}},
        "unknown-app",
        "config.keyless:environment.apps.chekout",
    ),
    "unknown cluster": (
        [app()],
        {"apps": {"checkout": {"clusters": ["aks-prd"]}}},
        "unknown-cluster",
        "config.keyless:environment.apps.checkout.clusters",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_refused(tmp_path: Path, case: str) -> None:
    apps, changes, rule, key = CASES[case]
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, apps, facts(**changes))
    assert [(found.rule, found.key) for found in caught.value.findings] == [(rule, key)]
    assert all(found.file and found.line for found in caught.value.findings)


def test_one_run_tells_all(tmp_path: Path) -> None:
    apps = [app(uses={"a": blob(waiver={"role": "Owner", "because": "wanted"})}), app("other")]
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, apps, facts(resources={"orders": {**ORDERS, "consumers": ["search"]}}))
    assert len(caught.value.findings) == 2


def test_a_project_whose_apps_are_gone_is_refused_and_not_emptied(tmp_path: Path) -> None:
    root = write_project(tmp_path / "project", [app()], facts())
    (root / "apps").rename(root / "app")
    with pytest.raises(SpecError, match="every app would be taken down"):
        load_stack(root, "payments.dev")


def _secret(name: str) -> dict[str, Any]:
    return {name: {"kind": "keyvault", "vault": "vault", "secret": "psp", "access": "read"}}


def _cache(name: str) -> dict[str, Any]:
    return {name: {"kind": "redis", "cache": "cache", "access": "read"}}


@pytest.mark.parametrize(
    ("uses", "setting"),
    [
        ({"identity": blob()}, "IDENTITY_ENDPOINT"),
        ({"imds": blob()}, "IMDS_ENDPOINT"),
        ({"msi": blob()}, "MSI_ENDPOINT"),
        (_secret("msi"), "MSI_SECRET"),
        (_secret("azure-client"), "AZURE_CLIENT_SECRET"),
        (_cache("azure"), "AZURE_USERNAME"),
        (_cache("azure-authority"), "AZURE_AUTHORITY_HOST"),
        (_cache("azure-pod-identity-authority"), "AZURE_POD_IDENTITY_AUTHORITY_HOST"),
        (_cache("kubernetes"), "KUBERNETES_HOST"),
        (_cache("kubernetes-service"), "KUBERNETES_SERVICE_HOST"),
    ],
)
def test_a_setting_that_would_break_the_credential_chain(
    tmp_path: Path, uses: dict[str, Any], setting: str
) -> None:
    with pytest.raises(PlanError) as caught:
        planned(tmp_path, [app(uses=uses)])
    assert f"would be {setting}," in caught.value.findings[0].message
    assert {one.rule for one in caught.value.findings} == {"reserved-setting"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("CronJob", "c" * 52), ("StatefulSet", "c" * 52), ("Job", "c" * 63), ("Deployment", "c" * 253)],
)
def test_a_name_as_long_as_kubernetes_takes_it(tmp_path: Path, kind: str, name: str) -> None:
    written = workload(name, kind=kind, containers=["web"], service_account="checkout")
    assert planned(tmp_path, [app(workload=written)]).stacks
