"""The client of ARM against the stand-in over real HTTP, with somebody else who writes in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from components.arm.client import Client
from components.arm.transport import connect
from sandbox import store
from sandbox.azure import ids
from sandbox.azure.cloud import Cloud
from sandbox.azure.http.arm import Answer, HttpArm, Request
from sandbox.azure.http.server import Server, listen
from sandbox.faults import Failure, Faults

GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/storders"
CACHE = f"{GROUP}/providers/Microsoft.Cache/redis/cache"
CLUSTER = f"{GROUP}/providers/Microsoft.Cache/redisEnterprise/amr"
AI = f"{GROUP}/providers/Microsoft.CognitiveServices/accounts/oai"
WORLD: dict[str, dict[str, Any]] = {
    GROUP: {},
    STORAGE: {
        "publicNetworkAccess": "Enabled",
        "allowSharedKeyAccess": True,
        "networkAcls": {"defaultAction": "Allow", "ipRules": [{"value": "20.9.9.9", "action": "Allow"}]},
    },
    CACHE: {"disableAccessKeyAuthentication": False, "redisConfiguration": {"aad-enabled": "true"}},
    CLUSTER: {"publicNetworkAccess": "Enabled"},
    AI: {"disableLocalAuth": False, "customSubDomainName": "oai"},
}


class Web(HttpArm):
    """The stand-in, with hooks before and after each request, and what it answered."""

    def __init__(self, folder: Path, faults: Faults, seconds: float) -> None:
        super().__init__(folder, faults, seconds)
        self.before: Callable[[Request], None] = lambda request: None
        self.after: Callable[[Request], None] = lambda request: None
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        self.before(request)
        answer = super().answer(request)
        self.after(request)
        return answer

    def sent(self, method: str) -> list[Request]:
        """The requests of a method."""
        return [one for one in self.requests if one.method == method]

    def put(self, arm_id: str, properties: dict[str, Any], **more: Any) -> None:
        """Straight into the cloud, as somebody else does."""
        body = {"id": arm_id, "name": ids.name(arm_id), "type": ids.arm_type(arm_id), **more}
        with closing(store.connect(self.folder)) as connection, store.transaction(connection):
            Cloud(connection).put({**body, "properties": properties})

    def properties(self, arm_id: str) -> dict[str, Any]:
        """What stands there."""
        with closing(store.connect(self.folder)) as connection:
            body = Cloud(connection).get(arm_id)
        assert body is not None
        found: dict[str, Any] = body["properties"]
        return found

    def addresses(self, arm_id: str = STORAGE) -> list[str]:
        """The IP rules that stand there."""
        return [one["value"] for one in self.properties(arm_id)["networkAcls"]["ipRules"]]

    def add_address(self, address: str, arm_id: str = STORAGE) -> None:
        """A rule of somebody else's."""
        own = self.properties(arm_id)
        own["networkAcls"]["ipRules"].append({"value": address})
        self.put(arm_id, own)


Serve = Callable[..., tuple[Web, Client]]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """A stand-in and its client: `serve(Failure(429, 1), seconds=0.2)`."""
    running: list[Server] = []

    def make(*failures: Failure, seconds: float = 0.02) -> tuple[Web, Client]:
        web = Web(tmp_path, Faults(tmp_path, "test", failures), seconds)
        for arm_id, properties in WORLD.items():
            kind = {"kind": "OpenAI"} if arm_id == AI else {}
            web.put(arm_id, properties, **kind)
        server = Server(web, listen())
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("KEYLESS_ARM_ENDPOINT", server.url)
        return web, Client(connect("public"))

    yield make
    for server in running:
        server.shutdown()
        server.server_close()
