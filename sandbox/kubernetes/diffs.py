"""What pulumi-kubernetes compares: new inputs with the live object, cut to the shape of the old inputs.

Source: provider/pkg/provider/provider.go (Diff, convertPatchToDiff) and util.go (pruneMap, pruneSlice), read one
commit after 4.32.0. Lists are compared by index, also those that server-side apply merges by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias, cast

from pulumi.runtime.proto import provider_pb2

from sandbox.kubernetes.fields import Body
from sandbox.wire import UNKNOWN, Properties

# Of the kinds here, what a Patch resource and a ServiceAccount are replaced for is the same (diff.go).
REPLACING: Final = frozenset({("metadata", "name"), ("metadata", "namespace")})
PropertyDiff = provider_pb2.PropertyDiff
KINDS: Final = {
    "add": (PropertyDiff.ADD, PropertyDiff.ADD_REPLACE),
    "delete": (PropertyDiff.DELETE, PropertyDiff.DELETE_REPLACE),
    "update": (PropertyDiff.UPDATE, PropertyDiff.UPDATE_REPLACE),
}
Steps: TypeAlias = tuple[str | int, ...]


def difference(
    old_inputs: Properties, live: Body, news: Properties, ignored: Iterable[str] = ()
) -> provider_pb2.DiffResponse:
    """The Diff answer; `live` is what the last Create, Update or Read put into the state."""
    pruned = cast(Body, prune(live, old_inputs))
    metadata = news.get("metadata")
    # In a preview the whole of metadata is unknown where an annotation is: an identity that is about to be replaced.
    if isinstance(metadata, dict) and "name" in metadata:
        pruned["metadata"] = {**(pruned.get("metadata") or {}), "name": live["metadata"]["name"]}
    hidden = [steps_of(path) for path in ignored]
    changes = {
        steps: how
        for steps, how in _changes(pruned, news, ())
        if not any(contains(path, steps) for path in hidden)
    }
    if not changes:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    detailed = {
        path_of(steps): PropertyDiff(kind=KINDS[how][steps in REPLACING], inputDiff=how == "delete")
        for steps, how in changes.items()
    }
    # Never deleteBeforeReplace: that is for a replacement that keeps its name and namespace.
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME,
        replaces=sorted(map(path_of, REPLACING & changes.keys())),
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )


def prune(source: Any, target: Any) -> Any:
    """`source` with the entries that `target` has too: of maps by key, of lists by index."""
    if isinstance(source, dict) and isinstance(target, dict):
        live, wanted = cast(Body, source), cast(Body, target)
        return {name: prune(one, wanted[name]) for name, one in live.items() if name in wanted}
    if isinstance(source, list) and isinstance(target, list):
        items: list[Any] = source
        shape: list[Any] = target
        if items and shape and type(items[0]) is not type(shape[0]):
            return items
        return [prune(one, like) for one, like in zip(items, shape, strict=False)]
    return source


def _changes(old: Any, new: Any, steps: Steps) -> Iterator[tuple[Steps, str]]:
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = cast(Body, old), cast(Body, new)
        for name in sorted(before.keys() | after.keys()):
            if name not in before:
                yield (*steps, name), "add"
            elif name not in after:
                yield (*steps, name), "delete"
            else:
                yield from _changes(before[name], after[name], (*steps, name))
    elif isinstance(old, list) and isinstance(new, list):
        first: list[Any] = old
        second: list[Any] = new
        for index in range(max(len(first), len(second))):
            if index >= len(first):
                yield (*steps, index), "add"
            elif index >= len(second):
                yield (*steps, index), "delete"
            else:
                yield from _changes(first[index], second[index], (*steps, index))
    elif new is UNKNOWN or old != new:
        yield steps, "update"


def path_of(steps: Steps) -> str:
    """A property path as the provider writes it: `metadata.labels["a.b/c"]`, `spec.containers[0].name`."""
    words: list[str] = []
    for step in steps:
        if isinstance(step, int):
            words.append(f"[{step}]")
        elif any(mark in step for mark in '."[]'):
            words.append('["' + step.replace('"', '\\"') + '"]')
        else:
            words.append(f".{step}")
    return "".join(words).removeprefix(".")


def steps_of(path: str) -> Steps:
    """What `path_of` wrote, or a path of `ignoreChanges`, which may hold `*`."""
    found: list[str | int] = []
    for quoted, index, name in re.findall(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.\[\]]+)', path):
        found.append(int(index) if index.isdigit() else quoted.replace('\\"', '"') or index or name)
    return tuple(found)


def contains(ignored: Steps, steps: Steps) -> bool:
    """Whether `steps` is at or below `ignored` (PropertyPath.Contains of the Pulumi SDK)."""
    return len(ignored) <= len(steps) and all(
        mine in ("*", theirs) for mine, theirs in zip(ignored, steps, strict=False)
    )
