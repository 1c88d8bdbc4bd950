"""The client of ARM: what it waits for, what it refuses to do, and that nothing of an answer leaves it unasked."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest
from azure.core.pipeline import Pipeline
from azure.core.pipeline.policies import BearerTokenCredentialPolicy

from components.arm import transport
from components.arm.client import Client
from components.arm.errors import ArmError, Busy, NotFound
from components.arm.transport import HOSTS, Connection, connect
from sandbox.faults import Failure
from tests.components.arm.conftest import AI, CACHE, CLUSTER, STORAGE, Serve

OFF = {"properties": {"disableAccessKeyAuthentication": True}}


def test_a_get_gives_the_named_members_alone(serve: Serve):
    _, client = serve()
    assert client.get(STORAGE, "2025-08-01", ("allowSharedKeyAccess", "nothing")) == {
        "allowSharedKeyAccess": True
    }


def test_what_is_not_there_is_not_found_with_the_name_of_the_resource(serve: Serve):
    _, client = serve()
    with pytest.raises(NotFound, match=r"refused to GET .*/storageAccounts/none: 404 ResourceNotFound"):
        client.get(STORAGE.replace("storders", "none"), "2025-08-01", ())
    client.write("DELETE", f"{CACHE}/firewallRules/none", "2024-11-01", None, 5)


@pytest.mark.parametrize(
    ("resource", "version", "name", "value"),
    [
        (AI, "2025-06-01", "disableLocalAuth", True),
        (CACHE, "2024-11-01", "disableAccessKeyAuthentication", True),
        (CLUSTER, "2025-07-01", "publicNetworkAccess", "Disabled"),
    ],
)
def test_a_write_ends_when_the_long_running_one_does(
    serve: Serve, resource: str, version: str, name: str, value: object
):
    web, client = serve(seconds=0.5)
    client.write("PATCH", resource, version, {"properties": {name: value}}, 10)
    assert client.get(resource, version, (name, "provisioningState")) == {
        name: value,
        "provisioningState": "Succeeded",
    }
    assert any("/operation" in one.path for one in web.requests)


def test_a_write_that_takes_too_long_is_an_error(serve: Serve):
    _, client = serve(seconds=30)
    with pytest.raises(ArmError, match=r"was not done after 0 s"):
        client.write("PATCH", CACHE, "2024-11-01", OFF, 0.3)


@pytest.mark.parametrize(("resource", "version"), [(CACHE, "2024-11-01"), (CLUSTER, "2025-07-01")])
def test_an_operation_that_fails_in_the_end_is_an_error_with_its_reason(
    serve: Serve, resource: str, version: str
):
    _, client = serve(Failure(202, 1, "ArmPatch"))
    body = {"properties": {"publicNetworkAccess": "Disabled"}}
    with pytest.raises(ArmError, match="OperationFailed"):
        client.write("PATCH", resource, version, body, 5)


def test_settled_waits_for_an_update_of_somebody_else(serve: Serve):
    _, client = serve(seconds=0.4)
    client._send("PATCH", AI, "2025-06-01", {"properties": {"disableLocalAuth": True}})
    assert client.settled(AI, "2025-06-01", ("disableLocalAuth",), 10) == {"disableLocalAuth": True}
    client._send("PATCH", AI, "2025-06-01", {"properties": {"disableLocalAuth": False}})
    with pytest.raises(Busy, match="in the middle of another update"):
        client.settled(AI, "2025-06-01", (), 0.05)


@pytest.mark.parametrize(
    ("status", "error"), [(409, Busy), (429, Busy), (503, Busy), (403, ArmError), (401, ArmError)]
)
def test_a_write_is_never_sent_again_by_itself_since_its_body_would_be_stale(
    serve: Serve, status: int, error: type[ArmError]
):
    web, client = serve(Failure(status, 1, "ArmPatch"))
    with pytest.raises(error) as raised:
        client.write("PATCH", CACHE, "2024-11-01", OFF, 5)
    assert type(raised.value) is error
    assert len(web.sent("PATCH")) == 1


def test_a_lock_is_final_and_says_what_to_do(serve: Serve):
    web, client = serve()
    web.put(f"{STORAGE}/providers/Microsoft.Authorization/locks/keep", {"level": "ReadOnly"})
    with pytest.raises(ArmError, match=r"(?s)ScopeLocked.*are locked: .*storders.*fix: lift") as raised:
        client.write("PATCH", STORAGE, "2025-08-01", {"properties": {}}, 5)
    assert not isinstance(raised.value, Busy)


def test_no_answer_is_worth_another_try_and_tells_nothing_but_its_kind():
    client = Client(Connection("http://127.0.0.1:9", transport._stand_in("http://127.0.0.1:9", "").pipeline))
    with pytest.raises(Busy, match=r"no answer to PATCH /x: ServiceRequestError$"):
        client.write("PATCH", "/x", "v", {}, 1)


def test_access_keys_in_an_answer_get_nowhere(serve: Serve, caplog: pytest.LogCaptureFixture):
    web, client = serve()
    with caplog.at_level(logging.DEBUG):
        written: Any = cast(Any, client).write("PATCH", CACHE, "2024-11-01", OFF, 5)
        answer = client._send("PATCH", CACHE, "2024-11-01", OFF)
    assert written is None
    assert "MARKED-KEY" in str(answer.body), "the stand-in does send them"
    assert "MARKED" not in caplog.text
    assert web.sent("PATCH")


def test_another_host_is_not_followed(serve: Serve, monkeypatch: pytest.MonkeyPatch):
    _, client = serve(seconds=5)
    monkeypatch.setattr("sandbox.azure.http.server.Server.url", "http://127.0.0.1:1")
    with pytest.raises(ArmError, match="leads to another host"):
        client.write("PATCH", CACHE, "2024-11-01", OFF, 5)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("https://management.azure.com/x", True),
        ("https://koreacentral.management.azure.com/x", True),
        ("http://management.azure.com/x", False),
        ("https://management.azure.com.evil.example/x", False),
        ("https://evilmanagement.azure.com/x", False),
    ],
)
def test_a_region_of_arm_is_arm_and_nothing_else_is(url: str, here: bool):
    assert Connection("https://management.azure.com", cast(Any, None)).leads_here(url) is here


@pytest.mark.parametrize(
    "address",
    [
        "https://management.azure.com",
        "http://management.azure.com",
        "http://10.0.0.1:80",
        "http://127.0.0.1.evil.example:80",
        "http://127.0.0.1:80@evil.example",
        "",
    ],
)
def test_the_stand_ins_address_is_loopback_or_refused(address: str):
    with pytest.raises(ArmError, match="only http on loopback"):
        connect("public", {"KEYLESS_ARM_ENDPOINT": address})


def test_the_stand_in_gets_a_word_and_the_client_id_and_never_a_token(serve: Serve, monkeypatch: Any):
    web, _ = serve()
    monkeypatch.setenv("ARM_CLIENT_ID", "00000000-0000-0000-0000-0000000000c1")
    monkeypatch.setattr("azure.identity.DefaultAzureCredential", None)
    with pytest.raises(ArmError, match="no identity with the client id"):
        Client(connect("public")).get(STORAGE, "2025-08-01", ())
    assert web.requests[-1].caller == "00000000-0000-0000-0000-0000000000c1"


class Token:
    """What a credential gives."""

    token = "a-real-token"
    expires_on = 2**40
    refresh_on = None
    token_type = "Bearer"


class Credential:
    """A credential that never asks anyone."""

    def __init__(self, **options: object) -> None:
        self.options = options

    def get_token(self, *scopes: str, **options: object) -> Token:
        return Token()


def test_a_real_token_never_goes_over_plain_http(monkeypatch: pytest.MonkeyPatch):
    policy = BearerTokenCredentialPolicy(cast(Any, Credential()), "scope")
    plain = Connection("http://127.0.0.1:9", Pipeline(transport._transport(), [policy]))
    with pytest.raises(Busy, match="ServiceRequestError"):
        Client(plain).get("/x", "v", ())


@pytest.mark.parametrize("cloud", HOSTS)
def test_each_cloud_has_its_own_arm_and_authority(cloud: str, monkeypatch: pytest.MonkeyPatch):
    made: list[Credential] = []

    def credential(**options: object) -> Credential:
        made.append(Credential(**options))
        return made[-1]

    monkeypatch.setattr("azure.identity.DefaultAzureCredential", credential)
    connection = transport._real.__wrapped__(cloud)
    assert connection.url.startswith("https://management.")
    assert made[0].options["authority"] == HOSTS[cloud].authority
