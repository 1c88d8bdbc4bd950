"""What the state holds of an object: provider.go `checkpointObject` and `parseCheckpointObject`."""

from __future__ import annotations

from typing import Final

from google.protobuf import struct_pb2

from sandbox.kubernetes.fields import Body
from sandbox.kubernetes.secrets import annotated
from sandbox.wire import Properties, decode, plain

FIELD_MANAGER: Final = "__fieldManager"
INITIAL_VERSION: Final = "__initialApiVersion"
INPUTS: Final = "__inputs"


def outputs(live: Body, inputs: Properties, manager: str, given: struct_pb2.Struct) -> Properties:
    """What the state holds: the whole live object, and beside it the inputs that it came from.

    What is secret in the inputs as `given` is so in both.
    """
    secrets = decode(given)
    return {
        **annotated(live, secrets),
        INPUTS: annotated(inputs, secrets),
        FIELD_MANAGER: manager,
        INITIAL_VERSION: inputs["apiVersion"],
    }


def parse(state: struct_pb2.Struct) -> tuple[Properties, Body]:
    """The inputs and the live object of a state that `_outputs` made."""
    found: Properties = plain(decode(state))
    return found.get(INPUTS) or {}, {name: one for name, one in found.items() if not name.startswith("__")}


def importable(live: Body) -> Properties:
    """The inputs of an object that is read for the first time: all but what the server keeps."""
    kept = {"creationTimestamp", "generation", "managedFields", "resourceVersion", "uid"}
    metadata = {name: one for name, one in live["metadata"].items() if name not in kept}
    return {**{name: one for name, one in live.items() if name != "status"}, "metadata": metadata}


def inputs_of(struct: struct_pb2.Struct) -> Properties:
    """The inputs on the wire without nulls and without what the provider keeps for itself."""
    found: Properties = plain(decode(struct))
    return {name: value for name, value in found.items() if value is not None and not name.startswith("__")}
