"""`can` says yes to what works and no, with the cause, as soon as one part of the chain is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import can
from sandbox.errors import SandboxError
from tests.support.shop import Change, Place

USES = ("agents", "assistant", "carts", "invoices", "receipts", "sessions", "token")
RG = "/subscriptions/s/resourceGroups/rg"
OTHER = f"{RG}/providers/Microsoft.Network/virtualNetworks/other"
CLOSED = ("azure.account.properties.publicNetworkAccess", "Disabled")
SECRET = {"name": "AZURE_CLIENT_SECRET", "valueFrom": {"secretKeyRef": {"name": "left-over", "key": "x"}}}
ENV = "MAIN.env"
GRANT = "azure.invoices.properties"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
BELOW_2025_AND_2026 = (
    f"@Resource[{BLOBS}:path] StringStartsWith '202' OR @Request[{BLOBS}:prefix] StringLike '202?/*'"
)
BROKEN: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("broken.yaml").read_text(encoding="utf-8")
)


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Place]:
    return lambda *changes: Place(tmp_path, changes)


@pytest.mark.parametrize("use", USES)
def test_says_yes_where_everything_is_right(place: Callable[..., Place], use: str) -> None:
    verdict = place().may(use)
    assert verdict.allowed, verdict.reasons
    assert all(reason.startswith("yes  ") for reason in verdict.reasons)
    assert len(verdict.reasons) >= 5
    assert ";" in verdict.summary


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row["case"])
def test_says_no_and_names_the_cause(place: Callable[..., Place], row: dict[str, Any]) -> None:
    verdict = place(*row["change"].items()).may(row.get("use", "invoices"))
    assert not verdict.allowed
    assert row["cause"] in verdict.summary, verdict.reasons
    assert any(reason.startswith("no   ") and row["cause"] in reason for reason in verdict.reasons)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            ((ENV, [SECRET, {"name": "AZURE_TOKEN_CREDENTIALS", "value": "WorkloadIdentityCredential"}]),),
            "WorkloadIdentityCredential alone",
        ),
        (((ENV, [{"name": "AZURE_CLIENT_ID", "value": "client"}]),), "identity id-checkout trusts"),
        ((CLOSED,), "private endpoint pe-orders leads to storders"),
        (
            (CLOSED, ("azure.link", None), ("environment.network.zones", "policy")),
            "private endpoint pe-orders",
        ),
        (
            (
                CLOSED,
                ("azure.endpoint.properties.subnet.id", f"{OTHER}/subnets/endpoints"),
                (
                    "azure.peering",
                    {
                        "id": OTHER.replace("other", "vnet/virtualNetworkPeerings/hub"),
                        "properties": {"remoteVirtualNetwork": {"id": OTHER}},
                    },
                ),
            ),
            "private endpoint pe-orders",
        ),
        (
            (
                ("azure.endpoint", None),
                (
                    "azure.account.properties.networkAcls",
                    {
                        "defaultAction": "Deny",
                        "virtualNetworkRules": [{"id": OTHER.replace("other", "VNET/subnets/nodes")}],
                    },
                ),
            ),
            "lets subnet nodes in",
        ),
        (
            (
                ("azure.endpoint", None),
                ("azure.account.location", "westeurope"),
                (
                    "azure.account.properties.networkAcls",
                    {"defaultAction": "Deny", "ipRules": [{"value": "20.0.0.10"}]},
                ),
            ),
            "lets 20.0.0.10 in",
        ),
        (
            (
                (
                    "azure.invoices.id",
                    "/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/1",
                ),
            ),
            "Storage Blob Data Reader at /subscriptions/s",
        ),
        (
            (
                (
                    f"{GRANT}.condition",
                    "!(ActionMatches{'Microsoft.Storage/*'}) OR (@Resource[x] StringEquals 'y' OR 'a' StringEquals 'a')",
                ),
            ),
            "invoices under a condition",
        ),
        (
            (("app.uses.invoices.prefix", ["2025/", "2026/"]), (f"{GRANT}.condition", BELOW_2025_AND_2026)),
            "Storage Blob Data Reader at storageAccounts/storders/blobServices/default/containers/invoices under",
        ),
    ],
)
def test_says_yes_to_another_way_that_works(
    place: Callable[..., Place], changes: tuple[Change, ...], why: str
) -> None:
    verdict = place(*changes).may()
    assert verdict.allowed, verdict.reasons
    assert any(why in reason for reason in verdict.reasons), verdict.reasons


def test_every_cluster_and_every_workload_must_hold(place: Callable[..., Place]) -> None:
    second = {"name": "two", "context": "ctx-two", "issuer": "https://issuer/two/"}
    here = place(
        (
            "environment.clusters",
            [{"name": "one", "context": "ctx-one", "issuer": "https://issuer/one/"}, second],
        )
    )
    verdict = here.may()
    assert verdict.summary == "two payments/checkout: there is no Deployment payments/checkout in ctx-two"


def test_a_custom_policy_allows_what_its_permissions_say(place: Callable[..., Place]) -> None:
    policy = {
        "id": f"{RG}/providers/Microsoft.Cache/redis/carts/accessPolicies/Sessions",
        "properties": {"permissions": "+@read ~sessions:*"},
    }
    here = place(("azure.policy", policy), ("azure.reader.properties.accessPolicyName", "Sessions"))
    assert here.may("carts").allowed


def test_the_world_knows_the_cluster_s_real_issuer(place: Callable[..., Place]) -> None:
    here = place()
    worlds = here.project / "sandbox" / "worlds"
    worlds.mkdir(parents=True)
    worlds.joinpath("dev.yaml").write_text("clusters: [{context: ctx-one, issuer: 'https://issuer/real/'}]")
    assert "the cluster's is https://issuer/real/" in here.may().summary


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ((("environment.clusters.0.delivery", "gitops"),), "delivery is gitops"),
        ((("environment.apps", {"checkout": {"stage": "granted"}}),), "stage is granted"),
    ],
)
def test_a_no_says_what_else_is_to_be_done(
    place: Callable[..., Place], changes: tuple[Change, ...], hint: str
) -> None:
    verdict = place(("TEMPLATE.metadata.labels", {}), *changes).may()
    assert any(hint in reason for reason in verdict.reasons)


def test_all_uses_come_as_a_table_by_app_and_use(place: Callable[..., Place]) -> None:
    here = place(("azure.token", None))
    rows = can.may_all(here.folder, here.project, "dev")
    assert [row.use for row in rows] == list(USES)
    assert [row.verdict.allowed for row in rows] == [row.use != "token" for row in rows]
    lines = can.render(rows).splitlines()
    assert lines[0].split() == ["APP", "USE", "ASKS", "FOR", "MAY", "WHY"]
    assert lines[4].split()[:5] == ["checkout", "invoices", "blob", "read", "yes"]
    assert "Storage Blob Data Reader at" in lines[4] and "private endpoint pe-orders" in lines[4]
    assert "getSecret/action on vaults/kv/secrets/token is not granted" in lines[7]


def test_an_absent_app_has_no_row(place: Callable[..., Place]) -> None:
    here = place(("environment.apps", {"checkout": {"absent": "later"}}))
    assert can.may_all(here.folder, here.project, "dev") == []


@pytest.mark.parametrize(
    ("app", "use", "text"),
    [("none", "x", "there is no app 'none'\n  fix: name one of: checkout"), ("checkout", "x", "no use 'x'")],
)
def test_unknown_names_are_clear_errors(place: Callable[..., Place], app: str, use: str, text: str) -> None:
    here = place()
    with pytest.raises(SandboxError, match=r"there is no app|has no use") as error:
        can.may(here.folder, here.project, app, use, "dev")
    assert text in str(error.value)
