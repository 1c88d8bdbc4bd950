"""The stand-in Azure over real gRPC, in a small world of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox import store
from sandbox.azure import ids
from sandbox.azure.cloud import Cloud
from sandbox.azure.provider import AzureProvider
from sandbox.faults import Failure, Faults
from sandbox.plugin import start
from sandbox.wire import decode, encode

HERE = Path(__file__).parent
SUBSCRIPTION = "00000000-0000-0000-0000-00000000000a"
TENANT = "00000000-0000-0000-0000-0000000000ff"


class Client:
    """The engine's side of one provider: short names for its calls."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)
        self.good = yaml.safe_load((HERE / "good.yaml").read_text(encoding="utf-8"))

    def configure(self, **config: Any) -> None:
        args = encode({"subscriptionId": SUBSCRIPTION, "tenantId": TENANT, **config})
        self.stub.Configure(provider_pb2.ConfigureRequest(args=args))

    def urn(self, token: str) -> str:
        return f"urn:pulumi:dev::shop::keyless:app:AppAccess${self.token(token)}::thing"

    def token(self, word: str) -> str:
        """The whole token of a short one: `network:PrivateEndpoint`."""
        return word if word.startswith("azure-native:") else f"azure-native:{word}"

    def inputs(self, token: str, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The good inputs of a type with changes; None takes an input away."""
        changed = {**self.good[token], **(changes or {})}
        return {name: value for name, value in changed.items() if value is not None}

    def check(
        self, token: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> provider_pb2.CheckResponse:
        request = provider_pb2.CheckRequest(urn=self.urn(token), news=encode(news), randomSeed=b"seed")
        if olds is not None:
            request.olds.CopyFrom(encode(olds))
        answer: provider_pb2.CheckResponse = self.stub.Check(request)
        return answer

    def create(
        self, token: str, inputs: Mapping[str, Any], preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        request = provider_pb2.CreateRequest(urn=self.urn(token), properties=encode(inputs), preview=preview)
        answer = self.stub.Create(request)
        return answer.id, decode(answer.properties)

    def make(self, token: str, **changes: Any) -> tuple[str, dict[str, Any]]:
        """Create the good one with changes."""
        return self.create(token, self.inputs(token, changes))

    def update(
        self, token: str, arm_id: str, news: Mapping[str, Any], preview: bool = False
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            id=arm_id, urn=self.urn(token), news=encode(news), olds=encode({"name": "old"}), preview=preview
        )
        return decode(self.stub.Update(request).properties)

    def diff(self, token: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            id="/x", urn=self.urn(token), old_inputs=encode(olds), news=encode(news)
        )
        answer: provider_pb2.DiffResponse = self.stub.Diff(request)
        return answer

    def read(
        self,
        token: str,
        arm_id: str,
        inputs: Mapping[str, Any] | None = None,
        state: Mapping[str, Any] | None = None,
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Id, outputs and inputs as the provider reads them; without `inputs` as in an import."""
        request = provider_pb2.ReadRequest(id=arm_id, urn=self.urn(token), properties=encode(state or {}))
        if inputs is not None:
            request.inputs.CopyFrom(encode(inputs))
        answer = self.stub.Read(request)
        return answer.id, decode(answer.properties), decode(answer.inputs)

    def delete(self, token: str, arm_id: str) -> None:
        self.stub.Delete(provider_pb2.DeleteRequest(id=arm_id, urn=self.urn(token)))

    def put(self, *bodies: Mapping[str, Any]) -> None:
        """Resources straight into the cloud, as a world or someone else would."""
        with closing(store.connect(self.folder)) as connection, store.transaction(connection):
            for body in bodies:
                named = {"name": ids.name(body["id"]), "type": ids.arm_type(body["id"])}
                Cloud(connection).put({**named, **body})

    def rows(self) -> dict[str, Any]:
        """Everything in the cloud, by lower-case id."""
        with closing(store.connect(self.folder)) as connection:
            return {key: json.loads(body) for key, body in connection.execute("SELECT key, body FROM arm")}


def client(folder: Path, faults: Faults | None = None) -> Iterator[Client]:
    """A provider process's worth of server on loopback, and its client."""
    provider = AzureProvider(folder, faults or Faults(folder, "test"), environment={})
    server, port = start(provider)
    found = Client(folder, port)
    try:
        found.configure()
        yield found
    finally:
        found.channel.close()
        server.stop(None).wait()


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Client]:
    """A configured provider; its cloud holds `world.yaml`."""
    world = yaml.safe_load((HERE / "world.yaml").read_text(encoding="utf-8"))
    for found in client(tmp_path):
        found.put(*world)
        yield found


@pytest.fixture
def faulty(azure: Client) -> Any:
    """A second provider on the same cloud with faults: `faulty(Failure(409, 2))`."""
    running: list[Iterator[Client]] = []

    def make(*failures: Failure) -> Client:
        running.append(client(azure.folder, Faults(azure.folder, "faulty", failures)))
        return next(running[-1])

    yield make
    for one in running:
        next(one, None)
