"""The stand-in Kubernetes over real gRPC, with one Deployment and one ServiceAccount that kubectl made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox import store
from sandbox.faults import Faults
from sandbox.kubernetes import world
from sandbox.kubernetes.provider import KubernetesProvider
from sandbox.plugin import start
from sandbox.wire import decode, encode

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "checkout", "namespace": "shop"},
    "spec": {
        "selector": {"matchLabels": {"app": "checkout"}},
        "template": {
            "metadata": {"labels": {"app": "checkout"}},
            "spec": {"containers": [{"name": "app", "image": "checkout:1"}]},
        },
    },
}
ACCOUNT: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": "legacy", "namespace": "shop"},
}


class Client:
    """The engine's side of one provider."""

    def __init__(self, folder: Path, stub: provider_pb2_grpc.ResourceProviderStub) -> None:
        self.folder = folder
        self.stub = stub

    def urn(self, token: str) -> str:
        return f"urn:pulumi:dev::shop::keyless:app:AppAccess$kubernetes:{token}::thing"

    def inputs(self, token: str, news: dict[str, Any]) -> dict[str, Any]:
        """What Check makes of `news`; its failures fail the test."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=self.urn(token), news=encode(news)))
        assert not answer.failures
        return decode(answer.inputs)

    def create(self, token: str, news: dict[str, Any], preview: bool = False) -> tuple[str, dict[str, Any]]:
        properties = encode(self.inputs(token, news))
        request = provider_pb2.CreateRequest(urn=self.urn(token), properties=properties, preview=preview)
        answer = self.stub.Create(request)
        return answer.id, decode(answer.properties)

    def update(self, token: str, state: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            urn=self.urn(token), olds=encode(state), news=encode(self.inputs(token, news))
        )
        return decode(self.stub.Update(request).properties)

    def read(self, token: str, id_: str, inputs: dict[str, Any], state: dict[str, Any]) -> Any:
        request = provider_pb2.ReadRequest(
            urn=self.urn(token), id=id_, inputs=encode(inputs), properties=encode(state)
        )
        return self.stub.Read(request)

    def delete(self, token: str, id_: str, state: dict[str, Any]) -> None:
        request = provider_pb2.DeleteRequest(urn=self.urn(token), id=id_, properties=encode(state))
        self.stub.Delete(request)

    def diff(
        self, token: str, state: dict[str, Any], news: dict[str, Any], ignored: Sequence[str] = ()
    ) -> provider_pb2.DiffResponse:
        request = provider_pb2.DiffRequest(
            urn=self.urn(token),
            olds=encode(state),
            news=encode(self.inputs(token, news)),
            ignoreChanges=ignored,
        )
        answer: provider_pb2.DiffResponse = self.stub.Diff(request)
        return answer

    def managers(self, group_kind: str, name: str) -> dict[str, Any]:
        """Who owns which fields of an object of namespace `shop`."""
        query = "SELECT managers FROM objects WHERE (group_kind, namespace, name) = (?, 'shop', ?)"
        with closing(store.connect(self.folder)) as connection:
            return json.loads(connection.execute(query, (group_kind, name)).fetchone()[0])

    def snapshot(self) -> bytes:
        with closing(store.connect(self.folder)) as connection:
            return world.snapshot(connection)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with closing(store.connect(tmp_path)) as connection:
        world.load(connection, "aks-dev", [DEPLOYMENT, ACCOUNT], "kubectl-client-side-apply")
    server, port = start(KubernetesProvider(tmp_path, Faults(tmp_path, "")))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=encode({"context": "aks-dev"})))
        yield Client(tmp_path, stub)
    server.stop(grace=None).wait()
