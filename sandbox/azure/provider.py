"""The azure-native provider as the engine sees it, on top of the stand-in ARM."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.azure import checks, ids
from sandbox.azure.arm import Arm
from sandbox.azure.schema import API_VERSION, ResourceType
from sandbox.azure.types import resource_types
from sandbox.faults import Faults
from sandbox.plugin import Plugin, Refusal
from sandbox.wire import UNKNOWN, Properties, decode, encode, plain

CLIENT_CONFIG = "azure-native:authorization:getClientConfig"


class AzureProvider(Plugin):
    """One configured provider: one subscription of one tenant."""

    name = "azure-native"

    def __init__(self, folder: Path, faults: Faults, environment: Mapping[str, str] = os.environ) -> None:
        super().__init__()
        self.arm = Arm(folder, faults)
        self.environment = environment
        self.config: dict[str, str] = {}
        self.types = resource_types(self.tenant)

    def configure(self, request: provider_pb2.ConfigureRequest) -> None:
        given = plain(decode(request.args))
        # What is not known yet is as good as not set: the engine configures again once it is.
        self.config = {key: _text(value) for key, value in given.items() if value not in (None, UNKNOWN)}
        self.types = resource_types(self.tenant)
        self.arm.caller = self.client_id

    def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        kind = self._type(request.urn)
        olds = _inputs(request.olds)
        news = checks.with_name(
            kind, _inputs(request.news), olds, request.urn.rpartition("::")[2], request.randomSeed
        )
        if "location" not in news and any(one.name == "location" for one in kind.inputs):
            location = olds.get("location") or self.config.get("location") or self._group_location(news)
            news = {**news, "location": location} if location is not None else news
        news.setdefault(API_VERSION, kind.api_version)
        return provider_pb2.CheckResponse(inputs=encode(news), failures=checks.failures(kind, news))

    def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        kind = self._type(request.urn)
        return checks.difference(kind, _inputs(request.old_inputs), _inputs(request.news))

    def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        kind, inputs = self._type(request.urn), _inputs(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(kind.preview_of(inputs)))
        arm_id = kind.id_of(inputs, self.subscription)
        body = self.arm.put(kind, arm_id, kind.body_of(inputs), create=True)
        return provider_pb2.CreateResponse(id=body["id"], properties=encode(kind.outputs_of(body)))

    def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        kind = self._type(request.urn)
        body = self.arm.get(request.id)
        if body is None:
            return provider_pb2.ReadResponse()
        outputs, inputs = kind.outputs_of(kind.rules.shown(body)), _inputs(request.inputs)
        if inputs:
            inputs = checks.refreshed(kind, inputs, plain(decode(request.properties)), outputs)
        else:
            # An import or a `get`: the id and the answer are all there is.
            words = kind.words_of(request.id)
            if words is None:
                raise Refusal(
                    400, "InvalidResourceId", f"'{request.id}' is no id of {kind.token}: {kind.template}"
                )
            inputs = {**words, **kind.inputs_in(outputs)}
        return provider_pb2.ReadResponse(id=request.id, properties=encode(outputs), inputs=encode(inputs))

    def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        kind, inputs = self._type(request.urn), _inputs(request.news)
        if request.preview:
            stable = {
                name: value
                for name, value in decode(request.olds).items()
                if name in ("name", "location") and value is not None
            }
            return provider_pb2.UpdateResponse(properties=encode({**kind.preview_of(inputs), **stable}))
        arm_id = kind.id_of(inputs, self.subscription)
        body = self.arm.put(kind, arm_id, kind.body_of(inputs), create=False)
        return provider_pb2.UpdateResponse(properties=encode(kind.outputs_of(body)))

    def delete(self, request: provider_pb2.DeleteRequest) -> None:
        self.arm.delete(self._type(request.urn), request.id)

    def invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        if request.tok != CLIENT_CONFIG:
            return super().invoke(request)
        caller = self.client_id
        answer = {
            "clientId": caller or ids.guid("deployer client", self.tenant),
            "objectId": self.arm.principal_of(caller) if caller else ids.guid("deployer", self.tenant),
            "subscriptionId": self.subscription,
            "tenantId": self.tenant,
        }
        response = provider_pb2.InvokeResponse()
        # `return` is a word of Python's own.
        getattr(response, "return").CopyFrom(encode(answer))
        return response

    @property
    def subscription(self) -> str:
        """The provider's subscription id. Raises Refusal where none is set."""
        found = self.config.get("subscriptionId") or self.environment.get("ARM_SUBSCRIPTION_ID")
        if not found:
            raise Refusal(
                400,
                "SubscriptionNotSet",
                "the provider has no subscription: set subscriptionId on it, or azure-native:subscriptionId",
            )
        return found

    @property
    def client_id(self) -> str | None:
        """The client id of the identity that deploys; None for an owner."""
        return self.config.get("clientId") or self.environment.get("ARM_CLIENT_ID") or None

    @property
    def tenant(self) -> str:
        """The tenant that identities belong to: the provider's own, else one that the stand-in invents."""
        return (
            self.config.get("tenantId") or self.environment.get("ARM_TENANT_ID") or ids.guid("sandbox tenant")
        )

    def _type(self, urn: str) -> ResourceType:
        token = urn.split("::")[2].rpartition("$")[2]
        if token not in self.types:
            raise Refusal(
                400,
                "UnknownResourceType",
                f"the stand-in Azure does not know {token}; it knows {', '.join(sorted(self.types))}",
            )
        return self.types[token]

    def _group_location(self, inputs: Properties) -> object:
        group = inputs.get("resourceGroupName")
        if group is UNKNOWN:
            return UNKNOWN
        body = self.arm.get(f"/subscriptions/{self.subscription}/resourceGroups/{group}") if group else None
        return (body or {}).get("location")


def _inputs(struct: struct_pb2.Struct) -> Properties:
    """Inputs without nulls and wrappings."""
    found: Properties = plain(decode(struct))
    return {name: value for name, value in found.items() if value is not None}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
