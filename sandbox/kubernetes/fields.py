"""Fields of Kubernetes objects: who may own what, merging and removing, as structured-merge-diff has it.

A path is a tuple; its elements are field names, or for an item of a keyed list a tuple of (key, value) pairs.
List and map types: x-kubernetes-list-map-keys and x-kubernetes-map-type in the OpenAPI of Kubernetes 1.37.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

Key: TypeAlias = tuple[tuple[str, Any], ...]
Path: TypeAlias = tuple[str | Key, ...]
Body: TypeAlias = dict[str, Any]

LIST_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "secrets": ("name",),
}
KEY_DEFAULTS: Final = {"protocol": "TCP"}
ATOMIC_MAPS: Final = frozenset(
    {"selector", "nodeSelector", "secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef"}
)
# What names an object is no field that anyone owns.
UNOWNED: Final = frozenset({("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")})


def keys_of(path: Path) -> tuple[str, ...]:
    """The keys of the list at `path`; empty where a list counts as one value."""
    # A ServiceAccount's own imagePullSecrets are atomic, a pod's are not.
    if path == ("imagePullSecrets",) or not path:
        return ()
    last = path[-1]
    return LIST_KEYS.get(last, ()) if isinstance(last, str) else ()


def key_of(item: Mapping[str, Any], keys: tuple[str, ...]) -> Key:
    """What tells an item of a keyed list from its siblings."""
    return tuple((key, item.get(key, KEY_DEFAULTS.get(key))) for key in keys)


def is_map(path: Path, value: Any) -> bool:
    """Whether the value is a map whose entries are owned one by one."""
    return isinstance(value, dict) and not (path and path[-1] in ATOMIC_MAPS)


def is_keyed(path: Path, value: Any) -> bool:
    """Whether the value is a list whose items are owned one by one."""
    keys = keys_of(path)
    # Below a kind that nobody here knows, a list of this name may hold anything.
    return (
        bool(keys)
        and isinstance(value, list)
        and all(
            isinstance(item, dict) and not any(_is_nested(item.get(key)) for key in keys) for item in value
        )
    )


def _is_nested(value: object) -> bool:
    return isinstance(value, (dict, list))


def owned(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path that whoever writes `value` owns: leaves, and the items of keyed lists."""
    if path in UNOWNED:
        return
    if is_map(path, value) and value:
        for name, one in cast(Body, value).items():
            yield from owned(one, (*path, name))
    elif is_keyed(path, value) and value:
        for item in cast(list[Body], value):
            inner = (*path, key_of(item, keys_of(path)))
            yield inner
            for name, one in item.items():
                yield from owned(one, (*inner, name))
    elif path:
        yield path


def find(value: Any, path: Path) -> tuple[bool, Any]:
    """Whether something stands at `path`, and what."""
    for element in path:
        if isinstance(element, str):
            if not isinstance(value, dict) or element not in value:
                return False, None
            value = cast(Body, value)[element]
        else:
            names = tuple(key for key, _ in element)
            items = cast(list[Body], value) if isinstance(value, list) else []
            found = [item for item in items if isinstance(item, dict) and key_of(item, names) == element]
            if not found:
                return False, None
            value = found[0]
    return True, cast(Any, value)


def merge(live: Any, applied: Any, path: Path = ()) -> Any:
    """`live` with `applied` laid over it; new items of keyed lists come last. Neither argument is changed."""
    if is_map(path, live) and is_map(path, applied):
        result = dict(cast(Body, live))
        for name, one in cast(Body, applied).items():
            result[name] = merge(result[name], one, (*path, name)) if name in result else copy.deepcopy(one)
        return result
    if is_keyed(path, live) and is_keyed(path, applied):
        keys = keys_of(path)
        items = {key_of(item, keys): item for item in cast(list[Body], live)}
        for item in cast(list[Body], applied):
            key = key_of(item, keys)
            items[key] = merge(items[key], item, (*path, key)) if key in items else copy.deepcopy(item)
        return list(items.values())
    return copy.deepcopy(applied)


def remove(body: Body, path: Path, kept: set[Path]) -> None:
    """Take away what stands at `path`, with containers that it leaves empty, unless `kept` names or enters them."""
    while path and not any(other[: len(path)] == path for other in kept):
        there, _ = find(body, path)
        if not there:
            return
        parent = find(body, path[:-1])[1]
        last = path[-1]
        if isinstance(last, str):
            del parent[last]
        else:
            names = tuple(key for key, _ in last)
            parent[:] = [item for item in parent if key_of(item, names) != last]
        path = path[:-1]
        if parent or not path or path == ("metadata",):
            return


def text(path: Path) -> str:
    """The path as the API server words it: `.spec.containers[name="app"].image`."""
    words: list[str] = []
    for element in path:
        if isinstance(element, str):
            words.append(f".{element}")
        else:
            words.append("[" + ",".join(f"{key}={json.dumps(value)}" for key, value in element) + "]")
    return "".join(words)


def to_json(paths: set[Path]) -> list[Any]:
    """Paths as JSON, in a stable order."""
    return [
        [element if isinstance(element, str) else dict(element) for element in path]
        for path in sorted(paths, key=text)
    ]


def from_json(found: list[list[Any]]) -> set[Path]:
    """What `to_json` wrote."""
    return {tuple(one if isinstance(one, str) else tuple(one.items()) for one in path) for path in found}
