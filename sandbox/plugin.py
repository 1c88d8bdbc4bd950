"""What every stand-in provider shares: the engine's handshake, readable refusals, ending with it."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

VERSION_VARIABLE = "SANDBOX_PLUGIN_VERSION"
# As the engine's own limit: states of large stacks pass in one message.
MESSAGE_BYTES = 400 * 1024 * 1024
# Each waiting operation holds a thread; the engine asks for at most its --parallel at once.
THREADS = 64

Request = TypeVar("Request")
Response = TypeVar("Response")


class Refusal(Exception):
    """What the cloud refuses: HTTP status `code`, the service's `error` code, its `message`.

    `retry_after` is the Retry-After header in seconds, None without one. The text is azure-native's own form;
    a provider that words its errors otherwise overrides `__str__`.
    """

    def __init__(self, code: int, error: str, message: str, retry_after: int | None = None) -> None:
        super().__init__(code, error, message, retry_after)
        self.code = code
        self.error = error
        self.message = message
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f'Status={self.code} Code="{self.error}" Message="{self.message}"'


@contextmanager
def answering(context: grpc.ServicerContext) -> Iterator[None]:
    """Turn a Refusal in the block into a gRPC error with its text, as a real provider's error arrives."""
    try:
        yield
    except Refusal as refusal:
        context.abort(grpc.StatusCode.UNKNOWN, str(refusal))


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """A provider: subclasses override the lower-case methods and raise Refusal."""

    name = "plugin"
    accepts_secrets = False
    """Whether the engine sends secrets as such; else it takes care of them itself."""

    def __init__(self) -> None:
        self.version = os.environ.get(VERSION_VARIABLE, "0.0.0")

    def configure(self, request: provider_pb2.ConfigureRequest) -> None:
        """Take the provider's configuration, in `request.args`."""

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Inputs with defaults filled in, or what is wrong with them."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What an update would change."""
        raise NotImplementedError

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Make the resource, or say what it would be when `request.preview`."""
        raise NotImplementedError

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The live state; an empty response where the id is gone."""
        raise NotImplementedError

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Change the resource in place."""
        raise NotImplementedError

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """Take the resource away; one that is gone already is no error."""
        raise NotImplementedError

    def invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        """Answer a data source."""
        raise Refusal(400, "UnknownFunction", f"{self.name} stand-in: no function {request.tok}")

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=self.accepts_secrets)

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def GetSchema(
        self, request: provider_pb2.GetSchemaRequest, context: grpc.ServicerContext
    ) -> provider_pb2.GetSchemaResponse:
        return provider_pb2.GetSchemaResponse(schema=json.dumps({"name": self.name, "version": self.version}))

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        same = request.old_inputs == request.news
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        with answering(context):
            self.configure(request)
        return provider_pb2.ConfigureResponse(supportsPreview=True, acceptSecrets=self.accepts_secrets)

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return _answer(context, self.check, request)

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        return _answer(context, self.diff, request)

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        return _answer(context, self.create, request)

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        return _answer(context, self.read, request)

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        return _answer(context, self.update, request)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        _answer(context, self.delete, request)
        return empty_pb2.Empty()

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        return _answer(context, self.invoke, request)


def _answer(
    context: grpc.ServicerContext, method: Callable[[Request], Response], request: Request
) -> Response:
    with answering(context):
        return method(request)
    # `answering` ends the call by an exception of grpc's own whenever the method raised a Refusal.
    raise AssertionError("unreachable")


def start(servicer: provider_pb2_grpc.ResourceProviderServicer) -> tuple[grpc.Server, int]:
    """A running server on a free loopback port, and that port."""
    limits = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
    ]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=THREADS), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def serve(servicer: provider_pb2_grpc.ResourceProviderServicer) -> NoReturn:
    """Serve the engine that started this process: print the port, quit with the engine or on a signal."""
    ended = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:
        ended.set()

    engine = os.getppid()
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    server, port = start(servicer)
    print(port, flush=True)
    # A killed engine says no goodbye; its children then get another parent.
    while not ended.wait(0.2) and os.getppid() == engine:
        pass
    server.stop(grace=0.5).wait()
    # Threads that still wait for a slow operation must not hold the process.
    os._exit(0)
