"""Overlapping writes, retries as azcore does them, and faults on purpose, over real gRPC."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import grpc
import pytest

from sandbox import store
from sandbox.azure import arm
from sandbox.azure.rules.base import Rules
from sandbox.faults import Failure

IDENTITY = "managedidentity:UserAssignedIdentity"
CREDENTIAL = "managedidentity:FederatedIdentityCredential"
ASSIGNMENT = "authorization:RoleAssignment"
CACHE = "redis:AccessPolicyAssignment"
MANAGED = "redisenterprise:AccessPolicyAssignment"


def together(*calls: Callable[[], Any]) -> list[str]:
    """Run all at once; the texts of those that were refused."""
    refused: list[str] = []
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            call()
        except grpc.RpcError as error:
            refused.append(str(error.details()))

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes that last long enough to overlap however busy the machine is."""
    monkeypatch.setattr(arm, "WRITE_SECONDS", 0.5)


def guid(letter: str) -> str:
    return "-".join(letter * count for count in (8, 4, 4, 4, 12))


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize(
    ("kind", "one", "other", "error"),
    [
        (
            CREDENTIAL,
            {},
            {"federatedIdentityCredentialResourceName": "fic-two", "subject": "system:serviceaccount:a:b"},
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        ),
        (CACHE, {}, {"accessPolicyAssignmentName": "other", "objectId": guid("8")}, "Conflict"),
        (MANAGED, {}, {"accessPolicyAssignmentName": "other", "user": {"objectId": guid("8")}}, "Conflict"),
    ],
)
def test_overlapping_writes_below_one_resource_are_refused(
    azure: Any, faulty: Any, kind: str, one: dict[str, Any], other: dict[str, Any], error: str
) -> None:
    # Facts §2.2 and §2.4; the second provider stands for another process on the same cloud.
    second = faulty()
    (text,) = together(lambda: azure.make(kind, **one), lambda: second.make(kind, **other))
    assert text.startswith(f'Status=409 Code="{error}"')
    azure_rows = [
        row for row in azure.rows().values() if row["name"] in ("fic-one", "fic-two", "checkout", "other")
    ]
    assert len(azure_rows) == 1


@pytest.mark.usefixtures("slow")
def test_overlapping_writes_below_different_identities_pass(azure: Any) -> None:
    assert (
        together(lambda: azure.make(CREDENTIAL), lambda: azure.make(CREDENTIAL, resourceName="id-bare")) == []
    )


def test_a_writer_that_died_does_not_block_for_ever(azure: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.azure.arm.time.time", lambda: 1000.0)
    holder = azure.make(CREDENTIAL)[0].rpartition("/federated")[0].lower()
    with closing(store.connect(azure.folder)) as connection:
        connection.execute("INSERT INTO busy (key, until) VALUES (?, ?)", (holder, 1000.0 + arm.TURN_SECONDS))
    with pytest.raises(grpc.RpcError):
        azure.make(CREDENTIAL, federatedIdentityCredentialResourceName="fic-two", subject="s")
    monkeypatch.setattr("sandbox.azure.arm.time.time", lambda: 1000.0 + arm.TURN_SECONDS)
    azure.make(CREDENTIAL, federatedIdentityCredentialResourceName="fic-two", subject="s")


@pytest.mark.parametrize("code", sorted(arm.RETRIED_STATUS))
@pytest.mark.parametrize("times", [1, 3])
def test_throttling_and_server_errors_are_retried_three_times(faulty: Any, code: int, times: int) -> None:
    assert faulty(Failure(code, times)).make(IDENTITY)[0]


@pytest.mark.parametrize("code", sorted(arm.RETRIED_STATUS))
def test_the_fourth_failure_in_a_row_is_reported(faulty: Any, code: int) -> None:
    provider = faulty(Failure(code, 4))
    with pytest.raises(grpc.RpcError) as error:
        provider.make(IDENTITY)
    assert f"Status={code} Code=" in str(error.value.details())
    assert provider.make(IDENTITY)[0], "the switch counts to four and no further"


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        (400, IDENTITY, "BadRequest"),
        (400, ASSIGNMENT, "PrincipalNotFound"),
        (403, IDENTITY, "AuthorizationFailed"),
        (404, IDENTITY, "ResourceNotFound"),
        (409, IDENTITY, "Conflict"),
        (409, CREDENTIAL, "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"),
        (409, CACHE, "Conflict"),
    ],
)
def test_other_failures_are_reported_at_once(faulty: Any, code: int, kind: str, error: str) -> None:
    provider = faulty(Failure(code, 1))
    before = provider.rows()
    with pytest.raises(grpc.RpcError) as refused:
        provider.make(kind)
    assert str(refused.value.details()).startswith(f'Status={code} Code="{error}"')
    assert provider.rows() == before
    assert provider.make(kind)[0]


def test_a_failure_may_be_meant_for_one_type_alone(faulty: Any) -> None:
    provider = faulty(
        Failure(409, 1, "RoleAssignment"), Failure(403, 1, "azure-native:redis:AccessPolicyAssignment")
    )
    provider.make(IDENTITY)
    provider.make(MANAGED)
    for kind in (ASSIGNMENT, CACHE):
        with pytest.raises(grpc.RpcError):
            provider.make(kind)


def test_another_operation_in_progress_is_retried(faulty: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Rules, "conflict", lambda self: (arm.RETRIED_CONFLICT, "busy"))
    assert faulty(Failure(409, 3)).make(IDENTITY)[0]
