"""The stand-in Kubernetes over real gRPC, with one Deployment and one ServiceAccount that kubectl made."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from sandbox import store
from sandbox.faults import Faults
from sandbox.kubernetes import world
from sandbox.kubernetes.apiserver import ApiServerBackend
from sandbox.kubernetes.backend import Backend, Ref
from sandbox.kubernetes.memory import MemoryBackend
from sandbox.kubernetes.provider import KubernetesProvider
from sandbox.plugin import start
from sandbox.wire import decode, encode
from tests.support import apiserver

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

KUBECTL = "kubectl-client-side-apply"
REF = Ref("apps/v1", "Deployment", "shop", "checkout")
LEGACY = Ref("v1", "ServiceAccount", "shop", "legacy")
NEW = Ref("v1", "ServiceAccount", "shop", "new")


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


@contextmanager
def serving(folder: Path, faults: Faults) -> Iterator[Client]:
    """A provider on the cluster in `folder`, and its client."""
    server, port = start(KubernetesProvider(folder, faults))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = provider_pb2_grpc.ResourceProviderStub(channel)
        stub.Configure(provider_pb2.ConfigureRequest(args=encode({"context": "aks-dev"})))
        yield Client(folder, stub)
    server.stop(grace=None).wait()


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with closing(store.connect(tmp_path)) as connection:
        world.load(connection, "aks-dev", [DEPLOYMENT, ACCOUNT], KUBECTL)
    with serving(tmp_path, Faults(tmp_path, "")) as found:
        yield found


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServerBackend]:
    if lack := apiserver.missing():
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    with apiserver.running(tmp_path_factory.mktemp("apiserver")) as backend:
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
        backend.create(Ref("v1", "Namespace", "", "shop"), space, KUBECTL)
        yield backend


@pytest.fixture(params=["memory", "apiserver"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    if request.param == "memory":
        with closing(store.connect(tmp_path)) as connection:
            world.load(connection, "c", [DEPLOYMENT, ACCOUNT], KUBECTL)
            yield MemoryBackend(connection, "c")
        return
    real: ApiServerBackend = request.getfixturevalue("server")
    real.create(REF, DEPLOYMENT, KUBECTL)
    real.create(LEGACY, ACCOUNT, KUBECTL)
    yield real
    for ref in (REF, LEGACY, NEW):
        if real.get(ref) is not None:
            real.delete(ref)
