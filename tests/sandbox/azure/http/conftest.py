"""The stand-in ARM over real HTTP on loopback, in a small world of its own."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import store
from sandbox.azure import ids
from sandbox.azure.cloud import Cloud
from sandbox.azure.http.arm import HttpArm
from sandbox.azure.http.server import Server, listen
from sandbox.faults import Failure, Faults

HERE = Path(__file__).parent
GROUP = "/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/rg"


def expanded(value: Any) -> Any:
    """The value with `~` at the start of a string as the group's id."""
    if isinstance(value, dict):
        return {name: expanded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [expanded(one) for one in value]
    return GROUP + value[1:] if isinstance(value, str) and value.startswith("~") else value


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["properties"]
        return found


class Web:
    """A client of the stand-in, by plain HTTP."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str | None,
        bearer: str | None = "sandbox:",
    ) -> Reply:
        """Any request; `path` is below the group's providers, or an id or URL."""
        base = path if path.startswith("/") else f"{GROUP}/providers/{path}"
        url = path if path.startswith("http") else self.url + base.replace(" ", "%20")
        if version is not None and "?" not in url:
            url += f"?api-version={version}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return self._reply(answer)
        except urllib.error.HTTPError as error:
            with error:
                return self._reply(error)

    def get(self, path: str, version: str = "2025-08-01") -> Reply:
        """A GET."""
        return self.send("GET", path, version=version)

    def _reply(self, answer: Any) -> Reply:
        text = answer.read()
        return Reply(answer.status, json.loads(text) if text else None, dict(answer.headers))

    def put(self, *bodies: dict[str, Any]) -> None:
        """Resources straight into the cloud, as a world would."""
        with closing(store.connect(self.folder)) as connection, store.transaction(connection):
            for body in map(expanded, bodies):
                named = {"name": ids.name(body["id"]), "type": ids.arm_type(body["id"])}
                Cloud(connection).put({**named, **body})

    def rows(self) -> dict[str, Any]:
        """Everything in the cloud, by lower-case id."""
        with closing(store.connect(self.folder)) as connection:
            return {key: json.loads(body) for key, body in connection.execute("SELECT key, body FROM arm")}


Serve = Callable[..., Web]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Servers of one cloud that holds `world.yaml`: `serve(Failure(429, 1), seconds=0.2)`."""
    running: list[Server] = []

    def make(*failures: Failure, seconds: float = 0.05) -> Web:
        faults = Faults(tmp_path, f"run-{len(running)}", failures)
        server = Server(HttpArm(tmp_path, faults, seconds), listen())
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        found = Web(tmp_path, server.url)
        if len(running) == 1:
            found.put(*yaml.safe_load((HERE / "world.yaml").read_text(encoding="utf-8")))
        return found

    yield make
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def arm(serve: Serve) -> Web:
    """One server without faults."""
    return serve()
