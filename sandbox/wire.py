"""Property bags on the wire: protobuf Struct to Python and back, with unknowns, secrets and outputs apart.

Signatures: pulumi/pulumi sdk/go/common/resource (plugin/rpc.go, sig), read at 3.259.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from google.protobuf import struct_pb2

UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
# One unknown for each type that a property may have: bool, number, string, list, asset, archive, object.
UNKNOWN_STRINGS: Final = frozenset(
    {
        UNKNOWN_STRING,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown:
    """A value that exists only after deployment; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine shows to nobody."""

    value: Any


@dataclass(frozen=True)
class Output:
    """A value with the URNs that it depends on; sent only to providers that accept outputs."""

    value: Any
    secret: bool = False
    dependencies: tuple[str, ...] = ()


Properties: TypeAlias = dict[str, Any]


def decode(struct: struct_pb2.Struct) -> Properties:
    """The Struct as a dict of str, int, float, bool, None, list, dict, UNKNOWN, Secret and Output."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The dict as a Struct. Raises TypeError for a value that the wire cannot carry."""
    return struct_pb2.Struct(fields={key: _to_value(value) for key, value in properties.items()})


def plain(value: Any) -> Any:
    """The value without the wrappings of secrets and outputs, at any depth; UNKNOWN stays."""
    if isinstance(value, (Secret, Output)):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in _items(value)}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in _each(value)]
    return value


def has_unknown(value: Any) -> bool:
    """Whether UNKNOWN stands anywhere in the value."""
    if isinstance(value, (Secret, Output)):
        return has_unknown(value.value)
    if isinstance(value, Mapping):
        return any(has_unknown(one) for _, one in _items(value))
    if isinstance(value, (list, tuple)):
        return any(has_unknown(one) for one in _each(value))
    return value is UNKNOWN


def _items(value: Mapping[Any, Any]) -> Iterable[tuple[Any, Any]]:
    return value.items()


def _each(value: list[Any] | tuple[Any, ...]) -> Iterable[Any]:
    return value


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in UNKNOWN_STRINGS else value.string_value
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "list_value":
        return [_from_value(one) for one in value.list_value.values]
    if kind == "struct_value":
        return _from_signed(decode(value.struct_value))
    return None


def _from_signed(found: Properties) -> Any:
    signature = found.get(SIGNATURE_KEY)
    if signature == SECRET_SIGNATURE:
        return Secret(found.get("value"))
    if signature == OUTPUT_SIGNATURE:
        # An output without a value is one that is not known yet.
        return Output(
            found.get("value", UNKNOWN),
            bool(found.get("secret", False)),
            tuple(found.get("dependencies") or ()),
        )
    return found


def _to_value(value: Any) -> struct_pb2.Value:
    if value is None:
        return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
    if isinstance(value, bool):
        return struct_pb2.Value(bool_value=value)
    if isinstance(value, (int, float)):
        return struct_pb2.Value(number_value=value)
    if isinstance(value, str):
        return struct_pb2.Value(string_value=value)
    if isinstance(value, Unknown):
        return struct_pb2.Value(string_value=UNKNOWN_STRING)
    if isinstance(value, Secret):
        return _to_value({SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value})
    if isinstance(value, Output):
        known = {} if value.value is UNKNOWN else {"value": value.value}
        rest = {"secret": value.secret, "dependencies": list(value.dependencies)}
        return _to_value({SIGNATURE_KEY: OUTPUT_SIGNATURE, **known, **rest})
    if isinstance(value, Mapping):
        return struct_pb2.Value(struct_value=encode({str(key): one for key, one in _items(value)}))
    if isinstance(value, (list, tuple)):
        values = [_to_value(one) for one in _each(value)]
        return struct_pb2.Value(list_value=struct_pb2.ListValue(values=values))
    raise TypeError(f"a {type(value).__name__} cannot go over the wire: {value!r}")
