"""Inputs against inputs and against the live object: what changed, what replaces, what a refresh sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from pulumi.runtime.proto import provider_pb2

from sandbox.kubernetes.fields import Body, is_keyed, key_of, keys_of
from sandbox.wire import Properties

REPLACING: Final = frozenset({"apiVersion", "kind", "metadata.name", "metadata.namespace"})
PropertyDiff = provider_pb2.PropertyDiff


def difference(olds: Properties, news: Properties) -> provider_pb2.DiffResponse:
    """The Diff answer; a new name or namespace replaces, the old object first."""
    changes = dict(_changes(olds, news, ""))
    if not changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)
    replaces = sorted(REPLACING & changes.keys())
    kinds = {
        "add": (PropertyDiff.ADD, PropertyDiff.ADD_REPLACE),
        "delete": (PropertyDiff.DELETE, PropertyDiff.DELETE_REPLACE),
        "update": (PropertyDiff.UPDATE, PropertyDiff.UPDATE_REPLACE),
    }
    detailed = {
        path: PropertyDiff(kind=kinds[how][path in REPLACING], inputDiff=True)
        for path, how in changes.items()
    }
    tops = [name for name in sorted(olds.keys() | news.keys()) if olds.get(name) != news.get(name)]
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        diffs=tops,
        replaces=replaces,
        deleteBeforeReplace=bool(replaces),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def _changes(old: Any, new: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast(Body, old), cast(Body, new)
        for name in sorted(before.keys() | after.keys()):
            plain = name.replace("_", "a").replace("-", "a").isalnum()
            step = f"{path}.{name}".lstrip(".") if plain else f'{path}["{name}"]'
            if name not in before:
                yield step, "add"
            elif name not in after:
                yield step, "delete"
            else:
                yield from _changes(before[name], after[name], step)
    elif isinstance(old, list) and isinstance(new, list):
        first: list[Any] = old
        second: list[Any] = new
        for index in range(max(len(first), len(second))):
            step = f"{path}[{index}]"
            if index >= len(first):
                yield step, "add"
            elif index >= len(second):
                yield step, "delete"
            else:
                yield from _changes(first[index], second[index], step)
    elif old != new:
        yield path, "update"


def live_inputs(inputs: Properties, live: Body) -> Properties:
    """`inputs` with the live values: what others added is left out, what is gone is gone."""
    return cast(Properties, _seen(inputs, live, ()))


def _seen(wanted: Any, live: Any, path: tuple[Any, ...]) -> Any:
    if isinstance(wanted, dict) and isinstance(live, dict):
        now = cast(Body, live)
        return {
            name: _seen(one, now[name], (*path, name))
            for name, one in cast(Body, wanted).items()
            if name in now
        }
    if is_keyed(path, wanted) and isinstance(live, list):
        keys = keys_of(path)
        items = {key_of(item, keys): item for item in cast(list[Body], live)}
        return [
            _seen(item, items[key], (*path, key))
            for item in cast(list[Body], wanted)
            if (key := key_of(item, keys)) in items
        ]
    return live
