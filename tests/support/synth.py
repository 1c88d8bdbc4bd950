"""Runs a Pulumi program against the SDK's mocks and gives the list of all that it registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi
from pulumi.runtime import mocks, rpc
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import Stack

from components.program import make
from keyless.plan import StackPlan

CLIENT_ID = "client-id-of-"
PRINCIPAL_ID = "principal-id-of-"


@dataclass(frozen=True, slots=True)
class Registered:
    """One resource as the engine receives it; `depends_on`, `parent` and `provider` are logical names.

    `inputs` are plain; `secret` are the names of those that hold a secret.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    parent: str
    provider: str
    depends_on: frozenset[str]
    request: resource_pb2.RegisterResourceRequest | resource_pb2.ReadResourceRequest
    secret: frozenset[str]

    @property
    def read(self) -> bool:
        """Whether an existing resource is only read."""
        return isinstance(self.request, resource_pb2.ReadResourceRequest)


@dataclass(slots=True)
class Made:
    """Everything one program registered, in the order in which the engine received it."""

    resources: list[Registered] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Registered]:
        return iter(self.resources)

    def of(self, type_: str) -> dict[str, Registered]:
        """The resources of a type by logical name; `type_` is a token or its end, like `RoleAssignment`."""
        return {one.name: one for one in self if one.type == type_ or one.type.split(":")[-1] == type_}

    def one(self, type_: str) -> Registered:
        """The only resource of a type."""
        (found,) = self.of(type_).values()
        return found

    def named(self, name: str) -> Registered:
        """The only resource of a logical name that is no component."""
        (found,) = [one for one in self if one.name == name and not one.type.startswith("keyless:")]
        return found


class _Answers(mocks.Mocks):
    def __init__(self, existing: Mapping[str, Mapping[str, Any]]) -> None:
        self.existing = existing

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        outputs = {**args.inputs, **self.existing.get(args.resource_id or "", {})}
        if args.typ.endswith(":UserAssignedIdentity"):
            outputs |= {"clientId": CLIENT_ID + args.name, "principalId": PRINCIPAL_ID + args.name}
        return args.resource_id or f"id-of-{args.name}", outputs

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program called {args.token}; it must know all from the plan")


class _Recorder(mocks.MockMonitor):
    def __init__(self, existing: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(_Answers(existing))
        self.made = Made()

    def RegisterResource(self, request: resource_pb2.RegisterResourceRequest) -> Any:
        if request.type != "pulumi:pulumi:Stack":
            self._record(request, request.object)
        return super().RegisterResource(request)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> Any:
        self._record(request, request.properties)
        return super().ReadResource(request)

    def RegisterResourceOutputs(self, request: resource_pb2.RegisterResourceOutputsRequest) -> Any:
        outputs = rpc.deserialize_properties(request.outputs)
        self.made.outputs[logical_name(request.urn)] = outputs
        return super().RegisterResourceOutputs(request)

    def _record(self, request: Any, inputs: Any) -> None:
        given = rpc.deserialize_properties(inputs, keep_unknowns=True)
        self.made.resources.append(
            Registered(
                type=request.type,
                name=request.name,
                inputs={name: rpc.unwrap_rpc_secret(value) for name, value in given.items()},
                parent=logical_name(request.parent),
                # A provider reference is `<urn>::<id>`.
                provider=logical_name(request.provider.rpartition("::")[0]),
                depends_on=frozenset(map(logical_name, request.dependencies)),
                request=request,
                secret=frozenset(name for name, value in given.items() if rpc.is_rpc_secret(value)),
            )
        )


def logical_name(urn: str) -> str:
    """The last part of a URN."""
    return urn.rpartition("::")[2]


def synth(
    program: StackPlan | Callable[[], None], existing: Mapping[str, Mapping[str, Any]] | None = None
) -> Made:
    """All that the components make of a plan, or that `program` registers, once all of it is done.

    `existing` are the properties, by id, of what is there already and only read.
    """
    recorder = _Recorder(existing or {})
    mocks.set_mocks(mocks=recorder.mocks, project="keyless", stack="dev", preview=False, monitor=recorder)

    def run() -> pulumi.Output[None]:
        if callable(program):
            program()
        else:
            make(program)
        root = cast(Stack, pulumi.runtime.get_root_resource())
        return pulumi.Output.from_input(root.outputs).apply(recorder.made.exports.update)

    mocks.test(run)()
    return recorder.made
